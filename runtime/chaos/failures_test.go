package chaos_test

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// failed is what an instance says of a task that is FAILED, in its log.
var failed = regexp.MustCompile(`msg="the task has failed[^"]*" connector=(\S+)`)

// countFailures counts by connector how often a task was FAILED. The program
// starts such a task again by itself (worker.restart), so nothing else would tell.
func countFailures(log []byte, into map[string]int) {
	for line := range bytes.Lines(log) {
		if m := failed.FindSubmatch(line); m != nil {
			into[string(m[1])]++
		}
	}
}

// judgeFailures says how often tasks were FAILED. Beside what is done to the
// cluster that is no fault, but what the program's own restarts have healed must
// be seen.
func (f *field) judgeFailures() {
	f.t.Helper()
	logs, err := filepath.Glob(filepath.Join(f.dir, "instance-*.log"))
	if err != nil || len(logs) == 0 {
		f.t.Fatalf("no logs of instances in %s: %v", f.dir, err)
	}
	count := map[string]int{}
	for _, name := range logs {
		text, err := os.ReadFile(name)
		if err != nil {
			f.t.Fatal(err)
		}
		countFailures(text, count)
	}
	var all []string
	for _, connector := range slices.Sorted(maps.Keys(count)) {
		all = append(all, fmt.Sprintf("%s %d", connector, count[connector]))
	}
	f.t.Logf("tasks that were FAILED, and started again by the program: %s", strings.Join(append(all, "no others"), ", "))
}

func TestCountFailures(t *testing.T) {
	got := map[string]int{}
	countFailures([]byte(`time=x level=ERROR msg="the task has failed; its offsets stand before the failed record. Mend the cause and start again" connector=exact-source task=0 error="x"
time=x level=INFO msg="partitions assigned" connector=exact-sink task=0
time=x level=ERROR msg="the task has failed; its offsets stand" connector=exact-source task=1 error="the task has failed connector=none"
`), got)
	if len(got) != 1 || got["exact-source"] != 2 {
		t.Errorf("%v", got)
	}
}
