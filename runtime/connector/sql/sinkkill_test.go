package sql

import (
	"context"
	"flag"
	"fmt"
	"testing"

	"kcgen.dev/runtime/connect"
)

// kills is how often a connection is killed at least.
var kills = flag.Int("sqlkills", 5, "how often TestSinkKilled kills the sink's connection")

// Connections are killed while the sink writes: with upserts nothing is lost or
// doubled, and exactly once with inserts either.
func TestSinkKilled(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(testing.TB) *shop{"postgres": postgresShop, "mariadb": mariaShop} {
		for mode, o := range map[string]Sink{
			"upsert": {InsertMode: "upsert", PkMode: "record_key", PkFields: []string{"id"}},
			"exact":  {ExactlyOnce: true},
		} {
			t.Run(name+"/"+mode, func(t *testing.T) {
				s := open(t)
				o.AutoCreate = true
				killed(t, s, o)
			})
		}
	}
}

func killed(t *testing.T, s *shop, o Sink) {
	n := 200 * *kills
	tick, done := make(chan struct{}), make(chan int)
	go func() {
		count := 0
		for range tick {
			count += s.kill(t)
		}
		done <- count
	}()
	log := orders(0, n)
	puts := 0
	put := func(ctx context.Context, task connect.SinkTask, batch []connect.Record) error {
		if puts++; puts%5 == 0 {
			tick <- struct{}{} // the kill comes while the put is at work
		}
		return task.Put(ctx, batch)
	}
	w := &herder{shop: s, o: o, log: log, size: 20, letters: map[int64]bool{}, put: put}
	if !o.ExactlyOnce {
		r := s.open(o)
		for at := 0; at < n; at += 20 {
			if err := again(func() error { return put(t.Context(), r.SinkTask, log[at:at+20]) }); err != nil {
				t.Fatal(err)
			}
		}
	} else if err := w.work(); err != nil {
		t.Fatal(err)
	}
	close(tick)
	if count := <-done; count == 0 {
		t.Error("no connection was killed")
	}
	s.want(`SELECT count(*), count(DISTINCT id) FROM orders`, fmt.Sprintf("%d|%[1]d", n))
}

// kill ends the connections of all others to the database, and counts them.
func (s *shop) kill(t *testing.T) (n int) {
	if s.db.Dialect().Name() == "PostgreSQL" {
		err := s.pool.QueryRow(`SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'`).Scan(&n)
		if err != nil {
			t.Error(err)
		}
		return n
	}
	rows, err := s.pool.Query(`SELECT id FROM information_schema.processlist WHERE id <> connection_id()`)
	if err != nil {
		t.Error(err)
		return 0
	}
	defer rows.Close()
	var ids []int64
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			t.Error(err)
		}
		ids = append(ids, id)
	}
	rows.Close()
	for _, id := range ids {
		if _, err := s.pool.Exec(fmt.Sprintf("KILL %d", id)); err == nil {
			n++
		}
	}
	return n
}

// A deadlock ends one of the two; where it is the sink, it tries again.
func TestSinkDeadlock(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(testing.TB) *shop{"postgres": postgresShop, "mariadb": mariaShop} {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			s.exec(`CREATE TABLE orders (id INTEGER PRIMARY KEY, name VARCHAR(20), n INTEGER); INSERT INTO orders VALUES (1, 'a', 0), (2, 'a', 0)`)
			r := s.open(Sink{InsertMode: "update", PkMode: "record_key", PkFields: []string{"id"}})
			for range 3 {
				tx, err := s.pool.Begin()
				if err != nil {
					t.Fatal(err)
				}
				if _, err := tx.Exec(`UPDATE orders SET n = 5 WHERE id = 2`); err != nil {
					t.Fatal(err)
				}
				end := make(chan error)
				go func() {
					end <- again(func() error { return r.Put(context.Background(), []connect.Record{order(0, 1, "b"), order(1, 2, "b")}) })
				}()
				if _, err := tx.Exec(`UPDATE orders SET n = 5 WHERE id = 1`); err != nil {
					tx.Rollback()
				} else if err := tx.Commit(); err != nil {
					t.Error(err)
				}
				if err := <-end; err != nil {
					t.Error(err)
				}
			}
			if len(r.refused) > 0 {
				t.Error(r.refused)
			}
			s.want(`SELECT id, name, n FROM orders`, "1|b|0\n2|b|1")
		})
	}
}
