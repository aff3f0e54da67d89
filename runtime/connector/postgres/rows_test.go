package postgres_test

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/database"
)

// What a query's rows take does not grow with their number.
func TestRowsTakeNoMemory(t *testing.T) {
	_, db := fresh(t)
	rows, err := dialect.Rows(t.Context(), conn(t, db), "SELECT g, repeat('x', 1000), g::numeric(10,2) FROM generate_series(1, 200000) g", nil, nil, standard)
	if err != nil {
		t.Fatal(err)
	}
	row := make([]connect.Value, 3)
	for n := 1; ; n++ {
		more, err := rows.Next(row)
		if err != nil {
			t.Fatal(err)
		}
		if !more {
			break
		}
		if n%50000 == 0 {
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			if m.HeapAlloc > 32<<20 {
				t.Fatalf("behind %d rows there are %d MiB", n, m.HeapAlloc>>20)
			}
		}
	}
	if err := rows.Close(); err != nil {
		t.Fatal(err)
	}
}

// Values stay what they are when the rows go on.
func TestValuesStay(t *testing.T) {
	_, db := fresh(t)
	_, rows, err := read(t, conn(t, db), "SELECT g, 'text ' || g, g::numeric(10,2), ('\\x' || lpad(to_hex(g), 8, '0'))::bytea, ARRAY['a' || g] FROM generate_series(1, 5000) g", nil, standard)
	if err != nil || len(rows) != 5000 {
		t.Fatal(len(rows), err)
	}
	for i, r := range rows {
		n := i + 1
		if r[0].Int() != int64(n) || r[1].Str() != fmt.Sprintf("text %d", n) || r[2].Decimal().String() != fmt.Sprintf("%d.00", n) ||
			fmt.Sprintf("%x", r[3].Raw()) != fmt.Sprintf("%08x", n) || r[4].Array().Elems[0].Str() != fmt.Sprintf("a%d", n) {
			t.Fatalf("row %d is %v", n, r)
		}
	}
}

// An offset compares with its column as it was read from it.
func TestOffsets(t *testing.T) {
	_, db := fresh(t)
	newYork, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	exec(t, db, `CREATE TABLE o (a timestamp, b timestamptz, c date, d bigint, e text, f numeric(12,0), g integer)`,
		`INSERT INTO o VALUES ('2024-07-01 22:30:00.123456', '2024-07-01 22:30:00.123456+00', '2024-07-01', 9007199254740993, 'ä''b', 999999999999, 7),
		('0044-03-15 22:30:00 BC', '0044-03-15 22:30:00+00 BC', '0044-03-15 BC', -1, '', 0, -7)`)
	m := database.Mapping{Numeric: "best_fit", Zone: newYork}
	columns, err := dialect.Columns(t.Context(), db, database.Table{Name: "o"}, m)
	if err != nil {
		t.Fatal(err)
	}
	c := conn(t, db)
	_, rows, err := read(t, c, "SELECT * FROM o", columns, m)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		for i, column := range columns {
			var offset any = row[i].Int()
			switch row[i].Kind() {
			case connect.KindInstant:
				offset = row[i].Instant()
			case connect.KindString:
				offset = row[i].Str()
			}
			arg, err := dialect.BindOffset(column, offset, m)
			if err != nil {
				t.Fatal(err)
			}
			_, same, err := read(t, c, "SELECT * FROM o WHERE "+column.Name+" = $1", columns, m, arg)
			if err != nil || len(same) != 1 || same[0][i].String() != row[i].String() {
				t.Errorf("column %s (%s) as %v: %v, %v", column.Name, column.Type, arg, same, err)
			}
		}
	}
	if first, last := dialect.Limit(7); first != "" || last != "LIMIT 7" {
		t.Errorf("a limit is %q and %q", first, last)
	}
	now, err := dialect.Now(t.Context(), db)
	if err != nil || time.Since(now).Abs() > time.Hour || now.Location() != time.UTC {
		t.Errorf("the time is %v, %v", now, err)
	}
}

func TestParseTable(t *testing.T) {
	long := fmt.Sprintf("%064d", 0)
	for name, want := range map[string]database.Table{
		"Orders":          {Name: "Orders"},
		"a.b":             {Schema: "a", Name: "b"},
		`db.a."b.c ""d"`:  {Catalog: "db", Schema: "a", Name: `b.c "d`},
		"ä-ö.select ; --": {Schema: "ä-ö", Name: "select ; --"},
	} {
		if got, err := dialect.ParseTable(name); err != nil || got != want {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	for _, name := range []string{"", ".", "a.", ".a", "a.b.c.d", `"a`, `"a"b`, "a\x00b", long, "a." + long} {
		if got, err := dialect.ParseTable(name); err == nil {
			t.Errorf("%q is %+v", name, got)
		}
	}
}
