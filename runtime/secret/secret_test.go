package secret

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"text/template"

	"github.com/google/go-cmp/cmp"
)

const canary = "hunter2-canary"

type holder struct {
	hidden Secret
	Shown  Secret
}

// Whatever prints a secret, it does not show.
func TestSecretIsNeverShown(t *testing.T) {
	t.Setenv("KCGEN_SECRET", canary)
	h := holder{Shown: Ref("${env:KCGEN_SECRET}")}
	if err := Resolve(&h); err != nil {
		t.Fatal(err)
	}
	h.hidden = h.Shown
	if h.Shown.Reveal() != canary {
		t.Fatalf("revealed %q", h.Shown.Reveal())
	}
	var out bytes.Buffer
	for _, v := range []any{h, &h, h.Shown, &h.Shown, []Secret{h.Shown}, map[string]Secret{"x": h.Shown}, Ref(canary), holder{Shown: Ref(canary)}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%t", "%T"} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
		j, err := json.Marshal(v)
		out.Write(j)
		fmt.Fprint(&out, err)
		slog.New(slog.NewTextHandler(&out, nil)).Info("x", "v", v)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "v", v)
		if err := template.Must(template.New("").Parse("{{.}}")).Execute(&out, v); err != nil {
			t.Fatal(err)
		}
	}
	for _, bad := range []string{canary, fmt.Sprintf("%x", canary), fmt.Sprintf("%X", canary)} {
		if strings.Contains(out.String(), bad) {
			i := strings.Index(out.String(), bad)
			t.Errorf("shown: …%s", out.String()[max(0, i-60):i+len(bad)])
		}
	}
	if !strings.Contains(out.String(), "${env:KCGEN_SECRET}") {
		t.Error("the reference is not shown either")
	}
}

type inner struct {
	File  string            `json:"file"`
	Map   map[string]string `json:"map"`
	Pass  Secret            `json:"pass"`
	N     int               `json:"n"`
	plain string
}

type named struct {
	Name      string   `json:"name"`
	Connector any      `json:"connector"`
	List      []string `json:"list"`
	Steps     []step   `json:"transforms"`
	Opt       *inner   `json:"opt"`
}

type step struct {
	Do any `json:"do"`
}

type pipeline struct {
	Sources []named `json:"sources"`
}

func TestResolve(t *testing.T) {
	dir := t.TempDir()
	props := filepath.Join(dir, "app.properties")
	write(t, props, "# comment\nuser=alice\ndb.url: jdbc\\:x\\\n   /y\nempty\n")
	write(t, filepath.Join(dir, "token"), "t0ken\n")
	t.Setenv("A", "1")
	t.Setenv("EMPTY", "")
	t.Setenv("NESTED", "${env:A}")
	shared := inner{File: "x${env:A}y${env:A}", Map: map[string]string{"k": "${file:" + props + ":user}"}, Pass: Ref("${dir:" + dir + ":token}"), plain: "${env:UNSET}"}
	p := pipeline{Sources: []named{{
		Name: "src", Connector: shared, Opt: &shared,
		List:  []string{"${file:" + props + ":db.url}", "x${env:EMPTY}", "${env:NESTED}", "${topic}-${timestamp}", "$${x}", "${"},
		Steps: []step{{Do: &inner{File: "${env:A}"}}},
	}}}
	before := p.Sources[0]
	if err := Resolve(&p); err != nil {
		t.Fatal(err)
	}
	s := p.Sources[0]
	got := s.Connector.(inner)
	if got.File != "x1y1" || got.Map["k"] != "alice" || got.Pass.Reveal() != "t0ken\n" || s.Opt.File != "x1y1" || s.Steps[0].Do.(*inner).File != "1" {
		t.Errorf("resolved %+v", got)
	}
	if diff := cmp.Diff([]string{"jdbc:x/y", "x", "${env:A}", "${topic}-${timestamp}", "$${x}", "${"}, s.List); diff != "" {
		t.Error(diff)
	}
	if before.Opt.File != "x${env:A}y${env:A}" || before.Connector.(inner).Map["k"] == "alice" || before.List[1] != "x${env:EMPTY}" {
		t.Error("the original was changed")
	}
}

