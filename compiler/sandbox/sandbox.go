// Package sandbox evaluates hostile input in a child process with limits. CUE
// has no budget of its own: three lines of it run for hours or take gigabytes.
//
// The child is this same executable, started again. It gets its input and
// gives its answer over pipes; it has limits on time, memory, stack and output,
// and an environment that holds what the go command needs and no more. On
// Linux the kernel holds the memory limit and kills the child with its parent;
// elsewhere a watchdog inside the child does the first.
//
// The files: sandbox.go the parent; child.go the child; os_*.go what the
// operating systems do differently.
package sandbox

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// Limits bound one run. A field that is zero has its default.
type Limits struct {
	// CPU is the processor time that a run may take, all threads together; by
	// default 4.5 s. A busy machine makes a run late, and not worse: this is
	// what an evaluation is judged by.
	CPU time.Duration

	// Wall is how long a run may take, whatever it waits for; by default a
	// minute.
	Wall time.Duration

	// Memory is the most bytes of resident memory; by default 512 MiB.
	Memory int64

	// Output is how many bytes a run may answer; by default 64 MiB.
	Output int64
}

func (l Limits) withDefaults() Limits {
	if l.CPU == 0 {
		l.CPU = 4500 * time.Millisecond
	}
	if l.Wall == 0 {
		l.Wall = time.Minute
	}
	if l.Memory == 0 {
		l.Memory = 512 << 20
	}
	if l.Output == 0 {
		l.Output = 64 << 20
	}
	return l
}

// Func is what a child does with its input.
type Func func(in []byte) ([]byte, error)

// Kind is which limit a run went over.
type Kind string

// The limits.
const (
	Time   Kind = "time" // of the processor
	Wall   Kind = "wall"
	Memory Kind = "memory"
	Depth  Kind = "depth"
	Output Kind = "output"
)

// LimitError says that a run was stopped at a limit. Its text is for the user;
// the caller puts the file's name before it.
type LimitError struct {
	Kind   Kind
	Limits Limits
}

func (e *LimitError) Error() string {
	const look = "; look for comprehensions over large lists, disjunctions of many terms, and values that double"
	switch e.Kind {
	case Time:
		return fmt.Sprintf("the spec took more than %v of processor time to evaluate%s", e.Limits.CPU, look)
	case Wall:
		return fmt.Sprintf("the spec was not evaluated within %v: is the machine overloaded, or does the go command hang", e.Limits.Wall)
	case Memory:
		return fmt.Sprintf("the spec needed more than %d MiB to evaluate%s", e.Limits.Memory>>20, look)
	case Depth:
		return "the spec is nested too deep to evaluate; look for structs or lists within each other"
	}
	return fmt.Sprintf("the spec's plan has more than %d MiB%s", e.Limits.Output>>20, look)
}

// FuncError is what the function itself answered, as text.
type FuncError struct{ Text string }

func (e *FuncError) Error() string { return e.Text }

// Usage is what a run took.
type Usage struct {
	Wall   time.Duration
	CPU    time.Duration
	MaxRSS int64 // bytes; 0 where the operating system does not tell
}

// Run calls the function of that name, as given to Main, in a child process.
// Its errors are *LimitError, *FuncError, the context's, or the system's.
func Run(ctx context.Context, lim Limits, name string, in []byte) ([]byte, error) {
	out, _, err := Measure(ctx, lim, name, in)
	return out, err
}

// Measure is Run that tells what the run took.
func Measure(ctx context.Context, lim Limits, name string, in []byte) ([]byte, Usage, error) {
	lim = lim.withDefaults()
	exe, err := os.Executable()
	if err != nil {
		return nil, Usage{}, fmt.Errorf("sandbox: find this program: %w", err)
	}
	e := start(ctx, lim, exe, childEnv(lim, name), in)
	out, err := judge(ctx, lim, e)
	if err != nil || len(out) == 0 {
		return nil, e.use, cmp.Or(err, errSilent)
	}
	if out[0] != statusGood {
		return nil, e.use, &FuncError{Text: string(out[1:])}
	}
	return out[1:], e.use, nil
}

var errSilent = errors.New("sandbox: evaluate: the child gave no answer; does main call sandbox.Main first?")

// Exec runs another program with limits and returns what it printed. It gets
// the environment's PATH and folders, and no secret. What it complained of is
// in the error where it failed.
func Exec(ctx context.Context, lim Limits, exe string, in []byte) ([]byte, error) {
	lim = lim.withDefaults()
	return judge(ctx, lim, start(ctx, lim, exe, plainEnv(), in))
}

// ended is a run that has ended.
type ended struct {
	stdout *capped
	stderr string
	state  *os.ProcessState
	use    Usage
	late   bool // by the limit on time
	err    error
}

