package protobuf

import (
	"strings"
	"testing"

	"kcgen.dev/runtime/connect"
)

// full is a schema of every kind that fields have.
func full() *connect.Schema {
	line := connect.NewStruct().Name("io.acme.Line").
		Field("sku", connect.StringSchema).
		Field("count", connect.OptionalInt32Schema).MustBuild()
	return connect.NewStruct().Name("io.acme.Order").
		Field("i8", connect.Int8Schema).
		Field("i16", connect.OptionalInt16Schema).
		Field("i32", connect.Int32Schema).
		Field("i64", connect.Int64Schema).
		Field("f32", connect.Float32Schema).
		Field("f64", connect.Float64Schema).
		Field("flag", connect.BoolSchema).
		Field("text", connect.OptionalStringSchema).
		Field("raw", connect.BytesSchema).
		Field("price", connect.NewDecimal(2).Param("connect.decimal.precision", "9").MustBuild()).
		Field("day", connect.DateSchema).
		Field("time", connect.TimeSchema).
		Field("at", connect.OptionalTimestampSchema).
		Field("tags", connect.NewArray(connect.StringSchema).MustBuild()).
		Field("numbers", connect.NewArray(connect.Int64Schema).Optional().MustBuild()).
		Field("counts", connect.NewMap(connect.StringSchema, connect.Int32Schema).MustBuild()).
		Field("line", line).
		Field("lines", connect.NewArray(line).MustBuild()).
		Field("nested", connect.NewStruct().Field("x", connect.Int32Schema).MustBuild()).
		MustBuild()
}

