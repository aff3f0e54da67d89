package proc_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"kcgen.dev/runtime/servertest/proc"
)

func start(t *testing.T, script string) *proc.Process {
	t.Helper()
	p, err := proc.Start(exec.Command("/bin/sh", "-c", script), filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Kill)
	return p
}

func TestExit(t *testing.T) {
	tests := []struct{ script, want string }{
		{"exit 0", ""},
		{"exit 3", "exit status 3"},
		{"kill -9 $$", "signal: killed"},
	}
	for _, tt := range tests {
		got := ""
		if err := start(t, tt.script).Wait(t.Context()); err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%s: %q, want %q", tt.script, got, tt.want)
		}
	}
}

func TestStop(t *testing.T) {
	obeys := start(t, "trap 'exit 0' TERM; echo ready; while :; do sleep 0.01; done")
	waitFor(t, obeys, "ready")
	if err := obeys.Pause(); err != nil {
		t.Fatal(err)
	}
	if err := obeys.Stop(time.Minute); err != nil {
		t.Errorf("one that obeys SIGTERM: %v", err)
	}
	deaf := start(t, "trap '' TERM; echo ready; while :; do sleep 0.01; done")
	waitFor(t, deaf, "ready")
	if err := deaf.Stop(50 * time.Millisecond); err == nil || !strings.Contains(err.Error(), "was killed") {
		t.Errorf("one that is deaf to SIGTERM: %v", err)
	}
}

// A kill takes the children too: they hold the log open and would go on.
func TestKillTakesChildren(t *testing.T) {
	p := start(t, "while :; do echo x; sleep 0.01; done & echo ready; wait")
	waitFor(t, p, "ready")
	p.Kill()
	before, _ := p.Log()
	time.Sleep(100 * time.Millisecond)
	after, _ := p.Log()
	if len(after) > len(before)+2 { // one write may have been on its way
		t.Errorf("the child wrote on after the kill: %d, then %d bytes", len(before), len(after))
	}
}

func TestStartMissing(t *testing.T) {
	_, err := proc.Start(exec.Command("/no/such/program"), filepath.Join(t.TempDir(), "log"))
	if err == nil || !strings.Contains(err.Error(), "/no/such/program") {
		t.Errorf("got %v", err)
	}
}

func TestUsage(t *testing.T) {
	p := start(t, "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done")
	if err := p.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	if u := p.Usage(); u.CPU <= 0 || u.MaxRSS < 100<<10 {
		t.Errorf("usage %+v is too little for a shell", u)
	}
}

func TestSample(t *testing.T) {
	p := start(t, "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; echo ready; while :; do sleep 1; done")
	waitFor(t, p, "ready")
	s, err := p.Sample()
	if runtime.GOOS != "linux" {
		return
	}
	if err != nil || s.CPU <= 0 || s.RSS < 100<<10 || s.Peak < s.RSS {
		t.Errorf("sample %+v, %v: too little for a shell", s, err)
	}
	p.Kill()
	if _, err := p.Sample(); !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("a process that has ended: %v", err)
	}
}

func TestWaitGivesUp(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := start(t, "sleep 60").Wait(ctx); err == nil {
		t.Error("no error though the process still runs")
	}
}

// waitFor waits until the log of p holds text.
func waitFor(t *testing.T, p *proc.Process, text string) {
	t.Helper()
	for !strings.Contains(p.LogTail(100), text) {
		select {
		case <-p.Done():
			t.Fatalf("ended before it wrote %q: %s", text, p.LogTail(10))
		case <-time.After(5 * time.Millisecond):
		}
	}
}
