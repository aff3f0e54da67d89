package reference

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"cuelang.org/go/cue/cuecontext"
	"cuelang.org/go/encoding/yaml"
	"github.com/santhosh-tekuri/jsonschema/v5"
)

// builtin reads the packages of the repository.
func builtin(t *testing.T) *Library {
	t.Helper()
	lib := &Library{}
	for _, dir := range []string{"schema", "runtime"} {
		if err := lib.Read("kcgen.dev/"+dir, os.DirFS("../../"+dir)); err != nil {
			t.Fatal(err)
		}
	}
	return lib
}

// TestEveryFieldIsToldOf holds what explain and the editors need of all
// built-in packages.
func TestEveryFieldIsToldOf(t *testing.T) {
	lib := builtin(t)
	if n := len(lib.Components("")); n < 10 {
		t.Errorf("%d components only", n)
	}
	for _, p := range lib.Packages() {
		for _, d := range p.Defs {
			if d.Doc == "" && !d.Any {
				t.Errorf("%s has no doc", d.CUE())
			}
			for _, f := range d.Fields {
				switch {
				case f.Doc == "":
					t.Errorf("%s.%s has no doc", d.CUE(), f.Name)
				case lib.Type(f) == "":
					t.Errorf("%s.%s has no type", d.CUE(), f.Name)
				case strings.Contains(lib.Example(f), "error("):
					t.Errorf("%s.%s: example %s", d.CUE(), f.Name, lib.Example(f))
				}
				if _, err := lib.Find(p.Path + "." + d.Name + "." + f.Name); err != nil {
					t.Error(err)
				}
			}
		}
	}
}

func TestWords(t *testing.T) {
	lib := &Library{}
	err := lib.Read("example.com/x", fstest.MapFS{"x.cue": {Data: []byte(`package x

import s "example.com/x/sub"

#Source: {
	#source: "example.com/x.Source"
	a: *1 | (int & >=1) | error("must be positive")
	b?: "x" | "y"
	c!: [string, ...string]
	d: [string]: s.#Leaf
	e: *"5s" | s.#Leaf
	f: *false | bool
	g: *1.5 | number
	h?: s.#Part
	_hidden: 1
	if a == 1 {b: "x"}
}
`)}, "sub/sub.cue": {Data: []byte(`package sub

#Leaf: =~"s$" | error("must end in s")
#Part: {n!: #Leaf}
`)}, "testdata/no.cue": {Data: []byte("package {")}, "own/go.mod": {}, "own/no.cue": {Data: []byte("package {")}})
	if err != nil {
		t.Fatal(err)
	}
	d := lib.def("example.com/x", "Source")
	if d.Role != "source" || d.Any || len(d.Fields) != 8 || d.Use() != "example.com/x.Source" {
		t.Fatalf("%+v", d)
	}
	for _, c := range []struct{ name, typ, def, constraint, example string }{
		{"a", "int", "1", "must be positive", "a: 1"},
		{"b", "string", "", `must be "x" or "y"`, `b: "x"`},
		{"c", "list of string", "", "", `c: ["…"]`},
		{"d", "map from name to sub.#Leaf", "", "", `d: {orders: "…"}`},
		{"e", "sub.#Leaf", `"5s"`, "must end in s", `e: "5s"`},
		{"f", "bool", "false", "", "f: true"},
		{"g", "number", "1.5", "", "g: 1.5"},
		{"h", "sub.#Part", "", "", `h: {n: "…"}`},
	} {
		f := d.Field(c.name)
		if got := lib.Type(f); got != c.typ {
			t.Errorf("%s: type %q, want %q", c.name, got, c.typ)
		}
		if f.Default != c.def {
			t.Errorf("%s: default %q, want %q", c.name, f.Default, c.def)
		}
		if got := lib.Constraint(f); got != c.constraint {
			t.Errorf("%s: constraint %q, want %q", c.name, got, c.constraint)
		}
		if got := lib.Example(f); got != c.example {
			t.Errorf("%s: example %q, want %q", c.name, got, c.example)
		}
	}
}

