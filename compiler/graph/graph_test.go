package graph

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kcgen.dev/compiler/lower/lowertest"
	"kcgen.dev/runtime/dryrun/wire"
)

const header = `package p

import (
	"kcgen.dev/schema"
	"kcgen.dev/runtime/connector/filestream"
	"kcgen.dev/runtime/connector/postgres"
	"kcgen.dev/runtime/connector/mysql"
	"kcgen.dev/runtime/connector/sql"
	"kcgen.dev/runtime/connector/sqlite"
	"kcgen.dev/runtime/convert"
	"kcgen.dev/runtime/predicate"
	"kcgen.dev/runtime/transform"
	"kcgen.dev/runtime/transform/debezium"
)

_used: [filestream.#Source, postgres.#Source, mysql.#Source, sql.#Source, sqlite.#Database, predicate.#RecordIsTombstone, transform.#Filter, debezium.#EventRouter]
_file: filestream.#Source & {file: "f", topic: "orders"}
_to: filestream.#Sink & {file: "out"}
_text: {keyConverter: convert.#String, valueConverter: convert.#String}

schema.#Pipeline & {
	kafka: brokers: *["${env:BROKERS}"] | [...]
	sources: [string]: _text
	sinks: [string]: _text
`

// specs is the graph of specs, each what follows header.
func specs(t testing.TB, bodies ...string) *Graph {
	t.Helper()
	dir := t.TempDir()
	var all []Pipeline
	for i, body := range bodies {
		name := fmt.Sprintf("s%d.cue", i)
		text := header + fmt.Sprintf("name: \"p%d\"\n", i) + body + "\n}\n"
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		all = append(all, Pipeline{Plan: lowertest.Plan(t, dir, name)})
	}
	return Of(all)
}

// TestExamples draws each example, and all of them together.
func TestExamples(t *testing.T) {
	dirs, err := filepath.Glob("../../examples/*")
	if err != nil || len(dirs) < 5 {
		t.Fatalf("%v, %v", dirs, err)
	}
	known := []wire.Field{{Path: "key", Type: "string", Optional: true}, {Path: "value", Type: "struct"}}
	for i := range 12 {
		known = append(known, wire.Field{Path: fmt.Sprintf("value.a long name of a field %d", i), Type: "array of Timestamp"})
	}
	var all []Pipeline
	for _, dir := range dirs {
		p := Pipeline{Plan: lowertest.Plan(t, dir, "pipeline.cue")}
		all = append(all, p)
		t.Run(filepath.Base(dir), func(t *testing.T) {
			examine(t, Of([]Pipeline{p}))
			for _, kind := range []string{"sources", "sinks"} {
				for _, s := range p.Plan.Root.Structs(kind) {
					p.Flows = append(p.Flows, wire.Flow{Connector: kind + "." + s.Key(), Begin: known, End: known})
				}
			}
			examine(t, Of([]Pipeline{p}))
		})
	}
	examine(t, Of(all))
}

// TestRepository draws thirty specs that feed one another, in circles too.
func TestRepository(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var bodies []string
	for i := range 30 {
		var b strings.Builder
		for n := range r.IntN(3) {
			fmt.Fprintf(&b, "sources: \"source-%d-%d%s\": {connector: filestream.#Source & {topic: \"topic-%d\"}}\n", i, n, strings.Repeat("-long", r.IntN(12)), r.IntN(25))
		}
		for n := range 1 + r.IntN(3) {
			fmt.Fprintf(&b, "sinks: \"sink-%d-%d\": {connector: _to, ", i, n)
			if r.IntN(4) == 0 {
				fmt.Fprintf(&b, "topicsRegex: \"topic-%d.*\"", r.IntN(3))
			} else {
				fmt.Fprintf(&b, "topics: [\"topic-%d\", \"other-%d\"]", r.IntN(25), r.IntN(8))
			}
			fmt.Fprintf(&b, ", errors: {tolerance: \"all\", deadLetterQueue: topicName: \"topic-%d\"}}\n", r.IntN(40))
		}
		bodies = append(bodies, b.String())
	}
	g := specs(t, bodies...)
	if len(g.Nodes) < 80 || len(g.Edges) < 100 {
		t.Errorf("%d nodes and %d edges only", len(g.Nodes), len(g.Edges))
	}
	examine(t, g)
}

// TestCircle has two sinks, each of which reads what the other refuses.
func TestCircle(t *testing.T) {
	g := specs(t, `
	sinks: a: {topics: ["one"], connector: _to, errors: {tolerance: "all", deadLetterQueue: topicName: "two"}}
	sinks: b: {topics: ["two"], connector: _to, errors: {tolerance: "all", deadLetterQueue: topicName: "one"}}`)
	examine(t, g)
	if !strings.Contains(string(g.SVG()), ` marker-start="url(`) {
		t.Error("no wire leads back")
	}
}

