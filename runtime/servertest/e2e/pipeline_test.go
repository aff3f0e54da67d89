package e2e_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"kcgen.dev/runtime/servertest"
	"kcgen.dev/runtime/servertest/history"
	"kcgen.dev/runtime/servertest/proc"
)

func TestMain(m *testing.M) { servertest.Main(m, removePrograms) }

// binaries is the folder of the compiled programs, built by the first test
// that runs one.
var binaries = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "kcgen-e2e-")
	if err != nil {
		return "", err
	}
	cmd := exec.Command("go", "build", "-trimpath", "-o", dir+string(filepath.Separator), "./programs/...")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return dir, fmt.Errorf("go build: %w\n%s", err, out)
	}
	programsDir = dir
	return dir, nil
})

var programsDir string

func removePrograms() { _ = os.RemoveAll(programsDir) }

// lab is one test's world: a broker, a topic, files, a pipeline's program.
type lab struct {
	t        *testing.T
	broker   *servertest.Broker
	producer *kgo.Client
	admin    *kadm.Client
	program  string
	topic    string
	dlq      string
	in, out  string // files
}

// newLab makes a lab with an empty topic of one partition.
func newLab(t *testing.T, b *servertest.Broker, program string) *lab {
	t.Helper()
	dir := t.TempDir()
	name := servertest.Unique("e2e")
	producer := b.Client(t, kgo.MaxBufferedRecords(100_000))
	l := &lab{t: t, broker: b, producer: producer, admin: kadm.NewClient(producer),
		program: program, topic: name, dlq: name + "-dlq",
		in: filepath.Join(dir, "in.txt"), out: filepath.Join(dir, "out.txt")}
	b.CreateTopic(t, l.topic, 1)
	return l
}

// start runs the pipeline. A test that fails shows the end of its log.
func (l *lab) start(args ...string) *proc.Process { return l.startIn(l.environment(), args...) }

// environment is what the programs refer to.
func (l *lab) environment() map[string]string {
	return map[string]string{"E2E_BROKERS": l.broker.Addr(), "E2E_TOPIC": l.topic, "E2E_DLQ": l.dlq, "E2E_IN": l.in, "E2E_OUT": l.out}
}

// startIn runs the pipeline with these variables.
func (l *lab) startIn(env map[string]string, args ...string) *proc.Process {
	l.t.Helper()
	return l.startCommand(env, l.binary(), args...)
}

// binary is the compiled program.
func (l *lab) binary() string {
	l.t.Helper()
	dir, err := binaries()
	if err != nil {
		l.t.Fatal(err)
	}
	return filepath.Join(dir, l.program)
}

// logPath is the log of all starts.
func (l *lab) logPath() string { return filepath.Join(filepath.Dir(l.in), l.program+".log") }

// startCommand runs a command that becomes the pipeline.
func (l *lab) startCommand(env map[string]string, name string, args ...string) *proc.Process {
	l.t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = os.Environ()
	for k, v := range env {
		cmd.Env = append(cmd.Env, k+"="+v)
	}
	p, err := proc.Start(cmd, l.logPath())
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() {
		p.Kill()
		if l.t.Failed() {
			l.t.Logf("the end of %s's log:\n%s", l.program, p.LogTail(30))
		}
	})
	return p
}

// stopGrace is more than any pipeline here may take to stop.
const stopGrace = 2 * time.Minute

// stop ends a pipeline with SIGTERM; it has to exit with 0.
func (l *lab) stop(p *proc.Process) {
	l.t.Helper()
	if err := p.Stop(stopGrace); err != nil {
		l.t.Fatalf("after SIGTERM: %v, want exit code 0", err)
	}
}

// wait asks again and again until done, and fails the test when the pipeline
// has ended or when our patience has.
func (l *lab) wait(p *proc.Process, what string, done func() bool) {
	l.t.Helper()
	deadline := time.After(servertest.Patience)
	for !done() {
		select {
		case <-p.Done():
			if done() {
				return
			}
			l.t.Fatalf("the pipeline ended (%v) before %s", p.Wait(l.t.Context()), what)
		case <-deadline:
			l.t.Fatalf("waited %v for %s", servertest.Patience, what)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// waitLog waits for a text in the pipeline's log.
func (l *lab) waitLog(p *proc.Process, text string) {
	l.t.Helper()
	l.wait(p, fmt.Sprintf("the log says %q", text), func() bool {
		log, err := p.Log()
		return err == nil && strings.Contains(string(log), text)
	})
}

// startUntil starts the pipeline, and waits until it says a text: those before it
// have written to the same log.
func (l *lab) startUntil(start func(...string) *proc.Process, text string) *proc.Process {
	l.t.Helper()
	said := func() int {
		log, _ := os.ReadFile(l.logPath())
		return strings.Count(string(log), text)
	}
	before := said()
	p := start()
	l.wait(p, fmt.Sprintf("the log says %q", text), func() bool { return said() > before })
	return p
}

// source is the name of the lines that labs write.
const source = "lines"

// lineSize is the length of a line without its newline.
const lineSize = 100

// write appends lines from <= number < to to the input.
func (l *lab) write(from, to int64) {
	l.t.Helper()
	var text []byte
	for i := from; i < to; i++ {
		text = append(history.AppendLine(text, source, i, lineSize), '\n')
	}
	l.writeText(string(text))
}

// writeText appends text to the input as it stands.
func (l *lab) writeText(text string) {
	l.t.Helper()
	f, err := os.OpenFile(l.in, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err == nil {
		_, err = f.WriteString(text)
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		l.t.Error(err) // not Fatal: goroutines write too
	}
}

// checkTopic judges what is committed in the topic: it should hold lines 0 <= number < n.
func (l *lab) checkTopic(n int64) history.Report {
	l.t.Helper()
	c := history.NewChecker(history.Source{Name: source, Lines: n, Topic: l.topic})
	for _, r := range l.records(l.topic, kgo.FetchIsolationLevel(kgo.ReadCommitted())) {
		c.Add(history.Arrival{Topic: r.Topic, Partition: r.Partition, Offset: r.Offset, Line: r.Value})
	}
	return c.Report()
}

// checkOut judges the output file.
func (l *lab) checkOut(n int64) history.Report {
	l.t.Helper()
	f, err := os.Open(l.out)
	if err != nil {
		l.t.Fatal(err)
	}
	defer f.Close()
	c := history.NewChecker(history.Source{Name: source, Lines: n})
	if err := c.AddFile("out.txt", f); err != nil {
		l.t.Fatal(err)
	}
	return c.Report()
}

// inSize and outSize are the sizes of the input and the output file; 0 where
// there is none.
func (l *lab) inSize() int64  { return sizeOf(l.in) }
func (l *lab) outSize() int64 { return sizeOf(l.out) }

func sizeOf(file string) int64 {
	st, err := os.Stat(file)
	if err != nil {
		return 0
	}
	return st.Size()
}

// exact fails the test unless every line arrived once and in order.
func (l *lab) exact(r history.Report) {
	l.t.Helper()
	if !r.Exact() {
		l.t.Errorf("want every line once and in order, got %v", r)
	}
}

// complete fails the test unless every line arrived.
func (l *lab) complete(r history.Report) {
	l.t.Helper()
	if !r.Complete() {
		l.t.Errorf("want every line, got %v", r)
	}
}
