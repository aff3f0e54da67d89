package transform_test

import (
	"strings"
	"testing"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/transform"
)

var eventSchema = connect.NewStruct().Name("Event").Field("id", connect.Int64Schema).
	Field("at", connect.TimestampSchema).Field("note", connect.OptionalStringSchema).MustBuild()

// event is a record, of a struct or of a map.
func event(schema bool) *connect.Record {
	r := &connect.Record{Topic: "db.shop.orders", Timestamp: 1709210096789, Offset: -1}
	r.Headers = []connect.Header{{Key: "trace", Datum: connect.Datum{Value: connect.String("x")}}}
	id, at, note := connect.Int64(1), connect.InstantMilli(1709210096789), connect.String("n")
	if schema {
		st := &connect.Struct{Schema: eventSchema, Slots: []connect.Value{id, at, note}}
		r.Value = connect.Datum{Schema: eventSchema, Value: st.Value()}
		return r
	}
	m := connect.MapOf(
		connect.Entry{Key: connect.String("id"), Value: id},
		connect.Entry{Key: connect.String("at"), Value: at},
		connect.Entry{Key: connect.String("note"), Value: note},
	)
	r.Value = connect.Datum{Value: m.Value()}
	return r
}

// routeChain is one of each transform of headers, topics and times.
var routeChain = []struct {
	name   string
	do     connect.Transform
	allocs float64 // a record, at most
}{
	{"DropHeaders", transform.DropHeaders{Headers: []string{"none"}}, 0},
	{"InsertHeader", transform.InsertHeader{Header: "h", ValueLiteral: "1.0"}, 1},
	{"HeaderFrom", transform.HeaderFrom{On: "value", Fields: []string{"id"}, Headers: []string{"i"}, Operation: "move"}, 1.1},
	{"RegexRouter", transform.RegexRouter{Regex: `(\w+)\.(\w+)\.(\w+)`, Replacement: "$1-$3"}, 0},
	{"TimestampRouter", transform.TimestampRouter{TopicFormat: "${topic}-${timestamp}", TimestampFormat: "yyyyMMdd"}, 0},
	{"SetSchemaMetadata", transform.SetSchemaMetadata{On: "value", SchemaName: "New", SchemaVersion: 2}, 0.1},
	{"TimestampConverter", transform.TimestampConverter{On: "value", Field: "at", TargetType: "string", Format: "yyyy-MM-dd HH:mm:ss.SSS"}, 0.2},
}

// TestRouteAllocations: a record costs few allocations or none, and leaves what
// it was made of as it was.
func TestRouteAllocations(t *testing.T) {
	for _, c := range routeChain {
		for _, schema := range []bool{true, false} {
			if c.name == "SetSchemaMetadata" && !schema {
				continue
			}
			apply := openAll(t, c.do)[0]
			in, want := event(schema), event(schema)
			r := &connect.Record{}
			n := testing.AllocsPerRun(2000, func() {
				*r = *in
				if keep, err := apply(r); !keep || err != nil {
					t.Fatal(c.name, keep, err)
				}
			})
			if n > c.allocs {
				t.Errorf("%s, schema %v: %v allocations a record", c.name, schema, n)
			}
			if !in.Value.Equal(want.Value) || len(in.Headers) != 1 || in.Headers[0].Key != "trace" {
				t.Errorf("%s, schema %v: the record became %v", c.name, schema, in)
			}
		}
	}
}

func BenchmarkRoute(b *testing.B) {
	for _, c := range routeChain {
		b.Run(c.name, func(b *testing.B) {
			apply, in := openAll(b, c.do)[0], event(true)
			r := &connect.Record{}
			b.ReportAllocs()
			for b.Loop() {
				*r = *in
				if _, err := apply(r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func TestRouteOpenErrors(t *testing.T) {
	for want, do := range map[string]connect.Transform{
		"no header":             transform.DropHeaders{},
		"2 fields, but 1":       transform.HeaderFrom{On: "key", Fields: []string{"a", "b"}, Headers: []string{"a"}, Operation: "copy"},
		"operation is":          transform.HeaderFrom{On: "key", Fields: []string{"a"}, Headers: []string{"a"}},
		`\G at 1`:               transform.RegexRouter{Regex: `\G`},
		"no group 1":            transform.RegexRouter{Regex: "a", Replacement: "$1"},
		"$ without a group":     transform.RegexRouter{Regex: "a", Replacement: "$"},
		"no group has the name": transform.RegexRouter{Regex: "a", Replacement: "${n}"},
		"no letter":             transform.TimestampRouter{TimestampFormat: "bad"},
		"neither a name":        transform.SetSchemaMetadata{On: "key", SchemaVersion: -1},
		"needs a format":        transform.TimestampConverter{On: "key", TargetType: "string"},
		"targetType":            transform.TimestampConverter{On: "key"},
		"unixPrecision":         transform.TimestampConverter{On: "key", TargetType: "unix", UnixPrecision: "hours"},
		"on is":                 transform.TimestampConverter{TargetType: "unix"},
	} {
		if _, err := do.Open(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// TestFullPrecision: what is finer than milliseconds stays where that is asked
// for, and only there.
func TestFullPrecision(t *testing.T) {
	at := connect.Instant(time.Unix(1709210096, 789_012_345))
	before := connect.Instant(time.Unix(-1, 999_999_000)) // a microsecond before 1970
	for _, c := range []struct {
		do   transform.TimestampConverter
		in   connect.Value
		want connect.Value
	}{
		{transform.TimestampConverter{TargetType: "unix", UnixPrecision: "nanoseconds", FullPrecision: true}, at, connect.Int64(1709210096789012345)},
		{transform.TimestampConverter{TargetType: "unix", UnixPrecision: "nanoseconds"}, at, connect.Int64(1709210096789000000)},
		{transform.TimestampConverter{TargetType: "unix", UnixPrecision: "microseconds", FullPrecision: true}, before, connect.Int64(-1)},
		{transform.TimestampConverter{TargetType: "Timestamp", UnixPrecision: "microseconds", FullPrecision: true}, connect.Int64(-1), before},
		{transform.TimestampConverter{TargetType: "Timestamp", UnixPrecision: "microseconds"}, connect.Int64(-1), connect.InstantMilli(0)},
		{transform.TimestampConverter{TargetType: "string", Format: "ss.SSSSSS", FullPrecision: true}, at, connect.String("56.789012")},
		{transform.TimestampConverter{TargetType: "Time", FullPrecision: true}, at, connect.Instant(time.Unix(45296, 789_012_345))},
		{transform.TimestampConverter{TargetType: "Timestamp", Format: "ss.SSSSSS", FullPrecision: true}, connect.String("01.000001"), connect.Instant(time.Unix(1, 1000))},
	} {
		c.do.On = "value"
		r := &connect.Record{Value: connect.Datum{Value: c.in}}
		if _, err := openAll(t, c.do)[0](r); err != nil || !r.Value.Value.Equal(c.want) {
			t.Errorf("%+v of %v: %v, %v, want %v", c.do, c.in, r.Value.Value, err, c.want)
		}
	}
}
