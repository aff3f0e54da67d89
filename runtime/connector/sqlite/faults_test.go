package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/database"
	"kcgen.dev/runtime/connector/database/databasetest"
	"kcgen.dev/runtime/connector/sqlite"
)

func TestFaults(t *testing.T) {
	d := newFile(t)
	d.BusyTimeout, d.ForeignKeys = 10*time.Millisecond, true
	db := databasetest.Open(t, d)
	databasetest.Exec(t, db, "CREATE TABLE parent (id INTEGER PRIMARY KEY)")
	databasetest.Exec(t, db, "CREATE TABLE child (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES parent(id), n INTEGER NOT NULL CHECK (n < 100))")
	databasetest.Exec(t, db, "CREATE TABLE strict (n INTEGER) STRICT")

	gone := sqlite.Database{File: filepath.Join(t.TempDir(), "none.db"), ReadOnly: true}
	nowhere := sqlite.Database{File: filepath.Join(t.TempDir(), "no", "folder.db")}
	readOnly := d
	readOnly.ReadOnly = true
	noDatabase := sqlite.Database{File: filepath.Join(t.TempDir(), "text")}
	if err := os.WriteFile(noDatabase.File, []byte(strings.Repeat("no database at all ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	const create = "CREATE TABLE x (id INT)"
	for _, x := range []struct {
		db        sqlite.Database
		statement string
		want      database.Fault
	}{
		{d, "INSERT INTO child (id, parent, n) VALUES (1, 99, 1)", database.Data}, {d, "INSERT INTO child (id, n) VALUES (1, 100)", database.Data},
		{d, "INSERT INTO child (id) VALUES (1)", database.Data}, {d, "INSERT INTO child (id, n) VALUES ('x', 1)", database.Data},
		{d, "INSERT INTO strict VALUES ('x')", database.Data}, {d, "SELECT * FROM nowhere", database.Absent}, {d, "INSERT INTO child (none) VALUES (1)", database.Absent},
		{d, "SELECT none FROM child", database.Absent}, {readOnly, "INSERT INTO parent VALUES (1)", database.Denied},
		{gone, create, database.Away}, {nowhere, create, database.Away}, {noDatabase, create, database.Unknown},
	} {
		_, err := databasetest.Open(t, x.db).ExecContext(t.Context(), x.statement)
		if got := x.db.Dialect().Fault(err); err == nil || got != x.want {
			t.Errorf("%s: %s: %v: fault %d, want %d", x.db, x.statement, err, got, x.want)
		}
	}
	if _, err := os.Stat(gone.File); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file to be read only was made: %v", err)
	}
	writer, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer writer.Rollback()
	_, err = db.BeginTx(t.Context(), nil)
	if got := d.Dialect().Fault(err); got != database.Busy {
		t.Errorf("two writers: %v: fault %d", err, got)
	}
	for _, err := range []error{nil, context.Canceled, errors.New("else")} {
		if got := d.Dialect().Fault(err); got != database.Unknown {
			t.Errorf("%v: fault %d", err, got)
		}
	}
}

// The times of a table are compared in the form that it keeps.
func TestOffsetForms(t *testing.T) {
	d := newFile(t)
	db := databasetest.Open(t, d)
	at := time.Date(2024, 2, 29, 12, 34, 56, 0, time.UTC)
	for i, x := range []struct {
		equal, later string // as the table has them
		at           time.Time
	}{
		{"'2024-02-29 12:34:56'", "'2024-02-29 12:34:57'", at},
		{"'2024-02-29 12:34:56.000'", "'2024-02-29 12:34:56.001'", at},
		{"'2024-02-29T12:34:56'", "'2024-02-29T12:34:56.5'", at},
		{"'2024-02-29T12:34:56Z'", "'2024-02-29T12:34:57Z'", at},
		{"'2024-02-29 12:34:56.123000'", "'2024-02-29 12:34:56.123001'", at.Add(123 * time.Millisecond)},
		{"'2024-02-29 14:34:56+02:00'", "'2024-02-29 14:34:57+02:00'", at},
		{"1709210096000", "1709210096001", at},
		{"julianday('2024-02-29 12:34:56')", "julianday('2024-02-29 12:34:57')", at},
		{"'2024-02-29'", "'2024-03-01'", at.Truncate(24 * time.Hour)},
	} {
		table := database.Table{Name: fmt.Sprint("form", i)}
		databasetest.Exec(t, db, fmt.Sprintf("CREATE TABLE %s (at TIMESTAMP)", table.Name))
		databasetest.Exec(t, db, fmt.Sprintf("INSERT INTO %s VALUES (%s), (%s)", table.Name, x.equal, x.later))
		column := databasetest.Columns(t, db, d.Dialect(), table, database.Mapping{})[0]
		arg, err := d.Dialect().BindOffset(column, x.at, database.Mapping{})
		if err != nil {
			t.Fatal(err)
		}
		var later, same int
		if err := db.QueryRow(fmt.Sprintf("SELECT count(*), (SELECT count(*) FROM %[1]s WHERE at >= ?1) FROM %[1]s WHERE at > ?1", table.Name), arg).Scan(&later, &same); err != nil {
			t.Fatal(err)
		}
		if later != 1 || same != 2 {
			t.Errorf("%s, kept as %q: %d are later than %v, and %d as late", x.equal, column.Stored, later, arg, same)
		}
	}
}

// A number that a column would round is refused.
func TestBindDecimal(t *testing.T) {
	d := newFile(t).Dialect()
	for _, x := range []struct{ typ, number, err string }{
		{"numeric(38,2)", "123456789012345", ""}, {"numeric(38,2)", "1234567890123.45", ""}, {"numeric(38,2)", "9223372036854775807", ""},
		{"numeric(38,2)", "12345678901234.56", "declare the column TEXT"}, {"numeric(38,2)", "9223372036854775808", "declare the column TEXT"},
		{"numeric", "-0.00000000123", ""}, {"text", "123456789012345678901234567890.12", ""},
	} {
		n, err := database.ParseDecimal(x.number)
		if err != nil {
			t.Fatal(err)
		}
		bind, err := d.Binder(connect.NewDecimal(n.Scale).MustBuild(), database.Column{Name: "v", Type: x.typ}, database.Writing{})
		if err != nil {
			t.Fatal(err)
		}
		_, err = bind(n.Value())
		databasetest.CheckError(t, err, x.err)
	}
}

// What SQLite keeps for itself is no table; what others may not write is said.
func TestCatalog(t *testing.T) {
	d := newFile(t)
	db := databasetest.Open(t, d)
	for _, s := range []string{
		"CREATE TABLE a (id INTEGER PRIMARY KEY AUTOINCREMENT, n INT NOT NULL DEFAULT 5, twice INT AS (n * 2), kept INT AS (n * 3) STORED)",
		"CREATE VIEW v AS SELECT id FROM a", "CREATE VIRTUAL TABLE words USING fts5(body)", "CREATE TABLE w (k TEXT PRIMARY KEY) WITHOUT ROWID",
	} {
		databasetest.Exec(t, db, s)
	}
	tables, err := d.Dialect().Tables(t.Context(), db, "", []string{"TABLE", "VIEW"})
	if err != nil || fmt.Sprint(tables) != "[a v w words]" {
		t.Errorf("%v (%v)", tables, err)
	}
	var got []string
	for _, c := range databasetest.Columns(t, db, d.Dialect(), database.Table{Name: "a"}, database.Mapping{}) {
		got = append(got, fmt.Sprintf("%s null=%t key=%d gen=%t comp=%t def=%t", c.Name, c.Nullable, c.Key, c.Generated, c.Computed, c.HasDefault))
	}
	want := "id null=false key=1 gen=true comp=false def=false\nn null=false key=0 gen=false comp=false def=true\n" +
		"twice null=true key=0 gen=false comp=true def=false\nkept null=true key=0 gen=false comp=true def=false"
	if text := strings.Join(got, "\n"); text != want {
		t.Errorf("%s\nwant\n%s", text, want)
	}
	if c := databasetest.Columns(t, db, d.Dialect(), database.Table{Name: "w"}, database.Mapping{})[0]; c.Generated || c.Nullable {
		t.Errorf("%+v", c)
	}
}
