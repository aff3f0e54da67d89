package servertest

import (
	"os"
	"sync"
	"testing"
)

// shared holds the servers of this test process.
var shared struct {
	mu     sync.Mutex
	main   bool
	broker *Broker
	err    error
	ends   []func() // stop further servers
}

// Main is the TestMain of a package whose tests share a server: it runs the
// tests and then stops what they started, and calls the functions given.
//
//	func TestMain(m *testing.M) { servertest.Main(m) }
func Main(m *testing.M, after ...func()) {
	shared.mu.Lock()
	shared.main = true
	shared.mu.Unlock()
	code := m.Run()
	shared.mu.Lock()
	if shared.broker != nil {
		shared.broker.Close()
	}
	after = append(shared.ends, after...)
	shared.mu.Unlock()
	for _, f := range after {
		f()
	}
	os.Exit(code)
}

// atEnd has Main call stop behind the tests. It is false where the package has
// no Main.
func atEnd(stop func()) bool {
	shared.mu.Lock()
	defer shared.mu.Unlock()
	shared.ends = append(shared.ends, stop)
	return shared.main
}

// SharedKafka is a broker that all tests of the package use together; the
// first to ask starts it. Topics and groups need names of their own (see
// Unique), and who wants to kill or pause a broker takes one with Kafka.
func SharedKafka(t testing.TB) *Broker {
	t.Helper()
	needServers(t, "Kafka broker")
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if !shared.main {
		t.Fatal("servertest: SharedKafka needs func TestMain(m *testing.M) { servertest.Main(m) } in this package")
	}
	if shared.broker == nil && shared.err == nil {
		shared.broker, shared.err = StartKafka(t.Context())
	}
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	b := shared.broker
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the end of the broker's log:\n%s", b.LogTail(20))
		}
	})
	return b
}
