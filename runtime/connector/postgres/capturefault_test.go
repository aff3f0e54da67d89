package postgres_test

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"strings"
	"testing"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/postgres"
	"kcgen.dev/runtime/servertest"
)

// patient polls until something is so, and bears errors that are to be tried
// again.
func (l *life) patient(so func() bool) {
	l.Helper()
	for deadline := time.Now().Add(servertest.Patience); !so(); {
		_, err := l.tryPoll()
		switch {
		case err != nil && !errors.Is(err, connect.ErrRetry):
			l.Fatal(err)
		case err != nil:
			time.Sleep(50 * time.Millisecond)
		case time.Now().After(deadline):
			l.Fatalf("it did not come; %d records", len(l.records))
		}
	}
}

// during polls while f runs: a server that is stopped waits for those who read
// its log.
func (l *life) during(f func()) {
	l.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	l.patient(func() bool {
		select {
		case <-done:
			return true
		default:
			return false
		}
	})
}

// fails polls until there is an error for good.
func (l *life) fails() error {
	l.Helper()
	for deadline := time.Now().Add(servertest.Patience); ; {
		_, err := l.tryPoll()
		switch {
		case err != nil && !errors.Is(err, connect.ErrRetry):
			return err
		case time.Now().After(deadline):
			l.Fatal("it did not fail")
		}
	}
}

var afterID = regexp.MustCompile(`"after":\{"id":([0-9]+)`)

// ids are those of the rows that were told, in order.
func (l *life) ids() (all []string) {
	for _, r := range l.records {
		if m := afterID.FindSubmatch(r.Value); m != nil {
			all = append(all, string(m[1]))
		}
	}
	return all
}

func (l *life) has(id string) func() bool {
	return func() bool {
		all := l.ids()
		return len(all) > 0 && all[len(all)-1] == id
	}
}

// streaming captures a table of two rows, one of a snapshot and one of the log.
func (d *captured) streaming(s postgres.Source) *life {
	d.Helper()
	d.exec("CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)")
	l := d.capture(s)
	l.untilStreaming(d)
	d.exec("INSERT INTO t VALUES (2)")
	l.until(l.has("2"))
	return l
}

func TestCaptureReconnects(t *testing.T) {
	d := adminDatabase(t)
	l := d.streaming(d.source())
	for i := 3; i < 8; i++ {
		d.exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
		d.exec(fmt.Sprintf("INSERT INTO t VALUES (%d)", i))
		l.patient(l.has(fmt.Sprint(i)))
	}
	if got := strings.Join(l.ids(), " "); got != "1 2 3 4 5 6 7" {
		t.Errorf("got %s", got)
	}
}

func TestCaptureServerRestarts(t *testing.T) {
	p := servertest.NewPostgres(t)
	d := databaseOn(t, p)
	l := d.streaming(d.source())
	for i, stop := range []func(){p.Kill, p.Stop} {
		d.exec(fmt.Sprintf("INSERT INTO t VALUES (%d)", 10*i+11))
		l.during(stop)
		if err := p.Start(); err != nil {
			t.Fatal(err)
		}
		d.exec(fmt.Sprintf("INSERT INTO t VALUES (%d)", 10*i+12))
		l.patient(l.has(fmt.Sprint(10*i + 12)))
	}
	if got := strings.Join(l.ids(), " "); got != "1 2 11 12 21 22" {
		t.Errorf("got %s", got)
	}
}

// TestCaptureSlotGone drops the slot, which must be said and not passed over.
func TestCaptureSlotGone(t *testing.T) {
	for name, lose := range map[string]string{
		"dropped":  "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = current_database()",
		"advanced": "SELECT pg_replication_slot_advance(slot_name, pg_current_wal_lsn()) FROM pg_replication_slots WHERE database = current_database()",
	} {
		t.Run(name, func(t *testing.T) {
			d := adminDatabase(t)
			s := d.source()
			l := d.streaming(s)
			l.untilMark(d)
			_ = l.task.Close()
			d.exec("INSERT INTO t VALUES (3); SELECT pg_switch_wal()")
			d.exec(lose)
			err := d.resume(s, l.offset).fails()
			if !strings.Contains(err.Error(), "lost") || !strings.Contains(err.Error(), "offsetMismatchStrategy") {
				t.Errorf("it failed otherwise: %v", err)
			}
			s.OffsetMismatchStrategy = "trust_slot"
			trusting := d.resume(s, l.offset)
			trusting.untilStreaming(d)
			d.exec("INSERT INTO t VALUES (4)")
			trusting.until(trusting.has("4"))
			_ = trusting.task.Close()
			s.OffsetMismatchStrategy, s.SnapshotMode = "", "when_needed"
			d.exec("INSERT INTO t VALUES (5); SELECT pg_switch_wal()")
			d.exec(lose)
			anew := d.resume(s, trusting.offset)
			anew.until(anew.has("5"))
			if got := strings.Join(anew.ids(), " "); got != "1 2 3 4 5" {
				t.Errorf("read anew: got %s", got)
			}
		})
	}
}

