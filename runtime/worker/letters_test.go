package worker

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// letterFault is what is wrong with a dead letter queue.
type letterFault struct {
	name  string
	begin func(t *testing.T, c *kfake.Cluster) (heal func())
	// during is done when the first record has failed.
	during func(t *testing.T, c *kfake.Cluster)
	want   string // of the failure; "" where the task waits, until it is told to stop
	passes bool   // the queue mends itself
}

func produceFault(err *kerr.Error) func(*testing.T, *kfake.Cluster) func() {
	return func(_ *testing.T, c *kfake.Cluster) func() {
		return c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: "dlq", Err: err, Count: -1}).Remove
	}
}

var letterFaults = []letterFault{
	{name: "too small", want: "its limit is 512", begin: func(t *testing.T, c *kfake.Cluster) func() {
		if err := c.CreateTopic("dlq", 1, map[string]string{"max.message.bytes": "512"}); err != nil {
			t.Fatal(err)
		}
		return func() { alterLimit(t, c) }
	}},
	{name: "made smaller", want: "the dead letter queue cannot be written", begin: produceFault(kerr.MessageTooLarge)},
	{name: "denied", want: "grant the principal Write", begin: produceFault(kerr.TopicAuthorizationFailed)},
	{name: "compacted", want: "takes no record without a key", begin: produceFault(kerr.InvalidRecord)},
	{name: "another time", want: "set the clocks", begin: produceFault(kerr.InvalidTimestamp)},
	{name: "an unknown error", want: "the dead letter queue cannot be written", begin: produceFault(kerr.SecurityDisabled)},
	{name: "down", begin: produceFault(kerr.NotLeaderForPartition)},
	{name: "no in-sync replicas", begin: produceFault(kerr.NotEnoughReplicas)},
	{name: "missing", begin: produceFault(kerr.UnknownTopicOrPartition)},
	{name: "deleted", passes: true, during: deleteLetters},
}

func request(t *testing.T, c *kfake.Cluster, req kmsg.Request) {
	t.Helper()
	cl, err := kgo.NewClient(kgo.SeedBrokers(c.ListenAddrs()...))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	if _, err := cl.Request(context.Background(), req); err != nil {
		t.Error(err)
	}
}

func alterLimit(t *testing.T, c *kfake.Cluster) {
	req := kmsg.NewPtrIncrementalAlterConfigsRequest()
	r := kmsg.NewIncrementalAlterConfigsRequestResource()
	r.ResourceType, r.ResourceName = kmsg.ConfigResourceTypeTopic, "dlq"
	rc := kmsg.NewIncrementalAlterConfigsRequestResourceConfig()
	rc.Name, rc.Value = "max.message.bytes", kmsg.StringPtr("100000")
	r.Configs = append(r.Configs, rc)
	req.Resources = append(req.Resources, r)
	request(t, c, req)
}

func deleteLetters(t *testing.T, c *kfake.Cluster) {
	req := kmsg.NewPtrDeleteTopicsRequest()
	rt := kmsg.NewDeleteTopicsRequestTopic()
	rt.Topic = kmsg.StringPtr("dlq")
	req.Topics, req.TopicNames = append(req.Topics, rt), []string{"dlq"}
	request(t, c, req)
}

// Whatever is wrong with the dead letter queue: what failed is in it, or the
// task has failed before the offset moved. (Kafka Connect moves it: see
// TestDeadLetterQueueBesideKafkaConnect.)
func TestNothingIsLostWithTheDeadLetterQueue(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"source", "sink"} {
		for _, f := range letterFaults {
			t.Run(kind+"/"+f.name, func(t *testing.T) {
				t.Parallel() // some wait
				loseLetters(t, kind, f)
			})
		}
	}
}

func loseLetters(t *testing.T, kind string, f letterFault) {
	c := cluster(t)
	pad := strings.Repeat("x", 600) // too much for the small queue
	var all []string
	for i, v := range count(15)() {
		if i%3 == 1 {
			v = "bad-" + v + pad
		}
		all = append(all, v)
	}
	failed := make(chan struct{}, 1000)
	begun := false
	judge := func(s string) error {
		if !strings.HasPrefix(s, "bad") {
			return nil
		}
		if !begun && f.during != nil {
			f.during(t, c)
		}
		begun = true
		failed <- struct{}{}
		return errors.New("refused by the test")
	}
	cfg, _ := config(t, c)
	m := &memory{}
	bad := Errors{Tolerate: true, DeadLetters: &DeadLetters{Topic: "dlq", ReplicationFactor: 1}}
	if kind == "source" {
		cfg.Sources = []Source{source(&lines{topic: "out", all: func() []string { return all }, batch: 4})}
		cfg.Sources[0].Value, cfg.Sources[0].Errors = raw{encode: judge}, bad
	} else {
		fill(t, c, "in", all...)
		cfg.Sinks = []Sink{sinkOf(m, "in")}
		cfg.Sinks[0].Value, cfg.Sinks[0].Errors = raw{decode: judge}, bad
		cfg.Sinks[0].Consumer.MaxPollRecords = 4
	}
	heal := func() {}
	if f.begin != nil {
		heal = f.begin(t, c)
	}
	first := cfg
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if f.want == "" && !f.passes {
		first.StopTimeout = time.Second // it waits until it may not any more
		go func() { <-failed; cancel() }()
	}
	_, err := runUntil(t, ctx, first)
	switch {
	case f.passes && err != nil:
		t.Fatal(err)
	case f.want != "" && (err == nil || !strings.Contains(err.Error(), f.want)):
		t.Fatalf("error %v", err)
	}
	if at := committed(t, c, "connect-snk", "in", 0); !f.passes && at > 1 {
		t.Errorf("committed %d, past a record that is nowhere", at)
	}
	heal()
	if _, err := run(t, cfg); err != nil {
		t.Fatal(err)
	}
	var got []string
	if kind == "source" {
		got = values(read(t, c, "out", int(end(t, c, "out"))))
	} else {
		got = m.got()
	}
	got = append(got, values(read(t, c, "dlq", int(end(t, c, "dlq"))))...)
	slices.Sort(got)
	want := slices.Sorted(slices.Values(all))
	if got = slices.Compact(got); !slices.Equal(got, want) {
		t.Errorf("%d of %d records are in the %s's target or in the queue", len(got), len(want), kind)
	}
}
