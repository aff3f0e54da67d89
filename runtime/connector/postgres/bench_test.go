package postgres_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"io"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/database"
	"kcgen.dev/runtime/connector/database/databasetest"
	"kcgen.dev/runtime/connector/postgres"
	"kcgen.dev/runtime/servertest"
)

const (
	benchRows  = 200000
	benchTable = "CREATE TABLE b (id bigint PRIMARY KEY, customer int, name text, price numeric(10,2), ok boolean, at timestamp, ref uuid, note varchar(100))"
	benchFill  = `INSERT INTO b SELECT g, g % 1000, 'customer ' || g, g * 0.01, g % 2 = 0, '2024-01-01'::timestamp + g * interval '1 second', md5(g::text)::uuid, repeat('n', 40)
FROM generate_series(1, 200000) g`
)

func benchConn(b *testing.B) *sql.Conn {
	d := login(b, servertest.SharedPostgres(b).Database(b))
	db, err := d.Open()
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	c := conn(b, db)
	exec(b, c, benchTable, benchFill)
	return c
}

func rate(b *testing.B, rows int) {
	b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

// Reading beside what the bare driver does with the same rows: COPY to nobody,
// and rows scanned into Go's values.
func BenchmarkRead(b *testing.B) {
	c := benchConn(b)
	columns, err := dialect.Columns(b.Context(), c, database.Table{Name: "b"}, standard)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("rows", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if n := databasetest.Count(b, c, dialect, standard, columns, "SELECT * FROM b"); n != benchRows {
				b.Fatal(n)
			}
		}
		rate(b, benchRows)
	})
	b.Run("copy", func(b *testing.B) {
		for b.Loop() {
			bare(b, c, func(pg *pgx.Conn) error {
				_, err := pg.PgConn().CopyTo(b.Context(), io.Discard, "COPY b TO STDOUT (FORMAT binary)")
				return err
			})
		}
		rate(b, benchRows)
	})
	b.Run("pgx", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			bare(b, c, func(pg *pgx.Conn) error {
				rows, err := pg.Query(b.Context(), "SELECT * FROM b")
				if err != nil {
					return err
				}
				defer rows.Close()
				for rows.Next() {
					if _, err := rows.Values(); err != nil {
						return err
					}
				}
				return rows.Err()
			})
		}
		rate(b, benchRows)
	})
}

func bare(b *testing.B, c *sql.Conn, f func(*pgx.Conn) error) {
	b.Helper()
	if err := c.Raw(func(driver any) error { return f(driver.(*stdlib.Conn).Conn()) }); err != nil {
		b.Fatal(err)
	}
}

// Writing by each of the ways, binding included, beside a bare COPY of the same
// rows in batches of the same size.
func BenchmarkWrite(b *testing.B) {
	c := benchConn(b)
	table := database.Table{Name: "b"}
	columns, err := dialect.Columns(b.Context(), c, table, standard)
	if err != nil {
		b.Fatal(err)
	}
	_, values, err := read(b, c, "SELECT * FROM b LIMIT 30000", columns, standard)
	if err != nil {
		b.Fatal(err)
	}
	for _, size := range []int{3000, 500} {
		for _, way := range ways {
			b.Run(fmt.Sprintf("%s/%d", way.name, size), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					exec(b, c, "TRUNCATE b", "BEGIN")
					for at := 0; at < len(values); at += size {
						for part := values[at : at+size]; len(part) > 0; {
							n := len(part)
							if way.name == "insert" || way.name == "upsert" {
								n = min(n, dialect.MaxParameters()/len(columns))
							}
							if err := way.write(b.Context(), c, table, columns[:1], columns[1:], bind(b, columns, part[:n])); err != nil {
								b.Fatal(err)
							}
							part = part[n:]
						}
					}
					exec(b, c, "COMMIT")
				}
				rate(b, len(values))
			})
		}
		b.Run(fmt.Sprintf("bare copy/%d", size), func(b *testing.B) { benchBareCopy(b, c, size, len(values)) })
	}
}

func bind(b *testing.B, columns []database.Column, values [][]connect.Value) [][]any {
	binds := make([]database.Bind, len(columns))
	for i, c := range columns {
		f, err := postgres.Database{}.Dialect().Binder(c.Schema, c, database.Writing{})
		if err != nil {
			b.Fatal(err)
		}
		binds[i] = f
	}
	rows := make([][]any, len(values))
	cells := make([]any, len(values)*len(columns))
	for r := range rows {
		rows[r] = cells[r*len(columns) : (r+1)*len(columns)]
		for i, v := range values[r] {
			p, err := binds[i](v)
			if err != nil {
				b.Fatal(err)
			}
			rows[r][i] = p
		}
	}
	return rows
}

// benchBareCopy sends what COPY itself has written, in texts.
func benchBareCopy(b *testing.B, c *sql.Conn, size, n int) {
	exec(b, c, "TRUNCATE b", benchFill)
	var parts [][]byte
	for at := 0; at < n; at += size {
		var part bytes.Buffer
		bare(b, c, func(pg *pgx.Conn) error {
			_, err := pg.PgConn().CopyTo(context.Background(), &part, fmt.Sprintf("COPY (SELECT * FROM b WHERE id > %d AND id <= %d) TO STDOUT", at, at+size))
			return err
		})
		parts = append(parts, part.Bytes())
	}
	for b.Loop() {
		exec(b, c, "TRUNCATE b", "BEGIN")
		for _, part := range parts {
			bare(b, c, func(pg *pgx.Conn) error {
				_, err := pg.PgConn().CopyFrom(context.Background(), bytes.NewReader(part), "COPY b FROM STDIN")
				return err
			})
		}
		exec(b, c, "COMMIT")
	}
	rate(b, n)
}
