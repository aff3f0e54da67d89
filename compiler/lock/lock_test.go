package lock

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kcgen.dev/compiler/diag"
	"kcgen.dev/compiler/lower/lowertest"
	"kcgen.dev/compiler/plan"
	"kcgen.dev/runtime/dryrun/wire"
)

// TestExamples writes and reads the locks of the examples: what is read says
// what was written, and breaks nothing.
func TestExamples(t *testing.T) {
	specs, err := filepath.Glob("../../examples/*/pipeline.cue")
	if err != nil || len(specs) < 5 {
		t.Fatalf("%d examples, %v", len(specs), err)
	}
	for _, spec := range specs {
		if strings.Contains(spec, "custom-connector") {
			continue // another's Go module
		}
		t.Run(filepath.Base(filepath.Dir(spec)), func(t *testing.T) {
			p := lowertest.Plan(t, filepath.Dir(spec), "pipeline.cue")
			f := again(t, p, nil)
			if found := f.Compare(p); len(found) > 0 {
				t.Errorf("a spec against its own lock: %v\n%s", found, f.Text())
			}
		})
	}
}

// again is the lock of a plan, written and read.
func again(t *testing.T, p *plan.Pipeline, flows []wire.Flow) *File {
	t.Helper()
	f := &File{Path: "kcgen.lock", Found: true}
	f.Set(p, f.Entry(p, flows))
	entries, err := parse(f.Path, f.Text())
	if err != nil {
		t.Fatalf("%v\n%s", err, f.Text())
	}
	got := &File{Path: f.Path, Found: true, Entries: entries}
	if string(got.Text()) != string(f.Text()) {
		t.Errorf("written again:\n%s\nwas:\n%s", got.Text(), f.Text())
	}
	return got
}

const base = `package x

import (
	"kcgen.dev/schema"
	"kcgen.dev/runtime/connector/filestream"
	"kcgen.dev/runtime/convert"
	"kcgen.dev/runtime/predicate"
	"kcgen.dev/runtime/transform"
)

_unused: [predicate.#RecordIsTombstone, transform.#HoistField]
schema.#Pipeline & {
	name: "x"
	kafka: brokers: ["a:9092"]
	sources: lines: {
		connector: filestream.#Source & {file: "in.txt", topic: "lines", batchSize: 10}
		keyConverter: convert.#String
		valueConverter: convert.#JSON & {schemasEnable: false}
		transforms: []
	}
	sinks: "a.b": {
		topics: ["lines"]
		connector: filestream.#Sink & {file: "out.txt"}
		keyConverter: convert.#String
		valueConverter: convert.#String
	}
	sinks: other: {
		topicsRegex: "l.*"
		connector: filestream.#Sink & {file: "other.txt"}
		keyConverter: convert.#String
		valueConverter: convert.#String
		errors: {tolerance: "all", deadLetterQueue: topicName: "dlq"}
	}
}
`