func TestResolveNamesEveryFault(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("EMPTY", "")
	props := filepath.Join(dir, "p")
	write(t, props, "a=1\n")
	write(t, filepath.Join(dir, "bad"), `a=\u12`)
	if err := os.Symlink("/etc/passwd", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	p := pipeline{Sources: []named{{
		Name:      "local-file-source",
		Connector: inner{File: "${env:LOG_FILE_UNSET}", Pass: Ref(canary), Map: map[string]string{"k": "${vault:x:y}"}},
		List: []string{"${env:A${env:B}}", "${env:X", "${file:" + props + ":nokey}", "${file:/nowhere/p:k}", "${dir:" + dir + ":nofile}", "${dir:" + dir + ":link}",
			"${dir:" + dir + ":../p}", "${file:x}", "${env:}", "${file:" + filepath.Join(dir, "bad") + ":a}", "${env:ONE_UNSET}${env:TWO_UNSET}", "${env:EMPTY}"},
		Steps: []step{{}, {Do: inner{File: "${env:STEP_UNSET}"}}},
	}}}
	err := Resolve(&p)
	if err == nil {
		t.Fatal("no error")
	}
	got := strings.Split(strings.ReplaceAll(err.Error(), dir, "DIR"), "\n")
	want := []string{
		"sources.local-file-source.connector.file: environment variable LOG_FILE_UNSET is not set",
		"sources.local-file-source.connector.map.k: unknown reference ${vault:x:y}; there are ${env:NAME}, ${file:PATH:KEY} and ${dir:PATH:FILE}",
		"sources.local-file-source.connector.pass: a secret must be exactly one reference: ${env:NAME}, ${file:PATH:KEY} or ${dir:PATH:FILE}",
		"sources.local-file-source.list[0]: a reference inside the reference ${env:A${env:B}: references do not nest",
		"sources.local-file-source.list[1]: the reference ${env:X has no closing brace",
		"sources.local-file-source.list[2]: key nokey is not in the properties file DIR/p",
		"sources.local-file-source.list[3]: cannot read the properties file: open /nowhere/p: no such file or directory",
		"sources.local-file-source.list[4]: file nofile is not in the directory DIR",
		"sources.local-file-source.list[5]: cannot read file link of the directory DIR: openat link: path escapes from parent",
		"sources.local-file-source.list[6]: cannot read file ../p of the directory DIR: openat ../p: path escapes from parent",
		"sources.local-file-source.list[7]: ${file:x} must be ${file:PATH:KEY}",
		"sources.local-file-source.list[8]: ${env:} names no variable",
		`sources.local-file-source.list[9]: the properties file DIR/bad: malformed \uXXXX escape`,
		"sources.local-file-source.list[10]: environment variable ONE_UNSET is not set",
		"sources.local-file-source.list[10]: environment variable TWO_UNSET is not set",
		"sources.local-file-source.list[11]: ${env:EMPTY} is empty, as if the field were left out; give it a value",
		"sources.local-file-source.transforms[1].do.file: environment variable STEP_UNSET is not set",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if strings.Contains(err.Error(), canary) {
		t.Error("a fault shows a value")
	}
}

func TestResolveNeedsAPointerAndEnds(t *testing.T) {
	if Resolve(pipeline{}) == nil || Resolve(nil) == nil {
		t.Error("no error")
	}
	type loop struct{ Next any }
	l := &loop{}
	l.Next = l
	if err := Resolve(&l); err == nil || !strings.Contains(err.Error(), "nested too deeply") {
		t.Errorf("error %v", err)
	}
}

func TestProperties(t *testing.T) {
	for text, want := range map[string]map[string]string{
		"":                               {},
		"a=1":                            {"a": "1"},
		"a = 1 \r\nb:2\nc 3\rd\n":        {"a": "1 ", "b": "2", "c": "3", "d": ""},
		"  # no\n!no\n\n \t\na=#1":       {"a": "#1"},
		"a\\ b\\=c=x\\ty":                {"a b=c": "x\ty"},
		"a=1\\\n  2\\\n\t3\nb=x\\\\\nc=": {"a": "123", "b": `x\`, "c": ""},
		`a=\u00e9\uD83D\uDE00\q\`:        {"a": "é😀q"},
		"a==b\na2 : = c":                 {"a": "=b", "a2": "= c"},
		"a=1\na=2":                       {"a": "2"},
	} {
		got, err := parseProperties(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	}
}

func FuzzExpand(f *testing.F) {
	for _, s := range []string{"${env:A}", "${", "${env:A${env:B}}", "x${file:a:b}y", "${dir:a:b", "$${:}"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r := reader{env: func(n string) (string, bool) { return "<" + n + ">", true }, files: map[string]map[string]string{}}
		if strings.Contains(s, "${file:") || strings.Contains(s, "${dir:") {
			return
		}
		got, faults := r.expand(s)
		if !strings.Contains(s, "${env:") && faults == nil && got != s {
			t.Errorf("%q became %q", s, got)
		}
	})
}

func FuzzProperties(f *testing.F) {
	f.Add("a=1\\\n2")
	f.Add(`\u`)
	f.Fuzz(func(_ *testing.T, s string) { _, _ = parseProperties(s) })
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
