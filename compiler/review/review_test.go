package review_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kcgen.dev/compiler/lower/lowertest"
	"kcgen.dev/compiler/plan"
	"kcgen.dev/compiler/review"
	"kcgen.dev/runtime/dryrun/wire"
)

// lowered is the plan of a spec.
func lowered(t *testing.T, spec string) *plan.Pipeline {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "s.cue"), []byte(spec), 0o644); err != nil {
		t.Fatal(err)
	}
	return lowertest.Plan(t, dir, "s.cue")
}

// TestChanges: each change of the spec in testdata has its consequence, and no
// other.
func TestChanges(t *testing.T) {
	spec, err := os.ReadFile("testdata/spec.cue")
	if err != nil {
		t.Fatal(err)
	}
	before := lowered(t, string(spec))
	for _, c := range []struct {
		name, old, new string
		want           []string // "kind path"
	}{
		{"reformatted", `{file: "in.txt", topic: "lines"}`, "{\n\n// Where from.\ntopic: \"lines\", file: \"in.txt\"}", nil},
		{"default written", `{file: "in.txt", topic: "lines"}`, `{file: "in.txt", topic: "lines", batchSize: 2000}`, nil},
		{"test", `out: value: line: "x"`, `out: value: line: "x", in: key: null`, []string{"none tests.one.in.key"}},

		{"batch size", `topic: "lines"}`, `topic: "lines", batchSize: 10}`, []string{"restart sources.lines.connector.batchSize"}},
		{"tasks", `sources: lines: {`, `sources: lines: {tasksMax: 2,`, []string{"restart sources.lines.tasksMax"}},
		{"pipeline name", "name: \"shop\"\n\tkafka", "name: \"store\"\n\tkafka", []string{"restart name"}},
		{"another broker of the cluster", `["k1:9092"]`, `["k1:9092", "k2:9092"]`, []string{"restart kafka.brokers"}},
		{"secret", "${env:SHOP_PASSWORD}", "${env:OTHER}", []string{"restart kafka.sasl.password"}},
		{"new source", `sinks: archive`, `sources: more: {connector: filestream.#Source & {file: "m", topic: "m"}, keyConverter: convert.#String, valueConverter: convert.#String}
sinks: archive`, []string{"restart sources.more"}},
		{"topic added", `["lines", "orders"]`, `["lines", "orders", "bills"]`, []string{"restart sinks.archive.topics"}},
		{"topics in another order", `["lines", "orders"]`, `["orders", "lines"]`, nil},

		{"group of instances", `id: "shop-workers"`, `id: "workers"`, []string{"duplicates worker.group.id"}},

		{"transform added", `transforms: [{do: transform.#HoistField`, `transforms: [{do: transform.#InsertField & {on: "key", topicField: "t"}}, {do: transform.#HoistField`, []string{"output sources.lines.transforms[0]"}},
		{"transform changed", `field: "line"}}`, `field: "text"}}`, []string{"output sources.lines.transforms[0].do.field"}},
		{"transform under a predicate", `field: "line"}}`, `field: "line"}, unless: predicate.#RecordIsTombstone}`, []string{"output sources.lines.transforms[0].unless"}},
		{"converter", `valueConverter: convert.#JSON // of lines`, `valueConverter: convert.#JSON & {schemasEnable: false}`, []string{"incompatible sources.lines.valueConverter.schemasEnable"}},
		{"another converter", `valueConverter: convert.#JSON // of lines`, `valueConverter: convert.#String`, []string{"incompatible sources.lines.valueConverter"}},

		{"no longer exactly once", `exactlyOnce: {}`, ``, []string{"guarantee sources.lines.exactlyOnce"}},
		{"tolerance", `tolerance: "all", deadLetterQueue: topicName: "dlq"`, `tolerance: "none"`, []string{"guarantee sinks.archive.errors.tolerance", "guarantee sinks.archive.errors.deadLetterQueue"}},

		{"topic", `topic: "lines"}`, `topic: "rows"}`, []string{"renamed sources.lines.connector.topic"}},
		{"dead letter queue", `topicName: "dlq"`, `topicName: "dead"`, []string{"renamed sinks.archive.errors.deadLetterQueue.topicName"}},
		{"router added", `{do: transform.#HoistField`, `{do: transform.#RegexRouter & {regex: "(.*)", replacement: "shop-$1"}}, {do: transform.#HoistField`, []string{"renamed sources.lines.transforms[0]"}},
		{"file of a sink", `file: "out.txt"`, `file: "out2.txt"`, []string{"renamed sinks.archive.connector.file"}},

		{"slot", `"shop_slot"`, `"other_slot"`, []string{"re-snapshot sources.changes.connector.slotName"}},
		{"prefix of a capture", `topicPrefix: "pg"`, `topicPrefix: "pg2"`, []string{"re-snapshot sources.changes.connector.topicPrefix"}},
		{"prefix of a capture of MySQL", `topicPrefix:                     "my"`, `topicPrefix: "my2"`, []string{"re-snapshot sources.binlog.connector.topicPrefix"}},
		{"server of a capture", "postgresql://db1/shop", "postgresql://db3/shop", []string{"re-snapshot sources.changes.connector.database.url"}},
		{"password of a capture", "${env:PG_PASSWORD}", "${env:OTHER}", []string{"restart sources.changes.connector.database.password"}},
		{"history of a capture", `"my-history"`, `"my-history2"`, []string{"re-snapshot sources.binlog.connector.schemaHistoryInternalKafkaTopic"}},
		{"number of a reader", `4711`, `4712`, []string{"duplicates sources.binlog.connector.databaseServerId"}},
		{"captured table more", `["public.orders"]`, `["public.orders", "public.lines"]`, []string{"restart sources.changes.connector.tableIncludeList"}},
		{"captured table less", `["public.orders"]`, `["public.lines"]`, []string{"gap sources.changes.connector.tableIncludeList", "restart sources.changes.connector.tableIncludeList"}},
		{"decimals of a capture", `topicPrefix: "pg"`, `topicPrefix: "pg", decimalHandlingMode: "string"`, []string{"output sources.changes.connector.decimalHandlingMode"}},
		{"file of a source", `file: "in.txt"`, `file: "in2.txt"`, []string{"re-snapshot sources.lines.connector.file"}},
		{"source renamed", `sources: lines:`, `sources: rows:`, []string{"re-snapshot sources.rows"}},
		{"sink renamed", `sinks: archive: {`, `sinks: store: {`, []string{"re-snapshot sinks.store"}},
		{"group", `sinks: archive: {`, `sinks: archive: {consumer: groupId: "g",`, []string{"re-snapshot sinks.archive.consumer.groupId"}},
		{"topic of offsets", `worker: {`, `worker: {offsetStorageTopic: "offsets",`, []string{"re-snapshot worker.offsetStorageTopic"}},
		{"another cluster", `["k1:9092"]`, `["other:9092"]`, []string{"re-snapshot kafka.brokers"}},
		{"table mode", `"incrementing"`, `"bulk"`, []string{"re-snapshot sources.tables.connector.mode"}},
		{"table prefix", `topicPrefix: "db-"`, `topicPrefix: "sql-"`, []string{"renamed sources.tables.connector.topicPrefix"}},
		{"table added", `["orders"]`, `["orders", "bills"]`, []string{"restart sources.tables.connector.tableWhitelist"}},

		{"tables", `["orders"]`, `["bills"]`, []string{"gap sources.tables.connector.tableWhitelist", "restart sources.tables.connector.tableWhitelist"}},
		{"topic removed", `["lines", "orders"]`, `["lines"]`, []string{"gap sinks.archive.topics"}},
		{"sink removed", "sinks: archive: {", "sinks: {}, _archive: {", []string{"gap sinks.archive"}},
		{"group from the end", `sinks: archive: {`, `sinks: archive: {consumer: {groupId: "g", autoOffsetReset: "latest"},`, []string{"gap sinks.archive.consumer.groupId", "guarantee sinks.archive.consumer.autoOffsetReset"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if n := strings.Count(string(spec), c.old); n != 1 {
				t.Fatalf("%q is there %d times", c.old, n)
			}
			after := lowered(t, strings.Replace(string(spec), c.old, c.new, 1))
			r := review.Compare(review.Side{Plans: []*plan.Pipeline{before}}, review.Side{Plans: []*plan.Pipeline{after}})
			var got []string
			for _, ch := range r.Pipelines[0].Changes {
				got = append(got, fmt.Sprintf("%s %s", ch.Kind, ch.Path))
				if ch.Text == "" || ch.Line == 0 {
					t.Errorf("%+v has no text or line", ch)
				}
			}
			if strings.Join(got, "\n") != strings.Join(c.want, "\n") {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}

// TestWithoutAField: whatever a plan lacks, it is compared.
func TestWithoutAField(t *testing.T) {
	spec, err := os.ReadFile("testdata/spec.cue")
	if err != nil {
		t.Fatal(err)
	}
	whole, less := lowered(t, string(spec)), lowered(t, string(spec))
	plan.Walk(less.Root, func(n plan.Node) bool {
		s, ok := n.(*plan.Struct)
		if !ok {
			return true
		}
		all := s.Fields
		for i := range all {
			s.Fields = append(all[:i:i], all[i+1:]...)
			a, b := review.Side{Plans: []*plan.Pipeline{whole}}, review.Side{Plans: []*plan.Pipeline{less}}
			there, back := review.Compare(a, b), review.Compare(b, a)
			if len(there.Pipelines[0].Changes) == 0 || len(back.Pipelines[0].Changes) == 0 {
				t.Errorf("%s without %s is no change", s.Type, all[i].Go)
			}
		}
		s.Fields = all
		return true
	})
}

// TestFolders: of several pipelines, those of one name are compared.
func TestFolders(t *testing.T) {
	p := func(name string) *plan.Pipeline {
		return &plan.Pipeline{Name: name, Spec: name + ".cue", Root: &plan.Struct{Pos: plan.Pos{File: name + ".cue", Line: 3, Column: 1}}}
	}
	r := review.Compare(review.Side{Prefix: "main:", Plans: []*plan.Pipeline{p("a"), p("b")}}, review.Side{Plans: []*plan.Pipeline{p("c"), p("b")}})
	var out strings.Builder
	r.Text(&out)
	want := `a  1 change: gap
  gap           name: - "a"  (main:a.cue:3)
                the pipeline is gone: what it moved is moved no more

b  no change

c  1 change: restart
  restart       name: + "c"  (c.cue:3)
                a pipeline more: it is to be started
`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", &out, want)
	}
	if r.Worst() != review.Gap || !r.Fails(review.Gap) || !r.Fails(review.None) {
		t.Errorf("worst is %s", r.Worst())
	}
	if same := review.Compare(review.Side{Plans: []*plan.Pipeline{p("a")}}, review.Side{Plans: []*plan.Pipeline{p("a")}}); same.Fails(review.None) {
		t.Error("no change is a failure")
	}
}

// TestBuilt: what a reader of the old records comes to.
func TestBuilt(t *testing.T) {
	flows := func(fields ...wire.Field) []wire.Flow {
		return []wire.Flow{{Connector: "sources.s", End: append([]wire.Field{{Path: "value", Type: "struct"}}, fields...)}}
	}
	id, note := wire.Field{Path: "value.id", Type: "int64"}, wire.Field{Path: "value.note", Type: "string", Optional: true}
	must := wire.Field{Path: "value.note", Type: "string"}
	for _, c := range []struct {
		name        string
		before, now []wire.Flow
		want        string
	}{
		{"same", flows(id), flows(id), ""},
		{"unknown", flows(id), []wire.Flow{{Connector: "sources.s"}}, ""},
		{"optional added", flows(id), flows(id, note), "output sources.s value.note"},
		{"optional removed", flows(id, note), flows(id), "output sources.s value.note"},
		{"required added", flows(id), flows(id, must), "incompatible sources.s value.note"},
		{"required removed", flows(id, must), flows(id), "incompatible sources.s value.note"},
		{"type", flows(id), flows(wire.Field{Path: "value.id", Type: "string"}), "incompatible sources.s value.id"},
		{"optional now", flows(must), flows(note), "incompatible sources.s value.note"},
		{"required now", flows(note), flows(must), "incompatible sources.s value.note"},
		{"no schema now", flows(id), []wire.Flow{{Connector: "sources.s", End: []wire.Field{{Path: "value", Type: "without a schema"}}}}, "incompatible sources.s value"},
	} {
		p := &review.Pipeline{}
		p.Built(&review.Built{Flows: c.before}, &review.Built{Flows: c.now})
		got := ""
		for _, ch := range p.Changes {
			got += ch.Kind.String() + " " + ch.Path
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	p := &review.Pipeline{}
	before, after := &review.Built{Size: 10 << 20}, &review.Built{Size: 15 << 20}
	if err := json.Unmarshal([]byte(`{"acls": [{"resourceType": "TOPIC", "resourceName": "a", "patternType": "LITERAL", "operation": "WRITE"}]}`), &before.Grants); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(`{"statements": [{"connector": "sources.s", "statements": ["-- why", "GRANT SELECT ON t TO u"]}]}`), &after.Grants); err != nil {
		t.Fatal(err)
	}
	p.Built(before, after)
	var out bytes.Buffer
	(&review.Report{Pipelines: []*review.Pipeline{p}}).Text(&out)
	for _, want := range []string{
		`rights        acls: - WRITE literal TOPIC "a"`, "rights        statements: + sources.s: GRANT SELECT ON t TO u",
		"size          binary: 10.0MiB -> 15.0MiB", "has +50.0 % of bytes",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, &out)
		}
	}
	if strings.Contains(out.String(), "-- why") {
		t.Errorf("a comment is no right:\n%s", &out)
	}
}

// TestMarkdown: what a spec holds is no Markdown of its own.
func TestMarkdown(t *testing.T) {
	r := &review.Report{Pipelines: []*review.Pipeline{{Name: "<b>@all|", Changes: []review.Change{
		{Kind: review.Gap, Path: "sources.x", Old: "`|`\n# x", Text: "a <i> | b"},
	}}}}
	var out strings.Builder
	r.Markdown(&out)
	want := "### What this change means: 🔴 **gap**\n\n**&lt;b&gt;@\u200ball\\|**: 1 change: gap\n\n| | what | consequence |\n| --- | --- | --- |\n" +
		"| 🔴 **gap** | `` sources.x: - `\\|`# x `` | a &lt;i&gt; \\| b |\n"
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", &out, want)
	}
}

func TestParseKind(t *testing.T) {
	for i, w := range review.Kinds() {
		if k, err := review.ParseKind(w); err != nil || k != review.Kind(i) || k.String() != w {
			t.Errorf("%q is %v, %v", w, k, err)
		}
	}
	if _, err := review.ParseKind("worse"); err == nil {
		t.Error("a word that is no kind was read")
	}
}