// waitDelay is how long what a child left behind may keep its pipes open. All of
// it is killed with the child at a limit; this is for a child that ended by
// itself, whose last words a busy machine may be slow to read.
const waitDelay = 5 * time.Second

// start runs a program to its end, or to a limit's. The wall limit is from
// here, the child's own start included.
func start(ctx context.Context, lim Limits, exe string, env []string, in []byte) ended {
	// A thread that ends would take the child with it: Linux ties the death
	// signal to the thread that started it.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()

	deadline, cancel := context.WithTimeout(ctx, lim.Wall)
	defer cancel()
	cmd := exec.CommandContext(deadline, exe)
	cmd.Env = env
	cmd.Stdin = bytes.NewReader(in)
	stdout := &capped{left: lim.Output + 1}
	stderr := &capped{left: 64 << 10, quiet: true}
	cmd.Stdout, cmd.Stderr = stdout, stderr
	cmd.WaitDelay = waitDelay
	isolate(cmd)
	began := time.Now()
	err := cmd.Run()
	return ended{stdout, stderr.buf.String(), cmd.ProcessState, usage(cmd.ProcessState, time.Since(began)), deadline.Err() != nil, err}
}

// judge reads a run's end: which limit it met, or what it answered.
func judge(ctx context.Context, lim Limits, e ended) ([]byte, error) {
	limit := func(k Kind) ([]byte, error) { return nil, &LimitError{Kind: k, Limits: lim} }
	exit := func(code int) bool { return e.state != nil && e.state.ExitCode() == code }
	switch {
	case e.stdout.over:
		return limit(Output)
	case exit(exitMemory), outOfMemory(e.stderr):
		return limit(Memory)
	case strings.Contains(e.stderr, "stack overflow") || strings.Contains(e.stderr, "goroutine stack exceeds"):
		return limit(Depth)
	case ctx.Err() != nil:
		return nil, fmt.Errorf("sandbox: evaluate: %w", ctx.Err())
	case exit(exitTime), e.state != nil && killed(e.state) && e.use.CPU >= lim.CPU:
		return limit(Time)
	case e.late, exit(exitWall):
		return limit(Wall)
	case e.err != nil && crashed(e.stderr) && e.use.MaxRSS > lim.Memory/4: // what was asked for is not yet used
		return limit(Memory)
	case e.err != nil:
		return nil, fmt.Errorf("sandbox: evaluate: %w: %s", e.err, firstLine(e.stderr))
	}
	return e.stdout.buf.Bytes(), nil
}

// crashed says whether Go's own runtime fell over, as it does now and then
// where the kernel refuses it memory in an unlucky place.
func crashed(stderr string) bool {
	return strings.Contains(stderr, "SIGSEGV") || strings.Contains(stderr, "fatal error: ")
}

func outOfMemory(stderr string) bool {
	for _, s := range []string{"out of memory", "cannot allocate memory", "failed to reserve", "failed to create new OS thread", "pthread_create failed"} {
		if strings.Contains(stderr, s) {
			return true
		}
	}
	return false
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	return line
}

// inherited are the variables that the go command needs to find packages, and
// no others: a spec that is evaluated sees no secret of the environment.
var inherited = []string{
	"PATH", "HOME", "TMPDIR", "GOPATH", "GOMODCACHE", "GOCACHE", "GOROOT", "GOENV", "GOWORK", "XDG_CACHE_HOME", "XDG_CONFIG_HOME",
	"USERPROFILE", "LOCALAPPDATA", "APPDATA", "SYSTEMROOT", "TEMP", "TMP", "PATHEXT", "COMSPEC", // Windows
	"GOCOVERDIR", // coverage of kcgen's own tests
}

func childEnv(lim Limits, name string) []string {
	job, err := json.Marshal(job{Name: name, CPU: lim.CPU, Wall: lim.Wall, Memory: lim.Memory})
	if err != nil {
		job = nil // strings and numbers always encode
	}
	return append(plainEnv(), jobVariable+"="+string(job), "GOPROXY=off")
}

// plainEnv is the environment without what is not the child's business.
func plainEnv() []string {
	var env []string
	for _, k := range inherited {
		if v, ok := os.LookupEnv(k); ok {
			env = append(env, k+"="+v)
		}
	}
	return env
}

// capped keeps the first bytes that it is given, and notes that more came.
type capped struct {
	buf   bytes.Buffer
	left  int64
	over  bool
	quiet bool // drop the rest instead of failing
}

func (c *capped) Write(p []byte) (int, error) {
	n := min(int64(len(p)), c.left)
	c.buf.Write(p[:n])
	c.left -= n
	if c.left == 0 && !c.quiet {
		c.over = true
		return int(n), io.ErrShortWrite
	}
	return len(p), nil
}
