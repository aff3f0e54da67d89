package sql

import (
	"flag"
	"fmt"
	"os"
	"testing"
	"time"

	"kcgen.dev/runtime/servertest"
)

// Most tests wait for a disk or for a server, so more of them run at once than
// there are processors.
func TestMain(m *testing.M) {
	if err := flag.Set("test.parallel", "8"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	settlePause, pollPause = 5*time.Millisecond, 2*time.Millisecond
	servertest.Main(m)
}

// folder is one for a test's database: in memory where the system has such a
// place, since no test's file has to survive a crash of the machine.
func folder(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "kcgen-sql-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}
