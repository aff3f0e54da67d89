package runtime

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/filestream"
	"kcgen.dev/runtime/kafka"
	"kcgen.dev/runtime/offset"
	"kcgen.dev/runtime/state"
)

// standing is a pipeline of a source and a sink, and the cluster where it is.
func standing(t *testing.T) (Pipeline, *kfake.Cluster) {
	t.Helper()
	c, err := kfake.NewCluster(kfake.NumBrokers(2), kfake.SeedTopics(2, "in"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return Pipeline{
		Name: "p", Kafka: kafka.Cluster{Brokers: c.ListenAddrs()},
		Sources: []Source{{Name: "src", Connector: filestream.Source{File: "/in", Topic: "t"}}},
		Sinks:   []Sink{{Name: "snk", Topics: []string{"in"}, Connector: connect.Sink(nil)}},
	}, c
}

// offsetsRun runs the verb, and gives what it says.
func offsetsRun(t *testing.T, p Pipeline, in string, args ...string) (code int, out, errs string) {
	t.Helper()
	return captured(t, func(stdout, stderr *os.File) int {
		return offsetsCommand(p, args, strings.NewReader(in), stdout, stderr)
	})
}

func TestOffsets(t *testing.T) {
	t.Parallel()
	p, c := standing(t)
	run := func(in string, want int, args ...string) string {
		t.Helper()
		code, out, errs := offsetsRun(t, p, in, args...)
		if code != want {
			t.Errorf("offsets %v: exit code %d, want %d: %s", args, code, want, errs)
		}
		return out + errs
	}
	if got, want := run("", 0, "list"), `{"snk":{"offsets":[]},"src":{"offsets":[]}}`+"\n"; got != want {
		t.Errorf("at first %s, want %s", got, want)
	}
	run("", 0, "reset", "src")
	if c.TopicInfo("connect-offsets") != nil {
		t.Error("the offsets topic was made to be listed")
	}
	const src = `{"offsets":[{"partition":{"filename":"/in"},"offset":{"position":17}},{"partition":{"filename":"/old"},"offset":{"position":3}}]}`
	const snk = `{"offsets":[{"partition":{"kafka_partition":0,"kafka_topic":"in"},"offset":{"kafka_offset":5}},{"partition":{"kafka_partition":1,"kafka_topic":"in"},"offset":{"kafka_offset":0}}]}`
	run(src, 0, "set", "-connector", "src", "-")
	if got := run("", 0, "list", "src"); got != src+"\n" {
		t.Errorf("of a source %s", got)
	}
	run(`{"snk":`+snk+`}`, 0, "set", "-")
	if got := run("", 0, "list", "snk"); got != snk+"\n" {
		t.Errorf("of a sink %s", got)
	}
	all := run("", 0, "list")
	if want := `{"snk":` + snk + `,"src":` + src + "}\n"; all != want {
		t.Errorf("of both %s, want %s", all, want)
	}
	if got, want := run("", 0, "list", "-format", "text"), `CONNECTOR  PARTITION                                OFFSET
src        {"filename":"/in"}                       {"position":17}
src        {"filename":"/old"}                      {"position":3}
snk        {"kafka_partition":0,"kafka_topic":"in"} {"kafka_offset":5}`; !strings.HasPrefix(squeeze(got), squeeze(want)) {
		t.Errorf("as a table:\n%s", got)
	}
	run(`{"snk":{"offsets":[{"partition":{"kafka_partition":"0","kafka_topic":"in"},"offset":null}]},"src":{"offsets":[{"partition":{"filename":"/old"},"offset":null}]}}`, 0, "set", "-")
	if got, want := run("", 0, "list"), `{"snk":{"offsets":[{"partition":{"kafka_partition":1,"kafka_topic":"in"},"offset":{"kafka_offset":0}}]},"src":{"offsets":[{"partition":{"filename":"/in"},"offset":{"position":17}}]}}`+"\n"; got != want {
		t.Errorf("after two were deleted %s", got)
	}
	file := filepath.Join(t.TempDir(), "offsets.json")
	if err := os.WriteFile(file, []byte(all), 0o600); err != nil {
		t.Fatal(err)
	}
	run("", 0, "set", file)
	if got := run("", 0, "list"); got != all {
		t.Errorf("what was listed is not what was set: %s", got)
	}
	run("", 0, "reset", "src", "snk")
	run("", 0, "reset", "src", "snk")
	if got, want := run("", 0, "list"), `{"snk":{"offsets":[]},"src":{"offsets":[]}}`+"\n"; got != want {
		t.Errorf("after a reset %s", got)
	}
}

func squeeze(s string) string { return strings.Join(strings.Fields(s), " ") }

func TestOffsetsRefuses(t *testing.T) {
	t.Parallel()
	p, _ := standing(t)
	for _, test := range []struct {
		in   string
		args string
		code int
		want string
	}{
		{"", "", 2, `unknown command "offsets"`},
		{"", "drop", 2, `unknown command "offsets drop"`},
		{"", "list nobody", 2, `there is no connector "nobody"; there are src, snk`},
		{"", "list -format xml", 2, "is not auto, text or json"},
		{"", "list -connector src", 2, "of set alone"},
		{"", "set", 2, "set takes one FILE"},
		{"", "set -connector nobody -", 2, "there is no connector"},
		{"", "reset", 2, "names of connectors"},
		{"", "list -nope", 2, "not defined"},
		{"", "help", 0, "Kafka Connect's own document"},
		{"", "set /does/not/exist", 1, "no such file"},
		{"", "set -", 1, "no document of offsets"},
		{"[]", "set -", 1, "no document of offsets"},
		{`{"nobody":{}}`, "set -", 1, `there is no connector "nobody"`},
		{`{"offsets":[]}`, "set -", 1, "say -connector NAME"},
		{`{"offsets":[]}`, "set -connector src -", 1, "need to be provided"},
		{`{"src":{"offsets":[{"partition":{"filename":"/in"},"offset":{"position":-1}}]}}`, "set -", 1, "should be a non-negative value"},
		{`{"src":{"offsets":[{"partition":{"filename":"/in"},"offset":{"position":"abc"}}]}}`, "set -", 1, "expected to be a Long value"},
		{`{"src":{"offsets":[{"partition":{"nope":"x"},"offset":{"position":6}}]}}`, "set -", 1, "should contain the key 'filename'"},
		{`{"snk":{"offsets":[{"partition":{"kafka_topic":"no-such-topic","kafka_partition":0},"offset":{"kafka_offset":1}}]}}`, "set -", 1, "there is no topic no-such-topic"},
		{`{"snk":{"offsets":[{"partition":{"kafka_topic":"in","kafka_partition":2},"offset":{"kafka_offset":1}}]}}`, "set -", 1, "no partition 2"},
		{`{"snk":{"offsets":[{"partition":{"kafka_topic":"in","kafka_partition":1},"offset":{"kafka_offset":-5}}]}}`, "set -", 1, "is negative"},
	} {
		code, out, errs := offsetsRun(t, p, test.in, strings.Fields(test.args)...)
		if code != test.code || !strings.Contains(out+errs, test.want) {
			t.Errorf("offsets %s: %d, %s%s; want %d, %s", test.args, code, out, errs, test.code, test.want)
		}
	}
	if _, out, errs := offsetsRun(t, p, "", "list"); out != `{"snk":{"offsets":[]},"src":{"offsets":[]}}`+"\n" {
		t.Errorf("something was changed: %s%s", out, errs)
	}
	p.Kafka.Brokers = []string{"127.0.0.1:1"}
	if code, _, errs := offsetsRun(t, p, "", "list", "-timeout", "300ms"); code != 3 || !strings.Contains(errs, "no broker answered") {
		t.Errorf("without a broker: %d, %s", code, errs)
	}
}

// A sink's group with members is left alone.
func TestOffsetsOfAnActiveSink(t *testing.T) {
	t.Parallel()
	p, c := standing(t)
	cl, err := kgo.NewClient(kgo.SeedBrokers(c.ListenAddrs()...), kgo.ConsumerGroup("connect-snk"), kgo.ConsumeTopics("in"))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		if id, generation := cl.GroupMetadata(); id != "" && generation > 0 {
			break
		}
		cl.PollFetches(contextFor(ctx, 50*time.Millisecond))
	}
	for in, args := range map[string]string{
		`{"offsets":[{"partition":{"kafka_topic":"in","kafka_partition":0},"offset":{"kafka_offset":1}}]}`: "set -connector snk -",
		`{"offsets":[{"partition":{"kafka_topic":"in","kafka_partition":0},"offset":null}]}`:               "set -connector snk -",
		"": "reset snk",
	} {
		code, _, errs := offsetsRun(t, p, in, strings.Fields(args)...)
		if code != 1 || !strings.Contains(errs, "haven't stopped completely yet") {
			t.Errorf("%s: %d, %s", args, code, errs)
		}
	}
}

func contextFor(ctx context.Context, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(ctx, d)
	_ = cancel // it ends by itself
	return ctx
}

// With a group, a connector must be stopped, or nobody be there.
func TestOffsetsOfAGroup(t *testing.T) {
	t.Parallel()
	p, c := standing(t)
	p.Worker.Group = &Group{ID: "g", ConfigStorageTopic: "configs", StatusStorageTopic: "statuses"}
	join(t, c, "g")
	code, _, errs := offsetsRun(t, p, "", "reset", "src")
	if code != 1 || !strings.Contains(errs, "must be in the STOPPED state") || !strings.Contains(errs, "PUT /connectors/src/stop") {
		t.Errorf("while it may run: %d, %s", code, errs)
	}
	conn, err := kafka.Connect(p.Kafka, kafka.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	config, err := state.OpenConfig(t.Context(), t.Context(), conn, kafka.NewTopic{Name: "configs", ReplicationFactor: 1}, quietLog, state.Requests{})
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.Create(t.Context(), kafka.NewTopic{Name: "statuses", Partitions: 1, ReplicationFactor: 1, Configs: map[string]string{"cleanup.policy": "compact"}}); err != nil {
		t.Fatal(err)
	}
	if err := config.SetTarget(t.Context(), "src", state.Stopped); err != nil {
		t.Fatal(err)
	}
	if code, _, errs := offsetsRun(t, p, "", "reset", "src"); code != 0 {
		t.Errorf("of a connector that is stopped: %d, %s", code, errs)
	}
	produce(t, c, "statuses", "status-task-src-0", `{"state":"RUNNING","trace":null,"worker_id":"w","generation":1}`)
	if code, _, errs := offsetsRun(t, p, "", "reset", "src"); code != 1 {
		t.Errorf("of a connector whose task has yet to stop: %d, %s", code, errs)
	}
}

func produce(t *testing.T, c *kfake.Cluster, topic, key, value string) {
	t.Helper()
	cl, err := kgo.NewClient(kgo.SeedBrokers(c.ListenAddrs()...))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	if err := cl.ProduceSync(t.Context(), &kgo.Record{Topic: topic, Key: []byte(key), Value: []byte(value)}).FirstErr(); err != nil {
		t.Fatal(err)
	}
}

// join makes a group with one member.
func join(t *testing.T, c *kfake.Cluster, group string) {
	t.Helper()
	cl, err := kgo.NewClient(kgo.SeedBrokers(c.ListenAddrs()...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cl.Close)
	req := kmsg.NewPtrJoinGroupRequest()
	req.Group, req.ProtocolType, req.SessionTimeoutMillis, req.RebalanceTimeoutMillis = group, "connect", 30000, 30000
	proto := kmsg.NewJoinGroupRequestProtocol()
	proto.Name = "p"
	req.Protocols = append(req.Protocols, proto)
	for range 2 {
		resp, err := req.RequestWith(t.Context(), cl)
		if err != nil {
			t.Fatal(err)
		}
		if req.MemberID = resp.MemberID; kerr.ErrorForCode(resp.ErrorCode) == nil {
			return
		}
	}
	t.Fatal("the group was not joined")
}

// What is set is seen all at once: where the transaction is not committed,
// nothing is changed.
func TestOffsetsChangeAtOnce(t *testing.T) {
	t.Parallel()
	p, c := standing(t)
	const before = `{"offsets":[{"partition":{"filename":"/a"},"offset":{"position":1}},{"partition":{"filename":"/b"},"offset":{"position":1}},{"partition":{"filename":"/c"},"offset":{"position":1}}]}`
	if code, _, errs := offsetsRun(t, p, before, "set", "-connector", "src", "-"); code != 0 {
		t.Fatal(errs)
	}
	c.ControlKey(int16(kmsg.EndTxn), func(r kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		resp := r.ResponseKind().(*kmsg.EndTxnResponse)
		resp.ErrorCode = kerr.UnknownServerError.Code
		return resp, nil, true
	})
	code, _, errs := offsetsRun(t, p, strings.ReplaceAll(before, `:1}`, `:2}`), "set", "-connector", "src", "-timeout", "5s", "-")
	if code != 1 || !strings.Contains(errs, "not known whether") {
		t.Errorf("%d, %s", code, errs)
	}
	_, out, _ := offsetsRun(t, p, "", "list", "src")
	var got offset.Positions
	if err := json.Unmarshal([]byte(out), &got); err != nil || len(got.Offsets) != 3 {
		t.Fatalf("%s: %v", out, err)
	}
	if !bytes.Equal([]byte(out), []byte(before+"\n")) {
		t.Errorf("afterwards %s", out)
	}
}

// What a principal may not do is named, with the right that is missing.
func TestOffsetsWithoutRights(t *testing.T) {
	t.Parallel()
	p, c := standing(t)
	const two = `{"src":{"offsets":[{"partition":{"filename":"/a"},"offset":{"position":1}},{"partition":{"filename":"/b"},"offset":{"position":1}}]}}`
	const one = `{"snk":{"offsets":[{"partition":{"kafka_topic":"in","kafka_partition":0},"offset":{"kafka_offset":1}}]}}`
	if code, _, errs := offsetsRun(t, p, two, "set", "-"); code != 0 {
		t.Fatal(errs)
	}
	for _, test := range []struct {
		key  kmsg.Key
		err  *kerr.Error
		in   string
		args string
		want string
	}{
		{kmsg.InitProducerID, kerr.TransactionalIDAuthorizationFailed, two, "set -", `grant the principal Write and Describe on the transactional id "p-src-offsets"`},
		{kmsg.Fetch, kerr.TopicAuthorizationFailed, "", "list src", "the principal may not Read it"},
		{kmsg.OffsetFetch, kerr.GroupAuthorizationFailed, "", "list snk", "grant the principal Describe on the group connect-snk"},
		{kmsg.OffsetCommit, kerr.GroupAuthorizationFailed, one, "set -", "grant the principal Read on the group connect-snk"},
		{kmsg.DeleteGroups, kerr.GroupAuthorizationFailed, "", "reset snk", "grant the principal Delete on the group connect-snk"},
	} {
		h := c.Fault(kfake.Fault{Keys: []kmsg.Key{test.key}, Err: test.err})
		code, _, errs := offsetsRun(t, p, test.in, append(strings.Fields(test.args)[:1:1], append([]string{"-timeout", "20s"}, strings.Fields(test.args)[1:]...)...)...)
		if code != 1 || !strings.Contains(errs, test.want) {
			t.Errorf("%s of %s: %d, %s; want %s", test.err.Message, test.args, code, errs, test.want)
		}
		h.Remove()
	}
}
