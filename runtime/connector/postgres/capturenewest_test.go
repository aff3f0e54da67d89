package postgres_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"kcgen.dev/runtime/servertest"
)

// TestCaptureNewest captures a server of the newest version, whose slots are kept
// on standbys: one that is made, and one that is there.
func TestCaptureNewest(t *testing.T) {
	d := databaseOn(t, servertest.NewestPostgres(t))
	d.exec("CREATE TABLE t (id int PRIMARY KEY, twice int GENERATED ALWAYS AS (id * 2) STORED); INSERT INTO t VALUES (1), (2)")
	s := d.source()
	s.SnapshotMaxThreads = 2
	l := d.capture(s)
	l.untilStreaming(d)
	d.exec("INSERT INTO t VALUES (3); UPDATE t SET id = 4 WHERE id = 3")
	l.until(l.has("4"))
	l.untilMark(d)
	_ = l.task.Close()
	failover := "SELECT failover FROM pg_replication_slots WHERE slot_name = '" + s.SlotName + "'"
	if got := d.exec(failover); got != "f" {
		t.Errorf("failover is %s, and was not asked for", got)
	}
	d.exec("INSERT INTO t VALUES (5)")
	s.SlotFailover = true
	again := d.resume(s, l.offset)
	again.until(again.has("5"))
	if got := d.exec(failover); got != "t" {
		t.Errorf("failover is %s", got)
	}
	if got := strings.Join(append(l.ids(), again.ids()...), " "); got != "1 2 3 4 5" {
		t.Errorf("got %s", got)
	}
	_ = again.task.Close()
	s.SlotName += "_made"
	d.capture(s).untilStreaming(d)
	if got := d.exec("SELECT failover FROM pg_replication_slots WHERE slot_name = '" + s.SlotName + "'"); got != "t" {
		t.Errorf("failover of a slot that was made is %s", got)
	}
}

// TestCaptureFailover kills a server and has its standby take its place: the
// capture goes on there, by its slot.
func TestCaptureFailover(t *testing.T) {
	p := servertest.NewestPostgres(t)
	heir := p.Heir(t)
	d := databaseOn(t, p)
	d.exec("ALTER SYSTEM SET synchronized_standby_slots = 'heir'") // nobody sees what the standby does not have
	d.exec("SELECT pg_reload_conf()")
	d.exec("CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)")
	s := d.source()
	s.SlotFailover = true
	s.Database.URL = "postgresql://" + p.Addr() + "," + heir.Addr() + "/" + d.name
	s.Database.TargetServerType = "primary"
	l := d.capture(s)
	l.untilStreaming(d)
	n := 1
	insert := func() {
		n++
		d.exec(fmt.Sprintf("INSERT INTO t VALUES (%d)", n))
	}
	l.until(func() bool {
		insert()
		// A standby takes a slot over once that reads behind all that the standby
		// still knows; the slot moves by these records alone, and the server writes
		// them each 15 s by itself.
		d.exec("SELECT pg_log_standby_snapshot()")
		return heir.Exec(t, "postgres", "SELECT count(*) FROM pg_replication_slots WHERE slot_name = '"+s.SlotName+"' AND synced AND NOT temporary") == "1"
	})
	l.until(l.has(strconv.Itoa(n)))
	p.Kill()
	heir.Exec(t, "postgres", "SELECT pg_promote()")
	d.server = heir
	insert()
	l.patient(l.has(strconv.Itoa(n)))
	if got, want := strings.Join(l.ids(), " "), numbers(n); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
