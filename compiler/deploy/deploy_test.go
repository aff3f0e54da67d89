package deploy_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"kcgen.dev/compiler"
	"kcgen.dev/compiler/deploy"
	"kcgen.dev/compiler/plan"
	"kcgen.dev/compiler/sandbox"
)

func TestMain(m *testing.M) {
	sandbox.Main(compiler.SandboxFuncs())
	os.Exit(m.Run())
}

// planOf is that of a spec.
func planOf(t testing.TB, spec string) *plan.Pipeline {
	t.Helper()
	p, found, err := compiler.Check(t.Context(), compiler.Config{Builtin: os.DirFS("../..")}, spec)
	if err != nil || p == nil {
		t.Fatalf("%s: %v %v", spec, found, err)
	}
	return p
}

// seen is what templates see of a spec in YAML with a source of files: fields
// of its worker, and its file.
func seen(t *testing.T, worker, file string) (*deploy.Pipeline, error) {
	t.Helper()
	spec := filepath.Join(t.TempDir(), "pipeline.yaml")
	text := fmt.Sprintf(`
name: p
kafka: {brokers: ["b:1"]}
worker: {%s}
sources:
  s:
    connector: {use: filestream.Source, topic: t, %s}
    keyConverter: {use: convert.String}
    valueConverter: {use: convert.String}
`, worker, file)
	if err := os.WriteFile(spec, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return deploy.Of(planOf(t, spec), deploy.Options{Root: filepath.Dir(spec), Version: "v1.0.0"})
}

func TestREST(t *testing.T) {
	for name, test := range map[string]struct {
		worker string
		want   *deploy.REST
		note   string
	}{
		"none":            {"", nil, "worker.rest is not set"},
		"all addresses":   {`rest: {listen: ":80"}`, &deploy.REST{Port: 80}, ""},
		"one address":     {`rest: {listen: "10.0.0.1:80"}`, &deploy.REST{Port: 80}, ""},
		"usual":           {`rest: {}`, nil, `worker.rest.listen is for this machine alone: no probes and no metrics. With ":8083" there are`},
		"IPv6":            {`rest: {listen: "[::1]:80"}`, nil, "this machine alone"},
		"localhost":       {`rest: {listen: "localhost:80"}`, nil, "this machine alone"},
		"any port":        {`rest: {listen: ":0"}`, nil, "any free port"},
		"a variable":      {`rest: {listen: "${env:LISTEN}"}`, &deploy.REST{Port: 8083}, ""},
		"a variable port": {`rest: {listen: "0.0.0.0:${env:PORT}"}`, &deploy.REST{Port: 8083}, ""},
		"a variable host": {`rest: {listen: "${env:HOST}:80"}`, nil, "hangs on the environment"},
		"a file":          {`rest: {listen: "${file:/etc/p.properties:listen}"}`, nil, "hangs on the environment"},
		"TLS and a login": {`rest: {listen: ":80", tls: {certFile: /c/t.crt, keyFile: /c/t.key, clientCAFile: /c/ca.crt}, basicAuth: {a: "${env:A}"}}`, &deploy.REST{Port: 80, TLS: true, ClientCert: true, Users: true}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := seen(t, test.worker, "file: /srv/f")
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(test.want, p.REST); d != "" {
				t.Error(d)
			}
			if notes := strings.Join(p.Notes("kubernetes"), "\n"); test.note == "" && notes != "" || !strings.Contains(notes, test.note) {
				t.Errorf("notes %q, want %q", notes, test.note)
			}
		})
	}
}

// TestNotes: who writes jobs of CI is not told of probes.
func TestNotes(t *testing.T) {
	p, err := seen(t, "", `file: "/a/${env:DIR}/f"`)
	if err != nil {
		t.Fatal(err)
	}
	for names, want := range map[string]int{"github": 0, "dockerfile gitlab": 0, "systemd": 1, "grafana": 1, "github helm": 2} {
		if got := p.Notes(strings.Fields(names)...); len(got) != want {
			t.Errorf("%s: %q, want %d", names, got, want)
		}
	}
}

