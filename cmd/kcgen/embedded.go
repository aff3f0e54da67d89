package main

import (
	"fmt"

	"github.com/twmb/franz-go/pkg/kfake"
)

// startBroker starts a Kafka-compatible broker on a free port of 127.0.0.1
// that behaves as a new Kafka does: topics are made when they are first used,
// with one partition. Records are kept in dir, not in memory, so that a long
// run stays small.
func startBroker(dir string) (*kfake.Cluster, error) {
	c, err := kfake.NewCluster(
		kfake.NumBrokers(1),
		kfake.AllowAutoTopicCreation(),
		kfake.DefaultNumPartitions(1),
		kfake.BrokerConfigs(map[string]string{"default.replication.factor": "1"}),
		kfake.DataDir(dir),
	)
	if err != nil {
		return nil, fmt.Errorf("embedded broker: start: %w", err)
	}
	return c, nil
}
