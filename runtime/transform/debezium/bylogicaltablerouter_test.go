package debezium_test

import (
	"errors"
	"testing"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/transform/debezium"
)

// TestOneSchemaForTwoTopics: schemas are those of the topic that each record
// gets. Debezium keeps the first topic's for all records of a schema.
func TestOneSchemaForTwoTopics(t *testing.T) {
	apply := open(t, shards)
	for _, topic := range []string{"a", "b", "a"} {
		r := insert("Ann")
		r.Topic = topic + "_shard_1"
		r = kept(t, apply, r)
		if r.Topic != topic || r.Key.Schema.Name() != topic+".Key" || r.Value.Schema.Name() != topic+".Envelope" {
			t.Errorf("topic %s, key %v, value %v", r.Topic, r.Key.Schema, r.Value.Schema)
		}
	}
}

// TestShardsShareSchemas: records of two shards get schemas at one address
// where theirs are at one.
func TestShardsShareSchemas(t *testing.T) {
	apply := open(t, shards)
	a, b := insert("Ann"), insert("Bob")
	a.Topic, b.Topic = "c_shard_1", "c_shard_2"
	a, b = kept(t, apply, a), kept(t, apply, b)
	if a.Key.Schema != b.Key.Schema || a.Value.Schema != b.Value.Schema {
		t.Error("the schemas are not at one address")
	}
	field := shards.KeyFieldName
	if x, y := a.Key.Value.Struct().Get(field).Str(), b.Key.Value.Struct().Get(field).Str(); x != "c_shard_1" || y != "c_shard_2" {
		t.Errorf("tables %q, %q", x, y)
	}
}

func TestSmallCache(t *testing.T) {
	s := shards
	s.LogicalTableCacheSize = 1
	apply := open(t, s)
	for i := range 9 {
		r := insert("Ann")
		r.Topic = string(rune('a'+i%3)) + "_shard_1"
		if r = kept(t, apply, r); r.Key.Schema.Name() != r.Topic+".Key" {
			t.Errorf("topic %s, key %v", r.Topic, r.Key.Schema)
		}
	}
}

// TestJavaPatterns: what Java's regular expressions have and Go's have not.
func TestJavaPatterns(t *testing.T) {
	s := shards
	s.TopicRegex = `(?!tmp)(\w+?)_shard_\d++`
	s.KeyFieldRegex, s.KeyFieldReplacement = `.*(?<=_)(\d+)`, "$1"
	apply := open(t, s)
	for topic, want := range map[string]string{"a_shard_12": "a", "tmp_shard_1": "tmp_shard_1"} {
		r := insert("Ann")
		r.Topic = topic
		if r = kept(t, apply, r); r.Topic != want {
			t.Errorf("%s became %s, want %s", topic, r.Topic, want)
		}
	}
}

// TestErrorsNameTheOption: a regular expression that cannot be read is told at
// the option that it is of.
func TestErrorsNameTheOption(t *testing.T) {
	s, r := shards, router
	s.TopicRegex = "("
	replacement, key, keyReplacement := shards, shards, shards
	replacement.TopicReplacement = "$9"
	key.KeyFieldRegex, key.KeyFieldReplacement = "[", "x"
	keyReplacement.KeyFieldRegex, keyReplacement.KeyFieldReplacement = "x", "$1"
	r.RouteTopicRegex = "("
	place := router
	place.TableFieldsAdditionalPlacement = []string{"a:b"}
	for want, broken := range map[string]connect.Transform{
		"topicRegex": s, "topicReplacement": replacement, "keyFieldRegex": key, "keyFieldReplacement": keyReplacement,
		"routeTopicRegex": r, "tableFieldsAdditionalPlacement": place,
		"addFields": debezium.ExtractNewRecordState{DeleteTombstoneHandlingMode: "drop", AddFields: []string{"a.b.c"}},
	} {
		_, err := broken.Open()
		var of *connect.OptionError
		if !errors.As(err, &of) || of.Option != want {
			t.Errorf("%s: %v", want, err)
		}
	}
}
