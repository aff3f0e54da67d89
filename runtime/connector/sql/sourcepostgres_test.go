package sql

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/secret"
	"kcgen.dev/runtime/servertest"
)

// The modes, as on SQLite.
func TestPostgresModes(t *testing.T) {
	t.Parallel()
	f, d := onPostgres(t, servertest.SharedPostgres(t))
	f.exec(`CREATE TABLE a (id serial PRIMARY KEY, at timestamptz NOT NULL, n numeric(10,2))`,
		`INSERT INTO a (at, n) VALUES ('2024-01-01 00:00:00.123456Z', 1.5), ('2024-01-01 00:00:00.123456Z', NULL), ('2024-01-02 00:00:00Z', 3)`)
	rows := []string{"t-a: id=1 at=2024-01-01T00:00:00.123456 n=1.50", "t-a: id=2 at=2024-01-01T00:00:00.123456 n=null", "t-a: id=3 at=2024-01-02T00:00:00 n=3.00"}
	eachMode(t, f, d, rows, func(t *testing.T, s Source, mem memory) {
		key := `{"protocol":"1","table":"public.a"}`
		if s.Query != "" {
			key = `{"query":"query"}`
		}
		if !strings.Contains(mem[key], "3") {
			t.Errorf("offsets %v", mem)
		}
		same(t, begin(t, s, mem).idle().take())
		switch s.Mode {
		case incrementing:
			mem[key] = `{"incrementing":1}`
		case timestamp:
			mem[key] = `{"timestamp":1704067200123,"timestamp_nanos":123455000}`
		default:
			mem[key] = `{"incrementing":1,"timestamp":1704067200123,"timestamp_nanos":123456000}`
		}
		l := begin(t, s, mem).idle()
		if got := l.take(); !strings.HasSuffix(got, strings.Join(rows[1:], "\n")) {
			t.Errorf("from %s: %s", mem[key], got)
		}
	})
}

// Offsets of a Connect cluster, under each name that its drivers have for a
// table, are gone on with, and written on under that name. The forms are those of
// TestTakeover; whether the name has the catalog is as the driver's
// DatabaseMetaData.getTables gives TABLE_CAT.
func TestPostgresTakeover(t *testing.T) {
	t.Parallel()
	f, d := onPostgres(t, servertest.SharedPostgres(t))
	f.exec(`CREATE TABLE a (id serial PRIMARY KEY)`, `INSERT INTO a SELECT FROM generate_series(1, 3)`)
	name := d.URL[strings.LastIndex(d.URL, "/")+1:]
	for key, on := range map[string]string{
		`{"protocol":"1","table":"public.a"}`:              `{"protocol":"1","table":"public.a"}`,
		`{"protocol":"1","table":"` + name + `.public.a"}`: `{"protocol":"1","table":"` + name + `.public.a"}`,
		`{"table":"a"}`: `{"protocol":"1","table":"public.a"}`,
	} {
		mem := memory{key: `{"incrementing":2}`}
		same(t, begin(t, f.source(incrementing, func(s *Source) { s.Connection = d }), mem).until(1).idle().take(), "t-a: id=3")
		if mem[on] != `{"incrementing":3}` {
			t.Errorf("%s: %v", key, mem)
		}
	}
}

// The loss of rows that commit late, which Kafka Connect's source has: a
// transaction takes a number, or the time, another one takes the next and
// commits first, and the source reads between.
func TestPostgresLateCommits(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{incrementing, timestamp, timestampIncrementing} {
		for _, late := range []string{"", "ignore"} {
			t.Run(mode+" "+late, func(t *testing.T) {
				f, d := onPostgres(t, servertest.SharedPostgres(t))
				f.exec(`CREATE TABLE a (id serial PRIMARY KEY, at timestamptz NOT NULL DEFAULT now())`)
				l := begin(t, f.source(mode, byColumns, func(s *Source) { s.Connection, s.LateCommits = d, late }), memory{}).idle()
				tx, err := f.db.Begin()
				if err != nil {
					t.Fatal(err)
				}
				defer tx.Rollback()
				if _, err := tx.Exec(`INSERT INTO a DEFAULT VALUES`); err != nil {
					t.Fatal(err)
				}
				f.exec(`INSERT INTO a DEFAULT VALUES`)
				if late == "ignore" {
					l.until(1)
				} else {
					l.idle()
					same(t, l.take())
				}
				if err := tx.Commit(); err != nil {
					t.Fatal(err)
				}
				if late == "ignore" {
					l.idle()
				} else {
					l.until(2)
				}
				got := strings.Count(l.take(), "\n") + 1
				if want := map[string]int{"": 2, "ignore": 1}[late]; got != want {
					t.Errorf("%d rows came, not %d", got, want)
				}
			})
		}
	}
}

