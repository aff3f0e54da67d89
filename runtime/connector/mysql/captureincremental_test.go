package mysql_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/mysql"
	"kcgen.dev/runtime/servertest"
)

// signalling captures a database with a table of signals, a table with one column in
// its key and one with two.
func signalling(t *testing.T, s *servertest.MySQL, rows int) (*capturing, func(string)) {
	t.Helper()
	const db = "signalling"
	s.Exec(t, "", "DROP DATABASE IF EXISTS "+db+"; CREATE DATABASE "+db+" CHARACTER SET utf8mb4")
	exec := func(sql string) { t.Helper(); s.Exec(t, db, sql) }
	exec(`CREATE TABLE signals (id varchar(64) PRIMARY KEY, type varchar(32) NOT NULL, data varchar(2048));
		CREATE TABLE t (id int PRIMARY KEY, version int NOT NULL DEFAULT 0);
		CREATE TABLE two (a bigint, b varchar(20), v text, PRIMARY KEY (b, a))`)
	for i := 1; i <= rows; i++ {
		exec(fmt.Sprintf("INSERT INTO t VALUES (%d, 0)", i))
	}
	for i := 1; i <= 20; i++ {
		exec(fmt.Sprintf("INSERT INTO two VALUES (%d, 'k%d', 'v')", i%3, i))
	}
	return newCapturing(t, mysql.Source{
		Database: databaseOf(t, s.Admin(db)), TopicPrefix: "p", DatabaseServerID: 5502, SchemaHistoryInternalKafkaTopic: "history",
		DatabaseIncludeList: []string{db}, TombstonesOnDelete: true, SnapshotMode: "no_data",
		SignalDataCollection: db + ".signals", IncrementalSnapshotChunkSize: 7,
	}), exec
}

// state is what records say of a table: its rows, and how many a snapshot has read. A
// row that goes back fails the test.
func (c *capturing) state(table string) (rows map[string]int64, read int) {
	c.t.Helper()
	rows = map[string]int64{}
	newest := map[string]int64{}
	for _, r := range c.records {
		if r.topic != "p.signalling."+table || r.value == nil {
			continue
		}
		key, _ := json.Marshal(under(r.key, "payload"))
		op := under(r.value, "payload", "op")
		if op == "r" {
			read++
		}
		if under(r.value, "payload", "after") == nil {
			delete(rows, string(key))
			continue
		}
		n, _ := under(r.value, "payload", "after", "version").(json.Number)
		version, _ := n.Int64()
		if version < newest[string(key)] {
			c.t.Errorf("%s %s goes back from %d to %d (%s)", table, key, newest[string(key)], version, op)
		}
		newest[string(key)], rows[string(key)] = version, version
	}
	return rows, read
}

func under(v any, path ...string) any {
	for _, name := range path {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	return v
}

func (c *capturing) running() bool { return c.offset["incremental_snapshot_collections"] != nil }

const snapshotOfAll = `{"data-collections": ["signalling.t", "signalling.tw."], "additional-conditions": [{"data-collection": "signalling.two", "filter": "a > 0"}]}`

func TestIncremental(t *testing.T) {
	for _, strategy := range []string{"insert_insert", "insert_delete", "topic"} {
		t.Run(strategy, func(t *testing.T) {
			eachServer(t, func(t *testing.T, s *servertest.MySQL) {
				c, exec := signalling(t, s, 50)
				c.src.IncrementalSnapshotWatermarkingStrategy = strategy
				if strategy == "topic" {
					c.src.SignalEnabledChannels, c.src.ReadOnly = []string{"kafka"}, true
					c.src.IncrementalSnapshotWatermarkingStrategy = ""
					j, _ := c.journal.Journal("p-signal")
					_ = j.Append(t.Context(), connect.JournalEntry{Key: []byte("p"), Value: []byte(`{"type":"execute-snapshot","data":` + snapshotOfAll + `}`)})
				}
				if err := c.open(); err != nil {
					t.Fatal(err)
				}
				c.until(func() bool { return c.offset["file"] != nil && c.offset["snapshot"] == nil })
				if strategy != "topic" {
					exec("INSERT INTO signals VALUES ('a', 'execute-snapshot', '" + snapshotOfAll + "')")
				}
				n := 1
				c.until(func() bool {
					exec(fmt.Sprintf("UPDATE t SET version = %d WHERE id %% 5 = %d; DELETE FROM t WHERE id = %d", n, n%5, n%40+10))
					n++
					_, read := c.state("two")
					return read > 0 && !c.running()
				})
				left := 50
				for i := 1; i < n && i <= 40; i++ {
					left--
				}
				exec("INSERT INTO t VALUES (2000, 0)")
				c.until(func() bool { rows, _ := c.state("t"); _, ok := rows[`{"id":2000}`]; return ok })
				rows, read := c.state("t")
				if len(rows) != left+1 || read == 0 {
					t.Errorf("the topic has %d rows, the table %d; %d were read", len(rows), left+1, read)
				}
				if _, read := c.state("two"); read != 14 {
					t.Errorf("%d rows of two were read, want 14", read)
				}
			})
		})
	}
}

func TestIncrementalGoesOn(t *testing.T) {
	eachServer(t, func(t *testing.T, s *servertest.MySQL) {
		c, exec := signalling(t, s, 60)
		if err := c.open(); err != nil {
			t.Fatal(err)
		}
		c.until(func() bool { return c.offset["file"] != nil && c.offset["snapshot"] == nil })
		exec("INSERT INTO signals VALUES ('a', 'execute-snapshot', '{\"data-collections\": [\"signalling.t\"]}')")
		c.until(func() bool { _, read := c.state("t"); return read > 20 })
		c.close()
		exec("ALTER TABLE t ADD COLUMN more int DEFAULT 5")
		if err := c.open(); err != nil {
			t.Fatal(err)
		}
		c.until(func() bool { rows, _ := c.state("t"); return len(rows) == 60 && !c.running() })
		if _, read := c.state("t"); read > 60+3*7 {
			t.Errorf("%d were read", read)
		}
	})
}

// A table that cannot be read does not keep the others from being read.
func TestIncrementalSkips(t *testing.T) {
	eachServer(t, func(t *testing.T, s *servertest.MySQL) {
		c, exec := signalling(t, s, 5)
		if err := c.open(); err != nil {
			t.Fatal(err)
		}
		c.until(func() bool { return c.offset["file"] != nil && c.offset["snapshot"] == nil })
		exec("CREATE TABLE keyless (a int); INSERT INTO keyless VALUES (1)")
		exec("INSERT INTO signals VALUES ('0', 'execute-snapshot', 'no JSON')")
		exec(`INSERT INTO signals VALUES ('a', 'execute-snapshot', '{"data-collections": ["signalling.keyless", "signalling.none", "signalling.two", "signalling.t"], "additional-conditions": [{"data-collection": "signalling.two", "filter": "no column"}]}')`)
		c.until(func() bool { _, read := c.state("t"); return read == 5 })
	})
}
