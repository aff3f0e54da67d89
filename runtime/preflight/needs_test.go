package preflight

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/kafka"
	"kcgen.dev/runtime/predicate"
	"kcgen.dev/runtime/transform"
	"kcgen.dev/runtime/worker"
)

// tables is a source of several topics, with rights and things to look at.
type tables struct {
	connect.Source
	topics   []connect.TopicName
	more     bool
	journals []connect.JournalUse
	look     func(context.Context) []connect.Finding
	err      error
}

func (s tables) Writes() ([]connect.TopicName, bool) { return s.topics, !s.more }

func (s tables) Check(ctx context.Context, cc connect.CheckContext) []connect.Finding {
	return s.look(ctx)
}

func (s tables) Grants(cc connect.CheckContext) ([]string, error) {
	return []string{"GRANT SELECT ON orders TO " + cc.Name + " ;\n"}, s.err
}

func (s tables) Journals() []connect.JournalUse { return s.journals }

func route1(regex, replacement string) worker.Step {
	return worker.Step{Do: transform.RegexRouter{Regex: regex, Replacement: replacement}}
}

// rightsText are rights, a line each.
func rightsText(n Needs) string {
	var lines []string
	for _, r := range n.Rights {
		wish := ""
		if r.Wish {
			wish = " (wish)"
		}
		lines = append(lines, r.Right.String()+wish)
	}
	return strings.Join(lines, "\n")
}

// What a source writes to is followed through its transforms, and what cannot be
// told is said.
func TestTopicsOfSources(t *testing.T) {
	literal, prefix := connect.TopicName{Name: "db.orders"}, connect.TopicName{Name: "pg-", Prefix: true}
	for _, test := range []struct {
		name  string
		from  tables
		steps []worker.Step
		want  string
		note  bool
	}{
		{"as they are", tables{topics: []connect.TopicName{literal, prefix}}, nil, "Write on the topic db.orders\nWrite on each topic pg-*", false},
		{"routed", tables{topics: []connect.TopicName{literal}}, []worker.Step{route1(`db\.(.*)`, "$1")}, "Write on the topic orders", false},
		{"a prefix that is left alone", tables{topics: []connect.TopicName{prefix}}, []worker.Step{route1("other", "x")}, "Write on each topic pg-*", false},
		{"a prefix that is routed", tables{topics: []connect.TopicName{prefix}}, []worker.Step{route1("pg-(.*)", "$1")}, "", true},
		{"some are routed", tables{topics: []connect.TopicName{literal}}, []worker.Step{{Do: transform.RegexRouter{Regex: ".*", Replacement: "x"}, When: predicate.HasHeaderKey{Name: "h"}}}, "", true},
		{"others may come", tables{topics: []connect.TopicName{literal}, more: true}, nil, "Write on the topic db.orders", true},
		{"two become one", tables{topics: []connect.TopicName{literal, {Name: "b"}}}, []worker.Step{route1(".*", "all")}, "Write on the topic all", false},
		{"by the data's field", tables{topics: []connect.TopicName{literal}}, []worker.Step{{Do: transform.ExtractTopic{On: "value", Field: "f"}}}, "", true},
		{"with a history", tables{journals: []connect.JournalUse{{Topic: "ddl", Written: true}, {Topic: "signals"}}},
			nil, "Read on the topic ddl\nWrite on the topic ddl\nCreate on the topic ddl\nRead on the topic signals", false},
		{"dropped", tables{topics: []connect.TopicName{literal}}, []worker.Step{{Do: transform.Filter{}}}, "", false},
	} {
		n := &Needs{}
		n.source(&Pipeline{}, &worker.Source{Name: "src", Connector: test.from, Steps: test.steps})
		if got := rightsText(*n); got != test.want || len(n.Notes) > 0 != test.note {
			t.Errorf("%s: %s; %v; want %s", test.name, got, n.Notes, test.want)
		}
	}
}

