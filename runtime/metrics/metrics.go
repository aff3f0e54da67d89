// Package metrics writes what a pipeline does in Prometheus' text format. It
// reads figures that the tasks keep anyway, when it is asked: nothing is
// registered, and no task waits for a reader.
//
// Names are those of Kafka Connect's MBeans: the group without "-metrics", and
// the attribute; README.md has the table. What Kafka Connect gives as an average
// is here a sum and a count, so that whoever reads chooses the time; a rate is a
// counter.
//
//	metrics.go   the snapshot, and its metrics
//	text.go      the text format
//	process.go   the process itself
package metrics

import (
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/worker"
)

// Snapshot is what there is to say at one moment.
type Snapshot struct {
	Pipeline, Version string
	Connectors        []Connector
	Tasks             []worker.Stats // of this instance
	Starts            worker.Starts
	Group             *Group // nil: the instance is alone
}

// Connector is a connector of the pipeline.
type Connector struct {
	Name, Class string
	Sink        bool
	Phase       string // by Kafka Connect's names
	Here        bool   // it is this instance's
	Components  []Component
}

// Component is what a connector works with.
type Component struct {
	Role  string // key.converter, value.converter, header.converter, transform or predicate
	Name  string // of a transform or a predicate
	Class string
}

// Group is the instance's place in its group.
type Group struct {
	Name, Leader string
	Generation   int
	Rebalancing  bool
	Rebalances   worker.Timing // nanoseconds of those that ended
	Last         time.Time     // when the last one ended
}

// phases are the values of a status.
var phases = []string{"UNASSIGNED", "RUNNING", "PAUSED", "FAILED", "RESTARTING", "STOPPED"}

// Write writes all metrics.
func Write(w io.Writer, s Snapshot) error {
	t := &text{}
	s.connectors(t)
	s.tasks(t)
	s.sources(t)
	s.gauges(t)
	s.sinks(t)
	s.errors(t)
	s.worker(t)
	s.group(t)
	process(t)
	t.gauge("kcgen_build_info", "The pipeline and the kcgen that built it.").add(1, "pipeline", s.Pipeline, "version", s.Version)
	_, err := w.Write(t.bytes())
	return err
}

func (s *Snapshot) connectors(t *text) {
	info := t.gauge("kafka_connect_connector_info", "What a connector is.")
	status := t.gauge("kafka_connect_connector_status", "1 for the status that the connector has, 0 for the others.")
	parts := t.gauge("kafka_connect_connector_component_info", "The converters, transforms and predicates of a connector.")
	for _, c := range s.Connectors {
		for _, p := range c.Components {
			parts.add(1, "connector", c.Name, "role", p.Role, "name", p.Name, "class", p.Class)
		}
		info.add(1, "connector", c.Name, "type", kind(c.Sink), "class", c.Class)
		states(status, c.Phase, "connector", c.Name)
	}
}

// states writes one series for each phase.
func states(f *family, phase string, labels ...string) {
	for _, p := range phases {
		v := 0.0
		if p == phase {
			v = 1
		}
		f.add(v, append(slices.Clone(labels), "status", strings.ToLower(p))...)
	}
}

func kind(sink bool) string {
	if sink {
		return "sink"
	}
	return "source"
}

func (s *Snapshot) tasks(t *text) {
	const group = "kafka_connect_connector_task_"
	status := t.gauge(group+"status", "1 for the status that the task has, 0 for the others. A failed task stays.")
	spent := t.counter(group+"state_seconds_total", "How long the task has been in a state; running-ratio and pause-ratio are its rates.")
	failed := t.counter(group+"offset_commit_failures_total", "Commits of offsets that failed.")
	commits := t.timing(group+"offset_commit_seconds", "How long a commit of offsets takes.", time.Second)
	sizes := t.timing(group+"batch_size", "Records of a batch: of a poll, or of what was consumed at once.", 1)
	for _, x := range s.Tasks {
		id := labels(x)
		states(status, x.State.String(), id...)
		for _, st := range worker.States() {
			if d, ok := x.States[st]; ok {
				spent.add(d.Seconds(), append(slices.Clone(id), "state", strings.ToLower(st.String()))...)
			}
		}
		failed.add(float64(x.CommitFailures), id...)
		commits.add(x.Commit, id...)
		sizes.add(x.Figures.Batch, id...)
	}
}

