package postgres

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"kcgen.dev/runtime/connect"
)

// TestPlaces reads tables a to e at once, and looks after each step at what a
// snapshot that was broken off there would read again.
func TestPlaces(t *testing.T) {
	order := []string{"a", "b", "c", "d", "e"}
	p := position{at: 1, snapshot: snapshotInitial}
	p.begin(order, nil)
	for _, step := range []struct {
		do   func()
		want map[string]string // tables that are to be read, behind which keys
	}{
		{func() {}, map[string]string{"a": "", "b": "", "c": "", "d": "", "e": ""}},
		{func() { p.rowRead("b", []byte("[1]")) }, map[string]string{"a": "", "b": "[1]", "c": "", "d": "", "e": ""}},
		{func() { p.rowRead("a", []byte("[2]")) }, map[string]string{"a": "[2]", "b": "[1]", "c": "", "d": "", "e": ""}},
		{func() { p.tableRead("c", order) }, map[string]string{"a": "[2]", "b": "[1]", "d": "", "e": ""}},
		{func() { p.rowRead("d", nil) }, map[string]string{"a": "[2]", "b": "[1]", "d": "", "e": ""}},
		{func() { p.tableRead("a", order) }, map[string]string{"b": "[1]", "d": "", "e": ""}},
		{func() { p.tableRead("b", order) }, map[string]string{"d": "", "e": ""}},
		{func() { p.tableRead("d", order); p.rowRead("e", []byte("[3]")) }, map[string]string{"e": "[3]"}},
	} {
		step.do()
		o := connect.SourceOffset{}
		p.store(o)
		back, err := positionOf(o)
		if err != nil || !back.inSnapshot() {
			t.Fatal(o, err)
		}
		got := map[string]string{}
		for _, table := range order {
			if !back.hasRead(table) {
				got[table] = string(back.ahead[table])
			}
			if table == back.table {
				got[table] = string(back.row)
			}
		}
		if diff := cmp.Diff(step.want, got); diff != "" {
			t.Errorf("%v: %s", o, diff)
		}
	}
	p.readAll()
	if p.inSnapshot() {
		t.Error("it is not over")
	}
}

// A snapshot of Debezium's for which its stream waited is over with its process.
func TestPlaceWithinBlocking(t *testing.T) {
	p, err := positionOf(connect.SourceOffset{"lsn": int64(7), "snapshot": "BLOCKING", "snapshot_completed": false})
	if err != nil || p.inSnapshot() {
		t.Errorf("%+v, %v", p, err)
	}
}
