package sqlite_test

import (
	"database/sql"
	"testing"

	"kcgen.dev/runtime/connector/database"
	"kcgen.dev/runtime/connector/database/databasetest"
)

// BenchmarkRead reads rows as values, and by the bare driver as its own.
func BenchmarkRead(b *testing.B) {
	d := newFile(b)
	db := databasetest.Open(b, d)
	databasetest.Exec(b, db, "CREATE TABLE bench (id INTEGER PRIMARY KEY, name TEXT, price NUMERIC(10,2), at TIMESTAMP)")
	databasetest.Exec(b, db, "INSERT INTO bench WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < 20000) SELECT i, 'name ' || i, i / 100.0, 1709210096789 + i FROM s")
	columns := databasetest.Columns(b, db, d.Dialect(), database.Table{Name: "bench"}, database.Mapping{})
	const query = "SELECT * FROM bench ORDER BY id"
	b.Run("kcgen", func(b *testing.B) {
		b.ReportAllocs()
		c, err := db.Conn(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		defer c.Close()
		n := 0
		for b.Loop() {
			n += databasetest.Count(b, c, d.Dialect(), database.Mapping{}, columns, query)
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/row")
	})
	b.Run("bare", func(b *testing.B) {
		b.ReportAllocs()
		n := 0
		for b.Loop() {
			rows, err := db.QueryContext(b.Context(), query)
			if err != nil {
				b.Fatal(err)
			}
			var id, at int64
			var price float64
			var name sql.RawBytes
			for ; rows.Next(); n++ {
				if err := rows.Scan(&id, &name, &price, &at); err != nil {
					b.Fatal(err)
				}
			}
			rows.Close()
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/row")
	})
}
