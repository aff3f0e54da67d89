package kafka

import (
	"context"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// ClusterID is the id of the cluster; "" where it has none.
func (k *Conn) ClusterID(ctx context.Context) (string, error) {
	k.mu.Lock()
	id := k.clusterID
	k.mu.Unlock()
	if id != "" {
		return id, nil
	}
	req := kmsg.NewPtrMetadataRequest()
	req.Topics = []kmsg.MetadataRequestTopic{}
	resp, err := req.RequestWith(ctx, k.admin)
	if err != nil || resp.ClusterID == nil {
		return "", err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.clusterID = *resp.ClusterID
	return k.clusterID, nil
}
