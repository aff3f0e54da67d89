package protobuf

import (
	"encoding/hex"
	"strings"
	"testing"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

const p3 = `syntax = "proto3"; `

// readTests are messages and what they are read as.
var readTests = []struct {
	name   string
	set    func(*Converter)
	text   string
	data   string // in hex
	schema string
	want   string
}{
	{"an empty message", nil, p3 + `message M { int32 a = 1; string b = 2; bool c = 3; repeated int32 d = 4; map<string, int32> e = 5; N f = 6; message N {} }`, "",
		"M:struct {a int32? Tag=1; b string? Tag=2; c boolean? Tag=3; d array? Tag=4 [int32?]; e:map? Tag=5 [string? Tag=1 → int32? Tag=2]; f N:struct? Tag=6 {}}",
		`{a=0 b="" c=false d=[] e=map[] f=null}`},
	{"integers", nil, p3 + `message M { uint32 a = 1; uint64 b = 2; sint32 c = 3; sint64 d = 4; fixed32 e = 5; fixed64 f = 6; sfixed32 g = 7; sfixed64 h = 8; }`,
		"08 ffffffff0f 10 ffffffffffffffffff01 18 03 20 03 2d ffffffff 31 ffffffffffffffff 3d ffffffff 41 feffffffffffffff",
		"M:struct {a int64? Type=uint32 Tag=1; b int64? Type=uint64 Tag=2; c int32? Type=sint32 Tag=3; d int64? Type=sint64 Tag=4; e int64? Type=fixed32 Tag=5; f int64? Type=fixed64 Tag=6; g int32? Type=sfixed32 Tag=7; h int64? Type=sfixed64 Tag=8}",
		"{a=4294967295 b=-1 c=-2 d=-2 e=4294967295 f=-1 g=-1 h=-2}"},
	{"a negative int32 of ten bytes", nil, p3 + `message M { int32 a = 1; }`, "08 ffffffffffffffffff01", "M:struct {a int32? Tag=1}", "{a=-1}"},
	{"small integers", nil, p3 + `message M { int32 a = 1 [(confluent.field_meta) = {params: [{key: "connect.type", value: "int8"}]}]; int32 b = 2 [(confluent.field_meta).params = {key: "connect.type" value: "int16"}]; }`,
		"08 80ffffffffffffffff01 10 ff01", "M:struct {a int8? Tag=1; b int16? Tag=2}", "{a=-128 b=255}"},
	{"the last one counts", nil, p3 + `message M { int32 a = 1; }`, "08 01 08 02", "M:struct {a int32? Tag=1}", "{a=2}"},
	{"packed and not", nil, p3 + `message M { repeated int32 a = 1; repeated float b = 2 [packed = false]; }`,
		"0a 03 010203 08 04 0a 01 05 12 04 0000803f 15 00000040",
		"M:struct {a array? Tag=1 [int32?]; b array? Tag=2 [float32?]}", "{a=[1 2 3 4 5] b=[1 2]}"},
	{"unknown fields and groups", nil, p3 + `message M { int32 a = 1; }`, "50 01 5b 60 01 63 0a 00 64 5c 08 07 52 01 78 5d 00000000 61 0000000000000000", "M:struct {a int32? Tag=1}", "{a=7}"},
	{"another wire type", nil, p3 + `message M { int32 a = 1; }`, "0d 01000000", "M:struct {a int32? Tag=1}", "{a=0}"},
	{"a message apart", nil, p3 + `message M { N n = 1; message N { int32 a = 1; N2 b = 2; message N2 { int32 x = 1; int32 y = 2; } } }`,
		"0a 02 0801 0a 04 1202 0805 0a 06 0802 1202 1006",
		"M:struct {n N:struct? Tag=1 {a int32? Tag=1; b N2:struct? Tag=2 {x int32? Tag=1; y int32? Tag=2}}}", "{n={a=2 b={x=5 y=6}}}"},
	{"presence", nil, p3 + `message M { optional int32 a = 1; optional int32 b = 2; }`, "10 00", "M:struct {a int32? Tag=1; b int32? Tag=2}", "{a=null b=0}"},
	{"oneof", nil, p3 + `message M { int32 z = 9; oneof o { int32 a = 1; string b = 2; N n = 3; } message N { int32 x = 1; int32 y = 2; } }`, "08 01 12 01 78 1a 02 0801 1a 02 1002",
		"M:struct {o_0 io.confluent.connect.protobuf.Union.o:struct? {a int32? Tag=1; b string? Tag=2; n N:struct? Tag=3 {x int32? Tag=1; y int32? Tag=2}}; z int32? Tag=9}",
		"{o_0={a=null b=null n={x=1 y=2}} z=0}"},
	{"a oneof that changes its mind", nil, p3 + `message M { oneof o { int32 a = 1; N n = 3; } message N { int32 x = 1; int32 y = 2; } }`, "1a 02 0801 08 05 1a 02 1002",
		"M:struct {o_0 io.confluent.connect.protobuf.Union.o:struct? {a int32? Tag=1; n N:struct? Tag=3 {x int32? Tag=1; y int32? Tag=2}}}", "{o_0={a=null n={x=0 y=2}}}"},
	{"no oneof", nil, p3 + `message M { oneof o { int32 a = 1; string b = 2; } }`, "",
		"M:struct {o_0 io.confluent.connect.protobuf.Union.o:struct? {a int32? Tag=1; b string? Tag=2}}", "{o_0=null}"},
	{"flattened oneof", func(c *Converter) { c.FlattenUnions = true }, p3 + `message M { int32 z = 9; oneof o { int32 a = 1; string b = 2; } }`, "08 01 12 01 78",
		"M:struct {a int32? Tag=1; b string? Tag=2; z int32? Tag=9}", `{a=null b="x" z=0}`},
	{"enum", nil, p3 + `package p; message M { E a = 1; E b = 2; repeated E c = 3; enum E { NO = 0; YES = 1; FAR = 1000; } }`, "08 01 10 07 1a 04 00 e807 01",
		"M:struct {a E:string? Enum=E Enum.NO=0 Enum.YES=1 Enum.FAR=1000 Tag=1; b E:string? Enum=E Enum.NO=0 Enum.YES=1 Enum.FAR=1000 Tag=2; c array? Tag=3 [E:string? Enum=E Enum.NO=0 Enum.YES=1 Enum.FAR=1000]}",
		`{a="YES" b="UNKNOWN_ENUM_VALUE_E_7" c=["NO" "FAR" "YES"]}`},
	{"enum as numbers", func(c *Converter) { c.IntForEnums, c.EnhancedProtobufSchemaSupport = true, true }, p3 + `package p; message M { E a = 1; E b = 2; enum E { NO = 0; YES = 1; } }`, "08 01 10 07",
		"p.M:struct {a p.M.E:int32? Enum=E Enum.NO=0 Enum.YES=1 Tag=1; b p.M.E:int32? Enum=E Enum.NO=0 Enum.YES=1 Tag=2}", "{a=1 b=7}"},
	{"generalized", func(c *Converter) { c.GeneralizedSumTypeSupport, c.GenerateIndexForUnions = true, false }, p3 + `message M { oneof o { E a = 1; } enum E { NO = 0; } }`, "08 00",
		"M:struct {o o:struct? org.apache.kafka.connect.data.Union=o {a E:string? org.apache.kafka.connect.data.Enum=E org.apache.kafka.connect.data.Enum.NO=0 Tag=1}}", `{o={a="NO"}}`},
	{"maps", nil, p3 + `message M { map<string, int32> my_tags = 1; map<int32, N> byNumber = 2; message N { int32 x = 1; } }`, "0a 05 0a01 61 1001 0a 03 0a01 62 0a 05 0a01 61 1002 12 02 0805 12 00",
		"M:struct {my_tags my_tags:map? Tag=1 [string? Tag=1 → int32? Tag=2]; byNumber by_number:map? Tag=2 [int32? Tag=1 → N:struct? Tag=2 {x int32? Tag=1}]}",
		`{my_tags=map["a":2 "b":0] byNumber=map[5:{x=0} 0:{x=0}]}`},
	{"maps as messages", nil, p3 + `message M { repeated .M.TagsEntry tags = 1; message TagsEntry { string key = 1; int32 value = 2; option map_entry = true; } }`, "0a 05 0a01 61 1001",
		"M:struct {tags tags:map? Tag=1 [string? Tag=1 → int32? Tag=2]}", `{tags=map["a":1]}`},
	{"logical types", nil, p3 + `import "confluent/type/decimal.proto"; import "google/type/date.proto"; import "google/type/timeofday.proto"; import "google/protobuf/timestamp.proto";
		message M { confluent.type.Decimal a = 1 [(confluent.field_meta) = { params: [ { value: "2", key: "scale" }, { value: "8", key: "precision" } ] }]; google.type.Date b = 2; google.type.TimeOfDay c = 3; google.protobuf.Timestamp d = 4; }`,
		"0a 08 0a 02 3039 1005 1802 12 07 08e80f 1002 181d 1a 0a 0801 1002 1803 20 c0843d 22 09 08 80a3ad8a06 10 e807",
		"M:struct {a org.apache.kafka.connect.data.Decimal:bytes? scale=2 connect.decimal.precision=8 Tag=1; b org.apache.kafka.connect.data.Date:int32? Tag=2; c org.apache.kafka.connect.data.Time:int32? Tag=3; d org.apache.kafka.connect.data.Timestamp:int64? Tag=4}",
		"{a=123.45 b=2024-02-29T00:00:00 c=1970-01-01T01:02:03.001 d=2021-09-22T15:53:36.000001}"},
	{"a decimal of more digits than its precision", nil, p3 + `import "confluent/type/decimal.proto"; message M { confluent.type.Decimal a = 1; confluent.type.Decimal b = 2; }`, "0a 08 0a02 3039 1002 1802 12 08 0a02 270f 1002 1802",
		"M:struct {a org.apache.kafka.connect.data.Decimal:bytes? scale=0 Tag=1; b org.apache.kafka.connect.data.Decimal:bytes? scale=0 Tag=2}", "{a=1.2E+2 b=1.0E+2}"},
	{"wrappers", nil, p3 + `import "google/protobuf/wrappers.proto"; message M { google.protobuf.StringValue a = 1; google.protobuf.UInt32Value b = 2; google.protobuf.BoolValue c = 3; repeated google.protobuf.Int32Value d = 4; }`,
		"0a 03 0a01 78 12 00 22 02 0805 22 00",
		"M:struct {a string? Tag=1; b int64? Tag=2; c boolean? Tag=3; d array? Tag=4 [int32?]}", `{a="x" b=0 c=null d=[5 0]}`},
	{"wrappers for nullables", func(c *Converter) { c.WrapperForNullables = true }, p3 + `import "google/protobuf/wrappers.proto"; message M { google.protobuf.StringValue a = 1; string b = 2; oneof o { google.protobuf.BoolValue c = 3; string d = 4; } }`, "1a 02 0801",
		"M:struct {o_0 io.confluent.connect.protobuf.Union.o:struct? {c boolean? Wrapper=true Tag=3; d string? Tag=4}; a string? Tag=1; b string Tag=2}", `{o_0={c=true d=null} a=null b=""}`},
	{"optional for nullables", func(c *Converter) { c.OptionalForNullables = true }, p3 + `message M { optional int32 a = 1; int32 b = 2; N n = 3; message N {} }`, "",
		"M:struct {a int32? Tag=1; b int32 Tag=2; n N:struct? Tag=3 {}}", "{a=null b=0 n=null}"},
	{"structs for nulls", func(c *Converter) { c.GenerateStructForNulls = true }, p3 + `message M { N n = 1; optional int32 a = 2; message N { int32 x = 1; N2 n2 = 2; message N2 {} } }`, "",
		"M:struct {n N:struct? Tag=1 {x int32? Tag=1; n2 N2:struct? Tag=2 {}}; a int32? Tag=2}", "{n={x=0 n2={}} a=0}"},
	{"proto2", nil, `message M { optional int32 a = 1 [default = -5]; required string b = 2; optional E c = 3; repeated int32 d = 4; optional E e = 6; enum E { ONE = 1; TWO = 2; } optional group G = 5 { optional int32 x = 1; } }`, "12 01 78 18 09 20 01 20 02 2b 08 01 2c 30 02",
		"M:struct {a int32? Tag=1; b string? Tag=2; c E:string? Enum=E Enum.ONE=1 Enum.TWO=2 Tag=3; d array? Tag=4 [int32?]; e E:string? Enum=E Enum.ONE=1 Enum.TWO=2 Tag=6}",
		`{a=null b="x" c=null d=[1 2] e="TWO"}`},
	{"proto2 with defaults", func(c *Converter) { c.OptionalForProto2 = false }, `message M { optional int32 a = 1 [default = -5]; optional E b = 2 [default = TWO]; optional E c = 3; optional double d = 4 [default = 1.5]; optional string e = 5 [default = "x\n"]; optional bool f = 6 [default = true]; optional float g = 7 [default = -inf]; optional sint64 h = 8 [default = -7]; enum E { ONE = 1; TWO = 2; } }`, "",
		"M:struct {a int32? Tag=1; b E:string? Enum=E Enum.ONE=1 Enum.TWO=2 Tag=2; c E:string? Enum=E Enum.ONE=1 Enum.TWO=2 Tag=3; d float64? Tag=4; e string? Tag=5; f boolean? Tag=6; g float32? Tag=7; h int64? Type=sint64 Tag=8}",
		`{a=-5 b="TWO" c="ONE" d=1.5 e="x\n" f=true g=-Inf h=-7}`},
	{"a message many times", nil, p3 + `message M { A a = 1; A b = 2; repeated A c = 3; } message A { B b = 1; } message B { int32 x = 1; }`, "0a 04 0a02 0801 12 04 0a02 0802 1a 04 0a02 0803 1a 00",
		"M:struct {a A:struct? Tag=1 {b B:struct? Tag=1 {x int32? Tag=1}}; b A:struct? Tag=2 {b B:struct? Tag=1 {x int32? Tag=1}}; c array? Tag=3 [A:struct? Tag=1 {b B:struct? Tag=1 {x int32? Tag=1}}]}",
		"{a={b={x=1}} b={b={x=2}} c=[{b={x=3}} {b=null}]}"},
	{"high numbers", nil, p3 + `message M { int32 a = 536870911; int32 b = 100; }`, "f8ffffff0f 01 a006 02", "M:struct {a int32? Tag=536870911; b int32? Tag=100}", "{a=1 b=2}"},
	{"an option and an import that are not known", nil, p3 + `import "validate.proto"; message M { int32 a = 1 [(validate.rule) = {gt: 1}, deprecated = true, json_name = "A"]; int32 A = 2; reserved 7; } service S { rpc R (X) returns (Y); } extend google.protobuf.FieldOptions { Z z = 1; }`, "08 01",
		"M:struct {a int32? Tag=1; A int32? Tag=2}", "{a=1 A=0}"},
}

func TestRead(t *testing.T) {
	for _, tt := range readTests {
		t.Run(tt.name, func(t *testing.T) {
			c := defaults
			if tt.set != nil {
				tt.set(&c)
			}
			plan := planOf(t, c, tt.text)
			if got, want := describe(plan.schema), strings.Replace(tt.schema, "e:map", "e e:map", 1); got != want {
				t.Errorf("schema\n%s\nwant\n%s", got, want)
			}
			data := unhex(t, tt.data)
			v, err := new(decoder).read(plan, data, data)
			if err != nil {
				t.Fatal(err)
			}
			if got := show(v); got != tt.want {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}

// TestReadErrors are data that are refused, each with the place.
func TestReadErrors(t *testing.T) {
	const text = p3 + `import "google/type/date.proto"; import "confluent/type/decimal.proto"; message M { int32 a = 1; string s = 2; N n = 3; repeated int32 r = 4; google.type.Date d = 5; confluent.type.Decimal e = 6;
		int32 i8 = 7 [(confluent.field_meta) = {params: {key: "connect.type", value: "int8"}}]; map<string, N> m = 8; repeated fixed32 f = 9; message N { N2 n = 1; message N2 { string s = 1; } } }`
	tests := []struct{ name, data, want string }{
		{"a cut varint", "08 80", "field a: the data end within a value (at byte 0)"},
		{"a long varint", "08 ffffffffffffffffffff01", "field a: a varint of more than 10 bytes (at byte 0)"},
		{"a tag alone", "08 01 08", "field a: the data end within a value (at byte 2)"},
		{"a cut tag", "08 01 80", "the data end within a value (at byte 2)"},
		{"number 0", "08 01 00 01", "0 is no number of a field (at byte 2)"},
		{"a long string", "12 05 61", "field s: a length of 5 where 1 bytes are left (at byte 0)"},
		{"a huge length", "12 ffffffffffffffffff01", "field s: a length of 18446744073709551615 where 0 bytes are left (at byte 0)"},
		{"no UTF-8", "08 01 12 02 c328", "field s: a string that is not UTF-8 (at byte 2)"},
		{"no UTF-8 deep within", "1a 06 0a 04 0a 02 c328", "field n.n.s: a string that is not UTF-8 (at byte 4)"},
		{"a length beyond the message", "1a 03 0a 04 0a", "field n.n: a length of 4 where 1 bytes are left (at byte 2)"},
		{"a cut pack", "22 02 01 80", "field r: the data end within a value (at byte 3)"},
		{"a pack of cut numbers", "4a 05 0000000001", "field f: the data end within a value (at byte 6)"},
		{"a wrong date", "2a 07 08e70f 1002 181d", "field d: 2023-02-29 is no day (google.type.Date) (at byte 2)"},
		{"an empty date", "2a 00", "field d: 0-00-00 is no day (google.type.Date)"},
		{"an empty decimal", "32 00", "field e: a confluent.type.Decimal without a value"},
		{"a number beyond int8", "38 80 01", "field i8: 128 is out of the range of int8 (at byte 0)"},
		{"a group that does not end", "53 08 01", "the data end within a value (at byte 0)"},
		{"a group that ends alone", "54", "the end of a group (field 10) that did not begin (at byte 0)"},
		{"groups that cross", "53 5b 54 5c", "group 11 ends as group 10 (at byte 0)"},
		{"deep groups", strings.Repeat("53", 100), "groups are more than 64 deep (at byte 0)"},
		{"wire type 7", "57", "there is no wire type 7 (at byte 0)"},
		{"a map's value", "42 08 12 06 0a 04 0a 02 c328", "field m.value.n.s: a string that is not UTF-8"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			data := unhex(t, tt.data)
			_, err := new(decoder).read(planOf(t, defaults, text), data, data)
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}
