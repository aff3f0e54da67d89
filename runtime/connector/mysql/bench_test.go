package mysql_test

import (
	"database/sql"
	"testing"
	"time"

	driver "github.com/go-sql-driver/mysql"

	"kcgen.dev/runtime/connector/database"
	"kcgen.dev/runtime/connector/database/databasetest"
	"kcgen.dev/runtime/servertest"
)

const (
	benchTable = "CREATE TABLE bench (id BIGINT PRIMARY KEY, name VARCHAR(50), price DECIMAL(10,2), at DATETIME(3), n INT)"
	benchRows  = 20000
	benchBatch = 500
)

// fill makes the table and its rows.
func fill(b *testing.B, db *sql.DB) {
	databasetest.Exec(b, db, "DROP TABLE IF EXISTS bench")
	databasetest.Exec(b, db, benchTable)
	databasetest.Exec(b, db, "INSERT INTO bench WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < 1000) SELECT i, CONCAT('name ', i), i / 100, '2024-02-29 12:34:56.789', i FROM s")
	for n := 1000; n < benchRows; n *= 2 {
		databasetest.Exec(b, db, "INSERT IGNORE INTO bench SELECT id + ?, name, price, at, n FROM bench", n)
	}
}

// BenchmarkRead reads rows as values, and by the bare driver as its own.
func BenchmarkRead(b *testing.B) {
	d := databaseOf(b, servertest.SharedMariaDB(b).Database(b))
	db := databasetest.Open(b, d)
	fill(b, db)
	columns := databasetest.Columns(b, db, d.Dialect(), database.Table{Name: "bench"}, database.Mapping{})
	const query = "SELECT * FROM bench ORDER BY id"
	perRow := func(b *testing.B, rows int) {
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(rows), "ns/row")
	}
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
		perRow(b, n)
	})
	b.Run("bare", func(b *testing.B) {
		b.ReportAllocs()
		n := 0
		for b.Loop() {
			rows, err := db.QueryContext(b.Context(), query)
			if err != nil {
				b.Fatal(err)
			}
			var id, count int64
			var name, price, at sql.RawBytes
			for rows.Next() {
				if err := rows.Scan(&id, &name, &price, &at, &count); err != nil {
					b.Fatal(err)
				}
				n++
			}
			rows.Close()
		}
		perRow(b, n)
	})
}

// BenchmarkInsert inserts by statements of many rows: with parameters that the
// driver puts into the text, as Open has it, and that the server prepares.
func BenchmarkInsert(b *testing.B) {
	l := servertest.SharedMariaDB(b).Database(b)
	d := databaseOf(b, l)
	prepared := func() *sql.DB {
		cfg := driver.NewConfig()
		cfg.Net, cfg.Addr, cfg.User, cfg.Passwd, cfg.DBName = "tcp", l.Host, l.User, l.Password, l.Name
		c, err := driver.NewConnector(cfg)
		if err != nil {
			b.Fatal(err)
		}
		return sql.OpenDB(c)
	}
	for name, db := range map[string]*sql.DB{"text": databasetest.Open(b, d), "prepared": prepared()} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			databasetest.Exec(b, db, "DROP TABLE IF EXISTS bench")
			databasetest.Exec(b, db, benchTable)
			insert := string(d.Dialect().AppendInsert(nil, database.Table{Name: "bench"}, []string{"id", "name", "price", "at", "n"}, benchBatch))
			args, id := make([]any, 0, 5*benchBatch), int64(0)
			at := time.Date(2024, 2, 29, 12, 34, 56, 0, time.UTC).Format(database.MomentLayout)
			for b.Loop() {
				args = args[:0]
				for range benchBatch {
					id++
					args = append(args, id, "a name", "12.50", at, id)
				}
				databasetest.Exec(b, db, insert, args...)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(id), "ns/row")
		})
	}
}
