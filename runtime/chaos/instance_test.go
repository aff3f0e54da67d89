package chaos_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"kcgen.dev/runtime/servertest"
	"kcgen.dev/runtime/servertest/planted"
	"kcgen.dev/runtime/servertest/proc"
	"kcgen.dev/runtime/servertest/weather"
)

// session is the time-out that programs/chaos has.
const session = 6 * time.Second

// program is the compiled pipeline.
var program = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "kcgen-chaos-")
	if err != nil {
		return "", err
	}
	programDir = dir
	args := []string{"build", "-trimpath", "-o", dir + string(filepath.Separator)}
	if *plantFlag != "" {
		overlay, err := plant(dir, *plantFlag)
		if err != nil {
			return "", err
		}
		args = append(args, "-overlay="+overlay)
	}
	cmd := exec.Command("go", append(args, "./programs/chaos")...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return filepath.Join(dir, "chaos"), nil
})

var programDir string

// instance is a place for one process of the pipeline, over all its lives.
type instance struct {
	n     int
	rest  string // host:port
	proxy *weather.Proxy
	turn  queue

	mu      sync.Mutex
	process *proc.Process // nil: there is none
	exits   []exit
}

// exit is how a process took SIGTERM.
type exit struct {
	after time.Duration
	err   error
}

func (f *field) start(i *instance) {
	cmd := exec.Command(f.program)
	cmd.Env = append(os.Environ(),
		"CHAOS_INSTANCE="+strconv.Itoa(i.n), "CHAOS_BROKERS="+i.proxy.Addr(), "CHAOS_REST="+i.rest,
		"CHAOS_FOLDER="+f.dir, "CHAOS_END="+f.endFile(), "CHAOS_BOUNDARY="+f.boundary,
		"CHAOS_BEGIN="+strconv.FormatInt(f.begun.UnixNano(), 10),
		planted.Env+"="+*plantFlag,
		"CHAOS_RATE="+strconv.Itoa(rate), "CHAOS_SEQUENCES="+strconv.Itoa(sequences))
	p, err := proc.Start(cmd, i.log(f))
	if err != nil {
		f.t.Errorf("start instance %d: %v", i.n, err)
		return
	}
	i.mu.Lock()
	i.process = p
	i.mu.Unlock()
	f.watch(i, p)
	i.awaitServing(p)
}

// awaitServing waits until the program serves, which is the first that it does:
// before, SIGTERM ends it as any program that has not begun.
func (i *instance) awaitServing(p *proc.Process) {
	for begun := time.Now(); time.Since(begun) < servertest.Patience; {
		select {
		case <-p.Done():
			return
		case <-time.After(5 * time.Millisecond):
		}
		if c, err := net.Dial("tcp", i.rest); err == nil {
			c.Close()
			return
		}
	}
}

func (i *instance) log(f *field) string {
	return filepath.Join(f.dir, fmt.Sprintf("instance-%d.log", i.n))
}

// watch notes a process that ends though nobody told it to.
func (f *field) watch(i *instance, p *proc.Process) {
	go func() {
		<-p.Done()
		i.mu.Lock()
		defer i.mu.Unlock()
		if i.process != p {
			return
		}
		i.process = nil
		f.fault("instance %d ended by itself: %v; the end of its log:\n%s", i.n, p.Wait(f.t.Context()), p.LogTail(10))
	}()
}

// take gives the process to who ends it; nil where there is none.
func (i *instance) take() *proc.Process {
	i.mu.Lock()
	defer i.mu.Unlock()
	p := i.process
	i.process = nil
	return p
}

func (i *instance) running() *proc.Process {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.process
}

// term ends the process with SIGTERM and measures it. It exits with 0, or with 1
// where something kept it from a clean stop.
func (i *instance) term(f *field) exit {
	p := i.take()
	if p == nil {
		return exit{}
	}
	begun := time.Now()
	err := p.Stop(30 * time.Second)
	e := exit{time.Since(begun), err}
	var code *exec.ExitError
	i.mu.Lock()
	i.exits = append(i.exits, e)
	i.mu.Unlock()
	f.note("instance %d took %v to stop: %v", i.n, e.after, err)
	if err != nil && (!errors.As(err, &code) || code.ExitCode() != 1) {
		f.fault("instance %d after SIGTERM: %v after %v, want an exit with 0 or 1", i.n, err, e.after)
	}
	return e
}
