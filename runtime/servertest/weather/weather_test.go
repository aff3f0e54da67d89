package weather

import (
	"bufio"
	"net"
	"testing"
	"time"
)

// echo is a server that answers each line with itself, and tells of it.
func echo(t *testing.T) (addr string, heard <-chan string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	said := make(chan string, 10)
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				for in := bufio.NewScanner(c); in.Scan(); {
					said <- in.Text()
					_, _ = c.Write(append(in.Bytes(), '\n'))
				}
			}()
		}
	}()
	return ln.Addr().String(), said
}

// someLost waits until bytes of some connection were thrown away.
func (p *Proxy) someLost() {
	for lost := false; !lost; time.Sleep(time.Millisecond) {
		p.mu.Lock()
		for l := range p.links {
			lost = lost || l.lost
		}
		p.mu.Unlock()
	}
}

// What a proxy does to what passes is what its weather says.
func TestWeather(t *testing.T) {
	p := New(t)
	target, heard := echo(t)
	p.To(target)
	dial := func() (net.Conn, *bufio.Reader) {
		c, err := net.Dial("tcp", p.Addr())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		return c, bufio.NewReader(c)
	}
	say := func(c net.Conn, line string) { _, _ = c.Write([]byte(line + "\n")) }
	answered := func(in *bufio.Reader, want string) {
		t.Helper()
		if got, err := in.ReadString('\n'); err != nil || got != want+"\n" {
			t.Fatalf("the answer is %q (%v), want %q", got, err, want)
		}
	}
	over := func(in *bufio.Reader) {
		t.Helper()
		if got, err := in.ReadString('\n'); err == nil {
			t.Fatalf("the answer is %q, want the end of the connection", got)
		}
	}

	c, in := dial()
	say(c, "fair")
	<-heard
	answered(in, "fair")

	p.Set(Weather{Hold: true})
	say(c, "held")
	select {
	case <-heard:
		t.Error("what is held has passed")
	case <-time.After(20 * time.Millisecond):
	}
	p.Set(Weather{Delay: time.Millisecond})
	<-heard
	answered(in, "held")

	p.Set(Weather{Deaf: true})
	say(c, "unanswered")
	<-heard
	p.someLost()
	p.Set(Weather{})
	over(in)

	c, in = dial()
	p.Set(Weather{Mute: true})
	say(c, "unheard")
	p.someLost()
	select {
	case line := <-heard:
		t.Errorf("%q has passed", line)
	default:
	}
	p.Set(Weather{})
	over(in)

	c, in = dial()
	say(c, "fair again")
	<-heard
	answered(in, "fair again")
	p.Set(Weather{Cut: true})
	over(in)
	_, in = dial()
	over(in)
}
