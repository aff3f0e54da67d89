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

// TestSplit: what is known of the records for which a predicate holds, and of
// the others.
func TestSplit(t *testing.T) {
	nulls := func(n connect.Nulls) connect.Shape {
		return connect.Shape{Topic: "t", Value: connect.Form{Known: true, Schema: connect.OptionalStringSchema, Nulls: n, Typed: true}}
	}
	const none = connect.Nulls(255)
	for _, c := range []struct{ in, yes, no connect.Nulls }{
		{connect.NullsUnknown, connect.NullsAlways, connect.NullsNever},
		{connect.NullsMaybe, connect.NullsAlways, connect.NullsNever},
		{connect.NullsNever, none, connect.NullsNever},
		{connect.NullsAlways, connect.NullsAlways, none},
	} {
		yes, no := predicate.RecordIsTombstone{}.Split(nulls(c.in))
		for _, side := range []struct {
			got  *connect.Shape
			want connect.Nulls
		}{{yes, c.yes}, {no, c.no}} {
			want := nulls(side.want)
			want.Value.Typed = side.want == connect.NullsAlways
			switch {
			case (side.got == nil) != (side.want == none):
				t.Errorf("%d: %v, want %d", c.in, side.got, side.want)
			case side.got != nil && *side.got != want:
				t.Errorf("%d: %+v, want %+v", c.in, *side.got, want)
			}
		}
	}
	for topic, want := range map[string][2]bool{"": {true, true}, "a": {true, false}, "b": {false, true}} {
		yes, no := predicate.TopicNameMatches{Pattern: "a"}.Split(connect.Shape{Topic: topic})
		if (yes != nil) != want[0] || (no != nil) != want[1] {
			t.Errorf("%q: %v %v", topic, yes, no)
		}
	}
}

// TestJavaTopics: patterns that only Java has.
func TestJavaTopics(t *testing.T) {
	for pattern, want := range map[string]string{
		`(?!connect-).*`: "orders", `.*(?<!-dlq)`: "orders", `(\w+)\.\1`: "db.db", `o\w++`: "orders", `(?i)ORDERS`: "orders",
	} {
		test, err := predicate.TopicNameMatches{Pattern: pattern}.Open()
		if err != nil {
			t.Fatal(err)
		}
		if !test(&connect.Record{Topic: want}) || test(&connect.Record{Topic: "connect-x-dlq"}) {
			t.Errorf("%s: wrong", pattern)
		}
	}
}

func TestOpenErrors(t *testing.T) {
	for _, p := range []connect.Predicate{
		predicate.TopicNameMatches{}, predicate.TopicNameMatches{Pattern: "a)|(b"}, predicate.TopicNameMatches{Pattern: `\G`},
		predicate.HasHeaderKey{},
	} {
		if _, err := p.Open(); err == nil {
			t.Errorf("%#v opens", p)
		}
	}
}
