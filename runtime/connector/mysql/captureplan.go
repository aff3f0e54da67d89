package mysql

import (
	"errors"
	"fmt"
	"strings"

	"github.com/go-mysql-org/go-mysql/mysql"
	"github.com/go-mysql-org/go-mysql/replication"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/cdc"
)

// plan is how the rows of one version of a table become records.
type plan struct {
	table   *table
	layout  *cdc.Layout
	columns []planned
	refused func(column string, err error) error // what becomes of a value that cannot be converted
}

// planned is one column of a plan.
type planned struct {
	name     string
	convert  converter // nil: no record has it
	unsigned bool
	missing  connect.Value // what stands for it where the log leaves it out
	leaves   bool          // the log may leave it out: binlog_row_image is NOBLOB
}

// newPlan makes the schemas and converters of a table.
func (t *captureTask) newPlan(tab *table) (*plan, error) {
	p := &plan{table: tab, refused: t.refused}
	described := &cdc.Table{ID: cdc.TableID{Catalog: tab.id.db, Table: tab.id.name}}
	for i := range tab.columns {
		c := &tab.columns[i]
		d, err := t.describe(tab, c)
		if err != nil {
			return nil, fmt.Errorf("mysql: table %s: column %s: %w", tab.id, c.name, err)
		}
		described.Columns = append(described.Columns, d)
	}
	for _, k := range tab.key {
		if i := tab.index(k); i >= 0 {
			described.Key = append(described.Key, i)
		}
	}
	var err error
	if p.layout, err = t.emit.Layout(described); err != nil {
		return nil, fmt.Errorf("mysql: %w", err)
	}
	for i := range tab.columns {
		c := &tab.columns[i]
		column := planned{name: c.name, unsigned: c.unsigned()}
		if p.layout.Uses(i) {
			if column.convert, err = c.converter(t.modes, tab.charsetOf(c), described.Columns[i].Schema); err != nil {
				return nil, fmt.Errorf("mysql: table %s: column %s: %w", tab.id, c.name, err)
			}
		}
		if err = column.leave(c, t.cfg.UnavailableValuePlaceholder); err != nil {
			return nil, fmt.Errorf("mysql: table %s: column %s: unavailableValuePlaceholder: %w", tab.id, c.name, err)
		}
		p.columns = append(p.columns, column)
	}
	return p, nil
}

// leave says what stands for a long text or long bytes that the log leaves out, because
// they did not change.
func (p *planned) leave(c *columnDef, placeholder string) (err error) {
	base := c.base()
	switch {
	case base == "JSON", strings.Contains(base, "TEXT"):
		p.leaves, p.missing = true, connect.String(placeholder)
	case strings.Contains(base, "BLOB"):
		p.leaves = true
		if p.convert != nil {
			p.missing, err = p.convert(cell{kind: bytesCell, b: []byte(placeholder)})
		}
	}
	return err
}

// refused is what eventConvertingFailureHandlingMode says of a value that cannot be
// converted: nil has it be null.
func (t *captureTask) refused(column string, err error) error {
	switch t.cfg.EventConvertingFailureHandlingMode {
	case "skip":
		return nil
	case "warn":
		t.log.Warn("a value cannot be converted and is null", "column", column, "error", err)
		return nil
	}
	return err
}

// describe is a column as records have it.
func (t *captureTask) describe(tab *table, c *columnDef) (cdc.Column, error) {
	d := cdc.Column{Name: c.name, TypeName: c.typ, Length: c.length, Scale: c.scale, Comment: c.comment}
	f := c.family(t.modes)
	d.Text = f == textFamily || f == enumFamily || f == setFamily
	b := c.plainSchema(t.modes)
	if b == nil {
		t.log.Warn("a column is left out: its type has none in Debezium", "table", tab.id.String(), "column", c.name, "type", c.typ)
		return d, nil
	}
	if c.optional {
		b.Optional()
	}
	if c.comment != "" {
		b.Doc(c.comment)
	}
	if def, ok := c.defaultOf(t.modes, tab.charsetOf(c)); ok {
		b.Default(def)
	}
	var err error
	d.Schema, err = b.Build()
	return d, err
}

// mapped is a table as the rows of the log have it.
type mapped struct {
	id   tableID
	plan *plan // nil: the table is not captured
	phys []physical
	err  error // why it cannot be read
}

// mapTable checks that the log's rows are those of the table that is known.
func mapTable(p *plan, e *replication.TableMapEvent) ([]physical, error) {
	if len(p.columns) != len(e.ColumnType) {
		return nil, fmt.Errorf("the log's rows have %d columns, the table as it is known has %d", len(e.ColumnType), len(p.columns))
	}
	phys := make([]physical, len(p.columns))
	for i := range p.columns {
		phys[i] = physicalOf(e.ColumnType[i], e.ColumnMeta[i])
		c := &p.table.columns[i]
		if i < len(e.ColumnName) && string(e.ColumnName[i]) != c.name {
			return nil, fmt.Errorf("the log's column %d is %q, the table's as it is known %q", i+1, e.ColumnName[i], c.name)
		}
		if !phys[i].fits(c) {
			return nil, fmt.Errorf("the log's column %d has type %d, the table's column %s as it is known is %s", i+1, phys[i].typ, c.name, c.typ)
		}
	}
	return phys, nil
}

