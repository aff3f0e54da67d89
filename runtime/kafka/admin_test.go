package kafka

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// A broker that is silent counts as away after admin.requestTimeout, and the
// request is made again.
func TestAdminRequestTimeout(t *testing.T) {
	t.Parallel()
	c, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	silent, asked := make(chan struct{}), make(chan int32, 10)
	c.ControlKey(int16(kmsg.CreateTopics), func(r kmsg.Request) (kmsg.Response, error, bool) {
		asked <- r.(*kmsg.CreateTopicsRequest).TimeoutMillis
		c.KeepControl()
		if len(asked) > 1 {
			return nil, nil, false
		}
		c.SleepControl(func() { <-silent })
		return nil, nil, false
	})
	k, err := Connect(Cluster{Brokers: c.ListenAddrs()}, Options{Admin: &Admin{RequestTimeout: 200 * time.Millisecond}})
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- k.Create(ctx, NewTopic{Name: "t", Partitions: 1, ReplicationFactor: 1}) }()
	for range 2 {
		select {
		case ms := <-asked:
			if ms != 200 {
				t.Errorf("the broker was given %d ms", ms)
			}
		case <-ctx.Done():
			t.Fatal("the request was not made again")
		}
	}
	close(silent)
	if err := <-done; err != nil && !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestAdminWrong(t *testing.T) {
	if _, err := Connect(Cluster{Brokers: []string{"x:1"}}, Options{Admin: &Admin{RequestTimeout: time.Hour}}); err == nil {
		t.Error("an hour is more than the client can wait")
	}
}
