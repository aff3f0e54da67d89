package postgres_test

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/postgres"
	"kcgen.dev/runtime/servertest/cdc"
)

// TestGolden captures what Debezium captured, and compares all records, with
// their schemas.
func TestGolden(t *testing.T) {
	const recorded = "../../servertest/cdc/testdata/postgres"
	files, err := filepath.Glob(filepath.Join(recorded, "*.txtar"))
	if err != nil || len(files) == 0 {
		t.Fatal("no cases", err)
	}
	for _, file := range files {
		cases, err := cdc.ReadCases(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range cases {
			if _, other := elsewhere[c.Name]; other {
				continue
			}
			want, err := cdc.ReadRecording(filepath.Join(recorded, c.Name+".jsonl.gz"))
			if err != nil {
				t.Fatal(err)
			}
			t.Run(c.Name, func(t *testing.T) { golden(t, c, want) })
		}
	}
}

// elsewhere are the cases that need more than a task, and where they are held.
var elsewhere = map[string]string{
	"columns-hash":          "TestHashes of package cdc: the name of the option holds its salt, and of ours it does not",
	"signaltopic-topic":     "TestSignalTopic: there is no topic here",
	"signaltopic-read-only": "nowhere: snapshots without a mark in the database are not there",
	"snapshots-heartbeat":   "TestHeartbeat of package cdc: they come by the clock",
}

func golden(t *testing.T, c cdc.Case, want *cdc.Recording) {
	d := adminDatabase(t)
	d.exec(c.Setup)
	s := d.source()
	s.SlotMaxRetries, s.SlotRetryDelay = 20, 100*time.Millisecond
	var s2 postgres.Source
	rest, err := cdc.Configure(&s2, c.Properties)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range rest {
		if p != "snapshot.select.statement.overrides" { // the tables, which the names of the statements tell too
			t.Fatalf("no option for %s", p)
		}
	}
	s2.Database, s2.TopicPrefix, s2.SlotName, s2.HeartbeatInterval = s.Database, want.Prefix, s.SlotName, 0
	s2.SlotMaxRetries, s2.SlotRetryDelay = 100, 100*time.Millisecond
	if len(s2.MessagePrefixIncludeList) > 0 {
		s2.MessagePrefixIncludeList = append(s2.MessagePrefixIncludeList, "kcgen-mark.*") // by which the test knows that all has come
	}
	l := d.capture(s2)
	l.untilStreaming(d)
	got := &cdc.Recording{Prefix: want.Prefix}
	for _, step := range c.Steps {
		switch step.Kind {
		case "sql":
			d.exec(step.Text)
			l.untilMark(d)
		case "restart":
			_ = l.task.Close()
			d.exec(step.Text)
			before := l.records
			l = d.resume(s2, l.offset)
			l.records = before
			l.untilStreaming(d)
			l.untilMark(d)
		default:
			t.Logf("step %s is left out", step.Kind)
		}
	}
	got.Records = l.records
	neutral(want)
	neutral(got)
	for _, d := range cdc.Compare(want, got) {
		if !expected(c.Name, d) {
			t.Errorf("%s", d)
		}
	}
}

// volatile are the parts of records that differ from run to run.
var volatile = regexp.MustCompile(`"(ts_ms|ts_us|ts_ns|lsn|txId)":[0-9]+|"db":"[^"]*"|"id":"[0-9]+(:[0-9]+)?"`)

// clock are the times at which a record was made.
var clock = regexp.MustCompile(`"(ts_ms|ts_us|ts_ns)":[0-9]+`)

var places = regexp.MustCompile(`"\[(null|\\"[0-9]+\\"),\\"[0-9]+\\"\]"`)

func neutral(r *cdc.Recording) {
	for i := range r.Records {
		v := &r.Records[i]
		for _, part := range []*json.RawMessage{&v.Key, &v.Value} {
			b := volatile.ReplaceAllFunc(*part, func(m []byte) []byte {
				name, value, _ := bytes.Cut(m, []byte(":"))
				if value[0] == '"' && !bytes.Contains(name, []byte("db")) && !bytes.Contains(value, []byte(":")) {
					return m // the id of a row
				}
				return append(name, []byte(`:"N"`)...)
			})
			*part = places.ReplaceAll(b, []byte(`"N"`))
		}
	}
}

// expected are the differences that are meant: see the README.
func expected(name string, d cdc.Difference) bool {
	switch {
	case strings.Contains(d.Place, "n3_m2"), // a scale below zero, which the JDBC driver takes for 2046
		strings.HasSuffix(d.Place, "public.texts:value.payload.after.n"), // of the type name, which Debezium streams as null
		strings.HasSuffix(d.Place, "public.texts:value.payload.before.n"),
		strings.HasPrefix(name, "partitioned") && strings.Contains(d.Place, "public.log"),                                                     // rows of partitions come twice in a snapshot
		strings.HasSuffix(d.Place, "public.times:value.payload.after.d") && strings.Contains(d.Got, "1582-10-10") || d.Got == "-141432",       // read by the Julian calendar
		name == "signals" && (strings.Contains(d.Place, "debezium_signal:") || strings.Contains(d.Place, "public.two")),                       // ids of windows; rows come by key
		name == "ddl" && strings.Contains(d.Place, "public.fresh:"),                                                                           // it is found by a name that it has no more, or not
		strings.HasPrefix(name, "extremes-times") && strings.HasSuffix(d.Place, ".after.d"),                                                   // the JDBC driver's days of infinities and of years BC
		strings.HasPrefix(name, "extremes-times") && strings.HasSuffix(d.Place, ".after.ts") && strings.HasPrefix(d.Want, "-922337203685377"), // beyond 64 bits
		name == "changes-transactions" && strings.Contains(d.Place, "transaction:value.payload.data_collections"):                             // named by the address of an object
		return true
	}
	return false
}

func (l *life) record(r *connect.Record) cdc.Record {
	out := cdc.Record{Topic: r.Topic, Partition: 0, Offset: int64(len(l.records)), Key: l.json(l.key, r.Topic, r.Key), Value: l.json(l.value, r.Topic, r.Value)}
	for _, h := range r.Headers {
		out.Headers = append(out.Headers, cdc.Header{Key: h.Key, Value: l.json(l.value, r.Topic, h.Datum)})
	}
	return out
}

func (l *life) json(c connect.Codec, topic string, d connect.Datum) json.RawMessage {
	var buf connect.Buffer
	b, err := c.Encode(&buf, topic, d)
	if err != nil {
		l.Errorf("%s: %v", topic, err)
		return nil
	}
	if b == nil {
		return json.RawMessage("null")
	}
	return b
}
