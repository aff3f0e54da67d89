package postgres_test

import (
	"bytes"
	"context"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

	"kcgen.dev/runtime/convert"
	"kcgen.dev/runtime/kafka"
	"kcgen.dev/runtime/metrics"
	"kcgen.dev/runtime/servertest"
	"kcgen.dev/runtime/worker"
)

// beats is how many rows heartbeats have added by now.
func (d *captured) beats() string { return d.exec("SELECT count(*) FROM beats") }

// TestHeartbeatActs runs the statement of heartbeats: not while the snapshot is
// read, again after its connection was cut, and without end for the capture when
// it fails.
func TestHeartbeatActs(t *testing.T) {
	d := adminDatabase(t)
	d.exec("CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t SELECT generate_series(1, 100); CREATE TABLE beats (n serial PRIMARY KEY, twice int)")
	s := d.source()
	s.MaxBatchSize, s.HeartbeatInterval, s.TableIncludeList = 25, time.Millisecond, []string{`public\.t`}
	s.HeartbeatActionQuery = "INSERT INTO beats DEFAULT VALUES; UPDATE beats SET twice = n * 2 WHERE twice IS NULL"
	l := d.capture(s)
	l.until(func() bool {
		if l.offset["snapshot_completed"] == false && d.beats() != "0" {
			t.Fatal("it ran within the snapshot")
		}
		return len(l.records) >= 100
	})
	more := func() {
		t.Helper()
		had := d.beats()
		l.patient(func() bool { return d.beats() != had })
	}
	more()
	if got := d.exec("SELECT count(*) FROM beats WHERE twice <> n * 2"); got != "0" {
		t.Errorf("%s rows were not made twice", got)
	}
	if got := d.exec("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND query ~ 'beats|pg_wal_lsn_diff' AND pid <> pg_backend_pid() AND backend_type = 'client backend'"); got != "1" {
		t.Errorf("it uses %s connections", got)
	}
	more()
	d.exec("ALTER TABLE beats RENAME TO away; INSERT INTO t VALUES (101)")
	l.until(l.has("101"))
	d.exec("INSERT INTO t VALUES (102)")
	l.until(l.has("102"))
	d.exec("ALTER TABLE away RENAME TO beats")
	more()
}

// TestGaugesReachMetrics runs a capture in a worker and looks at its metrics, the
// slot's also while it is paused.
func TestGaugesReachMetrics(t *testing.T) {
	d := adminDatabase(t)
	d.exec("CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)")
	src := d.source()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "postgres_types.public.t", "__debezium-heartbeat.postgres_types"))
	if err != nil {
		t.Fatal(err)
	}
	defer cluster.Close()
	w, err := worker.New(worker.Config{
		Cluster: kafka.Cluster{Brokers: cluster.ListenAddrs()}, Log: slog.New(slog.DiscardHandler),
		OffsetTopic:   kafka.NewTopic{Name: "connect-offsets", Partitions: 1, ReplicationFactor: 1},
		FlushInterval: 50 * time.Millisecond, FlushTimeout: 20 * time.Second, StopTimeout: 30 * time.Second, StartTimeout: time.Minute,
		Sources: []worker.Source{{
			Name: "capture", Connector: src, MaxTasks: 1,
			Key: convert.JSON{}, Value: convert.JSON{}, Header: convert.JSON{},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), servertest.Patience)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx) }()
	page := func() string {
		var b bytes.Buffer
		if err := metrics.Write(&b, metrics.Snapshot{Pipeline: "p", Tasks: w.Stats()}); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	shows := func(what ...string) {
		t.Helper()
		missing := func(w string) bool { return !strings.Contains(page(), w) }
		for slices.ContainsFunc(what, missing) {
			select {
			case err := <-ended:
				t.Fatalf("the worker: %v; the page:\n%s", err, page())
			case <-ctx.Done():
				t.Fatalf("it does not show all of %q:\n%s", what, page())
			case <-time.After(50 * time.Millisecond):
			}
		}
	}
	slot := `kcgen_connector_slot_bytes{connector="capture",task="0"} `
	shows(slot,
		`kcgen_connector_lag_seconds{connector="capture",task="0"} `,
		`kcgen_source_task_lag{connector="capture",task="0",unit="bytes"} `,
		`kcgen_connector_snapshot_rows{connector="capture",task="0",table=`)
	w.Pause(w.Tasks()[0])
	shows(`kafka_connect_connector_task_status{connector="capture",task="0",status="paused"} 1`)
	shows(slot)
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("the worker: %v", err)
	}
}