func TestFiles(t *testing.T) {
	const rest = `rest: {listen: ":80"}`
	for name, test := range map[string]struct {
		file  string
		path  string // of the folder
		value string // of the variable
		note  string
	}{
		"absolute":         {`file: /var/log/f`, "/var/log", "", ""},
		"relative":         {`file: in/f`, "/var/lib/p/in", "", ""},
		"up":               {`file: ../../../../f/g`, "/f", "", ""},
		"a variable":       {`file: "${env:THE_FILE}"`, "/srv/p", "/srv/p/the-file", ""},
		"a folder":         {`file: "${env:DIR}/a/f"`, "/srv/p/a", "/srv/p", ""},
		"a prefix":         {`file: "${env:DIR}.txt"`, "/srv/p", "/srv/p/dir", ""},
		"in the middle":    {`file: "/a/${env:DIR}/f"`, "", "", "sources.s.connector.file: which file it is hangs on the environment"},
		"the root":         {`file: /f`, "", "", "/f is the root folder, or in it"},
		"words of Helm":    {`file: "/{{ .Values }}/f"`, "", "", "{{ in its name"},
		"the standard one": {`batchSize: 1`, "", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := seen(t, rest, test.file)
			if err != nil {
				t.Fatal(err)
			}
			var path, value string
			for _, d := range p.Data {
				path += d.Path
			}
			for _, v := range p.Variables {
				value += v.Value
			}
			if path != test.path || value != test.value {
				t.Errorf("folder %q and variable %q, want %q and %q", path, value, test.path, test.value)
			}
			if notes := strings.Join(p.Notes("kubernetes"), "\n"); test.note == "" && notes != "" || !strings.Contains(notes, test.note) {
				t.Errorf("notes %q, want %q", notes, test.note)
			}
		})
	}
}

// TestMountable: a volume hides nothing that the program needs.
func TestMountable(t *testing.T) {
	p, err := seen(t, "", "file: /data/in/f")
	if err != nil {
		t.Fatal(err)
	}
	for dir, want := range map[string]bool{
		"/run/secrets": true, "/etc/kafka": true, "/etc/sslx": true,
		"/etc": false, "/etc/ssl": false, "/etc/ssl/certs": false, "/usr/local": false, "/var/lib/p": false, "/data/in": false,
	} {
		if got := p.Mountable(&deploy.Folder{Path: dir}); got != want {
			t.Errorf("%s: %t, want %t", dir, got, want)
		}
	}
}

// TestTemporary: two things cannot be at /tmp.
func TestTemporary(t *testing.T) {
	for _, file := range []string{"/srv/f", "/tmp/f"} {
		p, err := seen(t, "", "file: "+file)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"kubernetes", "helm"} {
			for _, f := range fill(t, name, p) {
				n := strings.Count(f.Text, "mountPath: /tmp") + strings.Count(f.Text, `mountPath: "/tmp"`)
				if strings.HasSuffix(f.Name, "deployment.yaml") && n != 1 {
					t.Errorf("%s: %s mounts /tmp %d times", file, f.Name, n)
				}
			}
		}
	}
}

