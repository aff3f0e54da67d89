package postgres

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/cdc"
)

// catalogColumn is what the log does not tell of a column.
type catalogColumn struct {
	relationColumn
	required  bool
	expr      string // of its default
	generated bool
}

// catalogTable is a table as the catalog has it now.
type catalogTable struct {
	columns []catalogColumn
	key     []string
}

const captureColumnsQuery = `SELECT a.attname::text, a.atttypid::bigint, a.atttypmod, a.attnotnull OR t.typtype = 'd' AND t.typnotnull,
	coalesce(pg_get_expr(d.adbin, d.adrelid), ''), a.attgenerated <> ''
FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE n.nspname = $1 AND c.relname = $2 AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`

// captureKeyQuery gives the primary key, or else the first of the unique indexes
// that have no expressions, by name.
const captureKeyQuery = `SELECT k.name FROM (
	SELECT i.indrelid, i.indkey, i.indnkeyatts FROM pg_catalog.pg_index i
	JOIN pg_catalog.pg_class c ON c.oid = i.indrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
	JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
	WHERE n.nspname = $1 AND c.relname = $2 AND i.indisunique AND i.indexprs IS NULL
	ORDER BY NOT i.indisprimary, x.relname LIMIT 1) i
CROSS JOIN LATERAL (SELECT a.attname::text AS name, o.n FROM unnest(i.indkey::int2[]) WITH ORDINALITY o(attnum, n)
	JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = o.attnum WHERE o.n <= i.indnkeyatts) k ORDER BY k.n`

// look describes a table by the catalog. One that is gone has no columns.
func look(ctx context.Context, c *pgx.Conn, schema, name string) (t catalogTable, err error) {
	rows, err := c.Query(ctx, captureColumnsQuery, schema, name)
	if err != nil {
		return t, err
	}
	t.columns, err = pgx.CollectRows(rows, func(r pgx.CollectableRow) (c catalogColumn, err error) {
		var oid int64
		err = r.Scan(&c.name, &oid, &c.mod, &c.required, &c.expr, &c.generated)
		c.oid = uint32(oid)
		return c, err
	})
	if err != nil {
		return t, err
	}
	if rows, err = c.Query(ctx, captureKeyQuery, schema, name); err != nil {
		return t, err
	}
	t.key, err = pgx.CollectRows(rows, pgx.RowTo[string])
	return t, err
}

// relation is the table as the log would describe it.
func (t catalogTable) relation(schema, name string) relation {
	r := relation{schema: schema, name: name}
	for _, c := range t.columns {
		r.columns = append(r.columns, c.relationColumn)
	}
	return r
}

// version is one version of a table: how its rows are read, and what becomes of
// them.
type version struct {
	relation
	layout *cdc.Layout
	decode []decoder // nil: the column is left out
	absent []connect.Value
	enums  []*pgType // nil: the column is none
	key    []int     // the places of the key's columns
	signal bool      // it is the table of signals
}

// tables makes versions of tables.
type tables struct {
	modes  modes
	types  pgTypes
	emit   *cdc.Emitter
	lock   *sync.Mutex     // of emit's layouts
	unseen map[string]bool // types that were said to be left out
	warn   func(text string, args ...any)
}

// version makes the version of a table that a relation describes; the catalog
// says the rest, as it is now.
func (ts *tables) version(ctx context.Context, c *pgx.Conn, r relation) (*version, error) {
	known, err := look(ctx, c, r.schema, r.name)
	if err != nil {
		return nil, fmt.Errorf("describe table %s.%s: %w", r.schema, r.name, err)
	}
	v := &version{relation: r}
	id := cdc.TableID{Schema: r.schema, Table: r.name}
	v.signal = ts.emit.Filter.Signals(id)
	t := &cdc.Table{ID: id}
	for _, rc := range r.columns {
		column, err := ts.column(ctx, c, v, rc, known)
		if err != nil {
			return nil, fmt.Errorf("table %s: column %s: %w", id, connect.Word(rc.name), err)
		}
		t.Columns = append(t.Columns, column)
	}
	for _, name := range known.key {
		if i := slices.IndexFunc(r.columns, func(c relationColumn) bool { return c.name == name }); i >= 0 {
			t.Key = append(t.Key, i)
		}
	}
	ts.lock.Lock()
	v.layout, err = ts.emit.Layout(t)
	ts.lock.Unlock()
	if err != nil {
		return nil, err
	}
	v.key = t.Key
	for i := range v.decode {
		if !v.layout.Uses(i) && !slices.Contains(v.key, i) {
			v.decode[i] = nil
		}
	}
	return v, nil
}

// column maps a column, and adds how it is read to the version.
func (ts *tables) column(ctx context.Context, c *pgx.Conn, v *version, rc relationColumn, known catalogTable) (cdc.Column, error) {
	of, err := ts.types.get(ctx, c, rc.oid)
	if err != nil {
		return cdc.Column{}, err
	}
	at := slices.IndexFunc(known.columns, func(k catalogColumn) bool { return k.name == rc.name })
	var more catalogColumn // where the column is gone: it may be null
	if at >= 0 {
		more = known.columns[at]
	}
	root, mod := of.root(rc.mod)
	column := cdc.Column{Name: rc.name, TypeName: driverName(of, more.expr), Length: root.precision(mod), Scale: root.scale(mod), Text: isText(root)}
	m, ok := ts.modes.of(root, mod)
	if !ok {
		ts.leaveOut(of.name)
		v.decode, v.absent, v.enums = append(v.decode, nil), append(v.absent, connect.Null), append(v.enums, nil)
		return column, nil
	}
	if column.Schema, err = m.build(!more.required, root, mod, more.expr); err != nil {
		return column, err
	}
	var enum *pgType
	if root.enum {
		enum = root
	}
	v.decode, v.absent, v.enums = append(v.decode, m.decoder(column.Schema)), append(v.absent, m.absent), append(v.enums, enum)
	return column, nil
}

// build is the schema of a column of the type.
func (m *mapping) build(optional bool, t *pgType, mod int32, expr string) (*connect.Schema, error) {
	b := m.schema()
	if optional {
		b.Optional()
	}
	s, err := b.Build()
	if err != nil || expr == "" {
		return s, err
	}
	if def := defaultValue(t, mod, expr, m.decoder(s)); !def.IsNull() {
		if with, err := b.Default(def).Build(); err == nil {
			return with, nil
		}
	}
	return s, nil
}

// leaveOut says once that columns of a type are left out.
func (ts *tables) leaveOut(name string) {
	if ts.unseen[name] {
		return
	}
	if ts.unseen == nil {
		ts.unseen = map[string]bool{}
	}
	ts.unseen[name] = true
	ts.warn("columns of a type that is not known are left out; includeUnknownDatatypes has them as bytes", "type", name)
}

// driverName is a type's name as the JDBC driver has it: a number that counts by
// itself is a serial.
func driverName(t *pgType, expr string) string {
	if strings.Contains(expr, "nextval(") {
		switch t.oid {
		case oidInt2:
			return "smallserial"
		case oidInt4:
			return "serial"
		case oidInt8:
			return "bigserial"
		}
	}
	return t.name
}

func isText(t *pgType) bool {
	switch t.oid {
	case oidText, oidVarchar, oidBpchar, oidName, oidChar:
		return true
	}
	return t.enum
}
