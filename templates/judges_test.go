package templates_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"kcgen.dev/runtime/servertest"
)

// A judge says of one kind of file what is wrong with it.
type judge struct {
	files string // below testdata/<spec>/want
	judge func(t *testing.T, file string) (said string, content bool)
	// bug is a mistake, put into each file, that the judge has to find.
	bug [2]string
}

// TestJudges: each file is one that the program it is made for takes, and that
// program finds a mistake.
func TestJudges(t *testing.T) {
	for name, j := range map[string]judge{
		"hadolint":   {"Dockerfile", hadolint, [2]string{"\nWORKDIR /src", "\nWORKDIR src"}},
		"compose":    {"compose.yaml", schemaOf("compose-spec"), [2]string{"stop_grace_period", "stop_grace"}},
		"gitlab":     {".gitlab-ci.yml", schemaOf("gitlab-ci", "--data-transform", "gitlab-ci"), [2]string{"script:", "scripts:"}},
		"github":     {".github/workflows/*.yml", schemaOf("github-workflows"), [2]string{"runs-on", "runs_on"}},
		"actionlint": {".github/workflows/*.yml", actionlint, [2]string{"github.event.pull_request.base.sha", "github.evnt.pull_request.base.sha"}},
		"shellcheck": {".github/workflows/*.yml", actionlint, [2]string{`cat diff.md >> "$GITHUB_STEP_SUMMARY"`, `cat diff.md >> $GITHUB_STEP_SUMMARY`}},
		"systemd":    {"systemd/*.service", systemd, [2]string{"ProtectSystem=strict", "ProtectSystems=strict"}},
		"kustomize":  {"kubernetes/*/kustomization.yaml", kubernetes, [2]string{"- name:", "- nam:"}},
		"pod":        {"kubernetes/*/[ds]*t.yaml", kubernetes, [2]string{"runAsNonRoot", "runAsNoRoot"}},
		"helm":       {"helm/*/Chart.yaml", helm, [2]string{"apiVersion: v2", "apiVersion: v9"}},
		"values":     {"helm/*/values.yaml", helm, [2]string{"limits: {", "limit: {"}},
		"rules":      {"kubernetes/*/prometheusrule.yaml", kubernetes, [2]string{"  for: ", "  four: "}},
		"chart":      {"helm/*/rules.yml", helm, [2]string{"annotations:", "annotation:"}},
		"monitor":    {"kubernetes/*/podmonitor.yaml", kubernetes, [2]string{"podMetricsEndpoints", "podMetricEndpoints"}},
		"promtool": {"prometheus/*.yml", func(t *testing.T, file string) (string, bool) {
			return servertest.Judge(t, nil, "promtool", "check", "rules", "--lint-fatal", file)
		}, [2]string{"rate(", "rat("}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files, err := filepath.Glob(filepath.Join("testdata", "*", "want", j.files))
			if err != nil || len(files) == 0 {
				t.Fatalf("%d files, %v", len(files), err)
			}
			for _, file := range files {
				if said, content := j.judge(t, file); !content {
					t.Errorf("%s: %s", file, said)
				}
				if said, content := j.judge(t, withBug(t, file, j.bug)); content {
					t.Errorf("%s with %q was taken: %s", file, j.bug[1], said)
				}
			}
		})
	}
}

// withBug is a file with a mistake in it, among copies of those beside it.
func withBug(t *testing.T, file string, bug [2]string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Dir(file))); err != nil {
		t.Fatal(err)
	}
	text := read(t, file)
	if !strings.Contains(text, bug[0]) {
		t.Fatalf("%s has no %q", file, bug[0])
	}
	copied := filepath.Join(dir, filepath.Base(file))
	if err := os.WriteFile(copied, []byte(strings.ReplaceAll(text, bug[0], bug[1])), 0o644); err != nil {
		t.Fatal(err)
	}
	return copied
}

func read(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func hadolint(t *testing.T, file string) (string, bool) {
	return servertest.Judge(t, nil, "hadolint", file)
}

// actionlint looks at a workflow, and has shellcheck look at what it runs.
func actionlint(t *testing.T, file string) (string, bool) {
	python, err := servertest.InstallPythonJudges(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return servertest.Judge(t, nil, "actionlint", "-shellcheck="+filepath.Join(python, "bin", "shellcheck"), "-pyflakes=", file)
}

// schemaOf holds files against a JSON Schema that check-jsonschema carries.
func schemaOf(name string, more ...string) func(t *testing.T, file string) (string, bool) {
	return func(t *testing.T, file string) (string, bool) {
		return servertest.Judge(t, nil, "check-jsonschema", append(append(more, "--builtin-schema", "vendor."+name), file)...)
	}
}

// exposed is systemd's figure of how much a unit may do: 10 is all.
var exposed = regexp.MustCompile(`Overall exposure level for \S+: ([0-1]\.\d)`)

// systemd has a unit verified, and its figure below 2. What it starts has to be
// there.
func systemd(t *testing.T, file string) (string, bool) {
	program := regexp.MustCompile(`/usr/local/bin/\S+ `)
	unit := filepath.Join(t.TempDir(), filepath.Base(file))
	if err := os.WriteFile(unit, []byte(program.ReplaceAllString(read(t, file), "/bin/true ")), 0o644); err != nil {
		t.Fatal(err)
	}
	said, content := servertest.Judge(t, nil, "systemd-analyze", "verify", unit)
	if !content || strings.Contains(said, filepath.Base(file)) { // it warns without failing
		return said, false
	}
	said, content = servertest.Judge(t, nil, "systemd-analyze", "security", "--offline=true", unit)
	return said, content && exposed.MatchString(said)
}

// kubernetes builds the folder of a manifest by Kustomize, and holds what comes
// out against Kubernetes' schemas.
func kubernetes(t *testing.T, file string) (string, bool) {
	built, content := servertest.Judge(t, nil, "kustomize", "build", filepath.Dir(file))
	if !content {
		return built, false
	}
	return kubeconform(t, built)
}

// helm fills in the chart beside a file, and holds what comes out against
// Kubernetes' schemas.
func helm(t *testing.T, file string) (string, bool) {
	said, content := servertest.Judge(t, nil, "helm", "lint", "--strict", filepath.Dir(file))
	if !content {
		return said, false
	}
	manifests, content := servertest.Judge(t, nil, "helm", "template", filepath.Dir(file))
	if !content {
		return manifests, false
	}
	return kubeconform(t, manifests)
}

func kubeconform(t *testing.T, manifests string) (string, bool) {
	schemas, err := servertest.InstallKubernetesSchemas(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return servertest.Judge(t, strings.NewReader(manifests), "kubeconform", "-strict", "-summary",
		"-schema-location", filepath.Join(schemas, "{{ .ResourceKind }}{{ .KindSuffix }}.json"))
}
