package mysql

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	gomysql "github.com/go-mysql-org/go-mysql/mysql"

	"kcgen.dev/runtime/connect"
)

// history is the topic of the tables' definitions, in the form of Debezium's
// KafkaSchemaHistory, so that each can go on with what the other has written.
type history struct {
	journal connect.Journal
	server  string // topicPrefix
	mariadb bool
}

// historyRecord is one record of the topic: a statement, and the tables after it.
type historyRecord struct {
	Source   map[string]string `json:"source"`
	Position map[string]any    `json:"position"`
	Millis   int64             `json:"ts_ms"`
	Database string            `json:"databaseName"`
	DDL      string            `json:"ddl"`
	Changes  []tableChange     `json:"tableChanges"`
}

// tableChange is what a statement has done to a table.
type tableChange struct {
	Type       string     `json:"type"` // CREATE, ALTER, DROP
	ID         string     `json:"id"`   // "db"."table", in these quotes
	PreviousID string     `json:"previousId,omitempty"`
	Table      *tableJSON `json:"table,omitempty"`
	Comment    *string    `json:"comment,omitempty"` // of the table
}

type tableJSON struct {
	Charset    string       `json:"defaultCharsetName"`
	Key        []string     `json:"primaryKeyColumnNames"`
	Columns    []columnJSON `json:"columns"`
	Attributes []any        `json:"attributes"`
}

type columnJSON struct {
	Name       string   `json:"name"`
	JDBCType   int      `json:"jdbcType"`
	Type       string   `json:"typeName"`
	Expression string   `json:"typeExpression"`
	Charset    *string  `json:"charsetName"`
	Length     *int     `json:"length,omitempty"`
	Scale      *int     `json:"scale,omitempty"`
	Position   int      `json:"position"`
	Optional   bool     `json:"optional"`
	Auto       bool     `json:"autoIncremented"`
	Generated  bool     `json:"generated"`
	Comment    *string  `json:"comment"`
	HasDefault bool     `json:"hasDefaultValue"`
	Default    *string  `json:"defaultValueExpression,omitempty"`
	Values     []string `json:"enumValues"`
}

// JDBC's numbers of types, as far as they are not another's.
var jdbcTypes = map[string]int{
	"CHAR": 1, "ENUM": 1, "SET": 1, "VARCHAR": 12, "TINYTEXT": 12, "TEXT": 12, "MEDIUMTEXT": 12, "LONGTEXT": 12, "LONG": 12, "LONG VARCHAR": 12,
	"CHAR VARYING": 12, "CHARACTER VARYING": 12, "NCHAR": -15, "NATIONAL CHAR": -15, "NATIONAL CHARACTER": -15, "NVARCHAR": -9, "NATIONAL VARCHAR": -9,
	"NCHAR VARCHAR": -9, "NCHAR VARYING": -9, "NATIONAL CHAR VARYING": -9, "NATIONAL CHARACTER VARYING": -9,
	"TINYINT": -6, "INT1": -6, "SMALLINT": 5, "INT2": 5, "MEDIUMINT": 4, "INT3": 4, "MIDDLEINT": 4, "INT": 4, "INTEGER": 4, "INT4": 4, "YEAR": 4, "BIGINT": -5, "INT8": -5,
	"REAL": 7, "DOUBLE": 8, "DOUBLE PRECISION": 8, "FLOAT8": 8, "FLOAT": 6, "FLOAT4": 6, "DECIMAL": 3, "DEC": 3, "FIXED": 3, "NUMERIC": 2, "BIT": -7,
	"TIME": 92, "TIMESTAMP": 2014, "DATETIME": 93, "DATE": 91, "BINARY": -2, "VARBINARY": -3,
	"BLOB": 2004, "TINYBLOB": 2004, "MEDIUMBLOB": 2004, "LONGBLOB": 2004, "LONG VARBINARY": 2004, "BOOL": 16, "BOOLEAN": 16,
}

const jdbcOther = 1111

func (c *columnDef) jdbcType() int {
	if n, ok := jdbcTypes[c.base()]; ok {
		return n
	}
	return jdbcOther
}

