package check

import (
	"kcgen.dev/compiler/plan"
	"kcgen.dev/compiler/wiring"
)

// exactlyOnce: transactional ids are made of the group's, and what is set for
// transactions must be of use.
func exactlyOnce(c *checker) {
	for _, s := range c.connectors() {
		c.fileSink(s)
		e := s.Struct.Struct("exactlyOnce")
		if e == nil {
			continue
		}
		path := s.Path + ".exactlyOnce"
		if c.root.Struct("worker").Struct("group") == nil {
			c.say(path, `needs worker: group: {id: …}: the id is part of the transactions' names, by which a copy of the program that lives on is shut out`, e.Pos, s.Pos)
		}
		c.boundary(path, e)
		c.able(path, e, s)
	}
}

// boundary: an interval is for transactions that end by time, before the broker
// ends them.
func (c *checker) boundary(path string, e *plan.Struct) {
	f := e.Written("transactionBoundaryInterval")
	if e.Text("transactionBoundary") != "interval" {
		if f != nil {
			c.say(path+".transactionBoundaryInterval", `changes nothing without transactionBoundary: "interval"`, f.Pos, e.Pos)
		}
		return
	}
	interval, at := c.root.Struct("worker").Lit("offsetFlushInterval"), e.Pos
	if f != nil {
		interval, at = e.Lit("transactionBoundaryInterval"), f.Pos
	}
	timeout := e.Lit("transactionTimeout")
	if interval != nil && timeout != nil && interval.Int >= timeout.Int && timeout.Int > 0 {
		c.say(path+".transactionBoundaryInterval", "is not shorter than transactionTimeout: the broker would abort each transaction", at, e.Pos)
	}
}

// able: what is known of kcgen's own sources. Others are asked by kcgen test,
// and when the program starts.
func (c *checker) able(path string, e *plan.Struct, s wiring.Connector) {
	conn := s.Struct.Struct("connector")
	if !s.Is("kcgen.dev/runtime/connector/filestream.Source") {
		return
	}
	if conn.Get("file") == nil {
		c.say(path, "cannot hold for the standard input, which cannot be read again: give connector.file, or leave exactlyOnce out", e.Pos, s.Pos)
	}
	if e.Text("transactionBoundary") == "connector" {
		c.say(path+".transactionBoundary", `filestream.#Source does not say where transactions end: take "poll" or "interval"`, pos(e, "transactionBoundary"), e.Pos)
	}
}

// fileSink: a file that holds each record once is one task's.
func (c *checker) fileSink(s wiring.Connector) {
	conn := s.Struct.Struct("connector")
	if !s.Is("kcgen.dev/runtime/connector/filestream.Sink") || !conn.On("exactlyOnce") {
		return
	}
	path, at := s.Path+".connector.exactlyOnce", pos(conn, "exactlyOnce")
	if conn.Get("file") == nil {
		c.say(path, "cannot hold for the standard output, which keeps no positions: give file, or leave it out", at, s.Pos)
	}
	if tasks := s.Lit("tasksMax"); tasks != nil && tasks.Int > 1 {
		c.say(s.Path+".tasksMax", "must be 1 with connector.exactlyOnce: one task alone writes to the file", pos(s.Struct, "tasksMax"), at, s.Pos)
	}
}
