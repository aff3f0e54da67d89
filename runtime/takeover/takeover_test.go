package takeover

import (
	"context"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"kcgen.dev/runtime/kafka"
)

// out writes Kafka's types.
type out []byte

func (o out) int16(v int) out { return binary.BigEndian.AppendUint16(o, uint16(v)) }
func (o out) int32(v int) out { return binary.BigEndian.AppendUint32(o, uint32(v)) }
func (o out) int64(v int) out { return binary.BigEndian.AppendUint64(o, uint64(v)) }
func (o out) string(s string) out {
	return append(o.int16(len(s)), s...)
}

// tasks writes an assignment's tasks; nil is null.
func (o out) tasks(m map[string][]int) out {
	if m == nil {
		return o.int32(-1)
	}
	o = o.int32(len(m))
	for _, name := range slices.Sorted(maps.Keys(m)) {
		o = o.string(name).int32(len(m[name]))
		for _, id := range m[name] {
			o = o.int32(id)
		}
	}
	return o
}

// assignment is what a leader writes.
func assignment(version int, begun, ended map[string][]int) []byte {
	o := out{}.int16(version).int16(0).string("leader-1").string("http://leader:8083/").int64(17).tasks(begun)
	if version > 0 {
		o = o.tasks(ended).int32(0)
	}
	return o
}

// metadata is what a worker writes when it joins.
func metadata(version int, running []byte) []byte {
	o := out{}.int16(version).string("http://w:8083/").int64(17)
	if version > 0 && running == nil {
		return o.int32(-1)
	}
	if version > 0 {
		return append(o.int32(len(running)), running...)
	}
	return o
}

type tasks = map[string][]int

func TestReadWorker(t *testing.T) {
	for _, test := range []struct {
		name                 string
		metadata, assignment []byte
		want                 string
	}{
		{"version 0", metadata(0, nil), assignment(0, tasks{"c": {-1, 0, 1}, "d": {0}}, nil), "c:[-1 0 1] d:[0]"},
		{"a first assignment", metadata(2, nil), assignment(2, tasks{"c": {-1, 0}}, nil), "c:[-1 0]"},
		{"goes on", metadata(2, assignment(2, tasks{"c": {-1, 0}}, nil)), assignment(2, nil, nil), "c:[-1 0]"},
		{"begins and ends", metadata(1, assignment(1, tasks{"c": {-1, 0, 1}}, tasks{})), assignment(1, tasks{"d": {0}}, tasks{"c": {1}}), "c:[-1 0] d:[0]"},
		{"is stopped", metadata(2, assignment(2, tasks{"c": {-1, 0}}, nil)), assignment(2, tasks{}, tasks{"c": {0}}), "c:[-1]"},
		{"no assignment yet", metadata(2, nil), nil, ""},
		{"a version to come", append(metadata(9, nil), "more"...), append(assignment(9, tasks{"c": {0}}, nil), "more"...), "c:[0]"},
	} {
		w, err := readWorker(test.metadata, test.assignment)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		var got []string
		for _, name := range slices.Sorted(maps.Keys(w.runs)) {
			if len(w.runs[name]) > 0 {
				got = append(got, fmt.Sprint(name, ":", slices.Sorted(maps.Keys(w.runs[name]))))
			}
		}
		if s := strings.Join(got, " "); s != test.want || w.url != "http://w:8083/" {
			t.Errorf("%s: %s at %s, want %s", test.name, s, w.url, test.want)
		}
	}
	whole := assignment(2, tasks{"c": {-1, 0}}, tasks{"c": {1}})
	for i := range len(whole) - 4 { // a worker may leave out the delay
		if i == 0 || i == len(whole)-4-len(out{}.tasks(tasks{"c": {1}})) {
			continue // nothing was assigned; nothing was ended
		}
		if _, err := readWorker(metadata(2, nil), whole[:i]); err == nil {
			t.Errorf("an assignment of %d of %d bytes was read", i, len(whole))
		}
	}
	for _, bad := range [][]byte{nil, {0}, metadata(-1, nil)} {
		if _, err := readWorker(bad, nil); err == nil {
			t.Errorf("the state %v was read", bad)
		}
	}
}

func FuzzReadWorker(f *testing.F) {
	f.Add(metadata(2, assignment(2, tasks{"c": {-1, 0}}, nil)), assignment(2, tasks{"d": {0}}, tasks{"c": {0}}))
	f.Add(metadata(0, nil), assignment(0, tasks{"d": {0}}, nil))
	f.Fuzz(func(_ *testing.T, metadata, assignment []byte) {
		_, _ = readWorker(metadata, assignment)
	})
}