func TestReadTellsWhatIsBroken(t *testing.T) {
	lib := &Library{}
	err := lib.Read("example.com/x", fstest.MapFS{
		"a/a.cue": {Data: []byte("package a\n#A: {")},
		"b/b.cue": {Data: []byte("package b\n#B: {}")},
	})
	if err == nil || !strings.Contains(err.Error(), "example.com/x/a/a.cue") || lib.packages["example.com/x/b"] == nil {
		t.Errorf("%v, %v", err, lib.Packages())
	}
}

const goodSpec = `
name: good
kafka: {brokers: ["localhost:9092"], tls: {}, sasl: {mechanism: PLAIN, username: ann, password: "${env:PW}"}}
worker: {offsetFlushInterval: 10s, startTimeout: forever, producer: {batchSize: 1MiB}}
sources:
  lines:
    connector: {use: filestream.Source, file: in.txt, topic: "${env:TOPIC}", batchSize: 10}
    tasksMax: 1
    keyConverter: {use: convert.String}
    valueConverter: {use: kcgen.dev/runtime/convert.JSON, schemasEnable: false}
    transforms:
      - do: {use: transform.HoistField, on: value, field: line}
      - do: {use: example.com/inventory/mask.Mask, pattern: x}
        unless: {use: predicate.RecordIsTombstone}
    topicCreation: {default: {partitions: 3, replicationFactor: -1, configs: {cleanup.policy: compact}}}
sinks:
  archive:
    topics: [lines]
    connector: {use: filestream.Sink, file: out.txt}
    keyConverter: {use: convert.String}
    valueConverter: {use: convert.String}
    errors: {tolerance: all, deadLetterQueue: {topicName: dlq}}
`

func TestJSONSchema(t *testing.T) {
	text, err := builtin(t).JSONSchema()
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.Draft, c.AssertFormat = jsonschema.Draft2020, true
	if err := c.AddResource("kcgen.json", bytes.NewReader(text)); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("kcgen.json")
	if err != nil {
		t.Fatal(err)
	}
	twin, err := os.ReadFile("../../examples/file-to-topic/pipeline.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, spec := range []string{goodSpec, string(twin)} {
		if err := s.Validate(decode(t, spec)); err != nil {
			t.Errorf("a good spec is refused: %#v", err)
		}
	}
	for _, m := range []struct{ good, bad string }{
		{"name: good\n", ""},
		{"name: good", "nmae: good"},
		{"name: good", "name: no good"},
		{`brokers: ["localhost:9092"]`, "brokers: []"},
		{`"${env:PW}"`, "hunter2"},
		{"mechanism: PLAIN", "mechanism: PLIAN"},
		{"offsetFlushInterval: 10s", "offsetFlushInterval: 10"},
		{"startTimeout: forever", "startTimeout: never"},
		{"batchSize: 1MiB", "batchSize: 1 MiB"},
		{"use: filestream.Source", "use: filestream.Sorce"},
		{"use: filestream.Source", "use: filestream.Sink"},
		{"use: filestream.Source, ", ""},
		{"batchSize: 10}", "batchSize: 0}"},
		{"batchSize: 10}", "batchsize: 10}"},
		{"tasksMax: 1", "tasksMax: 1.5"},
		{"on: value", "on: vlaue"},
		{"field: line}", "feild: line}"},
		{"unless: {use", "unles: {use"},
		{"topics: [lines]", "topics: [lines/1]"},
		{"tolerance: all", "tolerance: some"},
		{"topicName: dlq", "topic: dlq"},
		{"sinks:\n  archive:", "sinks:\n  -archive:"},
	} {
		bad := strings.Replace(goodSpec, m.good, m.bad, 1)
		if bad == goodSpec {
			t.Fatalf("%q is not in the spec", m.good)
		}
		if s.Validate(decode(t, bad)) == nil {
			t.Errorf("%q instead of %q is taken", m.bad, m.good)
		}
	}
}

// decode reads YAML as an editor does: maps, lists, scalars.
func decode(t *testing.T, text string) any {
	t.Helper()
	f, err := yaml.Extract("spec.yaml", text)
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := cuecontext.New().BuildFile(f).Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}
