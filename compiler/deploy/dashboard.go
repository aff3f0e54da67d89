package deploy

import "strconv"

// A Panel is one picture of the dashboard, or the title of those below it.
type Panel struct {
	Kind         string // row, stat or timeseries
	Title, About string
	Unit         string // by Grafana's names
	Queries      []Query
	Bad          bool // any value above zero is bad

	ID, X, Y, W, H int
}

// A Query is one of PromQL, and what each of its series is called.
type Query struct{ Ref, Expr, Legend string }

// The width of a dashboard, and the height of what is in it.
const (
	gridWidth    = 24
	rowHeight    = 1
	statHeight   = 4
	seriesHeight = 8
)

// dashboard lays panels out, from left to right and down.
type dashboard struct {
	own     string // behind a metric: of the pipeline's own instances
	panels  []Panel
	x, y, h int
}

func (d *dashboard) add(p Panel) {
	if d.x+p.W > gridWidth {
		d.x, d.y, d.h = 0, d.y+d.h, 0
	}
	p.ID, p.X, p.Y = len(d.panels)+1, d.x, d.y
	for i := range p.Queries {
		p.Queries[i].Ref = string(rune('A' + i))
	}
	d.x, d.h = d.x+p.W, max(d.h, p.H)
	d.panels = append(d.panels, p)
}

func (d *dashboard) row(title string) {
	d.x, d.y, d.h = 0, d.y+d.h, 0
	d.add(Panel{Kind: "row", Title: title, W: gridWidth, H: rowHeight})
}

func (d *dashboard) stat(title, about string, bad bool, expr string) {
	d.add(Panel{Kind: "stat", Title: title, About: about, Unit: "short", Bad: bad, W: 4, H: statHeight, Queries: []Query{{Expr: expr}}})
}

// series is a picture over time. Queries are PromQL and legend, in pairs.
func (d *dashboard) series(title, about, unit string, queries ...string) {
	p := Panel{Kind: "timeseries", Title: title, About: about, Unit: unit, W: 8, H: seriesHeight}
	for i := 0; i+1 < len(queries); i += 2 {
		p.Queries = append(p.Queries, Query{Expr: queries[i], Legend: queries[i+1]})
	}
	d.add(p)
}

// Panels are those of the pipeline's dashboard.
func (p *Pipeline) Panels() []Panel {
	d := &dashboard{own: ` * on (job, instance) group_left () ` + p.build()}
	d.now(p)
	if len(p.Sources) > 0 {
		d.sources()
	}
	if len(p.Sinks) > 0 {
		d.sinks()
	}
	d.errors(p)
	d.program(p)
	return d.panels
}

// build is the series that each instance of the pipeline has, of the jobs that
// the dashboard's reader chose.
func (p *Pipeline) build() string {
	return "kcgen_build_info{pipeline=" + strconv.Quote(p.Name) + `, job=~"$job"}`
}

// rate is that of a counter, added up by labels.
func (d *dashboard) rate(by, counter string) string {
	return "sum by (" + by + ") (rate(" + counter + "[$__rate_interval])" + d.own + ")"
}

// sum adds a gauge up by labels.
func (d *dashboard) sum(by, gauge string) string {
	return "sum by (" + by + ") (" + gauge + d.own + ")"
}

// most is the largest of a gauge for each connector.
func (d *dashboard) most(gauge string) string {
	return "max by (connector) (" + gauge + d.own + ")"
}

// mean is that of a summary.
func (d *dashboard) mean(summary string) string {
	return d.rate("connector", summary+"_sum") + " / " + d.rate("connector", summary+"_count")
}

// times are the mean of a summary and its maximum, as queries with legends.
func (d *dashboard) times(summary string) []string {
	return []string{d.mean(summary), "{{connector}}, mean", d.most(summary + "_max"), "{{connector}}, longest"}
}

func (d *dashboard) now(p *Pipeline) {
	d.row("Now")
	d.stat("Instances", "Instances that answer Prometheus.", false, "count("+p.build()+")")
	d.stat("Running tasks", "Tasks that are running, in all instances.", false, `sum(kafka_connect_worker_connector_task_count{status="running"}`+d.own+")")
	d.stat("Failed tasks", "A failed task stays so until it is restarted. Its trace is at /connectors/NAME/status.", true, `sum(kafka_connect_worker_connector_task_count{status="failed"}`+d.own+")")
	d.stat("Failed records", "Records that failed for good within the last hour, tolerated or not.", true, "sum(increase(kafka_connect_task_error_total_record_failures[1h])"+d.own+")")
	if len(p.Sources) > 0 {
		d.stat("Records to Kafka", "A second.", false, "sum(rate(kafka_connect_source_task_source_record_write_total[$__rate_interval])"+d.own+")")
	}
	if len(p.Sinks) > 0 {
		d.stat("Records that wait", "In the topics of the sinks.", false, "sum(kcgen_sink_task_record_lag"+d.own+")")
	}
}