func cluster(t *testing.T) (*kfake.Cluster, *kafka.Conn) {
	t.Helper()
	c, err := kfake.NewCluster(kfake.NumBrokers(2), kfake.SeedTopics(1, "in"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	conn, err := kafka.Connect(kafka.Cluster{Brokers: c.ListenAddrs()}, kafka.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	return c, conn
}

// join makes a group with one member of a type.
func join(t *testing.T, c *kfake.Cluster, group, protocolType string, metadata, assignment []byte) {
	t.Helper()
	cl, err := kgo.NewClient(kgo.SeedBrokers(c.ListenAddrs()...), kgo.ClientID("worker-1"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cl.Close)
	req := kmsg.NewPtrJoinGroupRequest()
	req.Group, req.ProtocolType, req.SessionTimeoutMillis, req.RebalanceTimeoutMillis = group, protocolType, 60000, 60000
	proto := kmsg.NewJoinGroupRequestProtocol()
	proto.Name, proto.Metadata = "sessioned", metadata
	req.Protocols = append(req.Protocols, proto)
	var joined *kmsg.JoinGroupResponse
	for range 2 {
		if joined, err = req.RequestWith(t.Context(), cl); err != nil {
			t.Fatal(err)
		}
		req.MemberID = joined.MemberID
	}
	if err := kerr.ErrorForCode(joined.ErrorCode); err != nil {
		t.Fatal(err)
	}
	sync := kmsg.NewPtrSyncGroupRequest()
	sync.Group, sync.Generation, sync.MemberID = group, joined.Generation, joined.MemberID
	sync.ProtocolType, sync.Protocol = &protocolType, &proto.Name
	a := kmsg.NewSyncGroupRequestGroupAssignment()
	a.MemberID, a.MemberAssignment = joined.MemberID, assignment
	sync.GroupAssignment = append(sync.GroupAssignment, a)
	synced, err := sync.RequestWith(t.Context(), cl)
	if err == nil {
		err = kerr.ErrorForCode(synced.ErrorCode)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestCheck(t *testing.T) {
	config := func() Config {
		return Config{Group: "connect", Sources: []string{"src"}, Sinks: map[string]string{"snk": "connect-snk"}}
	}
	for _, test := range []struct {
		name string
		do   func(*kfake.Cluster)
		own  string
		want []string
	}{
		{"nobody is there", func(*kfake.Cluster) {}, "", nil},
		{"both run", func(c *kfake.Cluster) {
			join(t, c, "connect", "connect", metadata(2, nil), assignment(2, tasks{"src": {-1, 0}, "snk": {0}}, nil))
			join(t, c, "connect-snk", "consumer", nil, nil)
		}, "", []string{
			"connector src is running in Kafka Connect's group connect (task 0 at http://w:8083/); stop it there (PUT /connectors/src/stop)",
			"connector snk is running",
		}},
		{"others run", func(c *kfake.Cluster) {
			join(t, c, "connect", "connect", metadata(0, nil), assignment(0, tasks{"src": {-1}, "other": {0}}, nil))
		}, "", nil},
		{"a sink alone", func(c *kfake.Cluster) { join(t, c, "connect-snk", "consumer", nil, nil) }, "",
			[]string{"the consumer group connect-snk of sink snk has 1 members (worker-1 at "}},
		{"a sink that may be ours", func(c *kfake.Cluster) {
			join(t, c, "connect-snk", "consumer", nil, nil)
			join(t, c, "own", "kcgen", nil, nil)
		}, "own", nil},
		{"not a cluster's group", func(c *kfake.Cluster) { join(t, c, "connect", "consumer", nil, nil) }, "",
			[]string{`worker.takeover.groupId: the group connect is not that of Kafka Connect workers, its type is "consumer"`}},
		{"cannot be read", func(c *kfake.Cluster) { join(t, c, "connect", "connect", metadata(2, nil), []byte{0, 2, 0}) }, "",
			[]string{"cannot be read; stop its workers: a worker's assignment: it ends too early"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			c, conn := cluster(t)
			test.do(c)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			cfg := config()
			cfg.OwnGroup = test.own
			err := Check(ctx, conn, cfg)
			if (err == nil) != (len(test.want) == 0) {
				t.Fatalf("%v", err)
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%v\nwant %s", err, want)
				}
			}
		})
	}
}
