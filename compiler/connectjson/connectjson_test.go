package connectjson_test

import (
	"context"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"cuelang.org/go/cue/parser"
	"golang.org/x/tools/txtar"

	"kcgen.dev/compiler"
	"kcgen.dev/compiler/connectjson"
	"kcgen.dev/compiler/diag"
	"kcgen.dev/compiler/load"
	"kcgen.dev/compiler/plan"
	"kcgen.dev/compiler/reference"
	"kcgen.dev/compiler/sandbox"
)

func TestMain(m *testing.M) {
	sandbox.Main(compiler.SandboxFuncs())
	os.Exit(m.Run())
}

var builtin = os.DirFS("../..")

func language(t testing.TB) *connectjson.Language {
	t.Helper()
	lib := &reference.Library{}
	for _, tree := range []string{"schema", "runtime"} {
		if err := lib.Read("kcgen.dev/"+tree, os.DirFS("../../"+tree)); err != nil {
			t.Fatal(err)
		}
	}
	return connectjson.New(lib, load.Packages(builtin, "."))
}

// checkPlan is the plan of a spec that is in no file.
func checkPlan(ctx context.Context, dir string, spec []byte) (*plan.Pipeline, diag.List, error) {
	if err := os.WriteFile(filepath.Join(dir, "spec.cue"), spec, 0o666); err != nil {
		return nil, nil, err
	}
	return compiler.Check(ctx, compiler.Config{Builtin: builtin, Dir: dir}, "spec.cue")
}

func options(t *testing.T) connectjson.Options {
	dir := t.TempDir()
	return connectjson.Options{Check: func(ctx context.Context, spec []byte) (diag.List, error) {
		_, found, err := checkPlan(ctx, dir, spec)
		return found, err
	}}
}

// TestImport reads the files of each archive but for spec.cue and report.txt,
// which are what comes of them.
func TestImport(t *testing.T) {
	names, err := filepath.Glob("testdata/import/*.txtar")
	if err != nil || len(names) == 0 {
		t.Fatal("no archives", err)
	}
	l := language(t)
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			o := options(t)
			o.Partial = strings.Contains(string(archive.Comment), "-partial")
			o.Takeover = strings.Contains(string(archive.Comment), "-takeover")
			var files []connectjson.File
			want := map[string]string{}
			for _, f := range archive.Files {
				if f.Name == "spec.cue" || f.Name == "report.txt" {
					want[f.Name] = string(f.Data)
					continue
				}
				files = append(files, connectjson.File{Name: f.Name, Text: f.Data})
			}
			got := map[string]string{}
			got["spec.cue"], got["report.txt"] = importText(t, l, files, o)
			if os.Getenv("KCGEN_UPDATE") != "" {
				rewrite(t, name, archive, got)
				return
			}
			for _, part := range []string{"spec.cue", "report.txt"} {
				if got[part] != want[part] {
					t.Errorf("%s is\n%s\nwant\n%s", part, got[part], want[part])
				}
			}
			if all := got["spec.cue"] + got["report.txt"]; strings.Contains(all, "hunter2") {
				t.Errorf("shows a secret:\n%s", all)
			}
		})
	}
}

func importText(t *testing.T, l *connectjson.Language, files []connectjson.File, o connectjson.Options) (spec, report string) {
	t.Helper()
	in, bad := connectjson.Read(files)
	var b strings.Builder
	if len(bad) > 0 {
		bad.Print(&b)
		return "", b.String()
	}
	specs, r, err := l.Import(t.Context(), in, o)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Print(&b); err != nil {
		t.Fatal(err)
	}
	for _, s := range specs {
		spec += string(s.Text)
	}
	for _, p := range silent(in, r) {
		t.Errorf("nothing is said of %s", p)
	}
	return spec, b.String()
}

// silent are the properties of which a report says nothing; of a connector of
// which nobody knows the class one line is enough.
func silent(in *connectjson.Input, r connectjson.Report) []string {
	said := map[string]bool{}
	for _, e := range r {
		said[e.Connector+" "+e.Property] = true
		if e.Outcome == connectjson.Failed && strings.HasSuffix(e.Property, ".type") {
			said[e.Connector+" "+strings.TrimSuffix(e.Property, "type")] = true
		}
		if e.Outcome == connectjson.Failed && (e.Property == "connector.class" || e.Property == "connection.url") {
			said[e.Connector+" *"] = true
		}
	}
	var out []string
	check := func(connector string, props map[string]connectjson.Prop) {
		for p := range props {
			of := p[:strings.LastIndexByte(p, '.')+1]
			if !said[connector+" "+p] && !said[connector+" "+of] && !said[connector+" *"] {
				out = append(out, connector+": "+p)
			}
		}
	}
	for _, c := range in.Connectors {
		check(c.Name, c.Props)
	}
	if in.Worker != nil {
		check("", in.Worker.Props)
	}
	slices.Sort(out)
	return out
}

