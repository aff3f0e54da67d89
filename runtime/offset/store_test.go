package offset

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kcgen.dev/runtime/connect"
)

// topic keeps what is appended.
type topic struct {
	records []Record
	err     error
	calls   int
	at      int64 // the offset of what is appended, in partition 3; 0 is not known
}

func (l *topic) Piecemeal() {}

func (l *topic) Append(_ context.Context, r []Record, done func(error)) {
	l.calls++
	if l.err == nil {
		l.records = append(l.records, r...)
		for i := range r {
			if l.at > 0 {
				r[i].Partition, r[i].Offset = 3, l.at
			}
		}
	}
	done(l.err)
}

func commit(t *testing.T, s *Store, l *topic, name string, e ...Entry) error {
	t.Helper()
	var got error
	calls := 0
	s.Commit(t.Context(), l, name, e, func(err error) { got, calls = err, calls+1 })
	if calls != 1 {
		t.Fatalf("done was called %d times", calls)
	}
	return got
}

// The bytes are those that Kafka Connect 4.3.1 was seen to write.
func TestStoreWritesConnectsFormat(t *testing.T) {
	for _, test := range []struct {
		name       string
		partition  *connect.SourcePartition
		offset     connect.SourceOffset
		key, value string
	}{
		{"put-new", connect.Partition("filename", "/srv/connect/data/r-in.txt"), at(17), `["put-new",{"filename":"/srv/connect/data/r-in.txt"}]`, `{"position":17}`},
		{"a/b c", connect.Partition("filename", "/srv/connect/data/r-in.txt"), at(17), `["a/b c",{"filename":"/srv/connect/data/r-in.txt"}]`, `{"position":17}`},
		{`q"\`, connect.Partition("f", "<&>é\u2028\x01\n\xff"), connect.SourceOffset{"b": true, "a": nil, "f": 1.0, "s": "x"}, `["q\"\\",{"f":"<&>é` + "\u2028" + `\u0001\n` + "\ufffd" + `"}]`, `{"a":null,"b":true,"f":1.0,"s":"x"}`},
		{"order", connect.Partition("z", "1", "a", "2"), connect.SourceOffset{"lsn": uint64(1) << 62, "n": int32(-1), "f": 1e300}, `["order",{"z":"1","a":"2"}]`, `{"f":1e+300,"lsn":4611686018427387904,"n":-1}`},
		{"n", &connect.SourcePartition{Pairs: []connect.Pair{{Key: "i", Value: 5}, {Key: "n", Value: nil}}}, nil, `["n",{"i":5,"n":null}]`, ""},
	} {
		var l topic
		if err := commit(t, NewStore(slog.New(slog.DiscardHandler)), &l, test.name, Entry{Partition: test.partition, Offset: test.offset}); err != nil {
			t.Fatal(err)
		}
		if got := string(l.records[0].Key); got != test.key {
			t.Errorf("key %s, want %s", got, test.key)
		}
		if got := string(l.records[0].Value); got != test.value {
			t.Errorf("value %s, want %s", got, test.value)
		}
		if test.offset == nil && l.records[0].Value != nil {
			t.Error("a deleted offset is no tombstone")
		}
	}
}

func TestStoreLooksUpByMeaning(t *testing.T) {
	s := NewStore(slog.New(slog.DiscardHandler))
	s.Load(Record{Key: []byte(`["c", {"a": "2", "z": 1}]`), Value: []byte(`{"position": 5, "f": 1.5, "big": 9007199254740993}`)})
	p := &connect.SourcePartition{Pairs: []connect.Pair{{Key: "z", Value: int64(1)}, {Key: "a", Value: "2"}}}
	want := connect.SourceOffset{"position": int64(5), "f": 1.5, "big": int64(9007199254740993)}
	if diff := cmp.Diff(want, s.Reader("c").Offset(p)); diff != "" {
		t.Error(diff)
	}
	if s.Offset("d", p) != nil || s.Offset("c", connect.Partition("a", "2")) != nil {
		t.Error("an offset of something else was found")
	}
	// A key is written as it was found, or compaction would keep two truths.
	var l topic
	if err := commit(t, s, &l, "c", Entry{Partition: p, Offset: at(6)}); err != nil {
		t.Fatal(err)
	}
	if got := string(l.records[0].Key); got != `["c", {"a": "2", "z": 1}]` {
		t.Errorf("key %s", got)
	}
	if got := s.Offset("c", p)["position"]; got != int64(6) {
		t.Errorf("offset %v after a commit", got)
	}
}

// What was committed is read as what is in the topic: by its types, and not
// changed with the map that the connector goes on to use.
func TestStoreGivesWhatIsInTheTopic(t *testing.T) {
	p := connect.Partition("a", "1")
	o := connect.SourceOffset{"int": 1, "int32": int32(-2), "uint64": uint64(3), "float32": float32(1.5), "whole": 1.0, "text": "x\xff", "bool": true, "null": nil}
	want := connect.SourceOffset{"int": int64(1), "int32": int64(-2), "uint64": int64(3), "float32": 1.5, "whole": 1.0, "text": "x\ufffd", "bool": true, "null": nil}
	s := NewStore(slog.New(slog.DiscardHandler))
	var l topic
	if err := commit(t, s, &l, "c", Entry{Partition: p, Offset: o}); err != nil {
		t.Fatal(err)
	}
	o["int"] = 2
	if diff := cmp.Diff(want, s.Reader("c").Offset(p)); diff != "" {
		t.Error("after a commit", diff)
	}
	again := NewStore(slog.New(slog.DiscardHandler))
	again.Load(l.records[0])
	if diff := cmp.Diff(want, again.Offset("c", p)); diff != "" {
		t.Error("read back", diff)
	}
	if err := commit(t, s, &l, "c", Entry{Partition: p}); err != nil || s.Offset("c", p) != nil {
		t.Error("a deleted offset is there", err)
	}
}

func TestStoreTakesTheLatestSpelling(t *testing.T) {
	p := connect.Partition("a", "1", "b", "2")
	one := Record{Key: []byte(`["c",{"a":"1","b":"2"}]`), Value: []byte(`{"position":1}`), Timestamp: 100}
	two := Record{Key: []byte(`["c",{"b":"2","a":"1"}]`), Value: []byte(`{"position":2}`), Timestamp: 200}
	for _, order := range [][]Record{{one, two}, {two, one}} {
		s := NewStore(slog.New(slog.DiscardHandler))
		for _, r := range order {
			s.Load(r)
		}
		if got := s.Offset("c", p)["position"]; got != int64(2) {
			t.Errorf("position %v", got)
		}
	}
}

func TestStoreTombstones(t *testing.T) {
	for _, value := range [][]byte{nil, []byte("null")} {
		s := NewStore(slog.New(slog.DiscardHandler))
		key := []byte(`["c",{"filename":"x"}]`)
		s.Load(Record{Key: key, Value: []byte(`{"position":1}`)})
		s.Load(Record{Key: key, Value: value})
		if o := s.Offset("c", connect.Partition("filename", "x")); o != nil {
			t.Errorf("offset %v was deleted", o)
		}
	}
}

func TestStoreSkipsWhatIsNotConnects(t *testing.T) {
	var log bytes.Buffer
	s := NewStore(slog.New(slog.NewTextHandler(&log, nil)))
	good := Record{Key: []byte(`["c",{"filename":"x"}]`), Value: []byte(`{"position":1}`)}
	s.Load(good)
	for _, r := range []Record{
		{Value: []byte(`{}`)},
		{Key: []byte(``)},
		{Key: []byte(`{`)},
		{Key: []byte(`["c"]`)},
		{Key: []byte(`["c",{},{}]`)},
		{Key: []byte(`[1,{}]`)},
		{Key: []byte(`["c",[]]`)},
		{Key: []byte(`["c",{"filename":"x"}] x`)},
		{Key: good.Key, Value: []byte(`[1]`)},
		{Key: good.Key, Value: []byte(`{"position"`)},
		{Key: good.Key, Value: []byte(``)},
	} {
		s.Load(r)
	}
	s.Loaded()
	if got := s.Offset("c", connect.Partition("filename", "x"))["position"]; got != int64(1) {
		t.Errorf("position %v", got)
	}
	if strings.Count(log.String(), "\n") != 1 || !strings.Contains(log.String(), "records=11") {
		t.Errorf("log %s", log.String())
	}
}

func TestStoreCommitErrors(t *testing.T) {
	s := NewStore(slog.New(slog.DiscardHandler))
	p := connect.Partition("f", "x")
	l := &topic{err: errors.New("not allowed")}
	if err := commit(t, s, l, "c", Entry{Partition: p, Offset: at(1)}); err == nil || s.Offset("c", p) != nil {
		t.Errorf("a commit that failed is remembered: %v", err)
	}
	l.err = nil
	for _, bad := range []any{[]byte("x"), math.NaN(), math.Inf(1), uint64(1) << 63, map[string]any{}} {
		err := commit(t, s, l, "c", Entry{Partition: p, Offset: at(1)}, Entry{Partition: p, Offset: connect.SourceOffset{"bad": bad}})
		if err == nil || !strings.Contains(err.Error(), `connector c, partition {"f":"x"}: offset field bad`) {
			t.Errorf("%T: %v", bad, err)
		}
	}
	if len(l.records) != 0 {
		t.Errorf("%d records of commits that failed were written", len(l.records))
	}
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte(`["c",{"filename":"x"}]`), []byte(`{"position":1}`))
	f.Add([]byte(`["c",{"n":1e999}]`), []byte(`{"n":-0}`))
	f.Fuzz(func(_ *testing.T, key, value []byte) {
		s := NewStore(slog.New(slog.DiscardHandler))
		s.Load(Record{Key: key, Value: value})
		s.Loaded()
	})
}

// What is read back of a topic that goes on being written is never taken for
// newer than what was written since.
func TestStoreKeepsTheNewest(t *testing.T) {
	s := NewStore(slog.New(slog.DiscardHandler))
	p := connect.Partition("f", "x")
	key := []byte(`["c",{"f":"x"}]`)
	record := func(position string, at int64) Record {
		return Record{Key: key, Value: []byte(`{"position":` + position + `}`), Partition: 3, Offset: at}
	}
	s.Load(record("1", 10))
	l := &topic{at: 12}
	if err := commit(t, s, l, "c", Entry{Partition: p, Offset: at(3)}); err != nil {
		t.Fatal(err)
	}
	s.From(func(context.Context) error {
		s.Load(record("2", 11)) // read late
		return nil
	})
	if err := s.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := s.Offset("c", p)["position"]; got != int64(3) {
		t.Errorf("position %v, want that of the commit", got)
	}
	s.From(func(context.Context) error {
		s.Load(record("9", 20)) // another instance's
		return nil
	})
	if err := s.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	l.at = 13 // its answer came late
	if err := commit(t, s, l, "c", Entry{Partition: p, Offset: at(4)}); err != nil {
		t.Fatal(err)
	}
	if got := s.Offset("c", p)["position"]; got != int64(9) {
		t.Errorf("position %v, want the other instance's", got)
	}
	s.From(func(context.Context) error { return errors.New("no broker") })
	if err := s.CatchUp(t.Context()); err == nil || !strings.Contains(err.Error(), "no broker") {
		t.Errorf("a topic that cannot be read: %v", err)
	}
}

// A topic of Kafka Connect's that is kept beside comes first, and is written
// too, under the keys that are there.
func TestStoreBeside(t *testing.T) {
	s := NewStore(slog.New(slog.DiscardHandler))
	s.Beside("theirs")
	p := connect.Partition("a", "1", "b", "2")
	load := func(topic, key, value string, at int64) {
		r := Record{Topic: topic, Key: []byte(key), Offset: at}
		if value != "" {
			r.Value = []byte(value)
		}
		s.Load(r)
	}
	position := func() any { return s.Offset("c", p)["position"] }
	load("", `["c",{"a":"1","b":"2"}]`, `{"position":1}`, 50)
	if got := position(); got != int64(1) {
		t.Errorf("where they have none: %v", got)
	}
	load("theirs", `["c",{"b":"2","a":"1"}]`, `{"position":7}`, 3)
	if got := position(); got != int64(7) {
		t.Errorf("where they have one: %v", got)
	}
	var l topic
	if err := commit(t, s, &l, "c", Entry{Partition: p, Offset: at(9)}); err != nil {
		t.Fatal(err)
	}
	shown := func() string {
		var parts []string
		for _, r := range l.records {
			parts = append(parts, r.Topic+" "+string(r.Key)+"="+string(r.Value))
		}
		l.records = nil
		return strings.Join(parts, "\n")
	}
	if got, want := shown(), " "+`["c",{"a":"1","b":"2"}]={"position":9}`+"\n"+`theirs ["c",{"b":"2","a":"1"}]={"position":9}`; got != want {
		t.Errorf("written:\n%s\nwant:\n%s", got, want)
	}
	load("theirs", `["c",{"b":"2","a":"1"}]`, `{"position":20}`, 8) // Kafka Connect went on
	if got := position(); got != int64(20) {
		t.Errorf("after Kafka Connect went on: %v", got)
	}
	// Deleted here first: as long as theirs is there, it is what holds.
	l.calls = 0
	done := make(chan error, 1)
	s.Commit(t.Context(), &l, "c", []Entry{{Partition: p}}, func(err error) { done <- err })
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if got, want := shown(), " "+`["c",{"a":"1","b":"2"}]=`+"\n"+`theirs ["c",{"b":"2","a":"1"}]=`; got != want {
		t.Errorf("deleted:\n%s\nwant:\n%s", got, want)
	}
	if got := position(); got != nil || l.calls != 2 {
		t.Errorf("a deleted position is %v, after %d calls", got, l.calls)
	}
	// A transaction ends with one call.
	whole := &struct{ Appender }{&l}
	l.calls = 0
	s.Commit(t.Context(), whole, "c", []Entry{{Partition: p}}, func(err error) { done <- err })
	if err := <-done; err != nil || l.calls != 1 {
		t.Errorf("in a transaction: %v, %d calls", err, l.calls)
	}
}

// A reader lists what its connector has offsets of: not what was deleted, nor
// what others have.
func TestReaderLists(t *testing.T) {
	s, l := NewStore(slog.New(slog.DiscardHandler)), &topic{}
	two := &connect.SourcePartition{Pairs: []connect.Pair{{Key: "b", Value: int64(2)}, {Key: "a", Value: "x"}}}
	for _, e := range []Entry{
		{Partition: connect.Partition("server", "old"), Offset: at(1)}, {Partition: two, Offset: at(2)},
		{Partition: connect.Partition("server", "gone"), Offset: at(3)}, {Partition: connect.Partition("server", "gone")},
	} {
		if err := commit(t, s, l, "mine", e); err != nil {
			t.Fatal(err)
		}
	}
	if err := commit(t, s, l, "theirs", Entry{Partition: connect.Partition("server", "other"), Offset: at(1)}); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range s.Reader("mine").(connect.PartitionLister).Partitions() {
		got = append(got, Describe(p))
	}
	if diff := cmp.Diff([]string{`{"a":"x","b":2}`, `{"server":"old"}`}, got); diff != "" {
		t.Error(diff)
	}
}
