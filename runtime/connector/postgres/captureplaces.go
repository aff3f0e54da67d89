package postgres

import (
	"encoding/json"
	"slices"
)

// hasRead says whether a snapshot has had all rows of a table.
func (p *position) hasRead(table string) bool {
	row, ahead := p.ahead[table]
	return table < p.table || ahead && row == nil
}

// readAll says that a snapshot has read all.
func (p *position) readAll() {
	p.table, p.row, p.ahead, p.last, p.completed = "", nil, nil, true, true
}

// begin makes the first of the tables, in order, the one that is read; from has
// the keys of rows that were had.
func (p *position) begin(order []string, from map[string][]byte) {
	if len(order) > 0 {
		p.table, p.row = order[0], slices.Clone(from[order[0]])
		delete(p.ahead, p.table)
	}
}

// tableRead says that all rows of a table were had. Where it is the first of
// those that are read, the next one is, in the order, that was not read yet.
func (p *position) tableRead(table string, order []string) {
	if table != p.table {
		p.setAhead(table, nil)
		return
	}
	at := slices.Index(order, table)
	for _, next := range order[at+1:] {
		row, begun := p.ahead[next]
		delete(p.ahead, next)
		if row != nil || !begun {
			p.table, p.row = next, row
			return
		}
	}
}

func (p *position) setAhead(table string, row []byte) {
	if p.ahead == nil {
		p.ahead = map[string][]byte{}
	}
	p.ahead[table] = row
}

// rowRead says that a row of a table was had. Memory of the one before is used
// again.
func (p *position) rowRead(table string, key []byte) {
	if table == p.table {
		p.row = append(p.row[:0], key...)
		return
	}
	row := p.ahead[table]
	if row == nil {
		row = []byte{} // nil says that the table was read
	}
	p.setAhead(table, append(row[:0], key...))
}

// aheadRead stands in offsets for the key of a table that was read.
const aheadRead = "read"

func storeAhead(ahead map[string][]byte) string {
	all := make(map[string]string, len(ahead))
	for table, row := range ahead {
		if all[table] = string(row); row == nil {
			all[table] = aheadRead
		}
	}
	text, _ := json.Marshal(all) // texts alone: it cannot fail
	return string(text)
}

// loadAhead reads what storeAhead writes; of what is not such, nothing was read.
func loadAhead(text string) map[string][]byte {
	var all map[string]string
	if json.Unmarshal([]byte(text), &all) != nil || len(all) == 0 {
		return nil
	}
	ahead := make(map[string][]byte, len(all))
	for table, row := range all {
		if ahead[table] = []byte(row); row == aheadRead {
			ahead[table] = nil
		}
	}
	return ahead
}
