package sql

import (
	"context"
	"testing"
)

// TestSinkRelease: behind a Put nothing of its records is held, and what a far
// larger one had made room for is not touched again.
func TestSinkRelease(t *testing.T) {
	for name, o := range map[string]Sink{
		"insert": {},
		"upsert": {InsertMode: "upsert", PkMode: "record_key", PkFields: []string{"k"}, DeleteEnabled: true},
		"update": {InsertMode: "update", PkMode: "record_key", PkFields: []string{"k"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t)
			s.exec(`CREATE TABLE orders (k BIGINT PRIMARY KEY, id BIGINT, name TEXT, n BIGINT)`)
			if name == "insert" {
				s.exec(`DROP TABLE orders; CREATE TABLE orders (id BIGINT, name TEXT, n BIGINT)`)
			}
			task := s.open(o).SinkTask.(*sinkTask)
			put := func(from, n int) {
				t.Helper()
				if err := task.Put(context.Background(), orders(from, n)); err != nil {
					t.Fatal(err)
				}
			}
			put(0, 3*roomKept)
			args := task.args[:cap(task.args)]
			for i, v := range args {
				if v != nil {
					t.Fatalf("parameter %d is held: %v", i, v)
				}
			}
			for _, row := range task.rows[:cap(task.rows)] {
				if row != nil {
					t.Fatalf("a row is held: %v", row)
				}
			}
			for _, v := range task.flat[:cap(task.flat)] {
				if v != nil {
					t.Fatalf("a parameter is held: %v", v)
				}
			}
			if len(args) == 0 || len(task.seen.at) > 0 {
				t.Fatalf("%d parameters had room, %d keys are held", len(args), len(task.seen.at))
			}
			args[len(args)-1] = "far behind"
			put(3*roomKept, 1)
			if args[len(args)-1] == nil {
				t.Error("a Put of one record went over all the room that there is")
			}
			if args[0] != nil {
				t.Errorf("a parameter is held: %v", args[0])
			}
			if task.seen.room > roomKept {
				t.Errorf("room for %d keys is emptied for one", task.seen.room)
			}
		})
	}
}
