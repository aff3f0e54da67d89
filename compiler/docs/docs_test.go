package docs

import (
	"encoding/json"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"kcgen.dev/compiler/check"
	"kcgen.dev/compiler/diag"
	"kcgen.dev/compiler/load"
	"kcgen.dev/compiler/lower"
	"kcgen.dev/compiler/plan"
	"kcgen.dev/compiler/reference"
)

// builtin reads the packages of the repository.
func builtin(t *testing.T) *reference.Library {
	t.Helper()
	lib := &reference.Library{}
	for _, dir := range []string{"schema", "runtime"} {
		if err := lib.Read("kcgen.dev/"+dir, os.DirFS("../../"+dir)); err != nil {
			t.Fatal(err)
		}
	}
	return lib
}

// TestEverythingIsToldOf: each component and each field is on a page, and says
// what it is for.
func TestEverythingIsToldOf(t *testing.T) {
	lib := builtin(t)
	pages := Pages(lib)
	told := map[string]bool{}
	for _, p := range pages {
		sections := map[string]bool{}
		section := ""
		for i, block := range p.Blocks {
			switch block := block.(type) {
			case Heading:
				section = slug(block.Text)
				if section == "" || sections[section] {
					t.Errorf("%s: the section %q is there twice, or has no name", p.Path, block.Text)
				}
				sections[section] = true
			case Table:
				for _, row := range block.Rows {
					told[p.Path+"#"+section+"."+row[0][0].Text] = true
					if last := plain(row[len(row)-1]); len(row) != len(block.Head) || len(strings.TrimSpace(last)) < 3 {
						t.Errorf("%s#%s: %s says %q only", p.Path, section, row[0][0].Text, last)
					}
				}
			case Para:
				if strings.TrimSpace(plain(block)) == "" {
					t.Errorf("%s: block %d is empty", p.Path, i)
				}
			}
		}
	}
	fields := 0
	for _, pkg := range lib.Packages() {
		for _, d := range pkg.Defs {
			for _, f := range d.Fields {
				fields++
				at := pagePath(pkg.Path)
				if pkg.Path == reference.Schema {
					file, _, _ := strings.Cut(path.Base(d.Place), ".")
					at = "schema/" + file
				}
				if !told[at+"#"+slug(d.Name)+"."+f.Name] {
					t.Errorf("%s.%s is not told of on %s", d.CUE(), f.Name, at)
				}
			}
		}
	}
	if fields < 300 {
		t.Errorf("%d fields only", fields)
	}
}

var (
	mdLink   = regexp.MustCompile(`\]\(([^()\s]+)\)`)
	htmlLink = regexp.MustCompile(`(?:href|src)="([^"]*)"`)
	htmlID   = regexp.MustCompile(`id="([^"]*)"`)
	heading  = regexp.MustCompile(`(?m)^#+ (.*)$`)
)

// TestLinks: every link of both forms leads to a file, and a section, that is
// there; nothing is fetched from elsewhere.
func TestLinks(t *testing.T) {
	pages := Pages(builtin(t), &Page{Path: "commands", Title: "Commands", Group: "More"})
	site, err := Site(pages)
	if err != nil {
		t.Fatal(err)
	}
	for _, form := range []struct {
		files       map[string][]byte
		link        *regexp.Regexp
		section     *regexp.Regexp
		sectionName func(string) string
	}{
		{Markdown(pages), mdLink, heading, slug},
		{site, htmlLink, htmlID, func(s string) string { return s }},
	} {
		links := 0
		for name, text := range form.files {
			for _, m := range form.link.FindAllSubmatch(text, -1) {
				links++
				file, section, _ := strings.Cut(string(m[1]), "#")
				target := path.Join(path.Dir(name), file)
				if file == "" {
					target = name
				}
				if form.files[target] == nil {
					t.Errorf("%s links to %s, which is not there", name, m[1])
					continue
				}
				found := section == ""
				for _, s := range form.section.FindAllSubmatch(form.files[target], -1) {
					found = found || form.sectionName(string(s[1])) == section
				}
				if !found {
					t.Errorf("%s links to %s, which has no such section", name, m[1])
				}
			}
		}
		if links < 300 {
			t.Errorf("%d links only", links)
		}
	}
	searchLeads(t, site)
}

// searchLeads follows what search may find.
func searchLeads(t *testing.T, site map[string][]byte) {
	t.Helper()
	text := strings.TrimSuffix(strings.TrimPrefix(string(site["index.js"]), "window.kcgenIndex = "), ";\n")
	var index [][3]string
	if err := json.Unmarshal([]byte(text), &index); err != nil || len(index) < 500 {
		t.Fatalf("%d entries, %v", len(index), err)
	}
	known := map[string]string{}
	for _, e := range index {
		known[e[0]] = e[1]
		file, id, _ := strings.Cut(e[1], "#")
		if id != "" && !strings.Contains(string(site[file]), `id="`+id+`"`) || site[file] == nil {
			t.Errorf("search leads from %s to %s, which is not there", e[0], e[1])
		}
	}
	if at := known["filestream.#Source.batchSize"]; at != "connector/filestream.html#source.batchSize" {
		t.Errorf("a field is at %q", at)
	}
}

