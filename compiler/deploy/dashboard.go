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
	d := &dashboard{}
	d.now(p)
	if len(p.Sources) > 0 {
		d.sources(p.OfSources() + job)
	}
	if len(p.Sinks) > 0 {
		d.sinks(p.OfSinks() + job)
	}
	d.errors(p)
	d.program(p)
	return d.panels
}

// job chooses what the dashboard's reader chose.
const job = `, job=~"$job"`

// mean is that of a summary over the dashboard's own interval.
func mean(metric, of string) string {
	return "sum by (connector) (rate(" + metric + "_sum{" + of + "}[$__rate_interval])) / sum by (connector) (rate(" + metric + "_count{" + of + "}[$__rate_interval]))"
}

// rate is that of a counter, added up by labels.
func rate(by, metric, of string) string {
	return "sum by (" + by + ") (rate(" + metric + "{" + of + "}[$__rate_interval]))"
}

func (d *dashboard) now(p *Pipeline) {
	all := p.OfAll() + job
	d.row("Now")
	d.stat("Instances", "Instances that answer Prometheus.", false, "count("+p.build()+")")
	d.stat("Running tasks", "Tasks that are running, in all instances.", false, `sum(kafka_connect_worker_connector_task_count{`+all+`, status="running"})`)
	d.stat("Failed tasks", "A failed task stays so until it is restarted. Its trace is at /connectors/NAME/status.", true, `sum(kafka_connect_worker_connector_task_count{`+all+`, status="failed"})`)
	d.stat("Failed records", "Records that failed for good within the last hour, tolerated or not.", true, `sum(increase(kafka_connect_task_error_total_record_failures{`+all+`}[1h]))`)
	if len(p.Sources) > 0 {
		d.stat("Records to Kafka", "A second.", false, `sum(rate(kafka_connect_source_task_source_record_write_total{`+p.OfSources()+job+`}[$__rate_interval]))`)
	}
	if len(p.Sinks) > 0 {
		d.stat("Records that wait", "In the topics of the sinks.", false, `sum(kcgen_sink_task_record_lag{`+p.OfSinks()+job+`})`)
	}
}

func (d *dashboard) sources(of string) {
	d.row("Sources")
	d.series("Records to Kafka", "Records that Kafka has taken.", "cps", rate("connector", "kafka_connect_source_task_source_record_write_total", of), "{{connector}}")
	d.series("Bytes to Kafka", "Of keys and values, before compression.", "Bps", rate("connector", "kcgen_source_task_write_bytes_total", of), "{{connector}}")
	d.series("On their way", "Records that were polled, and that Kafka has not yet.", "short", `sum by (connector) (kafka_connect_source_task_source_record_active_count{`+of+`})`, "{{connector}}")
	d.series("A poll", "How long a poll takes that gives records.", "s",
		mean("kafka_connect_source_task_poll_batch_seconds", of), "{{connector}}, mean",
		`max by (connector) (kafka_connect_source_task_poll_batch_seconds_max{`+of+`})`, "{{connector}}, longest")
	d.series("Not read yet", "Where the connector can tell.", "short", `sum by (connector, unit) (kcgen_source_task_lag{`+of+`})`, "{{connector}}, {{unit}}")
	d.series("Behind", "How old a change is when it is read.", "s", `max by (connector) (kcgen_connector_lag_seconds{`+of+`})`, "{{connector}}")
	d.series("Log that is held", "What a replication slot keeps of PostgreSQL's log.", "bytes", `max by (connector) (kcgen_connector_slot_bytes{`+of+`})`, "{{connector}}")
	d.series("Snapshots", "Rows that were read, of those that are expected.", "percentunit",
		`sum by (connector, table) (kcgen_connector_snapshot_rows{`+of+`}) / (sum by (connector, table) (kcgen_connector_snapshot_rows_expected{`+of+`}) > 0)`, "{{connector}}, {{table}}")
}