// TestChanges holds changed specs against the lock of the one above.
func TestChanges(t *testing.T) {
	for _, c := range []struct{ name, from, to, want string }{
		{"nothing", `"in.txt"`, `"in.txt"`, ""},
		{"no promise", `batchSize: 10`, `batchSize: 11`, ""},
		{"a source's file", `"in.txt"`, `"new.txt"`, `sources.lines.connector.file: was "in.txt", is "new.txt": the position belongs to what was read before`},
		{"a source's name", `sources: lines`, `sources: files`, `sources.files: was "lines", is "files": the name is part of its offsets`},
		{"a source gone", "\tsources: lines: {", "\t_gone: lines: {", `sources.lines: was "lines", and is gone: what it moved is moved no more`},
		{"a topic", `topic: "lines"`, `topic: "more"`, `sources.lines.connector.topic: was "lines", is "more": records go to another topic`},
		{"a format", `schemasEnable: false`, `schemasEnable: true`, `sources.lines.valueConverter.schemasEnable: was false, is the default: records are in another format`},
		{"a converter", `convert.#JSON & {schemasEnable: false}`, `convert.#ByteArray`, `sources.lines.valueConverter: was convert.#JSON, is convert.#ByteArray: records are in another format`},
		{"a router", `transforms: []`, `transforms: [{do: transform.#RegexRouter & {regex: "a", replacement: "b"}}]`, `sources.lines.transforms.RegexRouter: is "RegexRouter", and was not there: records go to another topic`},
		{"more, which is accepted", `topics: ["lines"]`, "topics: [\"lines\", \"other\"]\n\t}\n\taccept: KC002: \"a try\"\n\tsinks: \"a.b\": {", ""},
		{"another step", `transforms: []`, `transforms: [{do: transform.#HoistField & {on: "value", field: "line"}}]`, ""},
		{"a sink's name", `sinks: "a.b"`, `sinks: ab`, `sinks.ab.consumer.groupId: was "connect-a.b", is "connect-ab": a new consumer group has no position`},
		{"a default by name", `convert.#JSON & {schemasEnable: false}`, `convert.#JSON & {schemasEnable: false, strict: false}`, ""},
		{"a format as usual", `{schemasEnable: false}`, `{}`, `sources.lines.valueConverter.schemasEnable: was false, is the default: records are in another format`},
		{"its group by name", "\t\ttopics: [", "\t\tconsumer: groupId: \"connect-a.b\"\n\t\ttopics: [", ""},
		{"another group", "\t\ttopics: [", "\t\tconsumer: groupId: \"g\"\n\t\ttopics: [", `sinks."a.b".consumer.groupId: was "connect-a.b", is "g"`},
		{"topics read no more", `topics: ["lines"]`, `topics: ["other"]`, `sinks."a.b".topics: was "lines", and is gone: is no longer read`},
		{"more topics", `topics: ["lines"]`, `topics: ["lines", "other"]`, `warning: kcgen.lock does not hold all of the spec`},
		{"a pattern", `"l.*"`, `"k.*"`, `sinks.other.topicsRegex: was "l.*", is "k.*": something else is read`},
		{"a queue", `"dlq"`, `"letters"`, `sinks.other.errors.deadLetterQueue.topicName: was "dlq", is "letters": dead letters go to another topic`},
		{"no queue", `, deadLetterQueue: topicName: "dlq"`, ``, `sinks.other.errors.deadLetterQueue: was {…}, and is gone: records that fail are no longer kept`},
		{"a queue more", `errors: {`, "_x: {}\n\t}\n\tsinks: \"a.b\": errors: {tolerance: \"all\", deadLetterQueue: topicName: \"new\"}\n\tsinks: other: {\n\terrors: {", `warning: kcgen.lock does not hold all of the spec`},
		{"a cluster", `"a:9092"`, `"b:9092"`, `kafka.brokers: was ["a:9092"], is ["b:9092"]: if this is another cluster`},
		{"a broker more", `"a:9092"`, `"a:9092", "b:9092"`, `warning: kcgen.lock does not hold all of the spec`},
		{"the topic of offsets", "\tkafka:", "\tworker: offsetStorageTopic: \"o\"\n\tkafka:", `worker.offsetStorageTopic: was "connect-offsets", is "o": the sources' positions stay in the old topic`},
		{"a group of workers", "\tkafka:", "\tworker: group: id: \"g\"\n\tkafka:", `worker.group: is {…}, and was not there: while both run`},
		{"the pipeline's name", `name: "x"`, `name: "y"`, `warning: kcgen.lock does not hold all of the spec`},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := again(t, write(t, base), nil)
			if !strings.Contains(base, c.from) {
				t.Fatalf("%q is not in the spec", c.from)
			}
			p := write(t, strings.Replace(base, c.from, c.to, 1))
			found := f.Advise(p, f.Compare(p))
			if c.want == "" && len(found) > 0 || c.want != "" && (len(found) != 1 || !strings.Contains(found[0].String(), c.want)) {
				t.Errorf("found %v\nwant %s", found, c.want)
			}
			for _, d := range found.Faults() {
				if d.Line == 0 || d.Col == 0 || !strings.Contains(d.Msg, "kcgen lock -accept x.cue") {
					t.Errorf("it names no place, or no way out: %v", d)
				}
			}
		})
	}
}

func write(t *testing.T, spec string) *plan.Pipeline {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "x.cue"), []byte(spec), 0o644); err != nil {
		t.Fatal(err)
	}
	return lowertest.Plan(t, dir, "x.cue")
}

// TestTags: what a spec says with other tags is another entry.
func TestTags(t *testing.T) {
	p := write(t, base)
	f := &File{Path: "kcgen.lock", Tags: []string{"env=prod", "region=eu"}}
	f.Set(p, f.Entry(p, nil))
	entries, err := parse(f.Path, f.Text())
	if err != nil {
		t.Fatal(err)
	}
	f = &File{Path: f.Path, Tags: f.Tags, Entries: entries}
	if found := f.Compare(p); len(found) > 0 {
		t.Errorf("with its tags: %v", found)
	}
	f.Tags = []string{"env=dev"}
	if found := f.Compare(p); len(found) != 1 || !strings.HasSuffix(found[0].Msg, "run kcgen lock -t env=dev x.cue") {
		t.Errorf("with others: %v", found)
	}
	f.Set(p, f.Entry(p, nil))
	if len(f.Entries) != 2 {
		t.Errorf("%d entries of two environments", len(f.Entries))
	}
}

