package connecttest

import (
	"runtime"
	"testing"
)

// LetsGo makes a great many messages, of which it holds the last, and fails the
// test where the others stay in memory.
func LetsGo(t testing.TB, message func() any) {
	t.Helper()
	const most = 4 << 20
	before, last := heap(), any(nil)
	for range 200_000 {
		last = message()
	}
	if grown := heap() - before; grown > most {
		t.Errorf("%d bytes are kept of messages that nobody holds", grown)
	}
	runtime.KeepAlive(last)
	runtime.KeepAlive(message)
}

func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
