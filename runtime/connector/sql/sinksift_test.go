package sql

import (
	"context"
	"testing"

	"kcgen.dev/runtime/connect"
)

// family is a record whose row refers to another one; 0: to none.
func family(offset, id, parent int64) connect.Record {
	r := order(offset, id, "x")
	n := connect.Null
	if parent > 0 {
		n = connect.Int32(int32(parent))
	}
	r.Value = structOf(orderSchema, connect.Int64(id), connect.String("x"), n)
	return r
}

// Constraints that are checked at the commit: the rows at fault are found, and
// those that refer to one behind them are none.
func TestSinkDeferredConstraints(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]Sink{
		"insert":    {},
		"upsert":    {InsertMode: "upsert", PkMode: "record_key", PkFields: []string{"id"}},
		"exactOnce": {ExactlyOnce: true},
	} {
		t.Run(name, func(t *testing.T) {
			s := postgresShop(t)
			s.exec(`CREATE TABLE orders (id bigint PRIMARY KEY, name text, n integer REFERENCES orders DEFERRABLE INITIALLY DEFERRED)`)
			r := s.open(o)
			r.all(family(0, 1, 2), family(1, 2, 1)) // good as it is
			batch := []connect.Record{family(2, 11, 12), family(3, 12, 0), family(4, 13, 99), family(5, 14, 11), family(6, 15, 98), family(7, 16, 13)}
			r.some(batch, "violates foreign key constraint", 2, 4, 5)
			if o.ExactlyOnce { // the refused ones are in the dead letter queue now
				err := r.SinkTask.(connect.PositionKeeper).FlushAt(context.Background(), []connect.Position{{TopicPartition: part0, Offset: 8}})
				if err != nil {
					t.Fatal(err)
				}
				s.want(`SELECT "offset" FROM kcgen_offsets`, "8")
			}
			s.want(`SELECT id, n FROM orders`, "1|2\n2|1\n11|12\n12|NULL\n14|11")
			r.all(family(8, 17, 11))
			s.want(`SELECT count(*) FROM orders`, "6")
		})
	}
}

// The same among rows that are copied.
func TestSinkDeferredUnique(t *testing.T) {
	t.Parallel()
	s := postgresShop(t)
	s.exec(`CREATE TABLE orders (id bigint, name text UNIQUE DEFERRABLE INITIALLY DEFERRED, n integer CHECK (n <> 33))`)
	batch := orders(0, 250)
	for _, i := range []int{70, 240} {
		batch[i] = order(int64(i), int64(i), "order 5")
	}
	s.open(Sink{}).some(batch, "violates", 33, 70, 240)
	s.want(`SELECT count(*), sum(CASE WHEN name = 'order 5' THEN id END) FROM orders`, "247|5")
}