func rewrite(t *testing.T, name string, archive *txtar.Archive, got map[string]string) {
	t.Helper()
	archive.Files = slices.DeleteFunc(archive.Files, func(f txtar.File) bool { return f.Name == "spec.cue" || f.Name == "report.txt" })
	for _, part := range []string{"spec.cue", "report.txt"} {
		if got[part] != "" {
			archive.Files = append(archive.Files, txtar.File{Name: part, Data: []byte(got[part])})
		}
	}
	if err := os.WriteFile(name, txtar.Format(archive), 0o666); err != nil {
		t.Fatal(err)
	}
}

// TestExamplesThereAndBack exports the examples and imports what comes out: the
// plan is the same. Tests, and what topics hold, are kcgen's own.
func TestExamplesThereAndBack(t *testing.T) {
	specs, err := filepath.Glob("../../examples/*/pipeline.cue")
	if err != nil || len(specs) == 0 {
		t.Fatal("no examples", err)
	}
	more, _ := filepath.Glob("testdata/export/*.cue")
	l := language(t)
	for _, spec := range append(specs, more...) {
		if strings.Contains(spec, "custom-connector") {
			continue // its components are nobody's in Kafka Connect
		}
		if strings.Contains(spec, "postgres-changes") {
			continue // its URL is a reference, and Debezium wants host and port apart
		}
		t.Run(spec, func(t *testing.T) {
			before, found, err := compiler.Check(t.Context(), compiler.Config{Builtin: builtin}, spec)
			if err != nil || before == nil {
				t.Fatal(err, found)
			}
			connectors, worker, report, err := l.Export(before)
			if err != nil || len(report.Failed()) > 0 {
				t.Fatal(err, report.Failed())
			}
			text, err := json.Marshal(connectors)
			if err != nil {
				t.Fatal(err)
			}
			in, bad := connectjson.Read([]connectjson.File{
				{Name: "connectors.json", Text: text},
				{Name: "worker.properties", Text: connectjson.Properties(worker)},
			})
			if len(bad) > 0 {
				t.Fatal(bad)
			}
			o := options(t)
			o.Name = before.Name
			back, report, err := l.Import(t.Context(), in, o)
			if err != nil || len(report.Failed()) > 0 {
				t.Fatal(err, report.Failed())
			}
			after, found, err := checkPlan(t.Context(), t.TempDir(), back[0].Text)
			if err != nil || after == nil {
				t.Fatal(err, found)
			}
			if a, b := said(t, before), said(t, after); a != b {
				t.Errorf("the plan is\n%s\nand was\n%s", b, a)
			}
		})
	}
}

