//go:build unix

package filestream

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kcgen.dev/runtime/connect"
)

// killEnv makes the test binary a program that appends to the file it names
// until it is killed.
const killEnv = "FILESTREAM_TEST_APPEND_TO"

func TestMain(m *testing.M) {
	if path := os.Getenv(killEnv); path != "" {
		appendForEver(path)
	}
	if path := os.Getenv(exactEnv); path != "" {
		fmt.Fprintln(os.Stderr, appendExactly(path))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// mostBatches is more than are written before a kill, and no more than a disk
// takes when that comes late.
const mostBatches = 40

// appendForEver says on the standard output after each flush how many batches
// are durable.
func appendForEver(path string) {
	task, err := Sink{File: path}.Open(context.Background(), connect.SinkContext{Log: slog.New(slog.DiscardHandler)})
	for n := 0; err == nil; n++ {
		if err = task.Put(context.Background(), killBatch(os.Getpid(), n)); err == nil {
			err = task.Flush(context.Background())
		}
		fmt.Println(n)
		if n == mostBatches {
			time.Sleep(time.Hour)
		}
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// killBatch is a batch of long lines, so that a write is often caught in the
// middle.
func killBatch(pid, n int) []connect.Record {
	lines := make([]string, 4)
	for i := range lines {
		lines[i] = fmt.Sprintf("%d %d %d %s.", pid, n, i, strings.Repeat("x", 200<<10))
	}
	return texts(lines...)
}

// Processes that append to one file are killed at any moment: what they had
// flushed is there, every line is whole, and the next one repairs the end.
func TestKill(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	flushed := map[string]int{} // by pid: the number of durable batches
	for range 8 {
		before := sizeOf(path)
		pid := make([]string, 2)
		cmd := make([]*exec.Cmd, 2)
		out := make([]strings.Builder, 2)
		for i := range cmd {
			cmd[i] = exec.Command(os.Args[0])
			cmd[i].Env = append(os.Environ(), killEnv+"="+path)
			cmd[i].Stdout, cmd[i].Stderr = &out[i], os.Stderr
			if err := cmd[i].Start(); err != nil {
				t.Fatal(err)
			}
			pid[i] = fmt.Sprint(cmd[i].Process.Pid)
		}
		for sizeOf(path) < before+1<<20 {
			time.Sleep(time.Millisecond)
		}
		for i := range cmd {
			cmd[i].Process.Kill()
			cmd[i].Wait()
			flushed[pid[i]] = strings.Count(out[i].String(), "\n")
		}
	}
	w := openWriter(t, path)
	w.put("end")
	w.flush()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(data), "\n")
	if n := len(lines); lines[n-2] != "end" || lines[n-1] != "" {
		t.Errorf("the file ends with %.50q", lines[n-2])
	}
	found := map[string]int{}
	for _, l := range lines[:len(lines)-2] {
		f := strings.Fields(l)
		if len(f) != 4 || len(f[3]) != 200<<10+1 || f[3][len(f[3])-1] != '.' {
			t.Fatalf("a line is not whole: %.50q, %d bytes", l, len(l))
		}
		found[f[0]]++
	}
	for pid, n := range flushed {
		if found[pid] < 4*n {
			t.Errorf("process %s flushed %d lines, and %d are there", pid, 4*n, found[pid])
		}
	}
}

// sizeOf is the size of a file; 0 where there is none.
func sizeOf(path string) int64 {
	fi, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return fi.Size()
}

// A process that is killed at any moment leaves what the next one goes on with:
// each line is there once.
func TestKillExactly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	for range 25 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), exactEnv+"="+path)
		cmd.Stderr = os.Stderr
		before := sizeOf(positionsPath(path)) + sizeOf(path)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		for sizeOf(positionsPath(path))+sizeOf(path) < before+200<<10 {
			time.Sleep(time.Millisecond)
		}
		cmd.Process.Kill()
		cmd.Wait()
	}
	mustOpenExactly(t, path)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(data), "\n")
	for i, l := range lines[:len(lines)-1] {
		if l != exactLine(int64(i)) {
			t.Fatalf("line %d is %.40q, want %.40q", i, l, exactLine(int64(i)))
		}
	}
	if len(lines) < 1000 || lines[len(lines)-1] != "" {
		t.Errorf("%d lines, and at the end %.40q", len(lines), lines[len(lines)-1])
	}
}