// ACLs know names and prefixes; what is more than the expression is said.
func TestPatterns(t *testing.T) {
	for _, test := range []struct {
		regex, want string
		note        bool
	}{
		{`orders\..*`, "Read on each topic orders.*", false},
		{`orders`, "Read on the topic orders", false},
		{`(apples|pears)`, "Read on the topic apples\nRead on the topic pears", false},
		{`orders-\d+`, "Read on each topic orders-*", true},
		{`orders.*-eu`, "Read on each topic orders*", true},
		{`.*`, "", true},
		{`(?i)orders`, "", true},
		{`(`, "", true},
	} {
		n := &Needs{}
		n.pattern(test.regex, "sinks.x")
		if got := rightsText(*n); got != test.want || len(n.Notes) > 0 != test.note {
			t.Errorf("%s: %s; %v; want %s", test.regex, got, n.Notes, test.want)
		}
	}
}

// All that a pipeline can need, once each.
func TestNeeds(t *testing.T) {
	p := &Pipeline{Takeover: "connect-cluster", Group: &Group{ID: "g", Config: kafka.NewTopic{Name: "configs"}, Status: kafka.NewTopic{Name: "statuses"}, Asks: true}}
	p.OffsetTopic, p.TakeoverTopic = kafka.NewTopic{Name: "offsets"}, "their-offsets"
	letters := worker.Errors{Tolerate: true, DeadLetters: &worker.DeadLetters{Topic: "letters"}}
	p.Sources = []worker.Source{{Name: "src", Connector: tables{topics: []connect.TopicName{{Name: "a"}}}, MaxTasks: 2, Errors: letters,
		Topics: &worker.TopicRules{}, ExactlyOnce: &worker.ExactlyOnce{Group: "g"}}}
	p.Sinks = []worker.Sink{{Name: "snk", Topics: []string{"b"}, Errors: letters, Consumer: kafka.Consumer{GroupID: "readers"}}}
	want := `Write on the topic a
Create on the topic a
Write on the topic letters
Create on the topic letters
Write on the transactional id g-src-0
Write on the transactional id g-src-1
Read on the topic a (wish)
Read on the topic b
Read on the group readers
Read on the topic offsets
Write on the topic offsets
Create on the topic offsets
Read on the topic their-offsets
Write on the topic their-offsets
Read on the group g
Read on the topic configs
Write on the topic configs
Create on the topic configs
Read on the topic statuses
Write on the topic statuses
Create on the topic statuses
Describe on the group connect-cluster`
	if got := rightsText(NeedsOf(p)); got != want {
		t.Errorf("the rights are\n%s\nwant\n%s", got, want)
	}
	p.Sinks[0].Topics = []string{"a"} // what one wishes the other needs
	if got := rightsText(NeedsOf(p)); strings.Contains(got, "wish") || strings.Count(got, "Read on the topic a") != 1 {
		t.Errorf("with one topic for both:\n%s", got)
	}
	g, err := GrantsOf(p, "User:it's")
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	g.Text(&b)
	for _, want := range []string{
		"# sources.src: its transactions\nkafka-acls.sh --bootstrap-server \"$BOOTSTRAP_SERVER\" --add --allow-principal 'User:it'\\''s' --operation Write --transactional-id g-src-0 --transactional-id g-src-1\n",
		"# sources.src: to be run in its system:\nGRANT SELECT ON orders TO src;\n",
		"# sources.src, sinks.snk: its dead letters\n",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("it does not say %q:\n%s", want, b.String())
		}
	}
	p.Sources[0].Connector = tables{err: errors.New("sql: no user")}
	if _, err := GrantsOf(p, "User:x"); err == nil || err.Error() != "sources.src: sql: no user" {
		t.Errorf("of a connector that cannot say its rights: %v", err)
	}
}