// TestColumns: sources, topics and sinks stand below one another, whether or not
// something feeds a topic and a pattern is between.
func TestColumns(t *testing.T) {
	p := lay(specs(t, `
	sources: a: connector: _file
	sinks: b: {topics: ["orders", "bills"], connector: _to}
	sinks: c: {topicsRegex: "ord.*", connector: _to}`, `sinks: d: {topics: ["bills"], connector: _to}`))
	at := map[Kind]float64{}
	for _, b := range p.boxes {
		if x, ok := at[b.Kind]; ok && x != b.x {
			t.Errorf("%s is at %g, others like it at %g", b.ID, b.x, x)
		}
		at[b.Kind] = b.x
	}
	if !(at[Source] < at[Topic] && at[Topic] < at[Pattern] && at[Pattern] < at[Sink]) {
		t.Errorf("columns: %v", at)
	}
}

// examine holds what every picture keeps: no box is on another or outside, all
// text is inside its box, no wire runs through a box that it does not end at,
// and the same graph gives the same bytes, which are XML.
func examine(t *testing.T, g *Graph) {
	t.Helper()
	p := lay(g)
	if len(p.boxes) != len(g.Nodes) || len(p.wires) != len(g.Edges) {
		t.Fatalf("%d boxes of %d nodes, %d wires of %d edges", len(p.boxes), len(g.Nodes), len(p.wires), len(g.Edges))
	}
	for i, b := range p.boxes {
		if b.x < 0 || b.y < 0 || b.x+b.w > p.w || b.y+b.h > p.h {
			t.Errorf("%s is outside of the picture", b.ID)
		}
		for _, l := range b.lines {
			if w := width(l.text, l.size, l.class == "title"); l.x+w > b.w-padding+1 || l.y > b.h-3 {
				t.Errorf("%s: %q is outside of its box", b.ID, l.text)
			}
		}
		for _, o := range p.boxes[:i] {
			if b.x < o.x+o.w && o.x < b.x+b.w && b.y < o.y+o.h && o.y < b.y+b.h {
				t.Errorf("%s is on %s", b.ID, o.ID)
			}
		}
	}
	for _, w := range p.wires {
		for _, b := range p.boxes {
			if b.Node != w.From && b.Node != w.To && w.meets(b) {
				t.Errorf("the wire from %s to %s runs through %s", w.From.ID, w.To.ID, b.ID)
			}
		}
	}
	svg := g.SVG()
	if !bytes.Equal(svg, g.SVG()) || !bytes.Equal(g.Mermaid(), g.Mermaid()) {
		t.Error("the same graph gives two pictures")
	}
	for d := xml.NewDecoder(bytes.NewReader(svg)); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("no XML: %v", err)
		}
	}
}

// meets says whether a wire runs through a box: a curve stays between the
// heights, and the columns, of its ends.
func (w drawn) meets(b *box) bool {
	for i := 1; i < len(w.points); i++ {
		p, q := w.points[i-1], w.points[i]
		if p.x < b.x+b.w && b.x < q.x && min(p.y, q.y) < b.y+b.h && b.y < max(p.y, q.y) {
			return true
		}
	}
	return false
}

