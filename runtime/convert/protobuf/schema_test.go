package protobuf

import (
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
			if _, err := tt.c.writer(tt.schema, g); err != nil {
				t.Error(err)
			}
			f, err := parse(g.String(), nil)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := defaults.root(f.at([]int{0})); err != nil {
				t.Error(err)
			}
		})
	}
}