func TestGenerate(t *testing.T) {
	tests := []struct {
		name   string
		c      Converter
		schema *connect.Schema
		want   string
	}{
		{"every kind", Converter{}, full(), `syntax = "proto3";
package io.acme;

import "confluent/type/decimal.proto";
import "google/type/date.proto";
import "google/type/timeofday.proto";
import "google/protobuf/timestamp.proto";

message Order {
  int32 i8 = 1 [(confluent.field_meta) = {
    params: [
      {
        key: "connect.type",
        value: "int8"
      }
    ]
  }];
  int32 i16 = 2 [(confluent.field_meta) = {
    params: [
      {
        key: "connect.type",
        value: "int16"
      }
    ]
  }];
  int32 i32 = 3;
  int64 i64 = 4;
  float f32 = 5;
  double f64 = 6;
  bool flag = 7;
  string text = 8;
  bytes raw = 9;
  confluent.type.Decimal price = 10 [(confluent.field_meta) = {
    params: [
      {
        value: "9",
        key: "precision"
      },
      {
        value: "2",
        key: "scale"
      }
    ]
  }];
  google.type.Date day = 11;
  google.type.TimeOfDay time = 12;
  google.protobuf.Timestamp at = 13;
  repeated string tags = 14;
  repeated int64 numbers = 15;
  repeated ConnectDefault1Entry counts = 16;
  Line line = 17;
  repeated Line lines = 18;
  ConnectDefault2 nested = 19;

  message ConnectDefault1Entry {
    string key = 1;
    int32 value = 2;
  }
  message Line {
    string sku = 1;
    int32 count = 2;
  }
  message ConnectDefault2 {
    int32 x = 1;
  }
}
`},
		{"no name", Converter{}, connect.NewStruct().Field("a", connect.Int32Schema).Field("b", connect.NewStruct().MustBuild()).MustBuild(), `syntax = "proto3";

message ConnectDefault1 {
  int32 a = 1;
  ConnectDefault2 b = 2;

  message ConnectDefault2 {}
}
`},
		{"a field like its message", Converter{}, connect.NewStruct().Name("a.Outer").Field("inner", connect.NewStruct().Name("b.inner").MustBuild()).MustBuild(), `syntax = "proto3";
package a;

message Outer {
  innerMessage inner = 1;

  message innerMessage {}
}
`},
		{"enums, oneofs, numbers", Converter{}, choices(), `syntax = "proto3";

message Choices {
  E e = 7;
  sint64 big = 8;
  E more = 1;
  D deep = 3;

  oneof payload {
    string text = 4;
    D other = 5;
  }
  oneof second {
    uint32 number = 6;
  }

  message D {
    int32 x = 1;
  }
  enum E {
    NO = 0;
    YES = 1;
  }
}
`},
		{"optional for nullables", Converter{OptionalForNullables: true}, nullables(), `syntax = "proto3";

import "google/protobuf/timestamp.proto";

message N {
  optional string a = 1;
  string b = 2;
  repeated string c = 3;
  optional google.protobuf.Timestamp d = 4;
  repeated mEntry m = 5;
  optional S s = 6;

  message mEntry {
    string key = 1;
    int64 value = 2;
  }
  message S {}
}
`},
		{"wrapper for nullables", Converter{WrapperForNullables: true}, nullables(), `syntax = "proto3";

import "google/protobuf/wrappers.proto";
import "google/protobuf/timestamp.proto";

message N {
  google.protobuf.StringValue a = 1;
  string b = 2;
  repeated google.protobuf.StringValue c = 3;
  google.protobuf.Timestamp d = 4;
  repeated mEntry m = 5;
  S s = 6;

  message mEntry {
    string key = 1;
    google.protobuf.Int64Value value = 2;
  }
  message S {}
}
`},
		{"scrubbed", Converter{ScrubInvalidNames: true}, connect.NewStruct().Name("my-app.1st.Or der").Field("a-b", connect.Int32Schema).Field("_c", connect.Int32Schema).Field("é", connect.Int32Schema).MustBuild(), `syntax = "proto3";
package my_app.x1st;

message Or_der {
  int32 a_b = 1;
  int32 x_c = 2;
  int32 _C3_A9 = 3;
}
`},
		{"a primitive", Converter{}, connect.StringSchema, wrappersText},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g, err := tt.c.generate(tt.schema)
			if err != nil {
				t.Fatal(err)
			}
			if got := g.String(); got != tt.want {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
			if _, err := tt.c.planWrite(tt.schema, g); err != nil {
				t.Error(err)
			}
			f, err := parse(g.String(), nil)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := tt.c.planRead(f.at([]int{0})); err != nil {
				t.Error(err)
			}
		})
	}
}

// choices has enums, oneofs and fields that say their numbers.
func choices() *connect.Schema {
	e := func(tag string) *connect.Schema {
		b := connect.NewSchema(connect.KindString).Name("E").Param(enumParam, "E").Param(enumParam+".NO", "0").Param(enumParam+".YES", "1")
		if tag != "" {
			b.Param(tagParam, tag)
		}
		return b.Optional().MustBuild()
	}
	d := func(tag string) *connect.Schema {
		return connect.NewStruct().Name("D").Field("x", connect.Int32Schema).Param(tagParam, tag).Optional().MustBuild()
	}
	tagged := func(s *connect.Schema, tag string) *connect.Schema {
		return connect.NewSchema(s.Kind()).Optional().Param(tagParam, tag).MustBuild()
	}
	payload := connect.NewStruct().Name(unionPrefix+"payload").
		Field("text", tagged(connect.StringSchema, "4")).Field("other", d("5")).Optional().MustBuild()
	second := connect.NewStruct().Name(unionPrefix+"second").
		Field("number", connect.NewSchema(connect.KindInt64).Optional().Param(typeParam, "uint32").Param(tagParam, "6").MustBuild()).Optional().MustBuild()
	return connect.NewStruct().Name("Choices").
		Field("payload_0", payload).
		Field("second_1", second).
		Field("e", e("7")).
		Field("big", connect.NewSchema(connect.KindInt64).Param(typeParam, "sint64").Param(tagParam, "8").MustBuild()).
		Field("more", e("1")).
		Field("deep", d("3")).MustBuild()
}

