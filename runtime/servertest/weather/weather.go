// Package weather is a way to a server through which tests can send bad weather:
// connections that are cut, slow, or work in one direction only.
package weather

import (
	"bufio"
	"encoding/binary"
	"io"
	"net"
	"sync"
	"testing"
	"time"
)

// Weather is what a proxy does to what passes.
type Weather struct {
	Cut   bool          // no connection lives
	Hold  bool          // nothing passes, either way, until it changes
	Deaf  bool          // requests pass, answers are thrown away
	Mute  bool          // answers pass, requests are thrown away
	Delay time.Duration // of each piece
}

// Proxy is a way to a server.
type Proxy struct {
	// Frames gives for each connection what looks at its requests and answers, of
	// a protocol in which each goes behind its length. It may change the beginning
	// that it is given; where it is false the connection ends. nil: nobody looks.
	// It is set before anybody connects.
	Frames func() (request, answer func(frame []byte) bool)

	ln     net.Listener
	target string

	mu      sync.Mutex
	now     Weather
	changed chan struct{} // closed with the next change
	links   map[*link]bool
}

// link is one connection through a proxy.
type link struct {
	in, out net.Conn
	once    sync.Once
	gone    chan struct{}
	lost    bool // bytes were thrown away: what follows makes no sense
}

// New listens, in fair weather; nobody is let through before To. It ends with
// the test.
func New(t testing.TB) *Proxy {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{ln: ln, changed: make(chan struct{}), links: map[*link]bool{}}
	t.Cleanup(func() { ln.Close(); p.Set(Weather{Cut: true}) })
	return p
}

// Addr is where the proxy listens.
func (p *Proxy) Addr() string { return p.ln.Addr().String() }

// To begins to lead to a server.
func (p *Proxy) To(target string) {
	p.target = target
	go p.serve()
}

func (p *Proxy) serve() {
	for {
		c, err := p.ln.Accept()
		if err != nil {
			return
		}
		go p.connect(c)
	}
}

func (p *Proxy) connect(in net.Conn) {
	if w, _ := p.weather(); w.Cut {
		in.Close()
		return
	}
	out, err := net.Dial("tcp", p.target)
	if err != nil {
		in.Close()
		return
	}
	l := &link{in: in, out: out, gone: make(chan struct{})}
	p.mu.Lock()
	dead := p.now.Cut
	p.links[l] = true
	p.mu.Unlock()
	if dead {
		p.drop(l)
		return
	}
	if p.Frames != nil {
		request, answer := p.Frames()
		go p.carryFrames(l, in, out, request)
		p.carryFrames(l, out, in, answer)
		return
	}
	go p.carry(l, in, out, func(w Weather) bool { return w.Mute })
	p.carry(l, out, in, func(w Weather) bool { return w.Deaf })
}

// carry moves what from sends to to, as far as the weather lets it.
func (p *Proxy) carry(l *link, from, to net.Conn, thrownAway func(Weather) bool) {
	defer p.drop(l)
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		w, changed := p.weather()
		for w.Hold {
			select {
			case <-changed:
			case <-l.gone:
				return
			}
			w, changed = p.weather()
		}
		if thrownAway(w) {
			p.lose(l)
			continue
		}
		if w.Delay > 0 {
			time.Sleep(w.Delay)
		}
		if _, err := to.Write(buf[:n]); err != nil {
			return
		}
	}
}

// carryFrames moves requests or answers, each behind its length. The beginning
// of each is looked at, and may be changed; the connection ends with one that
// may not pass.
func (p *Proxy) carryFrames(l *link, from, to net.Conn, look func(frame []byte) bool) {
	defer p.drop(l)
	in := bufio.NewReader(from)
	for {
		size, err := in.Peek(4)
		if err != nil {
			return
		}
		total := 4 + int64(binary.BigEndian.Uint32(size))
		frame, err := in.Peek(int(min(total, 64)))
		if err != nil || !look(frame) {
			return
		}
		if _, err := io.CopyN(to, in, total); err != nil {
			return
		}
	}
}

func (p *Proxy) lose(l *link) {
	p.mu.Lock()
	defer p.mu.Unlock()
	l.lost = true
}

func (p *Proxy) drop(l *link) {
	l.once.Do(func() {
		close(l.gone)
		l.in.Close()
		l.out.Close()
		p.mu.Lock()
		delete(p.links, l)
		p.mu.Unlock()
	})
}

func (p *Proxy) weather() (Weather, <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.now, p.changed
}

// Set changes the weather. A cut ends all connections; so does the end of a time
// in which one direction was thrown away, for those that have missed something.
func (p *Proxy) Set(w Weather) {
	p.mu.Lock()
	p.now = w
	close(p.changed)
	p.changed = make(chan struct{})
	var end []*link
	for l := range p.links {
		if w.Cut || l.lost && !w.Deaf && !w.Mute {
			end = append(end, l)
		}
	}
	p.mu.Unlock()
	for _, l := range end {
		p.drop(l)
	}
}