// TestCaptureSlotTaken drops the slot of a capture that runs: it stops and says
// so. A slot that is made anew under the name has nothing of what was between.
func TestCaptureSlotTaken(t *testing.T) {
	drop := `SELECT pg_terminate_backend(active_pid, 10000) FROM pg_replication_slots WHERE database = current_database() AND active;
		SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = current_database();`
	for name, anew := range map[string]bool{"dropped": false, "made anew": true} {
		t.Run(name, func(t *testing.T) {
			d := adminDatabase(t)
			s := d.source()
			l := d.streaming(s)
			lose := drop + "INSERT INTO t VALUES (3); SELECT pg_switch_wal();"
			if anew {
				lose += "SELECT pg_create_logical_replication_slot('" + s.SlotName + "', 'pgoutput'); INSERT INTO t VALUES (4)"
			}
			d.exec(lose)
			if err := l.fails(); !strings.Contains(err.Error(), "lost") || !strings.Contains(err.Error(), s.SlotName) {
				t.Errorf("it failed otherwise: %v", err)
			}
			if got := strings.Join(l.ids(), " "); got != "1 2" {
				t.Errorf("it went on behind what was lost: %s", got)
			}
		})
	}
}

// TestCaptureRestored goes on with an offset that the server's log does not reach:
// what is changed until it does would be passed over in silence.
func TestCaptureRestored(t *testing.T) {
	d := adminDatabase(t)
	s := d.source()
	l := d.streaming(s)
	l.untilMark(d)
	_ = l.task.Close()
	ahead := maps.Clone(l.offset)
	for _, key := range []string{"lsn", "lsn_proc", "lsn_commit"} {
		ahead[key] = ahead[key].(int64) + 1<<30
	}
	if err := d.resume(s, ahead).fails(); !strings.Contains(err.Error(), "restored") {
		t.Errorf("it failed otherwise: %v", err)
	}
	s.OffsetMismatchStrategy = "trust_slot"
	d.exec("INSERT INTO t VALUES (3)")
	trusting := d.resume(s, ahead)
	trusting.until(trusting.has("3"))
}

// TestCaptureSnapshotGoesOn breaks a snapshot off again and again, while rows
// change.
func TestCaptureSnapshotGoesOn(t *testing.T) {
	d := adminDatabase(t)
	d.exec(`CREATE TABLE a (id int, part text, PRIMARY KEY (part, id)); INSERT INTO a SELECT i, 'p' || i % 3 FROM generate_series(1, 500) i;
		CREATE TABLE b (id int PRIMARY KEY); INSERT INTO b SELECT i FROM generate_series(1001, 1500) i`)
	s := d.source()
	s.SnapshotChunkSize, s.MaxBatchSize = 50, 20
	var offset connect.SourceOffset
	seen, total := map[string]int{}, 0
	for round := 0; ; round++ {
		l := d.resume(s, offset)
		d.exec(fmt.Sprintf("INSERT INTO b VALUES (%d)", 2000+round))
		stop := total + 130
		l.until(func() bool { return total+len(l.records) >= stop || l.offset["lsn_commit"] != nil })
		offset = l.offset
		for _, id := range l.ids() {
			seen[id]++
		}
		total += len(l.records)
		streaming := offset["lsn_commit"] != nil
		if streaming {
			l.untilMark(d)
			for _, id := range l.ids() {
				seen[id]++
			}
			break
		}
		_ = l.task.Close()
		if round > 100 {
			t.Fatal("it begins anew each time")
		}
	}
	for i := 1; i <= 500; i++ {
		if seen[fmt.Sprint(i)] == 0 || seen[fmt.Sprint(1000+i)] == 0 {
			t.Errorf("row %d was not told", i)
		}
	}
	if total > 1300 {
		t.Errorf("%d records of 1000 rows: too many come twice", total)
	}
}

// TestCaptureQuiet sees that the log of a quiet table in a busy database is let go
// of.
func TestCaptureQuiet(t *testing.T) {
	d := adminDatabase(t)
	d.exec("CREATE TABLE t (id int PRIMARY KEY); CREATE TABLE busy (id int)")
	s := d.source()
	s.TableIncludeList, s.PublicationAutocreateMode = []string{`public\.t`}, "filtered"
	s.HeartbeatInterval, s.StatusUpdateInterval = 50*time.Millisecond, 50*time.Millisecond
	l := d.capture(s)
	l.untilStreaming(d)
	d.exec("INSERT INTO busy SELECT generate_series(1, 10000)")
	end := d.exec("SELECT pg_current_wal_lsn()")
	l.until(func() bool {
		return d.exec("SELECT confirmed_flush_lsn >= '"+end+"' FROM pg_replication_slots WHERE database = current_database()") == "t"
	})
}

var _ = postgres.Source{}