// TestTopics: which topics sources fill, and who reads them.
func TestTopics(t *testing.T) {
	const shop = `database: postgres.#Database & {url: "postgres://db/shop", user: "u"}, topicPrefix: "shop"`
	const jdbc = `connection: sqlite.#Database & {file: "db"}, mode: "bulk", topicPrefix: "db-"`
	for _, c := range []struct{ name, body, want string }{
		{"named", `sources: a: connector: _file`, `source a feeds topic orders`},
		{"tables", `sources: a: connector: sql.#Source & {` + jdbc + `, tableWhitelist: ["public.orders", "bills"]}`,
			`source a feeds topic db-orders; source a feeds topic db-bills`},
		{"all tables", `sources: a: connector: sql.#Source & {` + jdbc + `}, sinks: b: {connector: _to, topics: ["db-orders"]}`,
			`source a feeds topics db-*; topic db-orders feeds sink b; topics db-* may feed topic db-orders`},
		{"query", `sources: a: connector: sql.#Source & {` + jdbc + `, query: "SELECT 1"}`, `source a feeds topic db-`},
		{"captured", `sources: a: connector: postgres.#Source & {` + shop + `, tableIncludeList: ["public\\.orders", "public\\.x.*", "(a|b)\\.c"]}`,
			`source a feeds topic shop.public.orders; source a feeds topics shop.public.x*; source a feeds topics shop.*.c`},
		{"schema changes", `sources: a: connector: mysql.#Source & {database: mysql.#Database & {url: "mysql://db/shop", user: "u"}, topicPrefix: "shop", databaseServerId: 1, schemaHistoryInternalKafkaTopic: "h", tableIncludeList: ["shop\\.orders"]}`,
			`source a feeds topic shop.shop.orders; source a feeds topic shop`},
		{"delimiter", `sources: a: connector: postgres.#Source & {` + shop + `, topicDelimiter: "_", tableIncludeList: ["public\\.orders"]}`,
			`source a feeds topic shop_public_orders`},
		{"routed", `sources: a: {connector: _file, transforms: [{do: transform.#RegexRouter & {regex: "or(.*)", replacement: "new-$1-x"}}]}`,
			`source a feeds topic new-ders-x`},
		{"perhaps routed", `sources: a: {connector: _file, transforms: [{do: transform.#RegexRouter & {regex: ".*", replacement: "deleted"}, when: predicate.#RecordIsTombstone}]}`,
			`source a may feed topic orders; source a may feed topic deleted`},
		{"not matched", `sources: a: {connector: _file, transforms: [{do: transform.#RegexRouter & {regex: "x.*", replacement: "y"}}]}`,
			`source a feeds topic orders`},
		{"Java's own pattern", `sources: a: {connector: _file, transforms: [{do: transform.#RegexRouter & {regex: "(?<!x)(o).*", replacement: "$1-all"}}]}`,
			`source a feeds topics *-all`},
		{"by time", `sources: a: {connector: _file, transforms: [{do: transform.#TimestampRouter}]}`, `source a feeds topics orders-*`},
		{"by record", `sources: a: {connector: _file, transforms: [{do: transform.#ExtractTopic & {on: "value"}}]}`,
			`source a feeds topics chosen by transform.ExtractTopic`},
		{"outbox", `sources: a: {connector: _file, transforms: [{do: debezium.#EventRouter}]}`, `source a feeds topics outbox.event.*`},
		{"by pattern", `sources: a: connector: _file, sinks: b: {connector: _to, topicsRegex: "ord.*"}`,
			`source a feeds topic orders; topics /ord.*/ feeds sink b; topic orders may feed topics /ord.*/`},
		{"refused", `sinks: b: {connector: _to, topics: ["x"], errors: {tolerance: "all", deadLetterQueue: topicName: "d"}}`,
			`topic x feeds sink b; sink b sends what fails to dead letter queue d`},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := specs(t, c.body)
			var got []string
			for _, e := range g.Edges {
				if e.From.Kind != System && e.To.Kind != System {
					got = append(got, label(e.From)+" "+e.Way.verb()+" "+label(e.To))
				}
			}
			if s := strings.Join(got, "; "); s != c.want {
				t.Errorf("got  %s\nwant %s", s, c.want)
			}
			examine(t, g)
		})
	}
}

// TestClusters: topics of one name in two clusters are two.
func TestClusters(t *testing.T) {
	const a, b = `sources: a: connector: _file`, `sinks: b: {connector: _to, topics: ["orders"]}`
	if g := specs(t, a, b); len(g.Nodes) != 3 {
		t.Errorf("one cluster: %d nodes: %s", len(g.Nodes), g.Desc)
	}
	g := specs(t, a, b+"\nkafka: brokers: [\"other:9092\"]")
	if len(g.Nodes) != 4 || !bytes.Contains(g.SVG(), []byte(">other:9092</text>")) {
		t.Errorf("two clusters: %d nodes: %s", len(g.Nodes), g.Desc)
	}
}

// TestNoSecrets: what may be one is not drawn.
func TestNoSecrets(t *testing.T) {
	g := specs(t, `sources: a: connector: postgres.#Source & {database: postgres.#Database & {url: "postgres://db/shop", user: "u", password: "${env:HUSH}"}, topicPrefix: "s"}
	sources: b: connector: filestream.#Source & {file: "sftp://ann:hush@host/f", topic: "t"}`)
	all := append(g.SVG(), g.Mermaid()...)
	if bytes.Contains(all, []byte("hush")) || bytes.Contains(all, []byte("HUSH")) || !bytes.Contains(all, []byte("sftp://…@host/f")) {
		t.Errorf("%s", all)
	}
}

