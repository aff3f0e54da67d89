package sql

import (
	"time"

	"kcgen.dev/runtime/connector/database"
)

// columns are those by which rows are read.
type columns struct {
	number database.Column   // of modes with a number
	times  []database.Column // of modes with a time
}

// span is what a query is to read: rows behind a position, up to a bound.
type span struct {
	from   position
	before time.Time // modes with a time: only rows of earlier times
	upTo   int64     // mode incrementing: only rows up to this number,
	capped bool      // … where there is a bound
	most   int       // the most rows; 0: all
}

// statement writes a query. from is what stands behind FROM.
type statement struct {
	d    database.Dialect
	m    database.Mapping
	text []byte
	args []any
	err  error
}

func (s *statement) add(text string) { s.text = append(s.text, text...) }

// bind adds a parameter that is compared with a column.
func (s *statement) bind(c database.Column, v any) {
	arg, err := s.d.BindOffset(c, v, s.m)
	if err != nil && s.err == nil {
		s.err = err
	}
	s.args = append(s.args, arg)
	s.text = s.d.AppendParameter(s.text, len(s.args))
}

// time writes the expression of the first time that is not null.
func (s *statement) time(c columns) {
	if len(c.times) == 1 {
		s.text = s.d.AppendIdentifier(s.text, c.times[0].Name)
		return
	}
	for i, t := range c.times {
		s.add([]string{"COALESCE(", ", "}[min(i, 1)])
		s.text = s.d.AppendIdentifier(s.text, t.Name)
	}
	s.add(")")
}

func (s *statement) number(c columns) { s.text = s.d.AppendIdentifier(s.text, c.number.Name) }

// source appends what is read: a table, or a query as if it were one.
func (r *reader) source(dst []byte) []byte {
	if r.query() {
		dst = append(append(append(dst, "(\n"...), r.t.cfg.Query...), "\n) AS "...)
		return r.t.dialect.AppendIdentifier(dst, "kcgen")
	}
	return database.AppendTable(dst, r.t.dialect, r.table)
}

// statement is the query that reads a span.
func (r *reader) statement(c columns, w span) (string, []any, error) {
	s := &statement{d: r.t.dialect, m: r.t.mapping}
	if r.t.cfg.Mode == bulk && r.query() {
		s.add(r.t.cfg.Query)
	} else {
		var first, last string
		if w.most > 0 {
			first, last = s.d.Limit(w.most)
		}
		s.add("SELECT ")
		s.add(spaced("", first, " "))
		s.add("* FROM ")
		s.text = r.source(s.text)
		s.condition(r.t.cfg.Mode, c, w)
		s.add(spaced(" ", last, ""))
	}
	s.add(spaced("\n", r.t.cfg.QuerySuffix, "")) // the query may end with a comment
	return string(s.text), s.args, s.err
}

// spaced is text with what is around it, where there is any.
func spaced(before, text, behind string) string {
	if text == "" {
		return ""
	}
	return before + text + behind
}

// condition writes WHERE and ORDER BY.
func (s *statement) condition(mode string, c columns, w span) {
	switch mode {
	case incrementing:
		s.numbered(c, w)
	case timestamp, timestampIncrementing:
		s.timed(c, w, mode == timestampIncrementing)
	}
}

func (s *statement) numbered(c columns, w span) {
	word := " WHERE "
	if w.from.hasNumber {
		s.add(word)
		s.number(c)
		s.add(" > ")
		s.bind(c.number, w.from.number)
		word = " AND "
	} else if !w.capped {
		s.add(word) // rows without a number are never read, and so not at first
		s.number(c)
		s.add(" IS NOT NULL")
	}
	if w.capped {
		s.add(word)
		s.number(c)
		s.add(" <= ")
		s.bind(c.number, w.upTo)
	}
	s.add(" ORDER BY ")
	s.number(c)
}

// timed writes the conditions of times. Of rows of the very time where reading
// stands, those of higher numbers are left; with no number, all of them are read
// where reading has yet to begin.
func (s *statement) timed(c columns, w span, numbers bool) {
	s.add(" WHERE ")
	s.time(c)
	s.add(" < ")
	s.bind(c.times[0], w.before)
	if w.from.hasTime {
		s.add(" AND ")
		s.time(c)
		s.add([]string{" > ", " >= "}[btoi(numbers)])
		s.bind(c.times[0], w.from.at)
	}
	if numbers && w.from.hasTime && w.from.hasNumber {
		s.add(" AND (")
		s.time(c)
		s.add(" > ")
		s.bind(c.times[0], w.from.at)
		s.add(" OR ")
		s.number(c)
		s.add(" > ")
		s.bind(c.number, w.from.number)
		s.add(")")
	}
	s.add(" ORDER BY ")
	s.time(c)
	if numbers {
		s.add(", ")
		s.number(c)
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// highest is the query for the highest number that can be seen.
func (r *reader) highest(c columns) string {
	s := &statement{d: r.t.dialect}
	s.add("SELECT MAX(")
	s.number(c)
	s.add(") FROM ")
	s.text = r.source(s.text)
	return string(s.text)
}
