package e2e_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"kcgen.dev/runtime/registry"
	"kcgen.dev/runtime/servertest"
	"kcgen.dev/runtime/servertest/history"
	"kcgen.dev/runtime/servertest/proc"
)

// newOrdersLab is a lab with the example orders-avro, compiled by kcgen.
func newOrdersLab(t *testing.T) *registryLab {
	t.Helper()
	broker := servertest.SharedKafka(t)
	dir, err := binaries()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "go", "run", "kcgen.dev/cmd/kcgen", "build", "-o", filepath.Join(dir, "orders-avro"), "../../../examples/orders-avro/pipeline.cue")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", cmd, err, out)
	}
	l := &registryLab{newLab(t, broker, "orders-avro"), servertest.Registry(t)}
	l.topic, l.dlq = "orders", "orders-dlq" // the spec's own
	broker.CreateTopic(t, l.topic, 1)
	return l
}

func (l *registryLab) startOrders() *proc.Process {
	l.t.Helper()
	return l.startIn(map[string]string{"KAFKA_BROKERS": l.broker.Addr(), "SCHEMA_REGISTRY_URL": l.registry.URL(), "ORDERS_FILE": l.in, "ARCHIVE_FILE": l.out})
}

// checkOrders judges the archive, an object a line.
func (l *registryLab) checkOrders(n int64) history.Report {
	l.t.Helper()
	f, err := os.Open(l.out)
	if err != nil {
		l.t.Fatal(err)
	}
	defer f.Close()
	c := history.NewChecker(history.Source{Name: source, Lines: n})
	lines := bufio.NewScanner(f)
	for at := int64(0); lines.Scan(); at++ {
		var got struct{ Order, Shop string }
		if err := json.Unmarshal(lines.Bytes(), &got); err != nil || got.Shop != "berlin" {
			l.t.Fatalf("line %d of the archive is %q: %v", at+1, lines.Bytes(), err)
		}
		c.Add(history.Arrival{Topic: "out.txt", Offset: at, Line: []byte(got.Order)})
	}
	if err := lines.Err(); err != nil {
		l.t.Fatal(err)
	}
	return c.Report()
}

// TestAvroRidesOutRegistry ships lines as Avro through a real Kafka and a real
// registry. That goes away: what is known goes on, a program that starts anew
// waits, and every line arrives once and in order. What others have put into the
// topic is in the dead letter queue, and nothing else.
func TestAvroRidesOutRegistry(t *testing.T) {
	const n = 5000
	l := newOrdersLab(t)
	l.write(0, n)
	p := l.startOrders()
	committed := func(n int64) func() bool { return func() bool { return l.committed("order-archive") == n } }
	l.wait(p, "the first lines", committed(n))
	l.registry.Kill()
	l.write(n, 2*n)
	l.wait(p, "lines of a schema that is known", committed(2*n))
	l.stop(p)

	foreign := [][]byte{[]byte(`{"item":"1 pear"}`), append(registry.AppendHeader(nil, 1<<30), "1 pear"...)}
	l.send(foreign...)
	p = l.startOrders()
	l.write(2*n, 3*n)
	l.waitAway(p, 1)
	if err := l.registry.Start(); err != nil {
		t.Fatal(err)
	}
	l.wait(p, "the rest of the lines", committed(3*n+int64(len(foreign))))
	l.stop(p)
	l.exact(l.checkOrders(3 * n))
	var dead [][]byte
	for _, r := range l.records(l.dlq) {
		dead = append(dead, r.Value)
	}
	if !slices.EqualFunc(dead, foreign, bytes.Equal) {
		t.Errorf("%d dead letters %q, want %q", len(dead), dead, foreign)
	}
	l.oneSchema(foreign)
}

// oneSchema wants all records of the topic under one schema, but for those that
// are foreign.
func (l *registryLab) oneSchema(foreign [][]byte) {
	l.t.Helper()
	ids := map[int]int{}
	for _, r := range l.records(l.topic) {
		if slices.ContainsFunc(foreign, func(f []byte) bool { return bytes.Equal(f, r.Value) }) {
			continue
		}
		id, _, err := registry.CutHeader(r.Value)
		if err != nil || string(r.Key) != "berlin" {
			l.t.Fatalf("record %d: key %q, value %q: %v", r.Offset, r.Key, r.Value, err)
		}
		ids[id]++
	}
	if len(ids) != 1 {
		l.t.Errorf("records by schema id: %v, want all under one", ids)
	}
}
