package debezium_test

import (
	"errors"
	"testing"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/transform/debezium"
)

// shape is what is known of a record like r.
func shape(r connect.Record) connect.Shape {
	return connect.Shape{Topic: r.Topic, Key: connect.Of(r.Key.Schema), Value: connect.Of(r.Value.Schema)}
}

// TestFlowIsWhatComes: what is known afterwards is what Apply gives.
func TestFlowIsWhatComes(t *testing.T) {
	with := func(change func(*debezium.ExtractNewRecordState)) debezium.ExtractNewRecordState {
		e := extract
		change(&e)
		return e
	}
	sharded := insert("Ann")
	sharded.Topic = "a_shard_1"
	for name, c := range map[string]struct {
		do connect.Flow
		r  connect.Record
	}{
		"tombstone": {extract, insert("Ann")},
		"rewrite":   {with(func(e *debezium.ExtractNewRecordState) { e.DeleteTombstoneHandlingMode = "rewrite" }), deletion("Ann")},
		"addFields": {with(func(e *debezium.ExtractNewRecordState) { e.AddFields = []string{"op", "nothere"} }), insert("Ann")},
		"outbox":    {router, message("Order", "x")},
		"shards":    {shards, sharded},
		"no shard":  {shards, insert("Ann")},
		"no event":  {extract, kept(t, open(t, extract), insert("Ann"))},
	} {
		s := shape(c.r)
		if err := c.do.Flow(&s); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		r := kept(t, open(t, c.do), c.r)
		switch {
		case s.Topic != "" && s.Topic != r.Topic:
			t.Errorf("%s: topic %q, and %q comes", name, s.Topic, r.Topic)
		case !s.Key.Known || !s.Key.Schema.Equal(r.Key.Schema):
			t.Errorf("%s: key %v, and %v comes", name, s.Key.Schema, r.Key.Schema)
		case !s.Value.Known || !s.Value.Schema.Equal(r.Value.Schema):
			t.Errorf("%s: value %v, and %v comes", name, s.Value.Schema, r.Value.Schema)
		}
	}
}

func TestFlowOfNulls(t *testing.T) {
	for mode, want := range map[string]connect.Nulls{
		"drop": connect.NullsNever, "rewrite": connect.NullsNever, "rewrite-with-tombstone": connect.NullsUnknown,
		"tombstone": connect.NullsMaybe, "delete-to-tombstone": connect.NullsMaybe,
	} {
		e := extract
		e.DeleteTombstoneHandlingMode = mode
		s := shape(insert("Ann"))
		s.Value.Nulls = connect.NullsUnknown
		if err := e.Flow(&s); err != nil || s.Value.Nulls != want {
			t.Errorf("%s: nulls %d, error %v", mode, s.Value.Nulls, err)
		}
	}
}

// TestFlowClaimsNothing of what data alone show.
func TestFlowClaimsNothing(t *testing.T) {
	dropping, routing, expanding, enveloping := extract, extract, router, router
	dropping.DropFieldsHeaderName = "drop"
	routing.RouteByField = "name"
	expanding.TableExpandJSONPayload = true
	enveloping.TableFieldsAdditionalPlacement = []string{"type:envelope"}
	for name, c := range map[string]struct {
		do connect.Flow
		s  connect.Shape
	}{
		"unknown extract":  {extract, connect.Shape{Topic: "t"}},
		"unknown router":   {router, connect.Shape{}},
		"unknown shards":   {shards, shape(insert("Ann"))},
		"dropped columns":  {dropping, shape(insert("Ann"))},
		"expanded payload": {expanding, shape(message("Order", "x"))},
		"envelope":         {enveloping, shape(message("Order", "x"))},
	} {
		if name == "unknown shards" {
			c.s.Topic = ""
		}
		if err := c.do.Flow(&c.s); err != nil || c.s.Value.Known {
			t.Errorf("%s: value %v, error %v", name, c.s.Value.Schema, err)
		}
	}
	s := shape(insert("Ann"))
	if err := routing.Flow(&s); err != nil || s.Topic != "" || !s.Value.Known {
		t.Errorf("routing: %+v, error %v", s, err)
	}
}

// TestFlowFinds what fails for all records, and names the option.
func TestFlowFinds(t *testing.T) {
	missing, number, twice, nowhere := extract, extract, extract, extract
	missing.RouteByField = "zz"
	number.RouteByField = "id"
	twice.AddFields, twice.AddFieldsPrefix = []string{"op:name"}, ""
	nowhere.AddHeaders = []string{"transaction.id"}
	column, placed, version, when := router, router, router, router
	column.TableFieldEventKey = "key"
	placed.TableFieldsAdditionalPlacement = []string{"zz:header"}
	version.TableFieldsAdditionalPlacement, version.TableFieldEventSchemaVersion = []string{"type:envelope"}, "id"
	when.TableFieldEventTimestamp = "created"
	field := shards
	field.KeyFieldName = "id"
	sharded := insert("Ann")
	sharded.Topic = "a_shard_1"
	for option, c := range map[string]struct {
		do connect.Flow
		r  connect.Record
	}{
		"routeByField":                   {missing, insert("Ann")},
		"routeByField ":                  {number, insert("Ann")},
		"addFields":                      {twice, insert("Ann")},
		"addHeaders":                     {nowhere, insert("Ann")},
		"tableFieldEventKey":             {column, message("Order", "x")},
		"tableFieldsAdditionalPlacement": {placed, message("Order", "x")},
		"tableFieldEventSchemaVersion":   {version, message("Order", "x")},
		"tableFieldEventTimestamp":       {when, message("Order", "x")},
		"keyFieldName":                   {field, sharded},
	} {
		s := shape(c.r)
		err := c.do.Flow(&s)
		var at *connect.OptionError
		if !errors.As(err, &at) || at.Option != trim(option) {
			t.Errorf("%s: error %v", option, err)
		}
		if _, err := open(t, c.do)(&c.r); err == nil {
			t.Errorf("%s: Apply has no error", option)
		}
	}
}

func trim(s string) string {
	if s[len(s)-1] == ' ' {
		return s[:len(s)-1]
	}
	return s
}
