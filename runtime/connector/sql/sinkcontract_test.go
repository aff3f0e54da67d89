package sql

import (
	"fmt"
	"path/filepath"
	"testing"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connect/connecttest"
	"kcgen.dev/runtime/connector/database"
	"kcgen.dev/runtime/connector/sqlite"
)

// The contract of all sinks, on SQLite.
func TestSinkContract(t *testing.T) {
	t.Run("insert", func(t *testing.T) { connecttest.Sink(t, sinkDriver{}) })
	t.Run("upsert", func(t *testing.T) {
		connecttest.Sink(t, sinkDriver{Sink{InsertMode: "upsert", PkMode: "record_key", PkFields: []string{"id"}, DeleteEnabled: true}})
	})
}

type sinkDriver struct{ o Sink }

type sinkWorld struct {
	*shop
	o Sink
}

func (d sinkDriver) New(t testing.TB) connecttest.SinkWorld {
	s := newShop(t)
	d.o.AutoCreate, d.o.AutoEvolve = true, true
	return &sinkWorld{s, s.sink(d.o)}
}

func (sinkDriver) Invalid(t testing.TB) map[string]connect.Sink {
	s := newShop(t)
	return map[string]connect.Sink{
		"no connection":   Sink{TableNameFormat: "${topic}"},
		"no table":        Sink{Connection: s.db},
		"upsert no key":   s.sink(Sink{InsertMode: "upsert"}),
		"delete no key":   s.sink(Sink{DeleteEnabled: true}),
		"no such zone":    s.sink(Sink{DbTimezone: "Europe/Nowhere"}),
		"no such mode":    s.sink(Sink{InsertMode: "replace"}),
		"two of three":    s.sink(Sink{PkMode: "kafka", PkFields: []string{"a", "b"}}),
		"no such file":    s.sink(Sink{Connection: sqlite.Database{File: filepath.Join(t.TempDir(), "no", "such.db")}}),
		"no offsetsTable": s.sink(Sink{ExactlyOnce: true, OffsetsTable: "a.b.c.d"}),
	}
}

func (w *sinkWorld) Sink() connect.Sink { return w.o }

func (w *sinkWorld) Record(i int) connect.Record {
	return order(int64(i), int64(i), fmt.Sprint("order ", i))
}

func (w *sinkWorld) Numbers(t testing.TB) ([]int, error) {
	rows, err := w.pool.Query(`SELECT id, name FROM orders`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []int
	for rows.Next() {
		var id int
		var name string
		if err := rows.Scan(&id, &name); err != nil {
			return nil, err
		}
		if name != fmt.Sprint("order ", id) {
			return nil, fmt.Errorf("order %d is named %q", id, name)
		}
		out = append(out, id)
	}
	return out, rows.Err()
}

var _ database.Database = sqlite.Database{}
