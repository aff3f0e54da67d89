package mysql

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// place is how far a snapshot is: which tables are done, and behind which rows others
// go on. It is part of the offset while a snapshot is read; Debezium leaves it alone.
type place struct {
	before string              // it and all tables before it are done
	done   map[string]bool     // others that are
	keys   map[string][]string // of the last rows that were told
	order  []string            // all tables
	next   int                 // the first one in order that is not done
}

// placeJSON is a place in an offset.
type placeJSON struct {
	Before string              `json:"before,omitempty"`
	Done   []string            `json:"done,omitempty"`
	Keys   map[string][]string `json:"keys,omitempty"`
}

func parsePlace(text string) (*place, error) {
	var j placeJSON
	if err := json.Unmarshal([]byte(text), &j); err != nil {
		return nil, fmt.Errorf("mysql: read the offset: its %q: %w: reset it, and the rows are read anew", keyPlace, err)
	}
	p := &place{before: j.Before, done: map[string]bool{}, keys: j.Keys}
	for _, name := range j.Done {
		p.done[name] = true
	}
	return p, nil
}

// String is the place in an offset.
func (p *place) String() string {
	j := placeJSON{Before: p.before, Keys: p.keys}
	for name := range p.done {
		j.Done = append(j.Done, name)
	}
	slices.Sort(j.Done)
	text, _ := json.Marshal(j) // texts: it cannot fail
	return string(text)
}

// empty is whether nothing was told.
func (p *place) empty() bool { return p.before == "" && len(p.done)+len(p.keys) == 0 }

// has is whether a table is done.
func (p *place) has(id tableID) bool {
	name := id.String()
	return p.before != "" && name <= p.before || p.done[name]
}

// forget has a table be read from its first row on.
func (p *place) forget(id tableID) { delete(p.keys, id.String()) }

// over says which tables there are, and which of them are still to be read.
func (p *place) over(all, todo []*table) {
	p.before, p.order, p.next, p.done = "", nil, 0, map[string]bool{}
	for _, t := range all {
		p.order = append(p.order, t.id.String())
		p.done[t.id.String()] = true
	}
	for _, t := range todo {
		delete(p.done, t.id.String())
	}
	if p.keys == nil {
		p.keys = map[string][]string{}
	}
	p.advance()
}

// reach is behind a row of a table; one without a key cannot be gone on behind.
func (p *place) reach(id tableID, key []string) {
	if key != nil {
		p.keys[id.String()] = key
	}
}

// finish is behind all of a table.
func (p *place) finish(id tableID) {
	delete(p.keys, id.String())
	p.done[id.String()] = true
	p.advance()
}

func (p *place) advance() {
	for p.next < len(p.order) && p.done[p.order[p.next]] {
		p.before = p.order[p.next]
		delete(p.done, p.before)
		p.next++
	}
}

// like is whether a table has the columns and the key of another.
func (t *table) like(other *table) bool {
	if other == nil || !slices.Equal(t.key, other.key) {
		return false
	}
	return slices.EqualFunc(t.columns, other.columns, func(a, b columnDef) bool { return a.name == b.name && a.typ == b.typ })
}

// ordered are the families of columns that servers compare with a text as they sort
// them. An ENUM is sorted by its number and compared by its text.
var ordered = []family{intFamily, decimalFamily, textFamily, binaryFamily, yearFamily, dateFamily, timeFamily, datetimeFamily, timestampFamily, uuidFamily, inetFamily}

// orderedKey are the columns of the primary key, if a scan can go on behind one.
func (t *table) orderedKey() (key []int) {
	if !t.keyed {
		return nil
	}
	for _, name := range t.key {
		i := t.index(name)
		if i < 0 || !slices.Contains(ordered, families[t.columns[i].base()]) {
			return nil
		}
		key = append(key, i)
	}
	return key
}

// appendKey appends a part of a key as text, from what the driver gives.
func (c *columnDef) appendKey(dst []byte, src any) []byte {
	switch v := src.(type) {
	case int64:
		return strconv.AppendInt(dst, v, 10)
	case uint64:
		return strconv.AppendUint(dst, v, 10)
	case []byte:
		if families[c.base()] == binaryFamily {
			return hex.AppendEncode(dst, v)
		}
		return append(dst, v...)
	}
	return fmt.Append(dst, src)
}

// keyArgument is a part of a key as the driver takes it.
func (c *columnDef) keyArgument(text string) any {
	switch families[c.base()] {
	case intFamily:
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return n
		}
		if n, err := strconv.ParseUint(text, 10, 64); err == nil {
			return n
		}
	case binaryFamily:
		if b, err := hex.DecodeString(text); err == nil {
			return b
		}
	}
	return text
}

// compared is how a part of a key stands in a condition: a decimal as text would be
// compared as a floating-point number.
func (c *columnDef) compared() string {
	if families[c.base()] != decimalFamily {
		return "?"
	}
	precision, scale := max(c.length, 0), max(c.scale, 0)
	if precision == 0 {
		precision = 10
	}
	return "CAST(? AS DECIMAL(" + strings.Join([]string{strconv.Itoa(precision), strconv.Itoa(scale)}, ",") + "))"
}
