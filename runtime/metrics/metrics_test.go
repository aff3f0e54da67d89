package metrics

import (
	"bytes"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/kafka"
	"kcgen.dev/runtime/worker"
)

// full has something of everything.
func full() Snapshot {
	timing := worker.Timing{Count: 4, Sum: int64(2 * time.Second), Max: int64(time.Second)}
	figures := worker.Figures{
		Read: 12, Batch: worker.Timing{Count: 4, Sum: 12, Max: 6}, Work: timing, Commit: timing, Active: 2, Actives: worker.Timing{Count: 4, Sum: 12, Max: 6}, Transactions: worker.Timing{Count: 2, Sum: 12, Max: 8}, Retries: 1,
		CommitFailures: 3, Failures: 5, Logged: 6, LetterFailures: 7, LastError: time.UnixMilli(1_700_000_000_250),
		Errors: map[string]uint64{"site": 2, "VALUE_CONVERTER": 1},
		States: map[worker.State]time.Duration{worker.Running: 90 * time.Second, worker.Paused: time.Second},
	}
	source, sink := figures, figures
	source.Behind = &worker.Behind{Amount: 42, Unit: "bytes"}
	source.Gauges = []connect.Gauge{
		{Name: "snapshot_rows", Help: "a\nb", Value: 7, Labels: []string{"table", "s.t"}}, {Name: "snapshot_rows_expected", Value: 9}, {Name: "snapshot_done"}, {Name: "slot_bytes"}, {Name: "slot_bytes_bound"}, {Name: "slot_bytes_left"}, {Name: "lag_seconds"},
		{Name: "not a name"}, {Name: "odd", Labels: []string{"table"}}, {Name: "odd", Labels: []string{"not a name", "x"}},
	}
	sink.Partitions, sink.Lag = 2, map[kafka.Partition]int64{{Topic: "t", Partition: 0}: 3, {Topic: "t", Partition: 1}: 9}
	return Snapshot{
		Pipeline: "p", Version: "v1",
		Connectors: []Connector{{Name: "in", Class: "x.Source", Phase: "RUNNING", Here: true, Components: []Component{{Role: "key.converter", Class: "x.Text"}, {Role: "transform", Name: "site", Class: "x.Do"}}}, {Name: "out", Class: "x.Sink", Sink: true, Phase: "FAILED"}},
		Tasks: []worker.Stats{
			{Connector: "in", State: worker.Running, Records: 10, Bytes: 100, Dropped: 1, DeadLettered: 1, Figures: source},
			{Connector: "out", Task: 1, Sink: true, State: worker.Failed, Records: 8, Bytes: 80, Figures: sink},
		},
		Starts: worker.Starts{Attempts: 3, Successes: 2, Failures: 1},
		Group:  &Group{Name: "g", Leader: "a:1", Generation: 7, Rebalances: timing, Last: time.Now()},
	}
}

func written(t *testing.T, s Snapshot) string {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, s); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// Every metric is in README's table, and every one there is written.
func TestTable(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	told := map[string]bool{}
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z_]+)`").FindAllStringSubmatch(string(readme), -1) {
		told[m[1]] = true
	}
	for _, m := range regexp.MustCompile(`(?m)^# TYPE ([a-z_]+) `).FindAllStringSubmatch(written(t, full()), -1) {
		if !told[m[1]] {
			t.Errorf("%s is not in README.md", m[1])
		}
		delete(told, m[1])
	}
	for name := range told {
		t.Errorf("%s is in README.md and is not written", name)
	}
}

func TestValues(t *testing.T) {
	out := written(t, full())
	for _, want := range []string{
		`kafka_connect_connector_status{connector="out",status="failed"} 1`,
		`kafka_connect_connector_status{connector="out",status="running"} 0`,
		`kafka_connect_connector_task_status{connector="out",task="1",status="failed"} 1`,
		`kafka_connect_connector_task_state_seconds_total{connector="in",task="0",state="running"} 90`,
		`kafka_connect_connector_task_offset_commit_seconds_sum{connector="in",task="0"} 2`,
		`kafka_connect_connector_task_offset_commit_seconds_max{connector="in",task="0"} 1`,
		`kafka_connect_connector_task_batch_size_sum{connector="in",task="0"} 12`,
		`kcgen_source_task_lag{connector="in",task="0",unit="bytes"} 42`,
		`kcgen_connector_snapshot_rows{connector="in",task="0",table="s.t"} 7`,
		`kafka_connect_sink_task_sink_record_lag_max{connector="out",task="1"} 9`,
		`kcgen_sink_task_record_lag{connector="out",task="1",topic="t",partition="0"} 3`,
		`kcgen_task_step_errors_total{connector="in",task="0",step="site"} 2`,
		`kafka_connect_task_error_deadletterqueue_produce_requests{connector="in",task="0"} 8`,
		`kafka_connect_task_error_last_error_timestamp_seconds{connector="in",task="0"} 1.70000000025e+09`,
		`kafka_connect_connector_component_info{connector="in",role="transform",name="site",class="x.Do"} 1`,
		`kafka_connect_source_task_source_record_active_count_max{connector="in",task="0"} 6`,
		`kafka_connect_sink_task_sink_record_active_count_max{connector="out",task="1"} 6`,
		`kafka_connect_source_task_transaction_size_sum{connector="in",task="0"} 12`,
		`kafka_connect_source_task_transaction_size_max{connector="in",task="0"} 8`,
		`kafka_connect_worker_task_count 2`,
		`kafka_connect_worker_connector_count 1`,
		`kafka_connect_worker_connector_task_count{connector="out",status="failed"} 1`,
		`kafka_connect_worker_rebalance_epoch 7`,
	} {
		if !strings.Contains(out, want+"\n") {
			t.Errorf("missing: %s\n%s", want, out)
		}
	}
}

// Each line is a comment or a sample, each family is written once and in one
// piece, and no series twice: what a scrape refuses otherwise.
func TestForm(t *testing.T) {
	s := full()
	s.Pipeline = "quote\" back\\slash new\nline \xff"
	sample := regexp.MustCompile(`^([a-z_]+)(\{[a-z]+="([^"\\\n]|\\["\\n])*"(,[a-z]+="([^"\\\n]|\\["\\n])*")*\})? [-+0-9.e]+$`)
	family, seen := "", map[string]bool{}
	for line := range strings.Lines(written(t, s)) {
		line = strings.TrimSuffix(line, "\n")
		if name, ok := strings.CutPrefix(line, "# TYPE "); ok {
			family, _, _ = strings.Cut(name, " ")
		}
		if strings.HasPrefix(line, "#") {
			continue
		}
		m := sample.FindStringSubmatch(line)
		if m == nil || !strings.HasPrefix(m[1], family) {
			t.Fatalf("under %s: %q", family, line)
		}
		series := line[:strings.LastIndexByte(line, ' ')]
		if seen[series] {
			t.Errorf("twice: %s", series)
		}
		seen[series] = true
	}
}
