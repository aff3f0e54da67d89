package rest

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// ServerOptions say where and how a Server listens.
type ServerOptions struct {
	Listen   string       // HOST:PORT; port 0 is any that is free
	Listener net.Listener // instead, where it is there already
	TLS      *tls.Config  // nil: plain HTTP
	Handler  http.Handler
	MaxConns int          // 0 is 1024
	Log      *slog.Logger // nil is silence
}

// The limits of one connection. A connection that does not get on within them
// is closed.
const (
	headerTimeout = 5 * time.Second  // for the head of a request
	readTimeout   = 15 * time.Second // for all of it
	writeTimeout  = 60 * time.Second // for it and its answer
	idleTimeout   = 60 * time.Second // until the next one
	maxHeader     = 16 << 10
	maxConns      = 1024
)

// Server serves a Handler. What a client can make it hold is bounded: a
// connection costs some 20 KiB, with a large body in it 1 MiB, for 16 at most.
type Server struct {
	http     http.Server
	listener net.Listener
	open     *conns
	done     chan struct{}
	err      error
}

// Serve listens, and serves until Close.
func Serve(o ServerOptions) (*Server, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.MaxConns <= 0 {
		o.MaxConns = maxConns
	}
	l := o.Listener
	if l == nil {
		var err error
		if l, err = net.Listen("tcp", o.Listen); err != nil {
			return nil, fmt.Errorf("rest: listen on %s (worker.rest.listen): %w", o.Listen, err)
		}
	}
	if o.TLS != nil {
		l = tls.NewListener(l, o.TLS)
	}
	open := newConns(o.MaxConns)
	s := &Server{listener: l, open: open, done: make(chan struct{})}
	s.http = http.Server{
		Handler:           o.Handler,
		ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout, IdleTimeout: idleTimeout,
		MaxHeaderBytes: maxHeader,
		ConnContext:    open.context,
		ConnState:      open.state,
		ErrorLog:       log.New(logLine{o.Log}, "", 0),
		// Kafka Connect's clients speak HTTP/1.1; its limits are a connection's.
		Protocols: new(http.Protocols),
	}
	s.http.Protocols.SetHTTP1(true)
	go func() {
		defer close(s.done)
		if err := s.http.Serve(l); !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
			s.err = err
			o.Log.Error("rest: the server has ended", "error", err)
		}
	}()
	return s, nil
}

// Addr is where the server listens.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// Connections is the number of connections that are open.
func (s *Server) Connections() int {
	s.open.mu.Lock()
	defer s.open.mu.Unlock()
	return len(s.open.open)
}

// Close lets requests that are being answered end, until ctx does; then it
// cuts them off.
func (s *Server) Close(ctx context.Context) error {
	_ = s.listener.Close()
	s.open.closeReading()
	err := s.http.Shutdown(ctx)
	if errors.Is(err, net.ErrClosed) {
		err = nil // the listener: it may not have noticed yet
	}
	if err != nil {
		err = errors.Join(err, s.http.Close())
	}
	<-s.done
	return errors.Join(err, s.err)
}

// logLine writes what net/http complains about: faults of clients.
type logLine struct{ log *slog.Logger }

func (l logLine) Write(p []byte) (int, error) {
	l.log.Debug("rest: connection", "message", clip(string(p)))
	return len(p), nil
}