// nullables has optional fields of many kinds.
func nullables() *connect.Schema {
	return connect.NewStruct().Name("N").
		Field("a", connect.OptionalStringSchema).
		Field("b", connect.StringSchema).
		Field("c", connect.NewArray(connect.OptionalStringSchema).Optional().MustBuild()).
		Field("d", connect.OptionalTimestampSchema).
		Field("m", connect.NewMap(connect.StringSchema, connect.OptionalInt64Schema).Name("m").Optional().MustBuild()).
		Field("s", connect.NewStruct().Name("S").Optional().MustBuild()).MustBuild()
}

func TestGenerateErrors(t *testing.T) {
	one := func(s *connect.Schema) *connect.Schema {
		return connect.NewStruct().Name("M").Field("f", s).MustBuild()
	}
	named := func(name, field string) *connect.Schema {
		return connect.NewStruct().Name(name).Field(field, connect.Int32Schema).MustBuild()
	}
	deep := connect.NewStruct().MustBuild()
	for range 200 {
		deep = one(deep)
	}
	tests := []struct {
		schema *connect.Schema
		want   string
	}{
		{one(connect.NewArray(connect.NewArray(connect.Int32Schema).MustBuild()).MustBuild()), "field f: arrays of arrays or maps are not written; Protobuf has none"},
		{one(connect.NewMap(connect.StringSchema, connect.NewArray(connect.Int32Schema).MustBuild()).MustBuild()), "field f: maps with values of the type array are not written; Protobuf has none"},
		{one(connect.NewMap(named("K", "x"), connect.Int32Schema).MustBuild()), "field f: maps of such keys or values (struct) are not written"},
		{connect.NewArray(connect.Int32Schema).MustBuild(), "array is not written on its own; put it into a struct (transform.#HoistField)"},
		{connect.DateSchema, "Date is not written on its own; put it into a struct (transform.#HoistField)"},
		{connect.NewStruct().Name("a-b").MustBuild(), `message "a-b" is no name that Protobuf allows; scrubInvalidNames: true changes it`},
		{connect.NewStruct().Name("a..b").MustBuild(), `package "" is no name that Protobuf allows; scrubInvalidNames: true changes it`},
		{named("M", "a b"), `field a b: field "a b" is no name that Protobuf allows; scrubInvalidNames: true changes it`},
		{one(connect.NewSchema(connect.KindInt32).Param(tagParam, "x").MustBuild()), `field f: parameter io.confluent.connect.protobuf.Tag: "x" is no number`},
		{one(connect.NewSchema(connect.KindInt32).Param(tagParam, "0").MustBuild()), "message M: field f has the number 0, not one from 1 to 536870911"},
		{connect.NewStruct().Name("M").Field("a", connect.Int32Schema).Field("b", connect.NewSchema(connect.KindInt32).Param(tagParam, "1").MustBuild()).MustBuild(), "message M: fields a and b have the number 1 both"},
		{connect.NewStruct().Name("M").Field("a", named("x.N", "p")).Field("b", named("y.N", "q")).MustBuild(),
			"field b.q: the message M.N, made of another struct of that name, has no such field; give the structs names that differ (transform.#SetSchemaMetadata)"},
		{one(connect.NewStruct().Name(unionPrefix+"u").Field("x", connect.Int32Schema).MustBuild()), "field f.x: a field of a oneof needs its number, as the parameter io.confluent.connect.protobuf.Tag"},
		{one(connect.NewSchema(connect.KindString).Param(enumParam, "E").MustBuild()), "field f: the enum ConnectDefault1 has no values"},
		{deep, "structs are more than 100 deep in structs"},
	}
	for _, tt := range tests {
		w := defaults.newWriter(tt.schema)
		if w.err == nil || !strings.Contains(w.err.Error(), tt.want) {
			t.Errorf("got  %v\nwant %s", w.err, tt.want)
		}
	}
}
