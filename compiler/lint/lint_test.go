package lint

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"kcgen.dev/compiler/check"
	"kcgen.dev/compiler/diag"
	"kcgen.dev/compiler/load"
	"kcgen.dev/compiler/lower"
	"kcgen.dev/compiler/plan"
)

// TestExamples holds each lint against its own text: the bad specs show it, and
// nothing else; accepted, and in the good specs, there is nothing to tell.
func TestExamples(t *testing.T) {
	for _, r := range rules {
		t.Run(r.id, func(t *testing.T) {
			l, _ := Find(r.id)
			if !strings.Contains(l.Text, "To mend it, ") || strings.Count(l.Text, "\n\n") != 1 {
				t.Errorf("texts/%s.txtar says why in one paragraph, and in a second how to mend it:\n%s", r.id, l.Text)
			}
			if r.id == StaleID {
				return // of a file beside the spec: package lock shows it
			}
			if len(l.Bad) == 0 || len(l.Good) != len(l.Bad) {
				t.Fatalf("%d bad specs and %d good ones", len(l.Bad), len(l.Good))
			}
			bad := plansOf(t, l.Bad)
			if got := ids(t, bad); !slices.Equal(got, []string{r.id}) {
				t.Errorf("the bad specs show %v", got)
			}
			if got := ids(t, plansOf(t, l.Good)); len(got) > 0 {
				t.Errorf("the good specs show %v", got)
			}
			if r.id == unusedID {
				return
			}
			for _, p := range bad {
				p.Root.Aside = append(p.Root.Aside, plan.Field{Name: "accept", Value: &plan.Map{Keys: []string{r.id}, Vals: []plan.Node{&plan.Lit{Str: "meant"}}}})
			}
			if got := ids(t, bad); len(got) > 0 {
				t.Errorf("accepted, they show %v", got)
			}
		})
	}
}

// TestMeant are specs in which nothing is wrong that looks as if.
func TestMeant(t *testing.T) {
	const source = `sources: a: {connector: filestream.#Source & {file: "in", topic: "t"}, valueConverter: convert.#JSON%s}
`
	const sink = `sinks: b: {topics: ["t"], connector: filestream.#Sink & {file: "out"}, valueConverter: %s}
`
	plain := fmt.Sprintf(source, " & {schemasEnable: false}")
	for _, c := range []struct {
		name  string
		specs []string
	}{
		{"JSON as text", []string{plain + fmt.Sprintf(sink, "convert.#String")}},
		{"JSON as bytes", []string{plain + fmt.Sprintf(sink, "convert.#ByteArray")}},
		{"a schema from the sink", []string{plain + fmt.Sprintf(sink, "convert.#JSON & {schemaContent: #\"{\"type\":\"string\"}\"#}")}},
		{"a topic that a router changes", []string{plain + `sources: a: transforms: [{do: transform.#RegexRouter & {regex: "t", replacement: "u"}}]
` + fmt.Sprintf(sink, "convert.#JSON")}},
		{"a topic that is named at the start", []string{strings.Replace(plain, `"t"`, `"${env:T}"`, 1) + fmt.Sprintf(sink, "convert.#JSON")}},
		{"two clusters", []string{plain, `kafka: brokers: ["localhost:9093"]
` + fmt.Sprintf(sink, "convert.#JSON")}},
		{"names in two clusters", []string{plain, `kafka: brokers: ["localhost:9093"]
` + strings.Replace(plain, `"in"`, `"other"`, 1)}},
		{"names in two topics of offsets", []string{plain, `worker: offsetStorageTopic: "mine"
` + strings.Replace(plain, `"t"`, `"u"`, 1)}},
		{"a file that each environment names", []string{fmt.Sprintf(sink, "convert.#JSON"), strings.NewReplacer("b:", "c:", `"out"`, `"${env:FILE}"`).Replace(fmt.Sprintf(sink, "convert.#JSON"))}},
		{"one replica on this machine", []string{`worker: offsetStorageReplicationFactor: 1
` + plain}},
		{"a password by reference", []string{plain + `sources: a: topicCreation: default: configs: password: "${env:PASSWORD}"
`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := ids(t, plansOf(t, c.specs)); len(got) > 0 {
				t.Errorf("they show %v", got)
			}
		})
	}
}

// TestNoSecret: what looks like a secret is told, and not shown.
func TestNoSecret(t *testing.T) {
	l, _ := Find("KC031")
	found := Pipeline(plansOf(t, l.Bad)[0])
	if len(found) != 1 || !strings.Contains(l.Bad[0], "s3cr3t") || strings.Contains(found.Error(), "s3cr3t") {
		t.Errorf("found %v", found)
	}
}