// So with a number that is drawn before the INSERT, as Hibernate does.
func TestPostgresNumberDrawnFirst(t *testing.T) {
	t.Parallel()
	f, d := onPostgres(t, servertest.SharedPostgres(t))
	f.exec(`CREATE TABLE a (id bigserial PRIMARY KEY)`)
	l := begin(t, f.source(incrementing, func(s *Source) { s.Connection = d }), memory{}).idle()
	tx, err := f.db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	var id int64
	if err := tx.QueryRow(`SELECT nextval('a_id_seq')`).Scan(&id); err != nil {
		t.Fatal(err)
	}
	f.exec(`INSERT INTO a DEFAULT VALUES`)
	same(t, l.idle().take())
	if _, err := tx.Exec(`INSERT INTO a VALUES ($1)`, id); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	same(t, l.until(2).take(), "t-a: id=1", "t-a: id=2")
}

// A large table is read in a query of its own while others write, commit late and
// give up; nothing is lost.
func TestPostgresWriters(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{incrementing, timestampIncrementing} {
		t.Run(mode, func(t *testing.T) {
			f, d := onPostgres(t, servertest.SharedPostgres(t))
			f.exec(`CREATE TABLE a (id serial PRIMARY KEY, at timestamptz NOT NULL DEFAULT now())`)
			const writers, each = 6, 60
			var done atomic.Int32
			for w := range writers {
				go func() {
					defer done.Add(1)
					for i := range each {
						tx, err := f.db.Begin()
						if err != nil {
							t.Error(err)
							return
						}
						_, err = tx.Exec(`INSERT INTO a DEFAULT VALUES`)
						if err == nil && (w+i)%3 == 0 {
							_, err = tx.Exec(`SELECT pg_sleep(0.01)`)
						}
						if err == nil && (w+i)%10 == 0 {
							err = tx.Rollback()
						} else if err == nil {
							err = tx.Commit()
						}
						if err != nil {
							t.Error(err)
						}
					}
				}()
			}
			s := f.source(mode, byColumns, func(s *Source) { s.Connection, s.BatchMaxRows = d, 7 })
			mem := memory{}
			l := begin(t, s, mem)
			for done.Load() < writers {
				if _, err := l.poll(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			l.until(writers * each * 9 / 10)
			seen := map[string]bool{}
			for _, r := range l.idle().got {
				if seen[r] {
					t.Fatalf("%s came twice", r)
				}
				seen[r] = true
			}
			if len(seen) != writers*each*9/10 {
				t.Errorf("%d rows came", len(seen))
			}
		})
	}
}

// The server is killed, and starts again: reading goes on where it stood.
func TestPostgresRestarts(t *testing.T) {
	t.Parallel()
	p := servertest.NewPostgres(t)
	f, d := onPostgres(t, p)
	f.exec(`CREATE TABLE a (id serial PRIMARY KEY, at timestamptz NOT NULL DEFAULT now())`, `INSERT INTO a SELECT i, '2024-01-01'::timestamptz + i * interval '1 s' FROM generate_series(1, 1000) i`)
	for _, mode := range []string{incrementing, timestamp, timestampIncrementing} {
		s := f.source(mode, byColumns, func(s *Source) { s.Connection, s.BatchMaxRows = d, 100 })
		l := begin(t, s, memory{}).until(300)
		if err := p.Restart(); err != nil {
			t.Fatal(err)
		}
		for tries := 0; len(l.got) < 1000; {
			if _, err := l.poll(t.Context()); err != nil {
				if !isRetry(err) || tries > 200 {
					t.Fatalf("%s: %v", mode, err)
				}
				tries++
				time.Sleep(20 * time.Millisecond)
			}
		}
		seen := map[string]bool{}
		for _, r := range l.got {
			seen[r] = true
		}
		if len(seen) != 1000 || len(l.got) > 1001 {
			t.Errorf("%s: %d rows came, %d different", mode, len(l.got), len(seen))
		}
		l.close()
	}
	// A connection that is cut, and a password that is refused.
	l := begin(t, f.source(incrementing, byColumns, func(s *Source) { s.Connection = d }), memory{}).until(1000)
	p.Exec(t, "postgres", `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'`)
	for range 3 { // the pool may have more than one
		if _, err := l.poll(t.Context()); err != nil && !isRetry(err) {
			t.Fatal(err)
		}
	}
	d.User = "nobody"
	if _, err := tryBegin(t, f.source(incrementing, byColumns, func(s *Source) { s.Connection = d }), memory{}, false); err == nil || isRetry(err) || strings.Contains(err.Error(), "secret") {
		t.Errorf("a wrong user: %v", err)
	}
}

// A pattern of schemas is one of LIKE.
func TestSchemaPattern(t *testing.T) {
	t.Parallel()
	f, d := onPostgres(t, servertest.SharedPostgres(t))
	for _, schema := range []string{"pub1", "pub_2", "pubx2", "priv"} {
		f.exec(`CREATE SCHEMA `+schema, `CREATE TABLE `+schema+`."of `+schema+`" (id bigint)`)
	}
	for pattern, want := range map[string]int{"pub%": 3, "pub_2": 2, `pub\_2`: 1, "PRIV": 0, "priv": 1, "%": 4} {
		tables, err := d.Dialect().Tables(t.Context(), f.db, pattern, []string{"TABLE"})
		if err != nil || len(tables) != want {
			t.Errorf("%s: %v, %v", pattern, tables, err)
		}
	}
}

func isRetry(err error) bool { return errors.Is(err, connect.ErrRetry) }

func TestPostgresCheckAndGrants(t *testing.T) {
	p := servertest.SharedPostgres(t)
	f, d := onPostgres(t, p)
	f.exec(`CREATE SCHEMA shop`, `CREATE TABLE shop.orders (id serial PRIMARY KEY, at timestamptz NOT NULL DEFAULT now())`,
		`CREATE TABLE shop.other (id serial PRIMARY KEY, at timestamptz)`, `INSERT INTO shop.orders DEFAULT VALUES`)
	name := p.Exec(t, strings.TrimPrefix(d.URL[strings.LastIndex(d.URL, "/"):], "/"), "SELECT current_database()")
	reader := servertest.Unique("reader")
	p.Exec(t, name, fmt.Sprintf(`CREATE ROLE %q LOGIN PASSWORD 'x'`, reader))
	t.Setenv("SQL_READER_PASSWORD", "x")
	as := d
	as.User, as.Password = reader, secret.Ref("${env:SQL_READER_PASSWORD}")
	if err := secret.Resolve(&as); err != nil {
		t.Fatal(err)
	}
	s := f.source(timestampIncrementing, byColumns, func(s *Source) { s.Connection, s.TableWhitelist = as, []string{"shop.orders"} })
	if bad := problems(s.Check(t.Context(), connect.CheckContext{Name: "x"})); len(bad) == 0 {
		t.Error("the check finds nothing wrong before the rights are given")
	}
	grants, err := s.Grants(connect.CheckContext{Name: "x"})
	if err != nil || len(grants) == 0 {
		t.Fatalf("%q, %v", grants, err)
	}
	p.Exec(t, name, strings.Join(grants, ";\n"))
	bad := problems(s.Check(t.Context(), connect.CheckContext{Name: "x"}))
	if len(bad) != 1 || !strings.Contains(bad[0].What, "index that begins with at") || !bad[0].Warning {
		t.Errorf("%+v", bad)
	} else {
		f.exec(bad[0].Fix)
	}
	if bad := problems(s.Check(t.Context(), connect.CheckContext{Name: "x"})); len(bad) > 0 {
		t.Errorf("%+v", bad)
	}
	begin(t, s, memory{}).until(1)
	for _, mode := range []string{bulk, incrementing} {
		denied := f.source(mode, byColumns, func(s *Source) { s.Connection, s.Query, s.TimestampColumnName = as, "SELECT * FROM shop.other", nil })
		if bad := problems(denied.Check(t.Context(), connect.CheckContext{Name: "x"})); len(bad) != 1 || !strings.Contains(bad[0].Problem, "permission denied") {
			t.Errorf("%s: a query without the right: %+v", mode, bad)
		}
	}
	all := f.source(incrementing, byColumns, func(s *Source) { s.Connection = as })
	if log := begin(t, all, memory{}).idle().got; len(log) != 1 {
		t.Errorf("the rights reach further than the table: %q", log)
	}
}

func problems(found []connect.Finding) (bad []connect.Finding) {
	for _, f := range found {
		if f.Problem != "" {
			bad = append(bad, f)
		}
	}
	return bad
}