// What connectors find is told in their words; one that panics, or hangs, keeps
// nobody from the rest.
func TestComponents(t *testing.T) {
	found := func(look func(context.Context) []connect.Finding) []Finding {
		p := &Pipeline{}
		p.Sources = []worker.Source{{Name: "src", Connector: tables{look: look}}}
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		return checkComponents(ctx, p)
	}
	got := found(func(context.Context) []connect.Finding {
		return []connect.Finding{{What: "a"}, {What: "b", Problem: "no", Fix: "do"}, {What: "c", Problem: "late", Warning: true}, {What: "a"}}
	})
	want := []Finding{{OK, "sources.src", "a", "", ""}, {Missing, "sources.src", "b", "no", "do"}, {Warning, "sources.src", "c", "late", ""}}
	if !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	for name, look := range map[string]func(context.Context) []connect.Finding{
		"panicked": func(context.Context) []connect.Finding { panic("oh") },
		"in time":  func(context.Context) []connect.Finding { select {} },
	} {
		if got := found(look); len(got) != 1 || got[0].Status != Unknown || !strings.Contains(got[0].Problem, name) {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestReportText(t *testing.T) {
	r := Report{"p", []Finding{{OK, "kafka", "it answers", "", ""}, {Missing, "sources.long", "topic", "gone\nfor good", "run this\nthen that"}, {Unknown, "x", "y", "z", ""}}}
	var b strings.Builder
	r.Text(&b)
	want := "ok    kafka         it answers\n" +
		"FAIL  sources.long  topic: gone for good\n" +
		"                      fix: run this\n" +
		"                      fix: then that\n" +
		"?     x             y: z\n" +
		"p: 1 good, 1 missing, 1 not known\n"
	if b.String() != want || r.ExitCode() != 1 {
		t.Errorf("%d\n%s", r.ExitCode(), b.String())
	}
	r.Findings = r.Findings[2:]
	if r.ExitCode() != 3 {
		t.Error(fmt.Sprint(r.ExitCode()))
	}
}

// What a connector's own logins need is theirs to be granted: it is said, and
// the pipeline's login is not asked for it.
func TestNeedsOfOwnLogins(t *testing.T) {
	as := func(user string) *kafka.SASL { return &kafka.SASL{Mechanism: "PLAIN", Username: user} }
	letters := worker.Errors{Tolerate: true, DeadLetters: &worker.DeadLetters{Topic: "letters"}}
	n := NeedsOf(&Pipeline{Config: worker.Config{
		OffsetTopic: kafka.NewTopic{Name: "offsets"},
		Sources:     []worker.Source{{Name: "src", Connector: tables{topics: []connect.TopicName{{Name: "orders"}}}, Producer: kafka.Producer{SASL: as("writer")}}},
		Sinks: []worker.Sink{{Name: "snk", Topics: []string{"orders"}, Errors: letters,
			Consumer: kafka.Consumer{SASL: as("reader")}, Producer: kafka.Producer{SASL: as("letters")}, Admin: &kafka.Admin{SASL: as("maker")}}},
	}})
	if got := rightsText(n); got != "Read on the topic offsets\nWrite on the topic offsets\nCreate on the topic offsets" {
		t.Errorf("the pipeline's login: %s", got)
	}
	want := []string{
		"sources.src: its producer logs in as User:writer: grant it Write on the topic orders (its records)",
		"sinks.snk: its consumer logs in as User:reader: grant it Read on the topic orders (its records)",
		"sinks.snk: its consumer logs in as User:reader: grant it Read on the group connect-snk (its consumer group)",
		"sinks.snk: its dead letter queue's producer logs in as User:letters: grant it Write on the topic letters (its dead letters)",
		"sinks.snk: who makes its topics logs in as User:maker: grant it Create on the topic letters (its dead letters)",
	}
	if !slices.Equal(n.Notes, want) {
		t.Errorf("notes:\n%s", strings.Join(n.Notes, "\n"))
	}
}
