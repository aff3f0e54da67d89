package gotype_test

import (
	"bytes"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/build"
	"cuelang.org/go/cue/cuecontext"
	"cuelang.org/go/cue/parser"
	"cuelang.org/go/cue/token"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"kcgen.dev/compiler/gotype"
)

var update = flag.Bool("update", false, "rewrite the goldens")

// packages loads CUE packages by import path from the repository, and one from
// memory.
type packages struct {
	cue  *cue.Context
	root fs.FS
	own  map[string][]byte // files of ownPath
}

const ownPath = "example.com/acme/thing"

func (p *packages) value(t *testing.T, importPath string) cue.Value {
	t.Helper()
	var ctx *build.Context
	var load build.LoadFunc
	insts := map[string]*build.Instance{}
	load = func(_ token.Pos, importPath string) *build.Instance {
		if inst := insts[importPath]; inst != nil || !strings.Contains(importPath, ".") {
			return inst
		}
		inst := ctx.NewInstance(importPath, load)
		inst.ImportPath = importPath
		for name, src := range p.files(t, importPath) {
			f, err := parser.ParseFile(path.Join(importPath, name), src, parser.ParseComments)
			if err == nil {
				err = inst.AddSyntax(f)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := inst.Complete(); err != nil {
			t.Fatal(err)
		}
		insts[importPath] = inst
		return inst
	}
	ctx = build.NewContext(build.Loader(load))
	v := p.cue.BuildInstance(load(token.NoPos, importPath))
	if err := v.Err(); err != nil {
		t.Fatal(err)
	}
	return v
}

func (p *packages) files(t *testing.T, importPath string) map[string][]byte {
	t.Helper()
	if importPath == ownPath {
		return p.own
	}
	files := map[string][]byte{}
	dir := strings.TrimPrefix(importPath, "kcgen.dev/")
	names, err := fs.Glob(p.root, dir+"/*.cue")
	if err != nil || len(names) == 0 {
		t.Fatalf("no package %s: %v", importPath, err)
	}
	for _, name := range names {
		if files[path.Base(name)], err = fs.ReadFile(p.root, name); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// TestForms follows each testdata file from definitions (thing.cue) to the Go
// structs (out/thing_gen.go), the option tables (out/README.md) or what is
// wrong with them (out/diag).
func TestForms(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no testdata", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			ar, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			in := slices.DeleteFunc(slices.Clone(ar.Files), func(f txtar.File) bool { return strings.HasPrefix(f.Name, "out/") })
			p := &packages{cue: cuecontext.New(), root: os.DirFS("../.."), own: map[string][]byte{}}
			for _, f := range in {
				p.own[f.Name] = f.Data
			}
			got := &txtar.Archive{Comment: ar.Comment, Files: append(in, outputs(t, p)...)}
			want, have := txtar.Format(ar), txtar.Format(got)
			if *update {
				if err := os.WriteFile(file, have, 0o644); err != nil {
					t.Fatal(err)
				}
			} else if d := cmp.Diff(string(want), string(have)); d != "" {
				t.Errorf("-want +got (go test -update rewrites):\n%s", d)
			}
		})
	}
}

func outputs(t *testing.T, p *packages) []txtar.File {
	t.Helper()
	defs, bad := gotype.NewTable(nil).Package(p.value(t, ownPath))
	if len(bad) > 0 {
		return []txtar.File{{Name: "out/diag", Data: []byte(bad.Sorted().Error() + "\n")}}
	}
	gen, err := gotype.Generate(defs)
	if err != nil {
		t.Fatal(err)
	}
	var out []txtar.File
	for _, name := range slices.Sorted(maps.Keys(gen)) {
		out = append(out, txtar.File{Name: "out/" + strings.TrimPrefix(name, ownPath+"/"), Data: gen[name]})
	}
	readme := gotype.Readme([]byte("# Thing\n<!-- kcgen types -->\nold\n<!-- /kcgen types -->\nend\n"), defs)
	return append(out, txtar.File{Name: "out/README.md", Data: readme})
}

// TestChecked proves that the checked-in structs are what the generator makes
// of the repository's own definitions. Benchmarks have specs, which define none.
func TestChecked(t *testing.T) {
	root := os.DirFS("../..")
	dirs := map[string]bool{}
	for _, top := range []string{"schema", "runtime"} {
		err := fs.WalkDir(root, top, func(name string, d fs.DirEntry, err error) error {
			if path.Ext(name) == ".cue" && !strings.Contains(name, "testdata/") && !strings.Contains(name, "bench/") {
				dirs[path.Dir(name)] = true
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, dir := range slices.Sorted(maps.Keys(dirs)) {
		p := &packages{cue: cuecontext.New(), root: root}
		defs, bad := gotype.NewTable(nil).Package(p.value(t, "kcgen.dev/"+dir))
		if len(bad) > 0 {
			t.Errorf("%s: %v", dir, bad)
		}
		gen, err := gotype.Generate(defs)
		if err != nil {
			t.Fatal(err)
		}
		if len(gen) == 0 {
			t.Errorf("%s: no Go", dir)
		}
		for name, want := range gen {
			have, err := fs.ReadFile(root, strings.TrimPrefix(name, "kcgen.dev/"))
			if err != nil || !bytes.Equal(have, want) {
				t.Errorf("%s is not what kcgen types makes (%v): run make generate", name, err)
			}
		}
	}
}

func TestGoName(t *testing.T) {
	for cue, want := range map[string]string{
		"tasksMax": "TasksMax", "caFile": "CAFile", "tokenEndpointUrl": "TokenEndpointURL", "clientId": "ClientID",
		"allowWithoutTLS": "AllowWithoutTLS", "id": "ID", "ids": "IDs", "brokerUrls": "BrokerURLs", "utf8": "UTF8",
		"jsonSchemaId": "JSONSchemaID", "httpPort": "HTTPPort", "HTTPPort": "HTTPPort", "idle": "Idle", "on": "On",
		"sqlDialect": "SQLDialect", "ipv4": "Ipv4", "a": "A", "s": "S", "x2y": "X2y", "useTls": "UseTLS",
	} {
		if got := gotype.GoName(cue); got != want {
			t.Errorf("GoName(%q) = %q, want %q", cue, got, want)
		}
	}
}

func TestReadmeWithoutMarks(t *testing.T) {
	for _, readme := range []string{"", "# x\n", "<!-- kcgen types -->\n", "<!-- /kcgen types -->\n"} {
		if got := gotype.Readme([]byte(readme), nil); string(got) != readme || gotype.HasTables([]byte(readme)) {
			t.Errorf("Readme(%q) = %q", readme, got)
		}
	}
}

func ExampleGoName() {
	fmt.Println(gotype.GoName("sslTruststoreLocation"), gotype.GoName("keyId"))
	// Output: SslTruststoreLocation KeyID
}