// TestTables: a source of many tables fills the topics that begin with its
// prefix.
func TestTables(t *testing.T) {
	const capture = `sources: shop: {
	connector: postgres.#Source & {
		database: postgres.#Database & {url: "postgres://db:5432/shop", user: "kcgen", password: "${env:PASSWORD}"}
		topicPrefix: "shop"
		slotName: "shop"
	}
	valueConverter: convert.#JSON & {schemasEnable: false, decimalFormat: "NUMERIC"}
}
`
	const sink = `sinks: b: {topics: ["%s"], connector: filestream.#Sink & {file: "out"}, valueConverter: convert.#JSON}
`
	for topic, want := range map[string][]string{"shop.public.orders": {"KC023"}, "shop": nil, "shopping": nil} {
		got := ids(t, plansOf(t, []string{capture, fmt.Sprintf(sink, topic)}))
		if !slices.Equal(got, want) {
			t.Errorf("a sink of %s shows %v, want %v", topic, got, want)
		}
	}
}

func TestUnknownAcceptance(t *testing.T) {
	got := Pipeline(planOf(t, "spec", `accept: KC999: "why not"`))
	if len(got) != 1 || !strings.Contains(got[0].Msg, "there is no lint KC999") || got[0].Path != "accept.KC999" {
		t.Errorf("got %v", got)
	}
}

// TestIDs: ids are in order, each once, and each has its text and no other has.
func TestIDs(t *testing.T) {
	all := IDs()
	if !slices.IsSorted(all) || len(slices.Compact(slices.Clone(all))) != len(all) {
		t.Errorf("ids out of order, or twice: %v", all)
	}
	files, err := filepath.Glob("texts/*")
	if err != nil || len(files) != len(all) {
		t.Fatalf("%d texts for %d lints, %v", len(files), len(all), err)
	}
	for i, id := range all {
		if want := filepath.Join("texts", id+".txtar"); files[i] != want {
			t.Errorf("%s where %s is meant", files[i], want)
		}
	}
}

func plansOf(t *testing.T, examples []string) (plans []*plan.Pipeline) {
	t.Helper()
	for i, text := range examples {
		p := planOf(t, fmt.Sprintf("spec%d", i+1), text)
		if faults := check.Pipeline(p); len(faults) > 0 {
			t.Errorf("an example has faults: %v", faults)
		}
		plans = append(plans, p)
	}
	return plans
}

// ids are the lints that specs show, one by one and together.
func ids(t *testing.T, plans []*plan.Pipeline) []string {
	t.Helper()
	var found diag.List
	for _, p := range plans {
		found = append(found, Pipeline(p)...)
	}
	var out []string
	for _, d := range append(found, Across(plans)...) {
		if !d.Warning || d.File == "" || d.Line == 0 {
			t.Errorf("%v has no place, or is no warning", d)
		}
		out = append(out, d.ID)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

var component = regexp.MustCompile(`\b(filestream|postgres|mysql|sqlite|sql|convert|transform|debezium|predicate)\.#`)

// planOf makes a whole spec of an example, which leaves out what it is not
// about.
func planOf(t *testing.T, name, example string) *plan.Pipeline {
	t.Helper()
	text := "package x\n\nimport \"kcgen.dev/schema\"\n"
	const base = "sources: [string]: keyConverter: convert.#String\nsinks: [string]: keyConverter: convert.#String\n"
	rest := base
	if !strings.Contains(example, "brokers:") {
		rest += "kafka: brokers: [\"localhost:9092\"]\n"
	}
	if !strings.Contains(example, "valueConverter:") {
		rest += "sources: [string]: valueConverter: convert.#String\nsinks: [string]: valueConverter: convert.#String\n"
	}
	if !strings.Contains(example, "connector:") {
		rest += "sources: lines: connector: filestream.#Source & {file: \"in.txt\", topic: \"lines\"}\n"
	}
	seen := map[string]bool{}
	for _, m := range component.FindAllStringSubmatch(example+rest, -1) {
		pkg := m[1]
		switch pkg {
		case "convert", "transform", "predicate":
		case "debezium":
			pkg = "transform/debezium"
		default:
			pkg = "connector/" + pkg
		}
		if !seen[pkg] {
			seen[pkg] = true
			text += fmt.Sprintf("import %q\n", "kcgen.dev/runtime/"+pkg)
		}
	}
	text += fmt.Sprintf("schema.#Pipeline & {\nname: %q\n%s\n%s\n}\n", name, rest, example)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, name+".cue"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	s, bad := load.Load(load.Config{Builtin: os.DirFS("../.."), Dir: dir}, name+".cue")
	if len(bad) > 0 {
		t.Fatalf("%v\n%s", bad, text)
	}
	p, bad := lower.Pipeline(s)
	if len(bad) > 0 {
		t.Fatalf("%v\n%s", bad, text)
	}
	return p
}
