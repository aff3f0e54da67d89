package offset

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"kcgen.dev/runtime/connect"
)

// picky is a source that has its say.
type picky struct{ asked []connect.AlteredOffset }

func (p *picky) Tasks(context.Context, int) ([]connect.SourceTask, error) { return nil, nil }

func (p *picky) AlterOffsets(list []connect.AlteredOffset) error {
	p.asked = append(p.asked, list...)
	for _, o := range list {
		if o.Offset["position"] == int64(13) {
			return errors.New("13 is bad luck")
		}
		if o.Offset["position"] == int64(14) {
			panic("14 is worse")
		}
	}
	return nil
}

// filled is a store with offsets of two connectors, and what is written to it.
func filled(t *testing.T) (*Store, *[]Record, Write) {
	t.Helper()
	s := NewStore(slog.New(slog.DiscardHandler))
	for i, r := range []Record{
		{Key: []byte(`["c",{"z":"1","a":"2"}]`), Value: []byte(`{"position":17}`)},
		{Key: []byte(`["c",{"a":"1"}]`), Value: []byte(`{"position":1,"b":null,"f":1.0}`)},
		{Key: []byte(`["c",{"gone":"1"}]`)},
		{Key: []byte(`["c2",{"a":"1"}]`), Value: []byte(`{"position":2}`)},
		{Key: []byte(`["c\"",{"a":"1"}]`), Value: []byte(`{"position":3}`)},
	} {
		r.Offset = int64(i)
		s.Load(r)
	}
	var written []Record
	return s, &written, func(_ context.Context, records []Record) error {
		written = append(written, records...)
		return nil
	}
}

func text(list []Position) string {
	b, _ := json.Marshal(Positions{list})
	return string(b)
}

