package runtime

import (
	"net"
	"net/http"
	"sync"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"
)

// outage is a port at which a broker is away for a time: who is connected is
// hung up on, and so is who connects.
type outage struct {
	mu    sync.Mutex
	away  bool
	conns []net.Conn
}

func (o *outage) listen(network, address string) (net.Listener, error) {
	l, err := net.Listen(network, address)
	return &outageListener{l, o}, err
}

func (o *outage) set(away bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.away = away; away {
		for _, c := range o.conns {
			c.Close()
		}
		o.conns = nil
	}
}

type outageListener struct {
	net.Listener
	o *outage
}

func (l *outageListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	l.o.mu.Lock()
	defer l.o.mu.Unlock()
	if l.o.away {
		c.Close()
	} else {
		l.o.conns = append(l.o.conns, c)
	}
	return c, nil
}

// While no broker answers, an instance of a group is unhealthy, as Kafka
// Connect's are, and a probe that restarts processes finds it alive. When the
// brokers are back it is healthy again.
func TestHealthWithoutABroker(t *testing.T) {
	t.Parallel()
	o := &outage{}
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.AllowAutoTopicCreation(), kfake.DefaultNumPartitions(1), kfake.ListenFn(o.listen))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	m := joins(t, c, 1)
	answers := func(path string, want int) func() bool {
		return func() bool { code, _ := m.ask("GET", path); return code == want }
	}
	eventually(t, "health", answers("/health", http.StatusOK))
	o.set(true)
	eventually(t, "the outage to be seen", answers("/health", http.StatusInternalServerError))
	if code, body := m.ask("GET", "/health?live"); code != http.StatusOK {
		t.Errorf("live: %d %s", code, body)
	}
	o.set(false)
	eventually(t, "health after the outage", answers("/health", http.StatusOK))
	m.leave()
}