func fill(t *testing.T, name string, p *deploy.Pipeline) []deploy.File {
	t.Helper()
	files, err := deploy.Fill(name, p)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestMemory(t *testing.T) {
	for worker, want := range map[string]int{
		``: 264,
		`producer: {maxRequestSize: 64MiB}, consumer: {maxPartitionFetchBytes: 64MiB}`: 392,
		`consumer: {fetchMaxBytes: 10MiB}`:                                             324,
	} {
		p, err := seen(t, worker, "file: /srv/f")
		if err != nil || p.Memory != want {
			t.Errorf("worker: {%s}: %d MiB, want %d (%v)", worker, p.Memory, want, err)
		}
	}
}

// A spec with modules of its own has them fetched, from wherever their go.mod
// is; one that is out of reach is told.
func TestModules(t *testing.T) {
	p, err := seen(t, "", "file: /srv/f")
	if err != nil {
		t.Fatal(err)
	}
	p.Modules, p.GoMod = true, "sub dir"
	for _, name := range []string{"dockerfile", "github", "gitlab"} {
		files := fill(t, name, p)
		if !strings.Contains(files[0].Text+files[len(files)-1].Text, "go -C 'sub dir' mod download") {
			t.Errorf("%s: %v", name, files)
		}
	}
	p.GoMod = "../elsewhere"
	want := "deploy: the spec's go.mod is in ../elsewhere, outside the folder that is built from; give -o a folder above it"
	if _, err := deploy.Fill("dockerfile", p); err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	if _, err := deploy.Fill("kubernetes", p); err != nil {
		t.Error(err)
	}
}

// A variable that no environment can have is told. Specs cannot name one; a
// file of variables would take the rest of it for another.
func TestImpossibleVariable(t *testing.T) {
	p := planOf(t, "../../templates/testdata/plain/pipeline.cue")
	p.Root.Structs("sources")[0].Struct("connector").Lit("file").Str = "${env:A\nB=C}"
	_, err := deploy.Of(p, deploy.Options{Root: "."})
	if want := `deploy: sources.lines.connector.file: no variable of an environment can be called "A\nB=C"`; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

// FuzzFill: whatever a spec's comments, files and keys are, each file is one of
// its kind, and says what the spec says.
func FuzzFill(f *testing.F) {
	f.Add("A comment. More", "/a b/c\n#d: '{{x}}", "key: \"#{{")
	f.Add("\x00\u0085\u2028{{ .Values }}\\", "%h/$x`y", "${{ github.token }}")
	f.Add("*/ -->", "${env:X}/a:b", "\x7f\xff")
	var encoded bytes.Buffer
	if err := plan.Encode(&encoded, planOf(f, "../../templates/testdata/full/pipeline.cue")); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, doc, file, key string) {
		p, err := plan.Decode(bytes.NewReader(encoded.Bytes()))
		if err != nil {
			t.Fatal(err)
		}
		p.Doc = []string{doc}
		connector := p.Root.Structs("sources")[0].Struct("connector")
		connector.Lit("file").Str = file
		p.Root.Struct("worker").Struct("rest").Get("basicAuth").Value.(*plan.Map).Keys[0] = key
		seen, err := deploy.Of(p, deploy.Options{Root: "../../templates/testdata/full", Version: "v1.0.0"})
		if err != nil {
			return // told
		}
		for _, name := range deploy.Names() {
			for _, f := range fill(t, name, seen) {
				wellFormed(t, f)
			}
		}
	})
}

// wellFormed reads a file as its kind. A chart's are no YAML yet: their braces
// are counted instead.
func wellFormed(t *testing.T, f deploy.File) {
	t.Helper()
	var err error
	switch ext := filepath.Ext(f.Name); {
	case strings.Contains(f.Name, "helm/") && strings.Contains(f.Name, "/templates/"):
		if strings.Count(f.Text, "{{") != chartBraces[filepath.Base(f.Name)] {
			err = fmt.Errorf("%d {{", strings.Count(f.Text, "{{"))
		}
	case ext == ".yaml", ext == ".yml":
		var v map[string]any
		err = yaml.Unmarshal([]byte(f.Text), &v)
	case ext == ".json":
		var v map[string]any
		err = json.Unmarshal([]byte(f.Text), &v)
	case ext == ".service":
		err = unitLines(f.Text)
	}
	if err != nil {
		t.Errorf("%s: %v\n%s", f.Name, err, f.Text)
	}
}

// chartBraces are how many words of Helm the templates themselves have.
var chartBraces = map[string]int{"statefulset.yaml": 8, "podmonitor.yaml": 2, "configmap.yaml": 4, "service.yaml": 0, "prometheusrule.yaml": 3}

// unitLines refuses what systemd would read as another option.
func unitLines(text string) error {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		option, _, is := strings.Cut(line, "=")
		if line == "" || line[0] == '#' || line[0] == '[' {
			continue
		}
		if !is || strings.ContainsAny(option, " \t") || strings.HasSuffix(line, `\`) {
			return fmt.Errorf("the line %q", line)
		}
	}
	return nil
}