func TestList(t *testing.T) {
	s, _, _ := filled(t)
	for name, want := range map[string]string{
		"c":    `{"offsets":[{"partition":{"a":"1"},"offset":{"b":null,"f":1.0,"position":1}},{"partition":{"z":"1","a":"2"},"offset":{"position":17}}]}`,
		`c"`:   `{"offsets":[{"partition":{"a":"1"},"offset":{"position":3}}]}`,
		"none": `{"offsets":[]}`,
	} {
		if got := text(s.List(name)); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

func TestAlter(t *testing.T) {
	s, written, write := filled(t)
	list, err := ParsePositions([]byte(`{"offsets":[
		{"partition":{"a":"2","z":"1"},"offset":{"position":5}},
		{"partition":{"a":"1"},"offset":null},
		{"partition":{"b":7, "a":null},"offset":{"x":1.5,"y":true}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	p := &picky{}
	if err := s.Alter(t.Context(), write, "c", p, list); err != nil {
		t.Fatal(err)
	}
	got := ""
	for _, r := range *written {
		got += string(r.Key) + "=" + string(r.Value) + "\n"
	}
	// The first key as it was found, the last as it was given.
	const want = `["c",{"z":"1","a":"2"}]={"position":5}
["c",{"a":"1"}]=
["c",{"b":7,"a":null}]={"x":1.5,"y":true}
`
	if got != want {
		t.Errorf("written:\n%swant:\n%s", got, want)
	}
	if len(p.asked) != 3 || p.asked[1].Offset != nil || p.asked[2].Partition["b"] != int64(7) {
		t.Errorf("the source was asked about %v", p.asked)
	}
	if got, want := text(s.List("c")), `{"offsets":[{"partition":{"z":"1","a":"2"},"offset":{"position":5}},{"partition":{"b":7,"a":null},"offset":{"x":1.5,"y":true}}]}`; got != want {
		t.Errorf("afterwards %s, want %s", got, want)
	}
	if err := s.Reset(t.Context(), write, "c", p); err != nil {
		t.Fatal(err)
	}
	if got := text(s.List("c")); got != `{"offsets":[]}` || len(*written) != 5 {
		t.Errorf("after a reset %s, %d records", got, len(*written))
	}
	if err := s.Reset(t.Context(), write, "c", nil); err != nil || len(*written) != 5 {
		t.Errorf("a second reset: %v, %d records", err, len(*written))
	}
}

func TestAlterRefuses(t *testing.T) {
	for body, want := range map[string]string{
		``:                   "the offsets are not",
		`nope`:               "the offsets are not",
		`[]`:                 "the offsets are not",
		`{"offset":[]}`:      "unknown field",
		`{"offsets":[]} x`:   "something follows",
		`{}`:                 "Partitions / offsets need to be provided for an alter offsets request",
		`{"offsets":null}`:   "Partitions / offsets need to be provided",
		`{"offsets":[null]}`: "Partition objects cannot be null",
		`{"offsets":[{}]}`:   "Partition objects cannot be null",
		`{"offsets":[{"partition":null,"offset":{"position":1}}]}`:                                                  "Partition objects cannot be null",
		`{"offsets":[{"partition":7}]}`:                                                                             "Partition objects must be JSON objects",
		`{"offsets":[{"partition":{"a":"1"},"offset":[1]}]}`:                                                        "Offset objects must be JSON objects",
		`{"offsets":[{"partition":{"a":{}},"offset":null}]}`:                                                        "field a contains an object or a list",
		`{"offsets":[{"partition":{"a":"1"},"offset":{"p":[]}}]}`:                                                   "field p contains an object or a list",
		`{"offsets":[{"partition":{"a":"1"},"offset":{"position":13}}]}`:                                            "13 is bad luck",
		`{"offsets":[{"partition":{"a":"1"},"offset":{"position":14}}]}`:                                            "panicked",
		`{"offsets":[{"partition":{"a":"1","z":"2"},"offset":null},{"partition":{"z":"2","a":"1"},"offset":null}]}`: "is given twice",
	} {
		s, written, write := filled(t)
		before := text(s.List("c"))
		list, err := ParsePositions([]byte(body))
		if err == nil {
			err = s.Alter(t.Context(), write, "c", &picky{}, list)
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", body, err, want)
		}
		if want != "panicked" && !errors.Is(err, ErrShape) {
			t.Errorf("%s: %v is not an ErrShape", body, err)
		}
		if len(*written) > 0 || text(s.List("c")) != before {
			t.Errorf("%s: something was changed", body)
		}
	}
}

func TestAlterThatFailsChangesNothing(t *testing.T) {
	s, _, _ := filled(t)
	before := text(s.List("c"))
	fails := func(context.Context, []Record) error { return errors.New("no broker") }
	if err := s.Reset(t.Context(), fails, "c", nil); err == nil || !strings.Contains(err.Error(), "no broker") {
		t.Errorf("%v", err)
	}
	if got := text(s.List("c")); got != before {
		t.Errorf("afterwards %s", got)
	}
}

// The requests are those of Kafka Connect's sinks, and its words.
func TestToSink(t *testing.T) {
	for body, want := range map[string]string{
		`{"partition":{"kafka_topic":"t","kafka_partition":0},"offset":{"kafka_offset":1}}`:                                                                       "t-0=1",
		`{"partition":{"kafka_topic":"t","kafka_partition":"3"},"offset":{"kafka_offset":"2"}}`:                                                                   "t-3=2",
		`{"partition":{"kafka_topic":7,"kafka_partition":0},"offset":null}`:                                                                                       "7-0=-1",
		`{"partition":{"topic":"t","partition":0},"offset":{"kafka_offset":1}}`:                                                                                   "The partition for a sink connector offset must contain the keys 'kafka_topic' and 'kafka_partition'",
		`{"partition":{"kafka_topic":"t","kafka_partition":0},"offset":{"offset":1}}`:                                                                             "The offset for a sink connector should either be null or contain the key 'kafka_offset'",
		`{"offset":{"kafka_offset":1}}`:                                                                                                                           "The partition for a sink connector offset cannot be null or missing",
		`{"partition":{"kafka_topic":"","kafka_partition":0}}`:                                                                                                    "Kafka topic names must be valid strings",
		`{"partition":{"kafka_topic":null,"kafka_partition":0}}`:                                                                                                  "Kafka topic names must be valid strings and may not be null",
		`{"partition":{"kafka_topic":"t","kafka_partition":null}}`:                                                                                                "Kafka partitions must be valid numbers and may not be null",
		`{"partition":{"kafka_topic":"t","kafka_partition":"x"}}`:                                                                                                 "Failed to parse the following Kafka partition value in the provided offsets: 'x'",
		`{"partition":{"kafka_topic":"t","kafka_partition":2147483648}}`:                                                                                          "Failed to parse the following Kafka partition value",
		`{"partition":{"kafka_topic":"t","kafka_partition":-1}}`:                                                                                                  "is negative",
		`{"partition":{"kafka_topic":"t","kafka_partition":0},"offset":{"kafka_offset":-5}}`:                                                                      "The Kafka offset -5 is negative",
		`{"partition":{"kafka_topic":"t","kafka_partition":0},"offset":{"kafka_offset":1.5}}`:                                                                     "Failed to parse the following Kafka offset value in the provided offsets: '1.5'",
		`{"partition":{"kafka_topic":"t","kafka_partition":0},"offset":{"kafka_offset":null}}`:                                                                    "Failed to parse the following Kafka offset value",
		`{"partition":{"kafka_topic":"t","kafka_partition":0},"offset":{"kafka_offset":1}},{"partition":{"kafka_topic":"t","kafka_partition":"0"},"offset":null}`: "given twice",
	} {
		list, err := ParsePositions([]byte(`{"offsets":[` + body + `]}`))
		if err != nil {
			t.Fatalf("%s: %v", body, err)
		}
		got, err := ToSink(list)
		shown := ""
		if err != nil {
			shown = err.Error()
			if !errors.Is(err, ErrShape) {
				t.Errorf("%s: %v is not an ErrShape", body, err)
			}
		} else {
			b, _ := json.Marshal(got[0].Offset)
			p, _ := json.Marshal(got[0].Partition)
			shown = got[0].Topic + "-" + string(p) + "=" + string(b)
		}
		if !strings.Contains(shown, want) {
			t.Errorf("%s: %s, want %s", body, shown, want)
		}
	}
	if got, want := text(FromSink([]SinkPosition{{"b", 0, 1}, {"a", 2, 6}, {"a", 1, 3}})),
		`{"offsets":[{"partition":{"kafka_partition":1,"kafka_topic":"a"},"offset":{"kafka_offset":3}},{"partition":{"kafka_partition":2,"kafka_topic":"a"},"offset":{"kafka_offset":6}},{"partition":{"kafka_partition":0,"kafka_topic":"b"},"offset":{"kafka_offset":1}}]}`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func FuzzAlter(f *testing.F) {
	f.Add([]byte(`{"offsets":[{"partition":{"a":"1"},"offset":{"position":5}}]}`))
	f.Add([]byte(`{"offsets":[{"partition":{"kafka_topic":"t","kafka_partition":0},"offset":{"kafka_offset":1}}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		list, err := ParsePositions(body)
		if err != nil {
			return
		}
		_, _ = ToSink(list)
		s := NewStore(slog.New(slog.DiscardHandler))
		write := func(_ context.Context, records []Record) error {
			back := NewStore(slog.New(slog.DiscardHandler))
			for i, r := range records {
				r.Offset = int64(i)
				back.Load(r)
			}
			if back.bad > 0 {
				t.Errorf("%s: what was written cannot be read: %v", body, back.badWhy)
			}
			return nil
		}
		if s.Alter(t.Context(), write, "c", nil, list) == nil {
			_ = text(s.List("c"))
		}
	})
}

// silent never says what it thinks of offsets.
type silent struct {
	picky
	never chan struct{}
}

func (s *silent) AlterOffsets([]connect.AlteredOffset) error { <-s.never; return nil }

// A source that does not answer is waited for no longer than whoever asks, and
// nothing is written.
func TestSourceThatDoesNotSayWhatItThinksOfOffsets(t *testing.T) {
	s, written, write := filled(t)
	source := &silent{never: make(chan struct{})}
	defer close(source.never)
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	for name, err := range map[string]error{
		"alter": s.Alter(ctx, write, "c", source, []Position{{Partition: []byte(`{"a":"1"}`), Offset: []byte(`{"position":1}`)}}),
		"reset": s.Reset(ctx, write, "c", source),
	} {
		if !errors.Is(err, context.DeadlineExceeded) || len(*written) != 0 {
			t.Errorf("%s: %v, wrote %v", name, err, *written)
		}
	}
}
