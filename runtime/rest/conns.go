package rest

import (
	"container/list"
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
)

// conns are the open connections. Where there are too many, the oldest one
// that is not being answered has to go: a client that sends slowly, or nothing,
// holds its place only until others need it, and one that asks is answered
// long before its turn comes.
type conns struct {
	most int

	mu   sync.Mutex
	open map[net.Conn]*conn
	age  *list.List // of *conn, the oldest first
}

// conn is one connection.
type conn struct {
	net.Conn
	phase atomic.Int32
	at    *list.Element
}

// What a connection is at.
const (
	reading   = iota // a request, or waiting for one
	working          // on the answer
	answering        // the client takes it
)

func newConns(most int) *conns {
	return &conns{most: most, open: map[net.Conn]*conn{}, age: list.New()}
}

type connKey struct{}

// context is for http.Server.ConnContext.
func (c *conns) context(ctx context.Context, nc net.Conn) context.Context {
	one := &conn{Conn: nc}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open[nc] = one
	one.at = c.age.PushBack(one)
	return context.WithValue(ctx, connKey{}, one)
}

// state is for http.Server.ConnState.
func (c *conns) state(nc net.Conn, s http.ConnState) {
	switch s {
	case http.StateNew:
		if victim := c.crowded(); victim != nil {
			hangUp(victim)
		}
	case http.StateIdle:
		c.mu.Lock()
		defer c.mu.Unlock()
		if one := c.open[nc]; one != nil {
			one.phase.Store(reading)
		}
	case http.StateClosed, http.StateHijacked:
		c.mu.Lock()
		defer c.mu.Unlock()
		if one := c.open[nc]; one != nil {
			c.forget(one)
		}
	}
}

// closeReading closes the connections on which nothing is asked that could be
// answered.
func (c *conns) closeReading() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for nc, one := range c.open {
		if one.phase.Load() == reading {
			hangUp(nc)
		}
	}
}

// hangUp closes a connection without a word to the client, which may not be
// listening.
func hangUp(nc net.Conn) {
	if t, is := nc.(*tls.Conn); is {
		nc = t.NetConn()
	}
	_ = nc.Close()
}

// crowded is the connection that has to go, if one has to; the newest where
// all others are busy.
func (c *conns) crowded() net.Conn {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.open) <= c.most {
		return nil
	}
	for e := c.age.Front(); e != nil; e = e.Next() {
		if one := e.Value.(*conn); one.phase.Load() != working || e.Next() == nil {
			c.forget(one)
			return one.Conn
		}
	}
	return nil
}

func (c *conns) forget(one *conn) {
	delete(c.open, one.Conn)
	c.age.Remove(one.at)
}

// occupy marks a request's connection as worked for until the result is
// called.
func occupy(ctx context.Context) (done func()) {
	one, is := ctx.Value(connKey{}).(*conn)
	if !is {
		return func() {}
	}
	one.phase.Store(working)
	return func() { one.phase.Store(answering) }
}
