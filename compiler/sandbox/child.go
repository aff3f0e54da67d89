package sandbox

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// jobVariable tells a child that it is one, and what to do.
const jobVariable = "KCGEN_SANDBOX_JOB"

// How a child ends by itself at a limit.
const (
	exitMemory = 97
	exitTime   = 98
	exitJob    = 99
	exitWall   = 100
)

// The first byte of an answer.
const (
	statusGood byte = 0
	statusBad  byte = 1
)

// maxStack is how deep Go may recurse in a child: deep enough for CUE's own
// limit of nesting.
const maxStack = 128 << 20

type job struct {
	Name   string
	CPU    time.Duration
	Wall   time.Duration
	Memory int64
}

// Main runs a function and exits, where this process is a sandbox's child;
// otherwise it returns at once. It is the first call of main and of TestMain.
func Main(funcs map[string]Func) {
	text, ok := os.LookupEnv(jobVariable)
	if !ok {
		return
	}
	var j job
	if err := json.Unmarshal([]byte(text), &j); err != nil {
		fmt.Fprintln(os.Stderr, "sandbox: read the job:", err)
		os.Exit(exitJob)
	}
	if err := os.Unsetenv(jobVariable); err != nil {
		fmt.Fprintln(os.Stderr, "sandbox:", err)
		os.Exit(exitJob)
	}
	f, ok := funcs[j.Name]
	if !ok {
		fmt.Fprintf(os.Stderr, "sandbox: no function %q is registered\n", j.Name)
		os.Exit(exitJob)
	}
	answers := os.Stdout
	os.Stdout = os.Stderr // a stray print must not become an answer
	confine(j)
	in, err := io.ReadAll(os.Stdin)
	if err != nil {
		fmt.Fprintln(os.Stderr, "sandbox: read the input:", err)
		os.Exit(exitJob)
	}
	if _, err := answers.Write(call(f, in)); err != nil {
		os.Exit(exitJob) // the parent is gone, or has had enough
	}
	os.Exit(0)
}

// call runs the function; a panic of a library is an error with its text.
func call(f Func, in []byte) (answer []byte) {
	defer func() {
		if r := recover(); r != nil {
			answer = append([]byte{statusBad}, fmt.Sprintf("this is a fault of kcgen or of CUE: evaluating the spec panicked: %v", r)...)
		}
	}()
	out, err := f(in)
	if err != nil {
		return append([]byte{statusBad}, err.Error()...)
	}
	return append([]byte{statusGood}, out...)
}

// confine sets the child's own limits: the kernel's where there are some, the
// garbage collector's, and a watchdog.
func confine(j job) {
	debug.SetMaxStack(maxStack)
	debug.SetGCPercent(300) // the process is short: time for memory, up to the limit
	debug.SetMemoryLimit(j.Memory * 7 / 10)
	limitProcess(j)
	time.AfterFunc(j.Wall+500*time.Millisecond, func() { os.Exit(exitWall) })
	go watch(j.CPU, j.Memory*85/100)
}

// watch ends the child when it has taken too much time, or holds too much
// memory, before the system does.
func watch(longest time.Duration, most int64) {
	samples := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	for {
		if cpuTime() > longest {
			os.Exit(exitTime)
		}
		metrics.Read(samples)
		if int64(samples[0].Value.Uint64()-samples[1].Value.Uint64()) > most {
			os.Exit(exitMemory)
		}
		time.Sleep(10 * time.Millisecond)
	}
}
