package kafka

import (
	"errors"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// A broker that is starting does not count for a replication factor: a topic
// is asked for again where there could be enough of them, for a while.
func TestFencedBrokers(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name         string
		factor       int16
		faults, want int // how often it fails; how often it is asked for
		fails        bool
	}{
		{"the broker's default", -1, 2, 3, false},
		{"all brokers", 2, 2, 3, false},
		{"more than there are", 3, 1, 1, true},
		{"for good", -1, -1, 4, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := cluster(t)
			k := conn(t, c)
			k.fencedTries = 3
			asked := c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.CreateTopics}, Observe: true, Count: -1})
			c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.CreateTopics}, Err: kerr.InvalidReplicationFactor, Count: tt.faults})
			err := k.Ready(within(t), "t", &NewTopic{Name: "t", Partitions: 1, ReplicationFactor: tt.factor})
			if (err != nil) != tt.fails || tt.fails && (!errors.Is(err, kerr.InvalidReplicationFactor) || !strings.Contains(err.Error(), "set a replication factor")) {
				t.Errorf("error %v", err)
			}
			if n := asked.Hits(); n != tt.want {
				t.Errorf("asked for %d times, want %d", n, tt.want)
			}
		})
	}
}

// The same of a topic that the broker makes by itself.
func TestFencedBrokersMakeNoTopic(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		faults int
		fails  bool
	}{"for a while": {3, false}, "for good": {-1, true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := cluster(t, kfake.AllowAutoTopicCreation())
			k := conn(t, c)
			k.fencedTries = 3
			c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Metadata}, Topic: "t", Err: kerr.InvalidReplicationFactor, Count: tt.faults})
			if err := k.Ready(within(t), "t", nil); (err != nil) != tt.fails || tt.fails && !errors.Is(err, kerr.InvalidReplicationFactor) {
				t.Errorf("error %v", err)
			}
		})
	}
}