// hasCharset is whether a column's values are text of a character set.
func (c *columnDef) hasCharset() bool {
	f := families[c.base()]
	return f == textFamily || f == enumFamily || f == setFamily
}

// changeOf is a change in the form of the history; ok is false for what the history
// does not have.
func (s *schemaChange) changeOf() (c tableChange, ok bool) {
	c.ID = doubleQuoted(s.id)
	if s.previous != (tableID{}) {
		c.PreviousID = doubleQuoted(s.previous)
	}
	switch s.kind {
	case createTable:
		c.Type = "CREATE"
	case alterTable:
		c.Type = "ALTER"
	case dropTable:
		c.Type = "DROP"
		return c, true
	default:
		return c, false
	}
	if s.table == nil {
		return c, false
	}
	c.Table, c.Comment = s.table.json(), text(s.table.comment)
	return c, true
}

func doubleQuoted(id tableID) string { return `"` + id.db + `"."` + id.name + `"` }

// text is nil for no text.
func text(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func (t *table) json() *tableJSON {
	j := &tableJSON{Charset: t.charset, Key: append([]string{}, t.key...), Columns: []columnJSON{}, Attributes: []any{}}
	for i := range t.columns {
		c := &t.columns[i]
		out := columnJSON{
			Name: c.name, JDBCType: c.jdbcType(), Type: c.typ, Expression: c.typ, Position: i + 1, Optional: c.optional, Auto: c.auto, Generated: c.generated,
			Comment: text(c.comment), HasDefault: c.hasDef || c.optional, Values: []string{},
		}
		if c.hasCharset() {
			out.Charset = text(t.charsetOf(c))
		}
		if c.length >= 0 {
			out.Length = &c.length
		}
		if c.scale >= 0 {
			out.Scale = &c.scale
		}
		if c.hasDef {
			out.Default = &c.def
		}
		for _, v := range c.values {
			out.Values = append(out.Values, "'"+strings.ReplaceAll(v, "'", "''")+"'")
		}
		j.Columns = append(j.Columns, out)
	}
	return j
}

// table reads a definition back.
func (j *tableJSON) table(id tableID) *table {
	t := &table{id: id, charset: j.Charset, key: j.Key, keyed: len(j.Key) > 0}
	for _, c := range j.Columns {
		out := columnDef{name: c.Name, typ: strings.ToUpper(c.Type), length: -1, scale: -1, optional: c.Optional, auto: c.Auto, generated: c.Generated}
		if c.Charset != nil {
			out.charset = *c.Charset
		}
		if c.Length != nil {
			out.length = *c.Length
		}
		if c.Scale != nil {
			out.scale = *c.Scale
		}
		if c.Comment != nil {
			out.comment = *c.Comment
		}
		if c.HasDefault && c.Default != nil {
			out.def, out.hasDef = *c.Default, true
		}
		for _, v := range c.Values {
			if toks := tokens(v, 0); len(toks) == 1 && toks[0].kind == textToken {
				v = toks[0].text
			}
			out.values = append(out.values, v)
		}
		t.columns = append(t.columns, out)
	}
	return t
}

// parseID reads "db"."table".
func parseID(s string) (tableID, error) {
	toks := tokens(s, modeANSIQuotes)
	if len(toks) != 3 || !toks[1].is(".") {
		return tableID{}, fmt.Errorf("%q is no table", s)
	}
	return tableID{toks[0].text, toks[2].text}, nil
}

// entry is a change as a record of the topic.
func (h *history) entry(p *position, db, ddl string, changes []tableChange) (connect.JournalEntry, error) {
	return h.entryAt(p.offset(), db, ddl, changes)
}

func (h *history) entryAt(at connect.SourceOffset, db, ddl string, changes []tableChange) (connect.JournalEntry, error) {
	if changes == nil {
		changes = []tableChange{}
	}
	value, err := json.Marshal(historyRecord{Source: map[string]string{"server": h.server}, Position: at, Millis: time.Now().UnixMilli(), Database: db, DDL: ddl, Changes: changes})
	if err != nil {
		return connect.JournalEntry{}, fmt.Errorf("mysql: write the schema history: %w", err)
	}
	return connect.JournalEntry{Value: value}, nil
}

// The notes that are kept beside a snapshot's definitions, each with a statement that
// does nothing new: that it begins to tell rows, and that its offset is in Kafka. One
// that was killed in between is known by the first without the second.
const (
	noteBegun = "begun"
	noteKept  = "kept"
)

// note is an entry that says how far the snapshot of a position is.
func (h *history) note(p *position, ddl, what string) (connect.JournalEntry, error) {
	at := p.offset()
	at[keyPlace] = what
	return h.entryAt(at, "", ddl, nil)
}

// begun is where a snapshot began of which no offset was kept; nil: there is none.
func (h *history) begun(ctx context.Context) (p *position, err error) {
	err = h.each(ctx, func(r *historyRecord) (err error) {
		switch r.Position[keyPlace] {
		case noteBegun:
			p, err = loadPosition(r.offset(), h.mariadb)
		case noteKept:
			p = nil
		}
		return err
	})
	return p, err
}

// each gives the records of this capture.
func (h *history) each(ctx context.Context, record func(*historyRecord) error) error {
	_, err := h.journal.Read(ctx, 0, func(e connect.JournalEntry) error {
		var r historyRecord
		if err := json.Unmarshal(e.Value, &r); err != nil {
			return fmt.Errorf("mysql: read the schema history: record %d: %w", e.Offset, err)
		}
		if r.Source["server"] != h.server {
			return nil
		}
		return record(&r)
	})
	return err
}

// offset is a record's position as an offset, without our notes.
func (r *historyRecord) offset() connect.SourceOffset {
	o := connect.SourceOffset{}
	for k, v := range r.Position {
		if _, ok := v.(float64); ok {
			v = number64(v)
		}
		if k != keyPlace {
			o[k] = v
		}
	}
	return o
}

// recover makes the catalog what the tables were at a position, and says how many
// records it has taken.
func (h *history) recover(ctx context.Context, c *catalog, at *position) (n int, err error) {
	err = h.each(ctx, func(r *historyRecord) error {
		before, err := h.before(r.Position, at)
		if err != nil || !before {
			return err
		}
		n++
		return c.replay(r)
	})
	return n, err
}

// before is whether a record's statement was run before a position, or at it.
func (h *history) before(recorded map[string]any, at *position) (bool, error) {
	text, _ := recorded["gtids"].(string)
	set, err := parseGTIDs(text, h.mariadb)
	if err != nil {
		return false, err
	}
	if at.gtids != nil && !at.gtids.IsEmpty() {
		if set == nil {
			return true, nil
		}
		if set.Equal(at.gtids) {
			return number64(recorded["event"]) <= at.event, nil
		}
		return at.gtids.Contain(set), nil
	}
	if set != nil {
		return false, nil
	}
	file, _ := recorded["file"].(string)
	order := gomysql.CompareBinlogFileName(file, at.file)
	if order == 0 {
		return number64(recorded["pos"]) <= at.pos, nil
	}
	return order < 0, nil
}

func number64(v any) int64 {
	f, _ := v.(float64)
	return int64(f)
}

// replay takes a record's tables, or its statement where it has none.
func (c *catalog) replay(r *historyRecord) error {
	if len(r.Changes) == 0 {
		_, err := c.apply(r.DDL, r.Database, 0)
		if e := (*ddlError)(nil); err != nil && asDDL(err, &e) && e.id == (tableID{}) {
			return nil
		}
		return err
	}
	for _, change := range r.Changes {
		id, err := parseID(change.ID)
		if err != nil {
			return fmt.Errorf("mysql: read the schema history: %w", err)
		}
		if change.PreviousID != "" {
			if previous, err := parseID(change.PreviousID); err == nil {
				delete(c.tables, previous)
			}
		}
		if change.Type == "DROP" {
			delete(c.tables, id)
		} else if change.Table != nil {
			c.tables[id] = change.Table.table(id)
			if change.Comment != nil {
				c.tables[id].comment = *change.Comment
			}
		}
	}
	return nil
}
