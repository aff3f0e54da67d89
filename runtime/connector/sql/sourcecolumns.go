package sql

import (
	"fmt"
	"strings"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/database"
)

// columnsOf finds the columns that the mode reads by among those that there are.
func (s Source) columnsOf(all []database.Column) (c columns, err error) {
	if s.byNumber() {
		if c.number, err = s.numberColumn(all); err != nil {
			return c, err
		}
	}
	if !s.byTime() {
		return c, nil
	}
	for _, name := range s.TimestampColumnName {
		i, err := find(all, name)
		if err != nil {
			return c, fmt.Errorf("timestampColumnName: %w", err)
		}
		c.times = append(c.times, all[i])
	}
	return c, nil
}

// numberColumn is the one that is named, or the first by which the database
// numbers the rows.
func (s Source) numberColumn(all []database.Column) (c database.Column, err error) {
	if s.IncrementingColumnName != "" {
		i, err := find(all, s.IncrementingColumnName)
		if err != nil {
			return c, fmt.Errorf("incrementingColumnName: %w", err)
		}
		return all[i], nil
	}
	for _, c := range all {
		if c.Generated {
			return c, nil
		}
	}
	return c, fmt.Errorf("mode %s: the database numbers the rows by none of its columns; name the column by incrementingColumnName", s.Mode)
}

// find finds a column by its name, or where there is none of that name by the
// name in other capitals.
func find(all []database.Column, name string) (int, error) {
	at := columnsCalled(name, all)
	switch len(at) {
	case 0:
		return -1, fmt.Errorf("there is no column %s; there are %s", name, listed(all))
	case 1:
		return at[0], nil
	}
	return -1, fmt.Errorf("columns %s and %s are there, and no %s; name one of them as it is", all[at[0]].Name, all[at[1]].Name, name)
}

// listed names some columns.
func listed(all []database.Column) string {
	const most = 20
	var names []string
	for _, c := range all[:min(len(all), most)] {
		names = append(names, c.Name)
	}
	if len(all) > most {
		names = append(names, "…")
	}
	return strings.Join(names, ", ")
}

// checkNulls is validateNonNull: a row without the number, or without any time, would
// never be read; with a time and no number it would end reading.
func (s Source) checkNulls(c columns) error {
	if !s.ValidateNonNull || s.Mode == bulk || s.Query != "" {
		return nil
	}
	if s.byNumber() && c.number.Nullable {
		return fmt.Errorf("mode %s: column %s may be null; make it NOT NULL, or set validateNonNull to false where it never is", s.Mode, c.number.Name)
	}
	for _, t := range c.times {
		if !t.Nullable {
			return nil
		}
	}
	if len(c.times) > 0 {
		return fmt.Errorf("mode %s: of the columns %s each may be null, and rows without a time are never read; make one NOT NULL, or set validateNonNull to false", s.Mode, listed(c.times))
	}
	return nil
}

// checkTypes finds columns whose values no offset can hold.
func checkTypes(c columns, m database.Mapping) error {
	if s := c.number.Schema; s != nil && !numeric(s) {
		return fmt.Errorf("column %s is %s, not a whole number", c.number.Name, c.number.Type)
	}
	for _, t := range c.times {
		if t.Schema == nil && t.Unsupported != "" {
			return fmt.Errorf("column %s is %s, which cannot be read: %s", t.Name, t.Type, t.Unsupported)
		}
		if t.Schema != nil && !temporal(t.Schema, m) {
			return fmt.Errorf("column %s is %s, not a point in time", t.Name, t.Type)
		}
	}
	return nil
}

func numeric(s *connect.Schema) bool {
	switch s.ValueKind() {
	case connect.KindInt8, connect.KindInt16, connect.KindInt32, connect.KindInt64, connect.KindDecimal:
		return true
	}
	return false
}

func temporal(s *connect.Schema, m database.Mapping) bool {
	switch m.Granularity {
	case "micros_long", "nanos_long":
		return s.ValueKind() == connect.KindInt64 || s.Logical() == connect.LogicalTimestamp
	case "", "connect_logical":
		return s.Logical() == connect.LogicalTimestamp || s.Logical() == connect.LogicalDate
	}
	return s.ValueKind() == connect.KindString || s.Logical() == connect.LogicalTimestamp
}

// shape is how a query's columns become a struct.
type shape struct {
	schema  *connect.Schema
	columns []database.Column
	slots   []int // of each column; -1: it is left out. nil: all, in order
	number  int   // the columns that the mode reads by, as slots
	times   []int
	dates   []int // slots of dates that are to be counted by the Julian calendar
}

// shapeOf makes a schema of a query's columns, named after the table; the one
// that was there before stays where nothing has changed.
func (s Source) shapeOf(name string, cols []database.Column, before *shape) (*shape, error) {
	sh := &shape{columns: cols, number: -1}
	b := connect.NewStruct()
	if name != "" {
		b.Name(name)
	}
	slots, n := make([]int, len(cols)), 0
	for i, c := range cols {
		slots[i] = -1
		if c.Schema == nil {
			continue
		}
		b.Field(c.Name, c.Schema)
		if s.DateCalendarSystem == legacy && c.Schema.Logical() == connect.LogicalDate {
			sh.dates = append(sh.dates, n)
		}
		slots[i] = n
		n++
	}
	if n < len(cols) {
		sh.slots = slots
	}
	var err error
	if sh.schema, err = b.Build(); err != nil {
		return nil, fmt.Errorf("columns: %w", err)
	}
	if before != nil && before.schema.Equal(sh.schema) {
		sh.schema = before.schema
	}
	return sh, sh.point(s, cols, slots)
}

// point finds the slots of the columns that the mode reads by.
func (sh *shape) point(s Source, cols []database.Column, slots []int) error {
	c, err := s.columnsOf(cols)
	if err != nil {
		return err
	}
	if s.byNumber() {
		if sh.number, err = slotOf(c.number, cols, slots); err != nil {
			return err
		}
	}
	for _, t := range c.times {
		i, err := slotOf(t, cols, slots)
		if err != nil {
			return err
		}
		sh.times = append(sh.times, i)
	}
	return nil
}

func slotOf(c database.Column, cols []database.Column, slots []int) (int, error) {
	i, err := find(cols, c.Name)
	if err != nil {
		return -1, err
	}
	if slots[i] < 0 {
		return -1, fmt.Errorf("column %s is %s, which cannot be read: %s", c.Name, c.Type, cols[i].Unsupported)
	}
	return slots[i], nil
}