func (s *Snapshot) sources(t *text) {
	const group = "kafka_connect_source_task_"
	polled := t.counter(group+"source_record_poll_total", "Records that the connector gave.")
	written := t.counter(group+"source_record_write_total", "Records that Kafka has, behind the transforms.")
	bytes := t.counter("kcgen_source_task_write_bytes_total", "Bytes of the keys and values that Kafka has.")
	active := t.gauge(group+"source_record_active_count", "Records that were polled, and that Kafka has not yet.")
	most := t.gauge(group+"source_record_active_count_max", "The most of them of the last 30 to 60 seconds.")
	sizes := t.timing(group+"transaction_size", "Records of a transaction that was committed.", 1)
	polls := t.timing(group+"poll_batch_seconds", "How long a poll takes that gives records.", time.Second)
	lag := t.gauge("kcgen_source_task_lag", "What the source has not read yet, where the connector can tell.")
	for _, x := range s.Tasks {
		if x.Sink {
			continue
		}
		id := labels(x)
		polled.add(float64(x.Read), id...)
		written.add(float64(x.Records), id...)
		bytes.add(float64(x.Bytes), id...)
		active.add(float64(x.Active), id...)
		most.add(mostActive(x), id...)
		if x.Transactions.Count > 0 {
			sizes.add(x.Transactions, id...)
		}
		polls.add(x.Work, id...)
		if x.Behind != nil {
			lag.add(float64(x.Behind.Amount), append(slices.Clone(id), "unit", x.Behind.Unit)...)
		}
	}
}

// mostActive is the most records that were on their way at once: those that
// still are, where no batch has come since.
func mostActive(x worker.Stats) float64 { return float64(max(x.Actives.Max, int64(x.Active))) }

// gauges are the figures that source connectors have of their own, one family a
// name.
func (s *Snapshot) gauges(t *text) {
	families := map[string]*family{}
	for _, x := range s.Tasks {
		for _, g := range x.Gauges {
			if !wellFormed(g) {
				continue
			}
			f := families[g.Name]
			if f == nil {
				f = t.gauge("kcgen_connector_"+g.Name, strings.ReplaceAll(g.Help, "\n", " "))
				families[g.Name] = f
			}
			f.add(g.Value, append(labels(x), g.Labels...)...)
		}
	}
}

// ownName is of the figures that connectors name, and of their labels.
var ownName = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

func wellFormed(g connect.Gauge) bool {
	for i := 0; i < len(g.Labels); i += 2 {
		if !ownName.MatchString(g.Labels[i]) {
			return false
		}
	}
	return ownName.MatchString(g.Name) && len(g.Labels)%2 == 0
}

func (s *Snapshot) sinks(t *text) {
	const group = "kafka_connect_sink_task_"
	read := t.counter(group+"sink_record_read_total", "Records that were consumed from Kafka.")
	sent := t.counter(group+"sink_record_send_total", "Records that were put to the connector, behind the transforms.")
	bytes := t.counter("kcgen_sink_task_read_bytes_total", "Bytes of the keys and values that were consumed.")
	active := t.gauge(group+"sink_record_active_count", "Records that were consumed, and that are not yet committed.")
	peak := t.gauge(group+"sink_record_active_count_max", "The most of them of the last 30 to 60 seconds.")
	puts := t.timing(group+"put_batch_seconds", "How long a put takes.", time.Second)
	parts := t.gauge(group+"partition_count", "Partitions that the group gave the task.")
	most := t.gauge(group+"sink_record_lag_max", "Records that the task is behind in the partition where it is farthest behind.")
	each := t.gauge("kcgen_sink_task_record_lag", "Records that the task is behind in a partition.")
	done := t.counter(group+"offset_commit_completion_total", "Commits of offsets that were done.")
	for _, x := range s.Tasks {
		if !x.Sink {
			continue
		}
		id := labels(x)
		read.add(float64(x.Read), id...)
		sent.add(float64(x.Records), id...)
		bytes.add(float64(x.Bytes), id...)
		active.add(float64(x.Active), id...)
		peak.add(mostActive(x), id...)
		puts.add(x.Work, id...)
		parts.add(float64(x.Partitions), id...)
		var worst int64
		for p, n := range x.Lag {
			worst = max(worst, n)
			each.add(float64(n), append(slices.Clone(id), "topic", p.Topic, "partition", number(int(p.Partition)))...)
		}
		most.add(float64(worst), id...)
		done.add(float64(x.Commit.Count), id...)
	}
}

