package kafka

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
)

// TestPattern has a topic made while a reader by pattern reads another one. Its
// client asks for topics each five minutes; the reader has it ask before.
func TestPattern(t *testing.T) {
	t.Parallel()
	topic := NewTopic{Name: "log-b", Partitions: 1, ReplicationFactor: 1}
	for _, c := range []struct {
		name     string
		consumer Consumer
		do       func(k *Conn, r *Reader) error
	}{
		{"this program makes it", Consumer{}, func(k *Conn, _ *Reader) error { return k.Ready(t.Context(), topic.Name, &topic) }},
		{"others make it, and somebody asks whether all is read", Consumer{}, func(k *Conn, r *Reader) error {
			if err := k.Create(t.Context(), topic); err != nil {
				return err
			}
			behind, err := r.Behind(t.Context())
			if !behind && err == nil {
				err = errors.New("it says that all is read")
			}
			return err
		}},
		{"others make it", Consumer{MetadataMaxAge: time.Millisecond}, func(k *Conn, _ *Reader) error { return k.Create(t.Context(), topic) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			k := conn(t, cluster(t, kfake.SeedTopics(1, "log-a", "log-letters", "lag-c")))
			assigned := make(chan []Partition, 10)
			r, err := k.Reader(c.consumer, "x", Subscription{Group: "g", Regex: "log-.*", Exclude: []string{"log-letters"},
				Assigned: func(ps []Partition) { assigned <- ps }})
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close(within(t))
			await := func(want ...Partition) {
				t.Helper()
				patience := within(t).Done()
				for {
					select {
					case got := <-assigned:
						if slices.Equal(got, want) {
							return
						}
					case <-patience:
						t.Fatalf("%v are not ours", want)
					}
				}
			}
			await(Partition{"log-a", 0})
			polling, stop := context.WithCancel(t.Context())
			polled := make(chan struct{})
			defer func() { stop(); <-polled }()
			go func() {
				defer close(polled)
				for polling.Err() == nil {
					_, _ = r.Poll(polling, 10, nil)
					r.Release()
				}
			}()
			if err := c.do(k, r); err != nil {
				t.Fatal(err)
			}
			await(Partition{"log-a", 0}, Partition{"log-b", 0})
		})
	}
}
