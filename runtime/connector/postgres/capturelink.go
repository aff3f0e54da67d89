package postgres

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

// linkBuffer is how much of the log is read at a time.
const linkBuffer = 256 << 10

// captureConfig is how a capture connects: values are printed in one form only,
// whatever the server's settings are.
func (d Database) captureConfig() (*pgx.ConnConfig, error) {
	config, err := d.Config()
	if err != nil {
		return nil, err
	}
	maps.Copy(config.RuntimeParams, map[string]string{"IntervalStyle": "postgres", "bytea_output": "hex", "extra_float_digits": "3"})
	return config, nil
}

// link is a connection that logical replication runs over.
type link struct {
	pg *pgconn.PgConn
	// silence is how long nothing may come while the log is read. The server says
	// that it lives at half of its wal_sender_timeout; a connection that a firewall
	// or a balancer has forgotten is silent for ever. 0 is without an end.
	silence time.Duration
}

// listening is a link's connection as it is read.
type listening struct {
	io.Reader
	link *link
}

// Read waits no longer than the link's silence.
func (l listening) Read(b []byte) (int, error) {
	if l.link.silence > 0 {
		if err := l.link.pg.Conn().SetReadDeadline(time.Now().Add(l.link.silence)); err != nil {
			return 0, err
		}
	}
	return l.Reader.Read(b)
}

// openLink connects for replication.
func openLink(ctx context.Context, config *pgx.ConnConfig) (*link, error) {
	c := config.Config.Copy()
	c.RuntimeParams["replication"] = "database"
	delete(c.RuntimeParams, "lock_timeout")
	l := &link{}
	c.BuildFrontend = func(r io.Reader, w io.Writer) *pgproto3.Frontend {
		return pgproto3.NewFrontend(bufio.NewReaderSize(listening{r, l}, linkBuffer), w)
	}
	pg, err := pgconn.ConnectConfig(ctx, c)
	if err != nil {
		return nil, err
	}
	l.pg = pg
	return l, nil
}

// close ends the connection at once.
func (l *link) close() {
	if l != nil && l.pg != nil {
		_ = l.pg.Conn().Close()
	}
}

// command runs a command of the replication protocol that gives one row.
func (l *link) command(ctx context.Context, sql string) ([][]byte, error) {
	results, err := l.pg.Exec(ctx, sql).ReadAll()
	if err != nil {
		return nil, err
	}
	for _, r := range results {
		if r.Err != nil {
			return nil, r.Err
		}
		if len(r.Rows) == 1 {
			return r.Rows[0], nil
		}
	}
	return nil, nil
}

// start begins to stream.
func (l *link) start(ctx context.Context, sql string) error {
	l.pg.Frontend().SendQuery(&pgproto3.Query{String: sql})
	if err := l.pg.Frontend().Flush(); err != nil {
		return err
	}
	for {
		m, err := l.pg.ReceiveMessage(ctx)
		if err != nil {
			return err
		}
		switch m := m.(type) {
		case *pgproto3.NoticeResponse, *pgproto3.ParameterStatus:
		case *pgproto3.CopyBothResponse:
			return nil
		case *pgproto3.ErrorResponse:
			return pgconn.ErrorResponseToPgError(m)
		default:
			return fmt.Errorf("the server answered %T when the stream was to begin", m)
		}
	}
}

// frame is a part of the stream: a message of the log, or a sign of life.
type frame struct {
	at    lsn // of the message; 0: it has no place, as what describes a table
	end   lsn // of the server's log
	data  []byte
	alive bool // a sign of life
	reply bool // that wants an answer
}

var errEnded = errors.New("the server has ended the stream")

// next waits for a frame, whose data hold until the next call. No context ends
// it: close does.
func (l *link) next() (frame, error) {
	for {
		m, err := l.pg.Frontend().Receive()
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return frame{}, fmt.Errorf("nothing was heard of the server for %s: %w", l.silence, err)
		}
		if err != nil {
			return frame{}, err
		}
		switch m := m.(type) {
		case *pgproto3.CopyData:
			return readFrame(m.Data)
		case *pgproto3.ErrorResponse:
			return frame{}, pgconn.ErrorResponseToPgError(m)
		case *pgproto3.CopyDone, *pgproto3.CommandComplete, *pgproto3.ReadyForQuery:
			return frame{}, errEnded
		}
	}
}

func readFrame(b []byte) (frame, error) {
	w := wire{b: b}
	switch kind := w.byte(); kind {
	case 'w':
		f := frame{at: lsn(w.uint64()), end: lsn(w.uint64())}
		w.uint64() // when it was sent
		f.data = w.b
		return f, w.err()
	case 'k':
		f := frame{alive: true, end: lsn(w.uint64())}
		w.uint64()
		f.reply = w.byte() != 0
		return f, w.err()
	default:
		return frame{}, fmt.Errorf("a frame of the unknown kind %q", kind)
	}
}

// confirm tells the server what is safe, and that we live. It may run beside
// next.
func (l *link) confirm(received, flushed lsn, ask bool) error {
	b := make([]byte, 0, 39)
	b = append(b, 'd', 0, 0, 0, 38, 'r')
	b = binary.BigEndian.AppendUint64(b, uint64(received))
	b = binary.BigEndian.AppendUint64(b, uint64(flushed))
	b = binary.BigEndian.AppendUint64(b, uint64(flushed))
	b = binary.BigEndian.AppendUint64(b, uint64(microsOf(time.Now())-epochMicros))
	if ask {
		b = append(b, 1)
	} else {
		b = append(b, 0)
	}
	return l.pg.Frontend().SendUnbufferedEncodedCopyData(b)
}