func (d *dashboard) sources() {
	d.row("Sources")
	d.series("Records to Kafka", "Records that Kafka has taken.", "cps", d.rate("connector", "kafka_connect_source_task_source_record_write_total"), "{{connector}}")
	d.series("Bytes to Kafka", "Of keys and values, before compression.", "Bps", d.rate("connector", "kcgen_source_task_write_bytes_total"), "{{connector}}")
	d.series("On their way", "Records that were polled, and that Kafka has not yet.", "short", d.sum("connector", "kafka_connect_source_task_source_record_active_count"), "{{connector}}")
	d.series("A poll", "How long a poll takes that gives records.", "s", d.times("kafka_connect_source_task_poll_batch_seconds")...)
	d.series("Not read yet", "Where the connector can tell.", "short", d.sum("connector, unit", "kcgen_source_task_lag"), "{{connector}}, {{unit}}")
	d.series("Behind", "How old a change is when it is read.", "s", d.most("kcgen_connector_lag_seconds"), "{{connector}}")
	d.series("Log that is held", "What a replication slot keeps of PostgreSQL's log.", "bytes", d.most("kcgen_connector_slot_bytes"), "{{connector}}")
	d.series("Snapshots", "Rows that were read, of those that are expected.", "percentunit",
		d.sum("connector, table", "kcgen_connector_snapshot_rows")+" / ("+d.sum("connector, table", "kcgen_connector_snapshot_rows_expected")+" > 0)", "{{connector}}, {{table}}")
}

func (d *dashboard) sinks() {
	d.row("Sinks")
	d.series("Records to the target", "Records that the connector was given.", "cps", d.rate("connector", "kafka_connect_sink_task_sink_record_send_total"), "{{connector}}")
	d.series("Records that wait", "By topic.", "short", d.sum("connector, topic", "kcgen_sink_task_record_lag"), "{{connector}}, {{topic}}")
	d.series("Bytes from Kafka", "Of keys and values, after decompression.", "Bps", d.rate("connector", "kcgen_sink_task_read_bytes_total"), "{{connector}}")
	d.series("A put", "How long the target takes for a batch.", "s", d.times("kafka_connect_sink_task_put_batch_seconds")...)
	d.series("Not committed", "Records that were consumed, and that are not yet committed.", "short", d.sum("connector", "kafka_connect_sink_task_sink_record_active_count"), "{{connector}}")
	d.series("Partitions", "That each task reads.", "short", d.sum("connector, task", "kafka_connect_sink_task_partition_count"), "{{connector}} {{task}}")
}

func (d *dashboard) errors(p *Pipeline) {
	d.row("Errors")
	d.series("Failures by step", "Tries that failed, by the step of the chain, or the stage outside of it.", "cps", d.rate("connector, step", "kcgen_task_step_errors_total"), "{{connector}}, {{step}}")
	d.series("Retries", "Operations that were tried again.", "cps", d.rate("connector", "kafka_connect_task_error_total_retries"), "{{connector}}")
	if p.Letters {
		d.series("Dead letters", "Records for the dead letter queue, and those that it did not take.", "cps",
			d.rate("connector", "kafka_connect_task_error_deadletterqueue_produce_requests"), "{{connector}}",
			d.rate("connector", "kafka_connect_task_error_deadletterqueue_produce_failures"), "{{connector}}, not taken")
		return
	}
	d.series("Left out", "Records that a filter or errors.tolerance left out.", "cps", d.rate("connector", "kafka_connect_task_error_total_records_skipped"), "{{connector}}")
}

func (d *dashboard) program(p *Pipeline) {
	const states = "kafka_connect_connector_task_state_seconds_total"
	d.row("Program")
	d.series("CPU", "Cores.", "short", "rate(process_cpu_seconds_total[$__rate_interval])"+d.own, "{{instance}}")
	d.series("Memory", "What the system counts (RSS).", "bytes", "process_resident_memory_bytes"+d.own, "{{instance}}")
	d.series("Time of tasks", "Of each second, by state.", "percentunit", d.rate("connector, state", states)+" / ignoring (state) group_left () "+d.rate("connector", states), "{{connector}}, {{state}}")
	d.series("A commit of offsets", "How long it takes.", "s", d.times("kafka_connect_connector_task_offset_commit_seconds")...)
	d.series("Commits that fail", "What was done since the last one will be done again after a restart.", "cps", d.rate("connector", "kafka_connect_connector_task_offset_commit_failures_total"), "{{connector}}")
	if p.Group {
		d.series("Rebalances", "Rebalances that ended, and whether one is under way.", "short",
			"increase(kafka_connect_worker_rebalance_completed_rebalances_total[$__rate_interval])"+d.own, "{{instance}}",
			"kafka_connect_worker_rebalance_rebalancing"+d.own, "{{instance}}, under way")
	}
}