// fits is whether the log's type can be that of a column.
func (p physical) fits(c *columnDef) bool {
	want, ok := fitting[families[c.base()]]
	if !ok {
		return true
	}
	for _, typ := range want {
		if p.typ == typ {
			return families[c.base()] != intFamily || intSize(p.typ) == c.intSize()
		}
	}
	return false
}

func intSize(typ byte) int {
	n, _ := physical{typ: typ}.size(make([]byte, 8))
	return n
}

func (c *columnDef) intSize() int {
	switch c.base() {
	case "TINYINT", "INT1":
		return 1
	case "SMALLINT", "INT2":
		return 2
	case "MEDIUMINT", "INT3", "MIDDLEINT":
		return 3
	case "BIGINT", "INT8":
		return 8
	}
	return 4
}

var (
	blobTypes = []byte{mysql.MYSQL_TYPE_BLOB, mysql.MYSQL_TYPE_TINY_BLOB, mysql.MYSQL_TYPE_MEDIUM_BLOB, mysql.MYSQL_TYPE_LONG_BLOB}
	textTypes = append([]byte{mysql.MYSQL_TYPE_VARCHAR, mysql.MYSQL_TYPE_VAR_STRING, mysql.MYSQL_TYPE_STRING}, blobTypes...)
)

// fitting are the log's types of each family of columns.
var fitting = map[family][]byte{
	boolFamily:    {mysql.MYSQL_TYPE_TINY, mysql.MYSQL_TYPE_BIT},
	intFamily:     {mysql.MYSQL_TYPE_TINY, mysql.MYSQL_TYPE_SHORT, mysql.MYSQL_TYPE_INT24, mysql.MYSQL_TYPE_LONG, mysql.MYSQL_TYPE_LONGLONG},
	float32Family: {mysql.MYSQL_TYPE_FLOAT, mysql.MYSQL_TYPE_DOUBLE}, float64Family: {mysql.MYSQL_TYPE_FLOAT, mysql.MYSQL_TYPE_DOUBLE},
	decimalFamily: {mysql.MYSQL_TYPE_NEWDECIMAL}, textFamily: textTypes, binaryFamily: textTypes,
	bitsFamily: {mysql.MYSQL_TYPE_BIT}, enumFamily: {mysql.MYSQL_TYPE_ENUM}, setFamily: {mysql.MYSQL_TYPE_SET},
	jsonFamily: append([]byte{mysql.MYSQL_TYPE_JSON}, textTypes...), yearFamily: {mysql.MYSQL_TYPE_YEAR},
	dateFamily:      {mysql.MYSQL_TYPE_DATE, mysql.MYSQL_TYPE_NEWDATE},
	timeFamily:      {mysql.MYSQL_TYPE_TIME, mysql.MYSQL_TYPE_TIME2},
	datetimeFamily:  {mysql.MYSQL_TYPE_DATETIME, mysql.MYSQL_TYPE_DATETIME2},
	timestampFamily: {mysql.MYSQL_TYPE_TIMESTAMP, mysql.MYSQL_TYPE_TIMESTAMP2},
	pointFamily:     append([]byte{mysql.MYSQL_TYPE_GEOMETRY}, blobTypes...), geometryFamily: append([]byte{mysql.MYSQL_TYPE_GEOMETRY}, blobTypes...),
}

var errImage = errors.New("the log's rows do not have all columns: SET GLOBAL binlog_row_image = 'FULL'")

// row reads a row of the log into dst, and says how long it was. Used is which columns
// there are.
func (m *mapped) row(dst []connect.Value, b, used []byte) (int, error) {
	present := 0
	for i := range m.phys {
		if has(used, i) {
			present++
		}
	}
	at := (present + 7) / 8
	if at > len(b) {
		return 0, errShortRow
	}
	nulls := b[:at]
	n := 0 // of those that there are
	for i, p := range m.phys {
		column := &m.plan.columns[i]
		dst[i] = connect.Null
		if !has(used, i) {
			if !column.leaves {
				return 0, fmt.Errorf("column %s: %w", column.name, errImage)
			}
			dst[i] = column.missing
			continue
		}
		n++
		if has(nulls, n-1) {
			continue
		}
		size, err := m.value(&dst[i], column, p, b[at:])
		if err != nil {
			return 0, fmt.Errorf("column %s: %w", column.name, err)
		}
		at += size
	}
	return at, nil
}

// has is whether a bit is set.
func has(bits []byte, i int) bool { return bits[i/8]>>(i%8)&1 != 0 }

// value reads one value, and says how long it was.
func (m *mapped) value(dst *connect.Value, column *planned, p physical, b []byte) (int, error) {
	if column.convert == nil {
		return p.size(b)
	}
	c, n, err := p.read(b, column.unsigned)
	if err != nil {
		return 0, err
	}
	if *dst, err = column.convert(c); err != nil {
		*dst, err = connect.Null, m.plan.refused(column.name, err)
	}
	return n, err
}
