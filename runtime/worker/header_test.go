package worker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"kcgen.dev/runtime/chain"
	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/convert"
)

// addHeaders is a transform that gives every record the same headers.
type addHeaders []connect.Header

func (a addHeaders) Open() (connect.Apply, error) {
	return func(r *connect.Record) (bool, error) {
		r.Headers = append(r.Headers, a...)
		return true, nil
	}, nil
}

// one is a header with a value.
func one(key string, v connect.Value) connect.Header {
	return connect.Header{Key: key, Datum: connect.Datum{Value: v}}
}

// headersOf are a Kafka record's headers as key=value.
func headersOf(r *kgo.Record) (out []string) {
	for _, h := range r.Headers {
		v := string(h.Value)
		if h.Value == nil {
			v = "(null)"
		}
		out = append(out, h.Key+"="+v)
	}
	return out
}

func TestSourceHeaders(t *testing.T) {
	t.Parallel()
	all := addHeaders{one("n", connect.Int64(7)), one("s", connect.String("7")), one("n", connect.Null), one("b", connect.Bytes([]byte{0xff}))}
	for name, test := range map[string]struct {
		conv connect.Converter
		want []string
	}{
		"simple": {convert.SimpleHeader{}, []string{"n=7", "s=7", "n=(null)", "b=/w=="}},
		"json":   {convert.JSON{}, []string{"n=7", `s="7"`, "n=(null)", `b="/w=="`}},
		"json whole": {convert.JSON{SchemasEnable: true}, []string{
			`n={"schema":null,"payload":7}`, `s={"schema":null,"payload":"7"}`, "n=(null)", `b={"schema":null,"payload":"/w=="}`,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			c := cluster(t)
			cfg, _ := config(t, c)
			cfg.Sources = []Source{source(&lines{topic: "out", all: count(3), batch: 2})}
			cfg.Sources[0].Header, cfg.Sources[0].Steps = test.conv, []Step{{Do: all}}
			if _, err := run(t, cfg); err != nil {
				t.Fatal(err)
			}
			for _, r := range read(t, c, "out", 3) {
				if got := headersOf(r); !slices.Equal(got, test.want) {
					t.Errorf("%s has headers %q, want %q", r.Value, got, test.want)
				}
			}
		})
	}
}

func TestSourceHeaderThatIsRefused(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	cfg, _ := config(t, c)
	cfg.Sources = []Source{source(&lines{topic: "out", all: count(3)})}
	s := &cfg.Sources[0]
	s.Header, s.Steps = convert.ByteArray{}, []Step{{Do: addHeaders{one("h", connect.Int8(1))}}}
	_, err := run(t, cfg)
	var f *Failure
	if !errors.As(err, &f) || f.Stage != "HEADER_CONVERTER" || f.Component != s.Header || !strings.Contains(err.Error(), "header h: ") {
		t.Fatalf("error %v", err)
	}

	s.Errors = Errors{Tolerate: true, DeadLetters: &DeadLetters{Topic: "dlq", ReplicationFactor: 1, ContextHeaders: true}}
	stats, err := run(t, cfg)
	if err != nil || stats[0].Records != 0 || stats[0].DeadLettered != 3 {
		t.Fatalf("%v %+v", err, stats)
	}
	for i, r := range read(t, c, "dlq", 3) {
		got := headersOf(r)
		if string(r.Value) != fmt.Sprintf("line-%06d", i) || !slices.Contains(got, "__connect.errors.stage=HEADER_CONVERTER") ||
			!slices.Contains(got, "__connect.errors.class.name=kcgen.dev/runtime/convert.ByteArray") {
			t.Errorf("dead letter %s with %q", r.Value, got)
		}
	}
}

func TestSinkHeaders(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	fillHeaders(t, c.ListenAddrs(), &kgo.Record{Topic: "in", Value: []byte("a"), Headers: []kgo.RecordHeader{{Key: "n", Value: []byte("300")}, {Key: "z"}, {Key: "n", Value: []byte("x")}}},
		&kgo.Record{Topic: "in", Value: []byte("b")})
	var got []string
	m := &memory{put: func(_ int, batch []connect.Record) error {
		for _, r := range batch {
			got = append(got, r.Value.Value.Str())
			for _, h := range r.Headers {
				got = append(got, fmt.Sprintf("%s: %v %v", h.Key, h.Value.Kind(), h.Value))
			}
		}
		return nil
	}}
	cfg, _ := config(t, c)
	cfg.Sinks = []Sink{sinkOf(m, "in")}
	cfg.Sinks[0].Header = convert.SimpleHeader{}
	if _, err := run(t, cfg); err != nil {
		t.Fatal(err)
	}
	if want := []string{"a", "n: int16 300", "z: null null", `n: string "x"`, "b"}; !slices.Equal(got, want) {
		t.Errorf("put %q, want %q", got, want)
	}
}

// TestSinkHeaderThatIsRefused: headers are converted last, as in Kafka Connect,
// so a record whose value is bad too fails by its value.
func TestSinkHeaderThatIsRefused(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	bad := []kgo.RecordHeader{{Key: "h", Value: []byte("short")}}
	fillHeaders(t, c.ListenAddrs(), &kgo.Record{Topic: "in", Value: []byte("good")},
		&kgo.Record{Topic: "in", Value: []byte("one"), Headers: bad}, &kgo.Record{Topic: "in", Value: []byte("both"), Headers: bad},
		&kgo.Record{Topic: "in", Value: []byte("fine"), Headers: []kgo.RecordHeader{{Key: "h", Value: make([]byte, 8)}}})
	m := &memory{}
	cfg, _ := config(t, c)
	cfg.Sinks = []Sink{sinkOf(m, "in")}
	cfg.Sinks[0].Header, cfg.Sinks[0].Value = convert.Long{}, raw{decode: refuse("both")}
	cfg.Sinks[0].Errors = Errors{Tolerate: true, DeadLetters: &DeadLetters{Topic: "dlq", ReplicationFactor: 1, ContextHeaders: true}}
	if _, err := run(t, cfg); err != nil {
		t.Fatal(err)
	}
	if got := m.got(); !slices.Equal(got, []string{"good", "fine"}) {
		t.Errorf("put %q", got)
	}
	for i, want := range []string{"HEADER_CONVERTER", "VALUE_CONVERTER"} {
		if got := headersOf(read(t, c, "dlq", 2)[i]); got[0] != "h=short" || !slices.Contains(got, "__connect.errors.stage="+want) {
			t.Errorf("dead letter %d has headers %q", i, got)
		}
	}
}

// TestHeaderConverterThatDoesNotOpen: its error is the task's.
func TestHeaderConverterThatDoesNotOpen(t *testing.T) {
	t.Parallel()
	if _, err := chain.Open(chain.Config{Key: raw{}, Value: raw{}, Header: convert.String{Encoding: "EBCDIC"}}); err == nil || !strings.HasPrefix(err.Error(), "headerConverter: ") {
		t.Errorf("error %v", err)
	}
	if _, err := chain.Open(chain.Config{Key: raw{}, Value: convert.SimpleHeader{}, Header: raw{}}); err == nil || !strings.HasPrefix(err.Error(), "valueConverter: ") {
		t.Errorf("error %v", err)
	}
}

func fillHeaders(t *testing.T, addrs []string, rs ...*kgo.Record) {
	t.Helper()
	cl, err := kgo.NewClient(kgo.SeedBrokers(addrs...), kgo.AllowAutoTopicCreation())
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	if err := cl.ProduceSync(context.Background(), rs...).FirstErr(); err != nil {
		t.Fatal(err)
	}
}