// TestSystems: what a connector reads or writes, also where the topic says it.
func TestSystems(t *testing.T) {
	g := specs(t, `sources: a: connector: sql.#Source & {connection: sqlite.#Database & {file: "db"}, mode: "bulk", topicPrefix: "db-", tableWhitelist: ["x", "y"]}
	sinks: b: {topics: ["db-x"], connector: sql.#Sink & {connection: sqlite.#Database & {file: "copy"}}}`)
	var got []string
	for _, n := range g.Nodes {
		if n.Kind == System {
			got = append(got, n.Title)
			for _, r := range n.Parts[0] {
				got = append(got, r.Text)
			}
		}
	}
	want := "sqlite|file db|mode bulk|tableWhitelist x, y|sqlite|file copy|tableNameFormat ${topic}"
	if s := strings.Join(got, "|"); s != want {
		t.Errorf("got  %s\nwant %s", s, want)
	}
}

// TestSteps: what stands in the box of a connector.
func TestSteps(t *testing.T) {
	g := specs(t, `sources: a: {connector: _file, tasksMax: 1, transforms: [{name: "gone", do: transform.#Filter, unless: predicate.#TopicNameMatches & {pattern: "o.*"}}]}`)
	var got []string
	for _, part := range g.Nodes[0].Parts {
		for _, r := range part {
			got = append(got, r.Text)
		}
	}
	want := "filestream.Source|1  gone: Filter|    unless TopicNameMatches pattern o.*|key String, value String"
	if s := strings.Join(got, "|"); s != want {
		t.Errorf("got  %s\nwant %s", s, want)
	}
}

// TestSchemas: what is known of records stands on the way, once where a topic is
// read as it is filled.
func TestSchemas(t *testing.T) {
	id := []wire.Field{{Path: "value", Type: "struct"}, {Path: "value.id", Type: "int64", Optional: true}}
	other := append(id[:1:1], wire.Field{Path: "value.id", Type: "string"})
	dir := t.TempDir()
	text := header + `name: "p"
	sources: a: {connector: _file, transforms: [{do: transform.#Filter}]}
	sinks: b: {connector: _to, topics: ["orders"]}
	sinks: c: {connector: _to, topics: ["orders", "bills"]}
}`
	if err := os.WriteFile(filepath.Join(dir, "s.cue"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	g := Of([]Pipeline{{lowertest.Plan(t, dir, "s.cue"), []wire.Flow{
		{Connector: "sources.a", Text: "connector\n    value  string\n\ntransforms[0]\n    value  struct\n", End: id},
		{Connector: "sinks.b", Text: "converters\n", Begin: id},
		{Connector: "sinks.c", Text: "topic bills\nconverters\n", Begin: other},
	}}})
	examine(t, g)
	const want = "source a feeds schema value struct, id int64?; schema value struct, id int64? feeds topic orders; topic orders feeds sink b; " +
		"topic orders feeds sink c; topic bills feeds schema value struct, id string; schema value struct, id string feeds sink c"
	var got []string
	for _, e := range g.Edges {
		if e.From.Kind != System && e.To.Kind != System {
			got = append(got, sentence(e.From)+" feeds "+sentence(e.To))
		}
	}
	if s := strings.Join(got, "; "); s != want {
		t.Errorf("got  %s\nwant %s", s, want)
	}
	if tip := g.Nodes[0].Parts[1][0].Tip; tip != "    value  struct" {
		t.Errorf("the step's tip is %q", tip)
	}
}

// sentence is a node in a sentence, a schema by what it says.
func sentence(n *Node) string {
	if n.Kind != Schema {
		return label(n)
	}
	var rows []string
	for _, part := range n.Parts {
		for _, r := range part {
			rows = append(rows, strings.TrimSpace(r.Text))
		}
	}
	return "schema " + strings.Join(rows, ", ")
}

// FuzzNames draws any names.
func FuzzNames(f *testing.F) {
	f.Add("orders", "shop\\.(a|b)", 80.0)
	f.Add("a\"];\n<b>&#x0;\xff\u202e", "(((", 3.0)
	f.Add(strings.Repeat("宽", 200), "^a$", 100.0)
	f.Fuzz(func(t *testing.T, name, pattern string, room float64) {
		globOf(pattern)
		if room > 20 && room < 1000 && len(name) < 1000 {
			if s := fit(name, 12, false, room); width(s, 12, false) > room {
				t.Errorf("%q is wider than %g", s, room)
			}
		}
		g := &Graph{Title: name, Desc: pattern}
		a, b := g.add("a", Source, name), g.add("b", Topic, pattern)
		a.Parts, a.Tip = [][]Row{{{Text: name, Tip: pattern}}}, name
		g.link(a, b, Records)
		examine(t, g)
		if n := bytes.Count(g.Mermaid(), []byte("\n")); n != 6 {
			t.Errorf("a name breaks Mermaid's lines:\n%s", g.Mermaid())
		}
	})
}
