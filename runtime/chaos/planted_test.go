package chaos_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"kcgen.dev/runtime/servertest/planted"
	"kcgen.dev/runtime/servertest/proc"
)

// bug is one that the judge must find in a program with it, or it is not to be
// trusted about others.
type bug struct {
	planted.Bug
	rule   string        // that it breaks
	only   string        // what is done
	faults int           // how often
	gap    time.Duration // with what rest between, so that tasks are at work
	says   string        // the judge's word
}

var bugs = []bug{
	{plantedIn("offset/store.go", "offsets-before-the-fence", // those that were read when the instance started
		"\tif s.catchUp == nil {\n", "\tif s.catchUp == nil || planted(\"offsets-before-the-fence\") {\n"),
		"fence, then read offsets, then poll", "term", 6, 0, "want every line of the source exact once and in order, got"},
	{plantedIn("worker/transaction.go", "an-id-for-each-start",
		`return kafka.Transaction{ID: e.ID(connector, task), Timeout: e.Timeout}`,
		"id := e.ID(connector, task)\n\tif planted(\"an-id-for-each-start\") {\n\t\tid += fmt.Sprint(time.Now().UnixNano())\n\t}\n\treturn kafka.Transaction{ID: id, Timeout: e.Timeout}"),
		"transactional ids outlive their process", "freeze", 4, 0, "want every line of the source exact once and in order, got"},
	{plantedIn("offset/tracker.go", "offset-passes-open-records",
		"if s.left > 0 || s.failed || s.seq >= horizon {",
		`if (s.left > 0 || s.failed || s.seq >= horizon) && !planted("offset-passes-open-records") {`,
		"func (p *partition) check(horizon uint64) error {\n",
		"func (p *partition) check(horizon uint64) error {\n\tif planted(\"offset-passes-open-records\") {\n\t\treturn nil\n\t}\n"),
		"an offset moves behind acknowledged records alone", "kill", 10, 6 * time.Second, "want every line of the source least, got"},
	{plantedIn("worker/group.go", "commit-before-flush",
		"func (t *sinkTask) flushAndCommit(hard context.Context) error {\n",
		"func (t *sinkTask) flushAndCommit(hard context.Context) error {\n\tif planted(\"commit-before-flush\") {\n\t\t_ = t.commit(hard)\n\t}\n"),
		"durable first, then the offset", "kill", 10, 6 * time.Second, "want every line of the topic least in the sink or in its dead letter queue"},
}

// plantedIn makes a bug of one file, by pairs of old and new texts.
func plantedIn(file, name string, texts ...string) planted.Bug {
	b := planted.Bug{Name: name}
	for pair := range slices.Chunk(texts, 2) {
		b.Edits = append(b.Edits, planted.Edit{File: file, Old: pair[0], New: pair[1]})
	}
	return b
}

// plant writes what a build with the bug needs into a folder.
func plant(dir, name string) (overlay string, err error) {
	i := slices.IndexFunc(bugs, func(b bug) bool { return b.Name == name })
	if i < 0 {
		return "", fmt.Errorf("-plant=%s: there is no such bug", name)
	}
	return planted.Overlay("..", dir, bugs[i].Bug)
}

// A program with a bug does not pass.
func TestPlanted(t *testing.T) {
	if testing.Short() {
		t.Skip("it runs this test's own binary over a real broker")
	}
	n := seed(t)
	for _, b := range bugs[:min(len(bugs), *bugsFlag)] {
		t.Run(b.Name, func(t *testing.T) { b.mustShow(t, n) })
	}
}

// mustShow runs the program with the bug, with a few seeds where one does not
// show it.
func (b bug) mustShow(t *testing.T, seed uint64) {
	t.Helper()
	const tries = 3
	for n := range uint64(tries) {
		begun := time.Now()
		text, err := b.run(t, seed+n)
		switch {
		case err == nil && n < tries-1:
			t.Logf("seed %d does not show it", seed+n)
			continue
		case err == nil:
			t.Errorf("the judge does not see that this is broken: %s\n%s", b.rule, text)
		case !strings.Contains(text, b.says):
			t.Errorf("want the judge to say %q, got %v\n%s", b.says, err, text)
		default:
			t.Logf("%s: found after %v", b.rule, time.Since(begun).Round(time.Second))
		}
		return
	}
}

// run runs TestChaos with a program that has the bug. All that it leaves is gone
// with the test.
func (b bug) run(t *testing.T, seed uint64) (text string, failed error) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cmd := exec.Command(self, "-test.run=^TestChaos$", "-test.v", "-test.timeout=10m",
		fmt.Sprintf("-seed=%d", seed), fmt.Sprintf("-faults=%d", b.faults), "-only="+b.only, "-plant="+b.Name, fmt.Sprintf("-gap=%v", b.gap))
	cmd.Env = append(os.Environ(), "TMPDIR="+dir)
	p, err := proc.Start(cmd, filepath.Join(dir, "output"))
	if err != nil {
		t.Fatal(err)
	}
	failed = p.Wait(t.Context())
	out, err := p.Log()
	if err != nil {
		t.Fatal(err)
	}
	return string(out), failed
}
