package servertest_test

import (
	"bufio"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// readAddr waits for the line "ADDR host:port".
func readAddr(t *testing.T, r io.Reader) string {
	t.Helper()
	s := bufio.NewScanner(r)
	for s.Scan() {
		if addr, ok := strings.CutPrefix(s.Text(), "ADDR "); ok {
			return addr
		}
	}
	t.Fatal("the child never said where its broker is")
	return ""
}

// eventuallyRefused waits until nothing listens on addr.
func eventuallyRefused(t *testing.T, addr string) {
	t.Helper()
	const patience = 2 * time.Minute
	for begun := time.Now(); time.Since(begun) < patience; time.Sleep(50 * time.Millisecond) {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			return
		}
		c.Close()
	}
	t.Fatalf("%s still answers %v after its parent was killed", addr, patience)
}