// TestExamplesAreGood: the example of each component is part of a spec without
// faults.
func TestExamplesAreGood(t *testing.T) {
	lib := builtin(t)
	for _, d := range lib.Components("") {
		t.Run(d.CUE(), func(t *testing.T) {
			imports, line, ok := strings.Cut(Example(lib, d), "\n\n")
			if !ok {
				t.Fatal(imports)
			}
			spec, bad := specOf(t, d, imports, line)
			if len(bad) > 0 {
				t.Errorf("%s\n%v", spec, bad)
			}
		})
	}
}

// specOf is a spec with a line that has a component, and what is wrong with it.
func specOf(t *testing.T, d *reference.Def, imports, line string) (spec string, bad diag.List) {
	t.Helper()
	const (
		converters = `keyConverter: convert.#String, valueConverter: convert.#String`
		reads      = `connector: filestream.#Source & {topic: "orders"}`
	)
	rest := map[string]string{
		"source":    `sources: orders: {` + converters + `}`,
		"sink":      `sinks: orders: {topics: ["orders"], ` + converters + `}`,
		"converter": `sources: orders: {keyConverter: convert.#String, ` + reads + `}`,
		"transform": `sources: orders: {` + converters + `, ` + reads + `}`,
		"predicate": `sinks: orders: {topics: ["orders"], connector: filestream.#Sink, ` + converters + `}`,
		"tracer":    `sources: orders: {` + converters + `, ` + reads + `}`,
		"database":  `sources: orders: {` + converters + `}`,
	}[d.Role]
	if rest == "" {
		t.Fatalf("of role %q: %s", d.Role, line)
	}
	if d.CUE() == "convert.#SimpleHeader" {
		rest += "\nsources: orders: valueConverter: convert.#String"
	}
	for _, p := range []string{"kcgen.dev/schema", "kcgen.dev/runtime/convert", "kcgen.dev/runtime/connector/filestream"} {
		name := path.Base(p)
		if !strings.Contains(imports, `"`+p+`"`) && strings.Contains(line+rest+"schema.#", name+".#") {
			imports += "\nimport \"" + p + "\""
		}
	}
	spec = "package p\n\n" + imports + "\n\nschema.#Pipeline & {\n\tname: \"p\"\n\tkafka: brokers: [\"k:9092\"]\n" + line + "\n" + rest + "\n}\n"
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "p.cue"), []byte(spec), 0o644); err != nil {
		t.Fatal(err)
	}
	s, bad := load.Load(load.Config{Builtin: os.DirFS("../.."), Dir: dir}, "p.cue")
	if len(bad) == 0 {
		var p *plan.Pipeline
		if p, bad = lower.Pipeline(s); len(bad) == 0 {
			bad = check.Pipeline(p).Faults()
		}
	}
	return spec, bad
}

// TestEscapes: what a comment says is text, in both forms.
func TestEscapes(t *testing.T) {
	lib := &reference.Library{}
	err := lib.Read("example.com/acme/x", fstest.MapFS{"x.cue": {Data: []byte(`package x

// Reads <script>alert(1)</script> | and [a](b), *c*.
//
// A second paragraph names #Part.
#Source: {
	#source: "example.com/acme/x.Source"
	// What | it is (ab.c): <b>.
	part: *"a|` + "`" + `" | #Part
}
#Part: string | error("must be <i>")
`)}})
	if err != nil {
		t.Fatal(err)
	}
	pages := Pages(lib)
	md := string(Markdown(pages)["example.com/acme/x.md"])
	for _, want := range []string{"Reads &lt;script&gt;", `\[a\](b), \*c\*`, "\n\nA second paragraph names `#Part`.", "What \\| it is (`ab.c`)", "`` \"a\\|`\" ``"} {
		if !strings.Contains(md, want) {
			t.Errorf("no %q in\n%s", want, md)
		}
	}
	if !IsMade([]byte(md)) || IsMade([]byte("# Mine\n")) {
		t.Error("a page does not tell who made it")
	}
	site, err := Site(pages)
	if err != nil {
		t.Fatal(err)
	}
	html := string(site["example.com/acme/x.html"])
	if strings.Contains(html, "<b>") || strings.Contains(html, "alert(1)</script>") || !strings.Contains(html, `href="../../style.css"`) {
		t.Error(html)
	}
}