// TestFolder: the lock of a folder of CUE files is in it, and goes with it.
func TestFolder(t *testing.T) {
	dir := t.TempDir()
	spec := filepath.Join(dir, "shop.d")
	if err := os.Mkdir(spec, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(spec, "x.cue"), []byte(base), 0o644); err != nil {
		t.Fatal(err)
	}
	name := Beside(dir, "shop.d")
	if name != "shop.d/kcgen.lock" || Beside(dir, "shop.d/x.cue") != name {
		t.Errorf("beside shop.d: %s", name)
	}
	p := lowertest.Plan(t, dir, "shop.d")
	f, err := Open(dir, name, nil)
	if err != nil || f.Found {
		t.Fatal(f, err)
	}
	f.Set(p, f.Entry(p, nil))
	if gone := f.Gone(dir); len(gone) > 0 {
		t.Errorf("%s is gone", gone[0].Spec)
	}
	if err := os.RemoveAll(spec); err != nil {
		t.Fatal(err)
	}
	if gone := f.Gone(dir); len(gone) != 1 {
		t.Error("the folder is gone, and is not told")
	}
}

// TestFlows holds what sources write against the lock, as far as it is known.
func TestFlows(t *testing.T) {
	flow := func(fields ...wire.Field) []wire.Flow {
		return []wire.Flow{{Connector: "sources.lines", End: append([]wire.Field{{Path: "value", Type: "struct"}}, fields...)}}
	}
	id := wire.Field{Path: "value.id", Type: "int64"}
	name := wire.Field{Path: "value.name", Type: "string", Optional: true}
	p := write(t, base)
	f := again(t, p, flow(id, name))
	for _, c := range []struct {
		what string
		now  []wire.Flow
		want string
	}{
		{"the same", flow(id, name), ""},
		{"not known", nil, ""},
		{"another type", flow(wire.Field{Path: "value.id", Type: "string"}, name), "sources.lines value.id: was int64, is string: a reader of the old schema cannot read it"},
		{"a field gone", flow(name), "sources.lines value.id: was int64, and is gone"},
		{"a null", flow(id, wire.Field{Path: "value.name", Type: "string"}), "sources.lines value.name: was string?, is string"},
	} {
		found := f.CompareFlows(p, c.now)
		if c.want == "" && len(found) > 0 || c.want != "" && !strings.Contains(diag.List(found).Error(), c.want) {
			t.Errorf("%s: found %v\nwant %s", c.what, found, c.want)
		}
	}
}

// TestNotALock refuses what kcgen lock has not written, by its line.
func TestNotALock(t *testing.T) {
	for _, text := range []string{
		"{", "x", "x: 1", "x: {\n\ty: z\n}", "x: {\n\t\"a\": 1\n\t\"a\": 2\n}", "x: {\n\t\"a..b\": 1\n}", "x: {\n\t\"a\": 1\n\t\"a.b\": 2\n}",
		"x: {\n\t\"a.use\": 1\n}", "x: {\n\t\"a.use\": \"b\"\n}", "x: {\n\t\"sources.a\": 1\n\t\"sources\": 1\n}", "x: {\n\t\"a\": null\n}", "x: {\n\t\"a\": [b]\n}",
		"x: {\n\t\"a\": 99999999999999999999\n}", "x: {a?: 1}", "x: {(a): 1}", "x: {\n\t\"sources\": 1\n\t\"sources.a.b\": 1\n}",
		"<<<<<<< HEAD\nx: {}\n=======\ny: {}\n>>>>>>> main",
	} {
		entries, err := parse("kcgen.lock", []byte(text))
		if err == nil || !strings.HasPrefix(err.Error(), "lock: kcgen.lock") && !strings.Contains(err.Error(), "kcgen.lock:") {
			t.Errorf("%s\n%v, %v", text, entries, err)
		}
	}
}

// FuzzParse: no text may panic; what is read is written and read again as it is.
func FuzzParse(f *testing.F) {
	f.Add("x: {\n\tspec: \"x.cue\"\n\t\"sources.a.connector.use\": \"b.C\" @change(identity)\n\t\"sources.a.connector.file\": [\"f\", 1, true, {\"k\": 1.5}]\n}")
	f.Add("x: {\n\t\"sinks.\\\"a.b\\\".errors.deadLetterQueue\": {} @change(guarantee)\n\t\"sources.a value.id\": \"int64?\"\n}")
	f.Fuzz(func(t *testing.T, text string) {
		entries, err := parse("kcgen.lock", []byte(text))
		if err != nil {
			return
		}
		once := (&File{Entries: entries}).Text()
		entries, err = parse("kcgen.lock", once)
		if err != nil {
			t.Fatalf("%v\n%s", err, once)
		}
		if twice := (&File{Entries: entries}).Text(); string(twice) != string(once) {
			t.Fatalf("%s\nis read as\n%s", once, twice)
		}
	})
}
