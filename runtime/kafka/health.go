package kafka

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// sayEvery is the time between two log lines about the same trouble.
const sayEvery = 10 * time.Second

// health watches the connections of all clients and says when brokers do not
// answer: at once, then every ten seconds, and when it is over.
type health struct {
	log   *slog.Logger
	login *login

	mu     sync.Mutex
	down   bool
	since  time.Time
	said   time.Time
	failed int
}

var _ kgo.HookBrokerConnect = (*health)(nil)

// OnBrokerConnect is called by the clients after each attempt.
func (h *health) OnBrokerConnect(m kgo.BrokerMetadata, _ time.Duration, _ net.Conn, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err == nil {
		if h.down {
			h.log.Info("a broker answers again", "broker", addr(m), "after", time.Since(h.since).Round(time.Millisecond).String())
		}
		h.down, h.failed = false, 0
		return
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, net.ErrClosed) {
		return // our own doing
	}
	now := time.Now()
	if !h.down {
		h.down, h.since = true, now
	}
	h.failed++
	if h.failed > 1 && now.Sub(h.said) < sayEvery {
		return
	}
	h.said = now
	if refused := h.login.refusal(err); refused != nil {
		err = refused
	}
	h.log.Warn("a broker does not answer; trying again", "broker", addr(m), "error", err.Error(),
		"for", now.Sub(h.since).Round(time.Second).String(), "tries", h.failed)
}

// silent is told of a request that failed. It says so unless a failed
// connection was the reason, which OnBrokerConnect has said: a broker that takes
// connections and answers nothing would be waited for in silence.
func (h *health) silent(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := time.Now()
	if h.down || now.Sub(h.said) < sayEvery {
		return
	}
	h.said = now
	h.log.Warn("a broker takes the connection and does not answer; trying again", "error", err.Error())
}

func addr(m kgo.BrokerMetadata) string {
	return net.JoinHostPort(m.Host, itoa(int(m.Port)))
}
