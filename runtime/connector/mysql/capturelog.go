package mysql

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"time"

	gomysql "github.com/go-mysql-org/go-mysql/mysql"
	"github.com/go-mysql-org/go-mysql/replication"

	"kcgen.dev/runtime/connect"
)

const (
	// ahead is how many events are read ahead; most have a few kilobytes.
	ahead = 128
	// pulse is how often a server without news says that it is there, and silence how
	// long one may say nothing.
	pulse   = 10 * time.Second
	silence = 45 * time.Second
)

// logReader reads the binary log in a goroutine of its own.
type logReader struct {
	syncer *replication.BinlogSyncer
	parser *logParser
	events chan *replication.BinlogEvent
	failed chan error // gets one
	closed chan struct{}
}

// openLog asks the server for its log from a position on.
func openLog(d Database, serverID uint32, label string, s *server, p *position, withQuery bool) (*logReader, error) {
	addr, _, err := d.where()
	if err != nil {
		return nil, err
	}
	host, port, _ := net.SplitHostPort(addr)
	number, _ := strconv.ParseUint(port, 10, 16)
	r := &logReader{parser: newLogParser(s.mariadb), events: make(chan *replication.BinlogEvent, ahead), failed: make(chan error, 1), closed: make(chan struct{})}
	cfg := replication.BinlogSyncerConfig{
		ServerID: serverID, Flavor: flavor(s.mariadb), Host: host, Port: uint16(number), User: d.User, Password: d.Password.Reveal(),
		Localhost: label, Charset: "utf8mb4", HeartbeatPeriod: pulse, ReadTimeout: silence, DisableRetrySync: true, DiscardGTIDSet: true, EventCacheCount: 1,
		Logger: slog.New(slog.DiscardHandler), RawModeEnabled: true, FillZeroLogPos: s.mariadb, SynchronousEventHandler: r,
		Dialer: (&net.Dialer{Timeout: d.ConnectTimeout, KeepAlive: pulse}).DialContext,
	}
	if withQuery && s.mariadb {
		cfg.DumpCommandFlag = replication.BINLOG_SEND_ANNOTATE_ROWS_EVENT
	}
	if d.TLS != nil {
		if cfg.TLSConfig, err = d.TLS.Config(); err != nil {
			return nil, fmt.Errorf("mysql: connect to %s: %w", addr, err)
		}
		if cfg.TLSConfig.ServerName == "" {
			cfg.TLSConfig.ServerName = host
		}
	}
	r.syncer = replication.NewBinlogSyncer(cfg)
	streamer, err := r.start(s, p)
	if err != nil {
		r.syncer.Close()
		return nil, fmt.Errorf("mysql: read the binary log of %s from %s: %w", d, p, logFault(err))
	}
	go func() {
		_, err := streamer.GetEvent(context.Background())
		r.failed <- err
	}()
	return r, nil
}

func (r *logReader) start(s *server, p *position) (*replication.BinlogStreamer, error) {
	if s.gtids && p.gtids != nil && !p.gtids.IsEmpty() {
		return r.syncer.StartSyncGTID(p.gtids.Clone())
	}
	return r.syncer.StartSync(gomysql.Position{Name: p.file, Pos: uint32(p.pos)})
}

// HandleEvent gets what the goroutine has read.
func (r *logReader) HandleEvent(e *replication.BinlogEvent) error {
	return r.parser.parse(e, func(e *replication.BinlogEvent) error {
		select {
		case r.events <- e:
			return nil
		case <-r.closed:
			return errors.New("closed")
		}
	})
}

func (r *logReader) close() {
	if r == nil {
		return
	}
	close(r.closed)
	r.syncer.Close()
}

// next is the next event. Without one it waits until the timer fires or ctx ends, and
// gives nil.
func (r *logReader) next(ctx context.Context, wait <-chan time.Time) (*replication.BinlogEvent, error) {
	select {
	case e := <-r.events:
		return e, nil
	default:
	}
	if wait == nil {
		return nil, nil
	}
	select {
	case e := <-r.events:
		return e, nil
	case err := <-r.failed:
		r.failed <- err
		select {
		case e := <-r.events: // what came before it
			return e, nil
		default:
			return nil, err
		}
	case <-wait:
	case <-ctx.Done():
	}
	return nil, nil
}

// The numbers of errors that say something about the log.
const (
	errLogFatal      = 1236 // ER_MASTER_FATAL_ERROR_READING_BINLOG
	errNoReplication = 1227
	errConnected     = 4052 // MariaDB's, of a second reader with a number
	errDenied        = 1045
)

// errPurged is a log that no longer has what is asked for.
var errPurged = errors.New("the log no longer has it")

// logFault says what an error of the log means. All but those that time does not mend
// are to be tried again.
func logFault(err error) error {
	var e *gomysql.MyError
	if !errors.As(err, &e) {
		return connect.Retry(err)
	}
	text := strings.ToLower(e.Message)
	switch {
	case e.Code == errConnected, e.Code == errLogFatal && (strings.Contains(text, "same server_uuid") || strings.Contains(text, "same server_id") || strings.Contains(text, "same server id")):
		// The other one came later. To come back would cut it off in its turn.
		return fmt.Errorf("%w: another reader of the same number has taken this one's place: it is this capture, started twice, or %s", err, clashAdvice)
	case e.Code == errLogFatal && strings.Contains(text, "event checksum"), e.Code == errLogFatal && strings.Contains(text, "log event entry exceeded max_allowed_packet"):
		return err
	case e.Code == errLogFatal:
		return fmt.Errorf("%w: %w", errPurged, err)
	case e.Code == errNoReplication || e.Code == errDenied:
		return fmt.Errorf("%w: GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* to the user", err)
	}
	return connect.Retry(err)
}
