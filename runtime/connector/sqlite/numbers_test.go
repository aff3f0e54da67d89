package sqlite_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"kcgen.dev/runtime/connector/database"
	"kcgen.dev/runtime/connector/database/databasetest"
)

func TestIndexesAndNumbers(t *testing.T) {
	d := newFile(t)
	db := databasetest.Open(t, d)
	for _, s := range []string{
		"CREATE TABLE a (id INTEGER PRIMARY KEY, x INT, y INT UNIQUE)", "CREATE INDEX by_x ON a (x, id)", "CREATE INDEX some ON a (x) WHERE x > 5", "CREATE INDEX lowered ON a (abs(x), y)",
		"CREATE TABLE b (id INTEGER PRIMARY KEY AUTOINCREMENT)", "CREATE TABLE c (k TEXT, l INTEGER, PRIMARY KEY (k, l))",
	} {
		databasetest.Exec(t, db, s)
	}
	indexes, ok := d.Dialect().(database.Indexes)
	if !ok {
		t.Fatal("SQLite tells no indexes")
	}
	for table, want := range map[string]string{"a": "[id] [ y] [x id] [y]", "b": "[id]", "c": "[k l]", "none": ""} {
		got, err := indexes.Indexes(t.Context(), db, database.Table{Name: table})
		if err != nil {
			t.Fatal(err)
		}
		var parts []string
		for _, i := range got {
			parts = append(parts, fmt.Sprint(i))
		}
		if text := strings.Join(parts, " "); text != want {
			t.Errorf("%s: %s, want %s", table, text, want)
		}
	}
	numbers := d.Dialect().(interface {
		Unordered(ctx context.Context, q database.Querier, t database.Table, column string) (string, error)
	})
	for table, want := range map[string]string{"a": "AUTOINCREMENT", "b": "", "c": ""} {
		why, err := numbers.Unordered(t.Context(), db, database.Table{Name: table}, "id")
		if err != nil || (why == "") != (want == "") || !strings.Contains(why, want) {
			t.Errorf("%s: %q (%v)", table, why, err)
		}
	}
}
