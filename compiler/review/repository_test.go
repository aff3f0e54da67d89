package review_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"kcgen.dev/compiler/check"
	"kcgen.dev/compiler/lint"
	"kcgen.dev/compiler/lower/lowertest"
	"kcgen.dev/compiler/plan"
	"kcgen.dev/compiler/review"
)

// repository is a folder of specs, as text by name, with the plans of texts.
type repository struct {
	files map[string]string
	plans map[[2]string]*plan.Pipeline // by name and text
}

// TestRepository: each change in testdata/changes.txtar of the ten specs in
// testdata/repository has the consequences that stand with it, and no others.
func TestRepository(t *testing.T) {
	r := repository{files: map[string]string{}, plans: map[[2]string]*plan.Pipeline{}}
	entries, err := os.ReadDir("testdata/repository")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join("testdata/repository", e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		r.files[e.Name()] = string(b)
	}
	before := r.side(t, r.files)
	if found := lint.Across(before.Plans); len(before.Plans) != 10 || len(found) > 0 {
		t.Fatalf("%d specs; %v", len(before.Plans), found)
	}
	archive, err := txtar.ParseFile("testdata/changes.txtar")
	if err != nil {
		t.Fatal(err)
	}
	if n := len(archive.Files); n < 40 {
		t.Errorf("%d changes", n)
	}
	seen := map[string]int{}
	for _, f := range archive.Files {
		t.Run(f.Name, func(t *testing.T) {
			files, want := r.changed(t, string(f.Data))
			got := answer(review.Compare(before, r.side(t, files)))
			if got != want {
				t.Errorf("got\n%swant\n%s", got, want)
			}
			for _, k := range review.Kinds() {
				if strings.Contains(want, ": "+k+" ") || want == "" && k == "none" {
					seen[k]++
				}
			}
		})
	}
	for _, k := range review.Kinds() {
		// What only programs know is in cmd/kcgen/testdata/script/repository.txtar.
		if k != "size" && k != "rights" && seen[k] < 2 {
			t.Errorf("%q comes %d times", k, seen[k])
		}
	}
}

// answer is what a report says, a line each.
func answer(r *review.Report) string {
	var out strings.Builder
	for _, p := range r.Pipelines {
		for _, c := range p.Changes {
			fmt.Fprintf(&out, "%s: %s %s\n", p.Name, c.Kind, c.Path)
		}
	}
	return out.String()
}

// side has the plans of files; what has not changed is not evaluated again.
func (r repository) side(t *testing.T, files map[string]string) review.Side {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	specs, err := review.Specs(dir, "")
	if err != nil {
		t.Fatal(err)
	}
	if len(specs) != len(files) {
		t.Fatalf("%d of %d files are specs: %v", len(specs), len(files), specs)
	}
	var s review.Side
	for _, spec := range specs {
		key := [2]string{spec, files[spec]}
		if r.plans[key] == nil {
			r.plans[key] = vetted(t, dir, spec)
		}
		s.Plans = append(s.Plans, r.plans[key])
	}
	return s
}

// vetted is the plan of a spec in which there is no fault.
func vetted(t *testing.T, dir, spec string) *plan.Pipeline {
	t.Helper()
	p := lowertest.Plan(t, dir, spec)
	if bad := check.Pipeline(p); len(bad) > 0 {
		t.Fatalf("%v", bad)
	}
	return p
}

// changed are the files after a change, and the answer that it is to have. The
// archive's comment says how it is written.
func (r repository) changed(t *testing.T, change string) (files map[string]string, want string) {
	t.Helper()
	files = maps.Clone(r.files)
	var file, old, now string
	edit := func() {
		switch {
		case old == "" && now == "":
		case old == "" && files[file] == "":
			files[file] = now
		case strings.Count(files[file], old) != 1:
			t.Fatalf("%s has %d times\n%s", file, strings.Count(files[file], old), old)
		default:
			files[file] = strings.Replace(files[file], old, now, 1)
		}
		old, now = "", ""
	}
	for line := range strings.Lines(change) {
		switch mark, text := line[0], line[1:]; mark {
		case '-':
			if now != "" {
				edit()
			}
			old += text
		case '+':
			now += text
		case '=':
			want += strings.TrimPrefix(text, " ")
		case '!':
			delete(files, strings.TrimSpace(text))
		case '>':
			names := strings.Fields(text)
			files[names[1]] = files[names[0]]
			delete(files, names[0])
		default:
			edit()
			file = strings.TrimSpace(line)
		}
	}
	edit()
	return files, want
}
