//go:build synctests

package simulation

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// rates are how often the network does what networks do, per request. Each
// seed draws its own, and in some seeds some are zero: a fault that is always
// there hides what only its absence shows.
type rates struct {
	cutBefore float64 // the request never arrives
	cutAfter  float64 // it arrives, and its answer does not: the outcome is unknown
	slow      float64 // it takes up to three seconds
	late      float64 // its answer takes up to three seconds
	refuse    float64 // a connection is refused
}

// netError is an error as the system gives it: clients judge by its type.
func netError(op string, code syscall.Errno) error {
	return &net.OpError{Op: op, Net: "tcp", Err: os.NewSyscallError(op, code)}
}

var (
	errRefused = netError("dial", syscall.ECONNREFUSED)
	errCut     = netError("read", syscall.ECONNRESET)
)

// endpoint is a process's way into the network. All of its connections can be
// closed for good (kill -9) or held (SIGSTOP).
type endpoint struct {
	w *world

	mu    sync.Mutex
	conns map[*conn]bool
	dead  bool
	died  time.Time
	held  chan struct{} // closed by thaw; nil: not frozen
}

func newEndpoint(w *world) *endpoint { return &endpoint{w: w, conns: map[*conn]bool{}} }

// gate waits while the process is frozen, and is false when it is dead.
func (e *endpoint) gate() bool {
	for {
		e.mu.Lock()
		held, dead := e.held, e.dead
		e.mu.Unlock()
		if dead {
			return false
		}
		if held == nil {
			return true
		}
		<-held
	}
}

func (e *endpoint) freeze() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.held == nil && !e.dead {
		e.held = make(chan struct{})
	}
}

func (e *endpoint) thaw() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.held != nil {
		close(e.held)
		e.held = nil
	}
}

func (e *endpoint) kill() {
	e.mu.Lock()
	e.dead, e.died = true, time.Now()
	e.mu.Unlock()
	e.cut("")
	e.thaw()
}

// gone is for how long the process has been dead.
func (e *endpoint) gone() time.Duration {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.dead {
		return 0
	}
	return time.Since(e.died)
}

// cut closes the connections to an address, or all.
func (e *endpoint) cut(addr string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for c := range e.conns {
		if addr == "" || c.addr == addr {
			c.Conn.Close() // and not c.Close: the process has not closed it
		}
	}
}

// dial is the process's kafka.Options.Dial.
func (e *endpoint) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	e.w.step()
	addr = strings.Replace(addr, "127.0.0.1", "localhost", 1)
	if !e.gate() || e.w.isDown(addr) || e.w.roll() < e.w.net().refuse {
		return nil, errRefused
	}
	inner, err := e.w.vn.DialContext(ctx, network, addr)
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		return nil, errRefused
	}
	c := &conn{Conn: inner, e: e, addr: addr}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.dead {
		inner.Close()
		return nil, errCut
	}
	e.conns[c] = true
	return c, nil
}

// conn is one connection. The client writes each request in one call.
type conn struct {
	net.Conn
	e    *endpoint
	addr string

	mu   sync.Mutex
	deaf bool
	late time.Duration // of the next answer
	asks ask           // what waits for its answer
}

// ask is a member's request to join its group, or for its share of it.
type ask struct{ group, member string }

// asked reads such a request. It is the zero value for any other.
func asked(b []byte) ask {
	if len(b) < 14 {
		return ask{}
	}
	u16 := binary.BigEndian.Uint16
	req := kmsg.RequestForKey(int16(u16(b[4:])))
	join, _ := req.(*kmsg.JoinGroupRequest)
	sync, _ := req.(*kmsg.SyncGroupRequest)
	if join == nil && sync == nil {
		return ask{}
	}
	req.SetVersion(int16(u16(b[6:])))
	body := b[14+min(int(u16(b[12:])), len(b)-14):] // behind the client's id
	if req.IsFlexible() && len(body) > 0 {
		body = body[1:] // no tags
	}
	switch err := req.ReadFrom(body); {
	case err != nil:
		return ask{}
	case join != nil:
		return ask{join.Group, join.MemberID}
	}
	return ask{sync.Group, sync.MemberID}
}

// forsaken closes the connections on which somebody waits who is no member of
// the group.
func (e *endpoint) forsaken(group string, members map[string]bool) (n int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for c := range e.conns {
		c.mu.Lock()
		a := c.asks
		c.mu.Unlock()
		if a.group == group && a.member != "" && !members[a.member] {
			c.Conn.Close()
			n++
		}
	}
	return n
}

func (c *conn) Write(b []byte) (int, error) {
	if !c.e.gate() {
		c.Conn.Close()
		return 0, errCut
	}
	w := c.e.w
	w.step()
	p := w.net()
	time.Sleep(w.upTo(p.latency()))
	switch r := w.roll(); {
	case r < p.cutBefore:
		c.Conn.Close()
		return 0, errCut
	case r < p.cutBefore+p.cutAfter:
		c.setDeaf()
		time.AfterFunc(20*time.Millisecond, func() { c.Conn.Close() })
	case r < p.cutBefore+p.cutAfter+p.slow:
		time.Sleep(w.upTo(3 * time.Second))
	case r < p.cutBefore+p.cutAfter+p.slow+p.late:
		c.mu.Lock()
		c.late = w.upTo(3 * time.Second)
		c.mu.Unlock()
	}
	c.setAsks(asked(b))
	n, err := c.Conn.Write(b)
	return n, c.explain(err)
}

// explain gives a connection's error the type that a real one has.
func (c *conn) explain(err error) error {
	if err == nil || !errors.Is(err, io.ErrClosedPipe) {
		return err
	}
	c.e.mu.Lock()
	defer c.e.mu.Unlock()
	if c.e.conns[c] {
		return errCut
	}
	return net.ErrClosed
}

// latency is what any request takes at most.
func (rates) latency() time.Duration { return 4 * time.Millisecond }

func (c *conn) setDeaf() {
	c.mu.Lock()
	c.deaf = true
	c.mu.Unlock()
}

func (c *conn) setAsks(a ask) {
	c.mu.Lock()
	c.asks = a
	c.mu.Unlock()
}

func (c *conn) Read(b []byte) (int, error) {
	for {
		n, err := c.Conn.Read(b)
		c.mu.Lock()
		deaf, late := c.deaf, c.late
		c.late, c.asks = 0, ask{}
		c.mu.Unlock()
		time.Sleep(late)
		if !c.e.gate() {
			return 0, errCut
		}
		if !deaf || err != nil {
			return n, c.explain(err)
		}
	}
}

func (c *conn) Close() error {
	c.e.mu.Lock()
	delete(c.e.conns, c)
	c.e.mu.Unlock()
	return c.Conn.Close()
}