func (d *dashboard) sinks(of string) {
	d.row("Sinks")
	d.series("Records to the target", "Records that the connector was given.", "cps", rate("connector", "kafka_connect_sink_task_sink_record_send_total", of), "{{connector}}")
	d.series("Records that wait", "By topic.", "short", `sum by (connector, topic) (kcgen_sink_task_record_lag{`+of+`})`, "{{connector}}, {{topic}}")
	d.series("Bytes from Kafka", "Of keys and values, after decompression.", "Bps", rate("connector", "kcgen_sink_task_read_bytes_total", of), "{{connector}}")
	d.series("A put", "How long the target takes for a batch.", "s",
		mean("kafka_connect_sink_task_put_batch_seconds", of), "{{connector}}, mean",
		`max by (connector) (kafka_connect_sink_task_put_batch_seconds_max{`+of+`})`, "{{connector}}, longest")
	d.series("Not committed", "Records that were consumed, and that are not yet committed.", "short", `sum by (connector) (kafka_connect_sink_task_sink_record_active_count{`+of+`})`, "{{connector}}")
	d.series("Partitions", "That each task reads.", "short", `sum by (connector, task) (kafka_connect_sink_task_partition_count{`+of+`})`, "{{connector}} {{task}}")
}

func (d *dashboard) errors(p *Pipeline) {
	all := p.OfAll() + job
	d.row("Errors")
	d.series("Failures by step", "Tries that failed, by the step of the chain, or the stage outside of it.", "cps", rate("connector, step", "kcgen_task_step_errors_total", all), "{{connector}}, {{step}}")
	d.series("Retries", "Operations that were tried again.", "cps", rate("connector", "kafka_connect_task_error_total_retries", all), "{{connector}}")
	if p.Letters {
		d.series("Dead letters", "Records for the dead letter queue, and those that it did not take.", "cps",
			rate("connector", "kafka_connect_task_error_deadletterqueue_produce_requests", all), "{{connector}}",
			rate("connector", "kafka_connect_task_error_deadletterqueue_produce_failures", all), "{{connector}}, not taken")
		return
	}
	d.series("Left out", "Records that a filter or errors.tolerance left out.", "cps", rate("connector", "kafka_connect_task_error_total_records_skipped", all), "{{connector}}")
}

func (d *dashboard) program(p *Pipeline) {
	all := p.OfAll() + job
	d.row("Program")
	d.series("CPU", "Cores.", "short", "rate(process_cpu_seconds_total[$__rate_interval])"+p.own(), "{{instance}}")
	d.series("Memory", "What the system counts (RSS).", "bytes", "process_resident_memory_bytes"+p.own(), "{{instance}}")
	d.series("Time of tasks", "Of each second, by state.", "percentunit", rate("connector, state", "kafka_connect_connector_task_state_seconds_total", all)+" / ignoring (state) group_left sum by (connector) (rate(kafka_connect_connector_task_state_seconds_total{"+all+"}[$__rate_interval]))", "{{connector}}, {{state}}")
	d.series("A commit of offsets", "How long it takes.", "s",
		mean("kafka_connect_connector_task_offset_commit_seconds", all), "{{connector}}, mean",
		`max by (connector) (kafka_connect_connector_task_offset_commit_seconds_max{`+all+`})`, "{{connector}}, longest")
	d.series("Commits that fail", "What was done since the last one will be done again after a restart.", "cps", rate("connector", "kafka_connect_connector_task_offset_commit_failures_total", all), "{{connector}}")
	if p.Group {
		d.series("Rebalances", "Rebalances that ended, and whether one is under way.", "short",
			"increase(kafka_connect_worker_rebalance_completed_rebalances_total[$__rate_interval])"+p.own(), "{{instance}}",
			"kafka_connect_worker_rebalance_rebalancing"+p.own(), "{{instance}}, under way")
	}
}

// build is the series that each instance of the pipeline has.
func (p *Pipeline) build() string {
	return "kcgen_build_info{pipeline=" + strconv.Quote(p.Name) + job + "}"
}

// own keeps the series of the pipeline's own processes.
func (p *Pipeline) own() string { return " * on (job, instance) group_left () " + p.build() }
