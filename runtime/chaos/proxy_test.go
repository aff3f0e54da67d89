package chaos_test

import (
	"net"
	"sync"
	"testing"
	"time"
)

// weather is what a proxy does to what passes.
type weather struct {
	cut   bool          // no connection lives
	hold  bool          // nothing passes, either way, until it changes
	deaf  bool          // requests pass, answers are thrown away
	delay time.Duration // of each piece
}

// proxy is the way of one instance to the broker.
type proxy struct {
	ln     net.Listener
	target string
	ends   *lostEnds // nil: answers are not looked into

	mu      sync.Mutex
	now     weather
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

// newProxy listens; the target is told later, before anybody connects.
func newProxy(t *testing.T) *proxy {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{ln: ln, changed: make(chan struct{}), links: map[*link]bool{}}
	t.Cleanup(func() { ln.Close(); p.set(weather{cut: true}) })
	return p
}

func (p *proxy) addr() string { return p.ln.Addr().String() }

func (p *proxy) serve() {
	for {
		c, err := p.ln.Accept()
		if err != nil {
			return
		}
		go p.connect(c)
	}
}

func (p *proxy) connect(in net.Conn) {
	if w, _ := p.weather(); w.cut {
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
	dead := p.now.cut
	p.links[l] = true
	p.mu.Unlock()
	if dead {
		p.drop(l)
		return
	}
	if p.ends != nil {
		e := &ends{all: p.ends}
		go p.carryFrames(l, in, out, e.request)
		p.carryFrames(l, out, in, e.answer)
		return
	}
	go p.carry(l, in, out, false)
	p.carry(l, out, in, true)
}

// carry moves what from sends to to, as far as the weather lets it.
func (p *proxy) carry(l *link, from, to net.Conn, answers bool) {
	defer p.drop(l)
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		w, changed := p.weather()
		for w.hold {
			select {
			case <-changed:
			case <-l.gone:
				return
			}
			w, changed = p.weather()
		}
		if w.deaf && answers {
			p.mu.Lock()
			l.lost = true
			p.mu.Unlock()
			continue
		}
		if w.delay > 0 {
			time.Sleep(w.delay)
		}
		if _, err := to.Write(buf[:n]); err != nil {
			return
		}
	}
}

func (p *proxy) drop(l *link) {
	l.once.Do(func() {
		close(l.gone)
		l.in.Close()
		l.out.Close()
		p.mu.Lock()
		delete(p.links, l)
		p.mu.Unlock()
	})
}

func (p *proxy) weather() (weather, <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.now, p.changed
}

// set changes the weather. A cut ends all connections; so does the end of a
// time without answers for those that have missed some.
func (p *proxy) set(w weather) {
	p.mu.Lock()
	p.now = w
	close(p.changed)
	p.changed = make(chan struct{})
	var end []*link
	for l := range p.links {
		if w.cut || l.lost && !w.deaf {
			end = append(end, l)
		}
	}
	p.mu.Unlock()
	for _, l := range end {
		p.drop(l)
	}
}
