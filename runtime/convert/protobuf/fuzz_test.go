package protobuf

import (
	"strconv"
	"strings"
	"testing"
)

// FuzzRead reads any data by a plan that has everything: no panic, no data
// without an end. What is read is written and read again as the same.
func FuzzRead(f *testing.F) {
	for _, tt := range readTests {
		f.Add(unhex(f, tt.data))
	}
	text := p3 + `import "google/type/date.proto"; import "google/type/timeofday.proto"; import "confluent/type/decimal.proto"; import "google/protobuf/wrappers.proto"; import "google/protobuf/timestamp.proto";
		message M { int32 a = 1; string b = 2; N n = 3; repeated int32 r = 4; google.type.Date d = 5; confluent.type.Decimal e = 6; repeated N ns = 7; map<string, N> m = 8; map<int32, int32> mi = 9;
		google.protobuf.Timestamp t = 10; google.type.TimeOfDay tod = 11; google.protobuf.StringValue w = 12; E en = 13; repeated E ens = 14; bytes by = 15; optional double od = 16; repeated fixed64 f = 17;
		oneof o { N on = 18; string os = 19; google.protobuf.BoolValue ob = 20; } enum E { NO = 0; YES = 1; }
		message N { N2 n = 1; sint32 s = 2; oneof p { N2 a = 3; int64 b = 4; } message N2 { string s = 1; repeated string all = 2; } } }`
	c := defaults
	c.OptionalForNullables = true // so that null is not written as a default
	plan := planOf(f, c, text)
	back := c.newWriter(plan.schema)
	if back.err != nil {
		f.Fatal(back.err)
	}
	again := planOf(f, c, back.own.Text)
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := new(decoder).read(plan, data, data)
		if err != nil {
			return
		}
		written, err := back.plan.write(nil, v)
		if err != nil {
			if strings.Contains(err.Error(), "UNKNOWN_ENUM_VALUE") {
				return
			}
			t.Fatalf("%s is not written: %v", show(v), err)
		}
		v2, err := new(decoder).read(again, written, written)
		if err != nil {
			t.Fatal(err)
		}
		if show(v) != show(v2) {
			t.Fatalf("%s became %s", show(v), show(v2))
		}
	})
}

// FuzzParseSchema reads any text as a .proto file, and any data by it.
func FuzzParseSchema(f *testing.F) {
	for _, tt := range readTests {
		f.Add(tt.text, unhex(f, tt.data))
	}
	for _, text := range known {
		f.Add(text, []byte{8, 1})
	}
	f.Add(hostile()[0].text, []byte{10, 0})
	f.Fuzz(func(t *testing.T, text string, data []byte) {
		if len(text) > 10_000 {
			return
		}
		s, err := ParseSchema(text, "")
		if err != nil {
			return
		}
		parsed, err := parse(text, nil)
		if err != nil {
			t.Fatal(err)
		}
		plan, err := defaults.planRead(parsed.at([]int{0}))
		if err != nil {
			t.Fatal(err)
		}
		if !plan.schema.Equal(s) {
			t.Fatalf("%v is not %v", plan.schema, s)
		}
		_ = defaults.newWriter(s)
		_, _ = new(decoder).read(plan, data, data)
	})
}

// FuzzIndexes reads any data as the way to a message.
func FuzzIndexes(f *testing.F) {
	f.Add([]byte{2, 2})
	f.Fuzz(func(t *testing.T, data []byte) {
		indexes, rest, err := cutIndexes(data)
		if err != nil {
			return
		}
		if len(indexes) > maxIndexes || len(rest) >= len(data) {
			t.Fatalf("%v, %d bytes are left of %d", indexes, len(rest), len(data))
		}
		_ = (&file{messages: []*message{{}}}).at(indexes)
	})
}

type hostileText struct{ name, text, want string }

// hostile are texts that would cost too much, or are wrong.
func hostile() []hostileText {
	twice := p3
	for i := range 40 {
		twice += strings.ReplaceAll("message A# { A## a = 1; A## b = 2; } ", "##", num(i+1))
		twice = strings.ReplaceAll(twice, "#", num(i))
	}
	chain := p3
	for i := range 300 {
		chain += "message C" + num(i) + " { C" + num(i+1) + " c = 1; } "
	}
	return []hostileText{
		{"each message twice in the one before", twice + "message A" + num(40) + " {}", "has more than 100000 fields"},
		{"a long chain", chain + "message C" + num(300) + " {}", "messages are more than 100 deep in messages"},
		{"deep messages", p3 + strings.Repeat("message M {", 100_000), "has brackets more than 64 deep"},
		{"deep options", p3 + "option (x) = " + strings.Repeat("{a: ", 100_000), "has brackets more than 64 deep"},
		{"huge", p3 + strings.Repeat(" ", maxText), "bytes"},
		{"a long name", p3 + "message " + strings.Repeat("M", 10_000) + " {}", "has a name of more than 512 bytes"},
		{"no message", p3, "the schema declares no message"},
		{"nothing", "", "the schema declares no message"},
		{"JSON", `{"type": "object"}`, "line 1:1: syntax error"},
		{"an edition", `edition = "2023"; message M {}`, "the schema uses an edition"},
		{"a missing type", p3 + `import "a.proto"; message M { q.T t = 1; }`, `message M: field t: there is no type q.T; the schema has no reference for its import a.proto`},
		{"a number twice", p3 + `message M { int32 a = 1; int32 b = 1; }`, "fields a and b have the number 1 both"},
		{"a name twice", p3 + `message M { int32 a = 1; int32 a = 2; }`, "field a twice"},
		{"a type twice", p3 + `message M { } message M { }`, "type M is declared twice"},
		{"an enum without values", p3 + `message M { enum E {} }`, "enum M.E has no values"},
		{"a wrong default", `message M { optional int32 a = 1 [default = "x"]; }`, `field a: default "x"`},
		{"itself", p3 + `import "google/protobuf/struct.proto"; message M { google.protobuf.Struct s = 1; }`, "contains itself"},
	}
}

func num(i int) string { return string(rune('a'+i/26)) + string(rune('a'+i%26)) }

func TestHostileTexts(t *testing.T) {
	for _, tt := range hostile() {
		t.Run(tt.name, func(t *testing.T) {
			_, err := ParseSchema(tt.text, "")
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
			if err != nil && len(err.Error()) > 1000 {
				t.Errorf("an error of %d bytes", len(err.Error()))
			}
		})
	}
}

// TestRoom stops data that become much more than they are.
func TestRoom(t *testing.T) {
	var b strings.Builder
	b.WriteString(p3 + "message M { repeated N n = 1; } message N {")
	for i := range 2000 {
		b.WriteString(" int32 f" + num(i/26/26) + num(i%(26*26)) + " = " + strconv.Itoa(i+1) + ";")
	}
	b.WriteString(" }")
	data := []byte(strings.Repeat("\x0a\x00", 10_000))
	_, err := new(decoder).read(planOf(t, defaults, b.String()), data, data)
	if err == nil || !strings.Contains(err.Error(), "field n: the data hold more than 4194304 values") {
		t.Errorf("got %v", err)
	}
}
