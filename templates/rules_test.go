package templates_test

import (
	"path/filepath"
	"regexp"
	"testing"

	"kcgen.dev/runtime/servertest"
)

// TestRules: promtool has the rules fire and be silent as testdata says.
func TestRules(t *testing.T) {
	tests := rulesTests(t)
	for _, file := range tests {
		if said, good := servertest.Judge(t, nil, "promtool", "test", "rules", file); !good {
			t.Errorf("%s: %s", file, said)
		}
		wrong := withBug(t, file, [2]string{"severity: critical", "severity: mild"})
		if said, good := servertest.Judge(t, nil, "promtool", "test", "rules", wrong); good {
			t.Errorf("%s with another severity was taken: %s", file, said)
		}
	}
}

func rulesTests(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/*/rules_test.yml")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	return files
}

var (
	alert = regexp.MustCompile(`alert: (\w+)`)
	quiet = regexp.MustCompile(`alertname: (\w+), exp_alerts: \[\]`)
	fires = regexp.MustCompile(`alertname: (\w+)\n +exp_alerts:\n +- exp_labels`)
)

// TestAlertsAreTried: for each alert there is a case in which it fires, and one
// in which it does not.
func TestAlertsAreTried(t *testing.T) {
	tried := map[string]int{}
	for _, file := range rulesTests(t) {
		for kind, form := range []*regexp.Regexp{quiet, fires} {
			for _, m := range form.FindAllStringSubmatch(read(t, file), -1) {
				tried[m[1]] |= 1 << kind
			}
		}
	}
	rules, err := filepath.Glob("testdata/*/want/prometheus/*.yml")
	if err != nil || len(rules) == 0 {
		t.Fatalf("%d files of rules, %v", len(rules), err)
	}
	for _, file := range rules {
		for _, m := range alert.FindAllStringSubmatch(read(t, file), -1) {
			if tried[m[1]] != 3 {
				t.Errorf("%s: %s fires in no test, or is never silent in one (%b)", file, m[1], tried[m[1]])
			}
		}
	}
}
