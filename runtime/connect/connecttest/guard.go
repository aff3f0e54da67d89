package connecttest

import (
	"fmt"
	"os"
	"regexp"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"
)

// hang is after how long a call counts as one that never returns. No rule is
// about time this short: it is there so that a broken connector fails with
// its stack instead of the whole run's time-out.
const hang = 60 * time.Second

// guard makes a call of the connector: one that panics or hangs fails the
// test. It returns when the call has.
func guard(t testing.TB, what string, call func()) {
	t.Helper()
	done := make(chan string, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				done <- fmt.Sprintf("%s panicked: %v\n%s", what, p, debug.Stack())
				return
			}
			done <- ""
		}()
		call()
	}()
	timer := time.NewTimer(hang)
	defer timer.Stop()
	select {
	case msg := <-done:
		if msg != "" {
			t.Fatal(msg)
		}
	case <-timer.C:
		t.Fatalf("%s does not return\n%s", what, strings.Join(stacks(), "\n\n"))
	}
}

// leaks runs the same thing several times and fails if each leaves something
// behind: a goroutine, or an open file where the system tells. What the first
// run sets up for good (pools, pollers) is no leak.
func leaks(t testing.TB, round func()) {
	t.Helper()
	const rounds = 4
	round()
	before, files := goroutines(), openFiles()
	for range rounds {
		round()
	}
	// What ends by itself soon is no leak either.
	for range 100 {
		if len(left(before)) < rounds && openFiles() < files+rounds {
			return
		}
		runtime.Gosched()
		time.Sleep(20 * time.Millisecond)
	}
	if l := left(before); len(l) >= rounds {
		t.Errorf("goroutines are left behind: %d after %d runs, such as\n%s", len(l), rounds, l[0])
	}
	if n := openFiles() - files; n >= rounds {
		t.Errorf("open files are left behind: %d after %d runs", n, rounds)
	}
}

var goroutineID = regexp.MustCompile(`^goroutine (\d+) `)

// goroutines are the ids of those that there are.
func goroutines() map[string]bool {
	ids := map[string]bool{}
	for _, s := range stacks() {
		if m := goroutineID.FindStringSubmatch(s); m != nil {
			ids[m[1]] = true
		}
	}
	return ids
}

// left are the stacks of the goroutines that were not there before.
func left(before map[string]bool) []string {
	return slices.DeleteFunc(stacks(), func(s string) bool {
		m := goroutineID.FindStringSubmatch(s)
		return m == nil || before[m[1]]
	})
}

// stacks are those of all goroutines.
func stacks() []string {
	for n := 1 << 16; ; n *= 2 {
		buf := make([]byte, n)
		if m := runtime.Stack(buf, true); m < n {
			return strings.Split(string(buf[:m]), "\n\n")
		}
	}
}

// openFiles is how many files the process has open; 0 where the system does
// not tell.
func openFiles() int {
	entries, _ := os.ReadDir("/proc/self/fd")
	return len(entries)
}