func (s *Snapshot) errors(t *text) {
	const group = "kafka_connect_task_error_"
	failures := t.counter(group+"total_record_failures", "Records that failed for good, tolerated or not.")
	tries := t.counter(group+"total_record_errors", "Tries that failed.")
	steps := t.counter("kcgen_task_step_errors_total", "Tries that failed, by the step of the chain, or by the stage outside of it.")
	skipped := t.counter(group+"total_records_skipped", "Records that a filter or errors.tolerance left out.")
	retries := t.counter(group+"total_retries", "Operations that were tried again.")
	logged := t.counter(group+"total_errors_logged", "Tolerated failures in the log.")
	letters := t.counter(group+"deadletterqueue_produce_requests", "Records for the dead letter queue.")
	lost := t.counter(group+"deadletterqueue_produce_failures", "Records that the dead letter queue did not take.")
	last := t.gauge(group+"last_error_timestamp_seconds", "When the last try failed, in seconds since 1970.")
	for _, x := range s.Tasks {
		id := labels(x)
		failures.add(float64(x.Failures), id...)
		var all uint64
		for where, n := range x.Errors {
			all += n
			steps.add(float64(n), append(slices.Clone(id), "step", where)...)
		}
		tries.add(float64(all), id...)
		skipped.add(float64(x.Dropped), id...)
		retries.add(float64(x.Retries), id...)
		logged.add(float64(x.Logged), id...)
		letters.add(float64(x.DeadLettered+x.LetterFailures), id...)
		lost.add(float64(x.LetterFailures), id...)
		if !x.LastError.IsZero() {
			last.add(float64(x.LastError.UnixMilli())/1000, id...)
		}
	}
}

func (s *Snapshot) worker(t *text) {
	const group = "kafka_connect_worker_"
	running, connectors := 0, 0
	counts := t.gauge(group+"connector_task_count", "Tasks of a connector in this instance, by status.")
	for _, c := range s.Connectors {
		if c.Here {
			connectors++
		}
		by := map[string]int{}
		for _, x := range s.Tasks {
			if x.Connector == c.Name {
				by[x.State.String()]++
			}
		}
		for _, p := range phases {
			counts.add(float64(by[p]), "connector", c.Name, "status", strings.ToLower(p))
		}
	}
	for _, x := range s.Tasks {
		if x.State < worker.Stopped {
			running++
		}
	}
	t.gauge(group+"connector_count", "Connectors in this instance.").add(float64(connectors))
	t.gauge(group+"task_count", "Tasks in this instance.").add(float64(running))
	t.counter(group+"task_startup_attempts_total", "Starts of tasks.").add(float64(s.Starts.Attempts))
	t.counter(group+"task_startup_success_total", "Starts after which the task ran.").add(float64(s.Starts.Successes))
	t.counter(group+"task_startup_failure_total", "Starts that failed before the task ran.").add(float64(s.Starts.Failures))
}

func (s *Snapshot) group(t *text) {
	g := s.Group
	if g == nil {
		return
	}
	const group = "kafka_connect_worker_rebalance_"
	t.gauge(group+"info", "The group, and who leads it.").add(1, "group", g.Name, "leader", g.Leader)
	t.gauge(group+"epoch", "The generation of the group.").add(float64(g.Generation))
	rebalancing := 0.0
	if g.Rebalancing {
		rebalancing = 1
	}
	t.gauge(group+"rebalancing", "1 while the group shares its tasks out.").add(rebalancing)
	t.counter(group+"completed_rebalances_total", "Rebalances that ended.").add(float64(g.Rebalances.Count))
	t.timing(group+"seconds", "How long a rebalance takes.", time.Second).add(g.Rebalances)
	if !g.Last.IsZero() {
		t.gauge(group+"time_since_last_rebalance_seconds", "How long ago the last rebalance ended.").add(time.Since(g.Last).Seconds())
	}
}

func labels(x worker.Stats) []string {
	return []string{"connector", x.Connector, "task", number(x.Task)}
}
