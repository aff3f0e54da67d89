package servertest

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"
)

// shared holds the servers of this test process.
var shared struct {
	mu   sync.Mutex
	main bool
	ends []func() // stop them
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

// sharedServer is one server for all tests of the package.
type sharedServer[S interface{ Close() }] struct {
	name  string
	start func(context.Context) (S, error)

	once   sync.Once
	server S
	err    error
}

// get gives the server; the first to ask starts it.
func (s *sharedServer[S]) get(t testing.TB) S {
	t.Helper()
	needServers(t, s.name)
	s.once.Do(func() {
		if !atEnd(s.end) {
			s.err = fmt.Errorf("servertest: a shared %s needs func TestMain(m *testing.M) { servertest.Main(m) } in this package", s.name)
			return
		}
		s.server, s.err = s.start(t.Context())
	})
	if s.err != nil {
		t.Fatal(s.err)
	}
	return s.server
}

func (s *sharedServer[S]) end() {
	if s.err == nil {
		s.server.Close()
	}
}

var sharedKafka = sharedServer[*Broker]{
	name: "Kafka broker", start: func(ctx context.Context) (*Broker, error) { return StartKafka(ctx) },
}

// SharedKafka is a broker that all tests of the package use together; the
// first to ask starts it. Topics and groups need names of their own (see
// Unique), and who wants to kill or pause a broker takes one with Kafka.
func SharedKafka(t testing.TB) *Broker {
	t.Helper()
	b := sharedKafka.get(t)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the end of the broker's log:\n%s", b.LogTail(20))
		}
	})
	return b
}
