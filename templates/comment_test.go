package templates_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"go.yaml.in/yaml/v3"
)

// TestComment: the workflow's comment is written once, and is another text
// then. GitHub's own program is a script here that notes how it was called.
func TestComment(t *testing.T) {
	script := commentScript(t, "testdata/full/want/.github/workflows/orders-us.yml")
	for name, test := range map[string]struct{ there, want string }{
		"the first": {"", "pr comment 7 --body-file comment.md\n"},
		"another":   {"42\n43\n", "api --silent --method PATCH repos/shop/orders/issues/comments/42 --field body=@comment.md\n"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, filepath.Join(dir, "gh"), "#!/bin/sh\ncase \"$*\" in *--jq*) cat there; exit;; esac\necho \"$@\" >> calls\n")
			write(t, filepath.Join(dir, "there"), test.there)
			write(t, filepath.Join(dir, "diff.md"), "a restart\n")
			cmd := exec.Command("bash", "-e", "-c", script)
			cmd.Dir = dir
			cmd.Env = append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"), "GITHUB_REPOSITORY=shop/orders", "PULL_REQUEST=7")
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			if got := read(t, filepath.Join(dir, "calls")); got != test.want {
				t.Errorf("calls\n%swant\n%s", got, test.want)
			}
			if got, want := read(t, filepath.Join(dir, "comment.md")), "<!-- kcgen: orders-us -->\na restart\n"; got != want {
				t.Errorf("the comment is %q, want %q", got, want)
			}
		})
	}
}

// commentScript is what the last step of the job diff runs.
func commentScript(t *testing.T, file string) string {
	t.Helper()
	var workflow struct {
		Jobs map[string]struct {
			Steps []struct{ Run string }
		}
	}
	if err := yaml.Unmarshal([]byte(read(t, file)), &workflow); err != nil {
		t.Fatal(err)
	}
	steps := workflow.Jobs["diff"].Steps
	if len(steps) == 0 || steps[len(steps)-1].Run == "" {
		t.Fatalf("%s: the job diff has %d steps", file, len(steps))
	}
	return steps[len(steps)-1].Run
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
}