func said(t *testing.T, p *plan.Pipeline) string {
	t.Helper()
	text, err := json.MarshalIndent(plan.JSON(p.Root), "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestConfigsThereAndBack imports the configs that Kafka Connect was seen with,
// and exports them: what comes out is what went in, but for what the report
// calls a default, or needless. What cannot be imported is in failures.txt.
func TestConfigsThereAndBack(t *testing.T) {
	var configs map[string]map[string]any // of both files
	for _, file := range []string{"configs.json", "debezium.json"} {
		text, err := os.ReadFile("testdata/reference/" + file)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, &configs); err != nil {
			t.Fatal(err)
		}
	}
	worker := connectjson.File{Name: "worker.properties", Text: []byte("bootstrap.servers=localhost:9092\n" +
		"key.converter=org.apache.kafka.connect.json.JsonConverter\nvalue.converter=org.apache.kafka.connect.json.JsonConverter\n")}
	l := language(t)
	var failures strings.Builder
	for _, name := range slices.Sorted(maps.Keys(configs)) {
		config := configs[name]
		config["name"] = "c"
		body, err := json.Marshal(map[string]any{"name": "c", "config": config})
		if err != nil {
			t.Fatal(err)
		}
		in, bad := connectjson.Read([]connectjson.File{{Name: "c.json", Text: body}, worker})
		if len(bad) > 0 {
			t.Fatal(bad)
		}
		o := options(t)
		specs, report, err := l.Import(t.Context(), in, o)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range silent(in, report) {
			t.Errorf("%s: nothing is said of %s", name, p)
		}
		for _, e := range report.Failed() {
			failures.WriteString(name + ": " + e.Property + ": " + e.Note + "\n")
		}
		if specs != nil {
			thereAndBack(t, l, name, texts(config), specs[0].Text, report)
		}
	}
	golden(t, "testdata/reference/failures.txt", failures.String())
}

func texts(config map[string]any) map[string]string {
	out := map[string]string{}
	for k, v := range config {
		switch v := v.(type) {
		case nil: // as if it were not there
		case string:
			out[k] = v
		default:
			b, _ := json.Marshal(v)
			out[k] = string(b)
		}
	}
	return out
}

// thereAndBack compares a config with what is exported of its spec.
func thereAndBack(t *testing.T, l *connectjson.Language, name string, want map[string]string, spec []byte, report connectjson.Report) {
	t.Helper()
	p, found, err := checkPlan(t.Context(), t.TempDir(), spec)
	if err != nil || p == nil {
		t.Fatal(name, err, found)
	}
	out, _, notes, err := l.Export(p)
	if err != nil || len(out) != 1 || len(notes.Failed()) > 0 {
		t.Fatal(name, err, notes.Failed())
	}
	got := out[0].Config
	for _, e := range report {
		switch {
		case e.Connector == "" && want[e.Property] != "":
		case e.Connector == "":
			delete(got, e.Property) // a converter of the worker is the connector's own now
		case e.Outcome == connectjson.Default || e.Outcome == connectjson.Needless:
			delete(want, e.Property)
		case e.Outcome == connectjson.Decided && want[e.Property] == "":
			delete(got, e.Property)
		}
	}
	want["connector.class"] = got["connector.class"] // an alias has become a class
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: exported is\n%v\nand imported was\n%v", name, got, want)
	}
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if os.Getenv("KCGEN_UPDATE") != "" {
		if err := os.WriteFile(file, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil || string(want) != got {
		t.Errorf("%s is not what is made (%v):\n%s", file, err, got)
	}
}

// FuzzImport imports any properties: no panic, a spec that is CUE, and no
// password in it or in the report.
func FuzzImport(f *testing.F) {
	for _, seed := range []string{
		"connector.class=FileStreamSource\nfile=a\ntopic=b\ntransforms=a,b\ntransforms.a.type=HoistField$Value\ntransforms.a.field=x\npredicates=p\ntransforms.b.type=Filter\ntransforms.b.predicate=p\npredicates.p.type=RecordIsTombstone",
		"connector.class=JdbcSinkConnector\nconnection.url=jdbc:postgresql://u:correcthorse@h/x?ssl=true&password=batterystaple\nvalue.converter=AvroConverter\nvalue.converter.schema.registry.url=http://u:correcthorse@r\nconnection.password=batterystaple",
		"connector.class=JdbcSourceConnector\nconnection.url=jdbc:sqlite:x\ntopic.creation.groups=a\ntopic.creation.a.include=b\ntopic.creation.default.partitions=1\nexactly.once.support=required\nerrors.retry.timeout=9223372036854775807",
		"connector.class=io.debezium.connector.postgresql.PostgresConnector\ndatabase.hostname=h\ndatabase.dbname=d\ndatabase.password=correcthorse\ncolumn.mask.with.8.chars=a\ncolumn.mask.hash.v2.MD5.with.salt.correcthorse=b\nmessage.key.columns=a:b,c;d:e",
	} {
		f.Add(seed)
	}
	l := language(f)
	worker := connectjson.File{Name: "w.properties", Text: []byte("bootstrap.servers=a\nkey.converter=StringConverter\nvalue.converter=StringConverter\n" +
		"security.protocol=SASL_SSL\nsasl.mechanism=PLAIN\nsasl.jaas.config=x required username=\"u\" password=\"correcthorse\";\n")}
	f.Fuzz(func(t *testing.T, text string) {
		in, bad := connectjson.Read([]connectjson.File{{Name: "c.properties", Text: []byte(text)}, worker})
		if len(bad) > 0 {
			return
		}
		specs, report, err := l.Import(t.Context(), in, connectjson.Options{Partial: true})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range silent(in, report) {
			t.Errorf("nothing is said of %s", p)
		}
		var b strings.Builder
		if err := report.Print(&b); err != nil {
			t.Fatal(err)
		}
		for _, s := range specs {
			if _, err := parser.ParseFile("spec.cue", s.Text); err != nil {
				t.Errorf("is no CUE: %v\n%s", err, s.Text)
			}
			b.Write(s.Text)
		}
		if strings.Contains(b.String(), "correcthorse") && !strings.Contains(text, "correcthorse") {
			t.Errorf("shows a password:\n%s", b.String())
		}
	})
}
