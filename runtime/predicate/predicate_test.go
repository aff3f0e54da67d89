package predicate_test

import (
	"testing"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/predicate"
)

// TestTopics changes the topic from record to record: what was found for the
// last one is not taken for another.
func TestTopics(t *testing.T) {
	test, err := predicate.TopicNameMatches{Pattern: "a|b."}.Open()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		topic string
		want  bool
	}{{"a", true}, {"b", false}, {"a", true}, {"a", true}, {"bx", true}, {"", false}, {"a\n", false}, {"b\n", false}, {"ab", false}} {
		if got := test(&connect.Record{Topic: c.topic}); got != c.want {
			t.Errorf("%q: %v", c.topic, got)
		}
	}
}

func TestOpenErrors(t *testing.T) {
	for _, p := range []connect.Predicate{
		predicate.TopicNameMatches{}, predicate.TopicNameMatches{Pattern: "a)|(b"}, predicate.TopicNameMatches{Pattern: "(?=a)"},
		predicate.HasHeaderKey{},
	} {
		if _, err := p.Open(); err == nil {
			t.Errorf("%#v opens", p)
		}
	}
}
