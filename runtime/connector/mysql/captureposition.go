package mysql

import (
	"fmt"
	"strings"
	"time"

	gomysql "github.com/go-mysql-org/go-mysql/mysql"

	"kcgen.dev/runtime/connect"
)

// position is where the capture is, and from where it can go on: the beginning of the
// transaction at hand, and how many of its events and rows are done. It is what
// Debezium's offsets hold.
type position struct {
	file  string // from where to go on
	pos   int64
	event int64 // events of the transaction that are done
	row   int   // rows of the event behind them that are done

	gtids gomysql.GTIDSet // transactions that are done; nil where the server has no such ids
	gtid  string          // of the transaction at hand

	at       int64 // where the event at hand begins
	size     int64
	rowNow   int // the row at hand
	serverID uint32
	thread   int64 // of the client whose transaction it is; -1 is not known
	query    string
	time     time.Time // of the event at hand
	open     bool      // a transaction is
	snapshot bool
	place    *place // of the snapshot
}

// keyPlace is the part of an offset that is ours alone.
const keyPlace = "kcgen_snapshot"

// flavor is what the reader of logs calls the server.
func flavor(mariadb bool) string {
	if mariadb {
		return gomysql.MariaDBFlavor
	}
	return gomysql.MySQLFlavor
}

// parseGTIDs reads a set of transactions' ids; nil is none.
func parseGTIDs(text string, mariadb bool) (gomysql.GTIDSet, error) {
	text = strings.NewReplacer("\n", "", "\r", "", " ", "").Replace(text)
	if text == "" {
		return nil, nil
	}
	set, err := gomysql.ParseGTIDSet(flavor(mariadb), text)
	if err != nil {
		return nil, fmt.Errorf("mysql: read the set of transactions %q: %w", text, err)
	}
	return set, nil
}

// loadPosition reads an offset.
func loadPosition(o connect.SourceOffset, mariadb bool) (*position, error) {
	p := &position{thread: -1}
	var ok bool
	if p.file, ok = o["file"].(string); !ok {
		return nil, fmt.Errorf("mysql: read the offset: it has no \"file\": reset it, or write one that has")
	}
	p.pos, _ = o["pos"].(int64)
	p.at = p.pos
	p.event, _ = o["event"].(int64)
	row, _ := o["row"].(int64)
	p.row = int(row)
	if s, ok := o["ts_sec"].(int64); ok {
		p.time = time.Unix(s, 0)
	}
	if id, ok := o["server_id"].(int64); ok {
		p.serverID = uint32(id)
	}
	done, _ := o["snapshot_completed"].(bool)
	snapshot := o["snapshot"]
	p.snapshot = snapshot != nil && snapshot != false && snapshot != "false" && !done
	text, _ := o["gtids"].(string)
	var err error
	if p.gtids, err = parseGTIDs(text, mariadb); err != nil {
		return nil, err
	}
	if text, ok := o[keyPlace].(string); ok && p.snapshot {
		p.place, err = parsePlace(text)
	}
	return p, err
}

// offset is the position as Debezium writes it.
func (p *position) offset() connect.SourceOffset {
	o := connect.SourceOffset{"file": p.file, "pos": p.pos}
	if p.serverID != 0 {
		o["server_id"] = int64(p.serverID)
	}
	if p.gtids != nil && !p.gtids.IsEmpty() {
		o["gtids"] = p.gtids.String()
	}
	if p.event != 0 {
		o["event"] = p.event
	}
	if p.row != 0 {
		o["row"] = int64(p.row)
	}
	if !p.time.IsZero() {
		o["ts_sec"] = p.time.Unix()
	}
	if p.snapshot {
		o["snapshot"] = "INITIAL"
		if p.place != nil && !p.place.empty() {
			o[keyPlace] = p.place.String()
		}
	}
	return o
}

// rotate goes on in another file.
func (p *position) rotate(file string, pos int64) {
	p.file, p.pos, p.at, p.size = file, pos, pos, 0
	p.event, p.row, p.rowNow = 0, 0, 0
}

// arrive is at an event: outside of a transaction it need not be seen again.
func (p *position) arrive(end, size int64) {
	if end == 0 {
		return // the server made it up
	}
	p.at, p.size = end-size, size
	if !p.open {
		p.pos, p.event, p.row = end, 0, 0
	}
}

// leave is behind an event.
func (p *position) leave() {
	p.row = 0
	if p.open {
		p.event++
	}
}

// begin is at the beginning of a transaction.
func (p *position) begin(thread int64) {
	p.open, p.thread = true, thread
	p.pos, p.event, p.row = p.at, 0, 0
}

// commit is behind a transaction.
func (p *position) commit() error {
	err := p.done()
	p.pos, p.event, p.row = p.at+p.size, 0, 0
	p.open, p.thread, p.query = false, -1, ""
	return err
}

// done adds the id of the transaction at hand to those that are done.
func (p *position) done() error {
	if p.gtid == "" || p.gtids == nil {
		return nil
	}
	if err := p.gtids.Update(p.gtid); err != nil {
		return fmt.Errorf("mysql: take the transaction %s: %w", p.gtid, err)
	}
	return nil
}

// atRow is at a row of the event at hand.
func (p *position) atRow(i int) { p.rowNow, p.row = i, i+1 }

// transaction is the id of the transaction at hand, as records tell it.
func (p *position) transaction() string {
	switch {
	case !p.open:
		return ""
	case p.gtid != "":
		return p.gtid
	}
	return fmt.Sprintf("file=%s,pos=%d", p.file, p.pos)
}

// String is where the capture is, for errors.
func (p *position) String() string { return fmt.Sprintf("%s:%d", p.file, p.at) }
