package cdc

import (
	"os"
	"strings"
	"testing"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/convert"
)

// recorded is a record that the real Debezium has written.
type recorded struct {
	key, value string
	headers    []string
}

func readRecorded(t testing.TB, file string) (all []recorded) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, "\n")
		switch tag, rest, _ := strings.Cut(line, "="); tag {
		case "k":
			all = append(all, recorded{key: rest})
		case "v":
			all[len(all)-1].value = rest
		case "h":
			all[len(all)-1].headers = strings.Split(rest, ",")
		}
	}
	return all
}

func codec(t testing.TB, nulls bool) connect.Codec {
	t.Helper()
	c, err := convert.JSON{SchemasEnable: true, DecimalFormat: "BASE64", ReplaceNullWithDefault: nulls}.Open(0)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// capture is what a server would have said of a recorded envelope.
type capture struct {
	e      *Emitter
	layout *Layout
}

func newCapture(t testing.TB, o Options, env *connect.Struct, key *connect.Schema) *capture {
	t.Helper()
	s := env.Schema
	source := s.Fields()[SlotSource].Schema
	e, err := NewEmitter(o, Connector{Name: "postgresql", Task: "0"}, source)
	if err != nil {
		t.Fatal(err)
	}
	table := &Table{ID: TableID{Schema: "public", Table: "t"}}
	for i, f := range s.Fields()[SlotAfter].Schema.Fields() {
		table.Columns = append(table.Columns, Column{Name: f.Name, Schema: f.Schema, Length: Unset, Scale: Unset})
		if key.FieldIndex(f.Name) >= 0 {
			table.Key = append(table.Key, i)
		}
	}
	l, err := e.Layout(table)
	if err != nil {
		t.Fatal(err)
	}
	return &capture{e: e, layout: l}
}

// again tells the change of a recorded envelope.
func (c *capture) again(b *connect.Batch, env *connect.Struct) {
	src := env.Slots[SlotSource].Struct()
	ns := func(s *connect.Struct, slot int) time.Time { return time.Unix(0, s.Slots[slot].Int()) }
	block := c.e.Source(ns(src, SourceTsNs), src.Get("db").Str(), Streamed)
	block.Slots[SourceSnapshot] = src.Slots[SourceSnapshot]
	block.Slots[SourceSequence] = src.Slots[SourceSequence]
	copy(block.Slots[SourceOwn:], src.Slots[SourceOwn:])
	ch := Change{Op: Op(env.Slots[SlotOp].Str()[0]), Layout: c.layout, Source: block, Now: ns(env, SlotTsNs)}
	if s := env.Slots[SlotBefore].Struct(); s != nil {
		ch.Before = s.Slots
	}
	if s := env.Slots[SlotAfter].Struct(); s != nil {
		ch.After = s.Slots
	}
	c.e.Change(b, &ch)
}

// TestGolden gives records as the real Debezium has, byte for byte.
func TestGolden(t *testing.T) {
	all := readRecorded(t, "testdata/postgres.txt")
	read, write := codec(t, false), codec(t, true)
	var c *capture
	var b connect.Batch
	for _, r := range all {
		if r.value == "" {
			continue // the tombstone comes with the delete
		}
		k, err := read.Decode("", []byte(r.key))
		if err != nil {
			t.Fatal(err)
		}
		v, err := read.Decode("", []byte(r.value))
		if err != nil {
			t.Fatal(err)
		}
		if c == nil {
			c = newCapture(t, Options{TopicPrefix: "dbztrue", TombstonesOnDelete: true, ExtendedHeadersEnabled: true}, v.Value.Struct(), k.Schema)
		}
		c.again(&b, v.Value.Struct())
	}
	if len(b.Records) != len(all) {
		t.Fatalf("%d records, want %d", len(b.Records), len(all))
	}
	for i := range b.Records {
		compare(t, write, &b.Records[i], all[i])
	}
}

func compare(t *testing.T, c connect.Codec, r *connect.Record, want recorded) {
	t.Helper()
	if r.Topic != "dbztrue.public.t" {
		t.Errorf("topic %s", r.Topic)
	}
	if got := encode(t, c, r.Key); got != want.key {
		t.Errorf("key\n got %s\nwant %s", got, want.key)
	}
	if got := encode(t, c, r.Value); got != want.value {
		t.Errorf("value\n got %s\nwant %s", got, want.value)
	}
	if len(r.Headers) != len(want.headers) {
		t.Fatalf("%d headers, want %d", len(r.Headers), len(want.headers))
	}
	for i, h := range r.Headers {
		key, value, _ := strings.Cut(want.headers[i], "=")
		if h.Key != key || h.Value.Str() != value && !strings.HasSuffix(key, "runId") || h.Schema != connect.StringSchema {
			t.Errorf("header %s=%s, want %s", h.Key, h.Value.Str(), want.headers[i])
		}
	}
}

func encode(t testing.TB, c connect.Codec, d connect.Datum) string {
	t.Helper()
	if d.Schema == nil && d.IsNull() {
		return ""
	}
	out, err := c.Encode(new(connect.Buffer), "", d)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}
