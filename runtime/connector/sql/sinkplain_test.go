package sql

import (
	"fmt"
	"testing"
)

// Tables that COPY refuses take as many rows as others.
func TestSinkPlainTables(t *testing.T) {
	t.Parallel()
	makes := map[string]string{
		"a view":               `CREATE TABLE rows (id BIGINT, name TEXT, n INTEGER); CREATE VIEW orders AS SELECT * FROM rows`,
		"policies of its rows": `CREATE TABLE orders (id BIGINT, name TEXT, n INTEGER); ALTER TABLE orders ENABLE ROW LEVEL SECURITY; ALTER TABLE orders FORCE ROW LEVEL SECURITY; CREATE POLICY all_rows ON orders USING (true)`,
	}
	for name, makes := range makes {
		for mode, o := range map[string]Sink{"insert": {}, "exactly once": {ExactlyOnce: true}} {
			t.Run(name+", "+mode, func(t *testing.T) {
				s := postgresShop(t)
				s.exec(makes)
				r := s.open(o)
				r.all(orders(0, 2*bulkRows)...)
				r.all(orders(2*bulkRows, 2*bulkRows)...)
				s.want(`SELECT count(*), count(DISTINCT id) FROM orders`, fmt.Sprintf("%d|%[1]d", 4*bulkRows))
				bad := orders(4*bulkRows, bulkRows)
				bad[7] = order(4*bulkRows+7, 7, "a\x00b")
				r.some(bad, "", 7)
			})
		}
	}
}
