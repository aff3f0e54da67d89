//go:build !synctests

package simulation

// bug is a fault that is planted into the runtime, to see that the simulation
// finds it (see the package servertest/planted). All of them are in one binary,
// and planted(name) says which is alive.
type bug struct {
	name     string
	rule     string // of what it breaks
	scenario string // where it shows: a scenario, or an injection
	edits    []edit
}

type edit struct{ file, old, new string }

var bugs = []bug{
	{"offset-passes-open-records", "an offset moves behind acknowledged records alone", "source", []edit{
		{"offset/tracker.go", "if s.left > 0 || s.failed || s.seq >= horizon {", `if (s.left > 0 || s.failed || s.seq >= horizon) && !planted("offset-passes-open-records") {`},
		{"offset/tracker.go", "func (p *partition) check(horizon uint64) error {\n", "func (p *partition) check(horizon uint64) error {\n\tif planted(\"offset-passes-open-records\") {\n\t\treturn nil\n\t}\n"},
	}},
	{"failed-records-are-acked", "no outcome is taken for a good one", "Produce/MESSAGE_TOO_LARGE/third/pipeline", []edit{
		{"worker/flight.go", "\tif err == nil {\n\t\treturn\n\t}\n\tf.lost = append(", "\tif err == nil || planted(\"failed-records-are-acked\") {\n\t\treturn\n\t}\n\tf.lost = append("},
	}},
	{"dead-letters-are-not-awaited", "a group's offset waits for the dead letter queue", "sink", []edit{
		{"worker/sinkletters.go", "\tselect {\n\tcase <-done:\n\tcase <-hard.Done():", "\tif planted(\"dead-letters-are-not-awaited\") {\n\t\tt.letters = nil\n\t\treturn nil\n\t}\n\tselect {\n\tcase <-done:\n\tcase <-hard.Done():"},
	}},
	{"poison-vanishes", "a record that fails goes to the dead letter queue", "source", []edit{
		{"worker/sourceconvert.go", "\tf.dead = append(f.dead, f.out.Len())\n", "\tif planted(\"poison-vanishes\") {\n\t\tf.spans[f.k].dropped++\n\t\treturn nil\n\t}\n\tf.dead = append(f.dead, f.out.Len())\n"},
	}},
	{"commit-without-flush", "durable first, then the offset", "sink", []edit{
		{"worker/group.go", "func (t *sinkTask) flush(hard context.Context) error {\n", "func (t *sinkTask) flush(hard context.Context) error {\n\tif planted(\"commit-without-flush\") {\n\t\treturn nil\n\t}\n"},
	}},
	{"told-before-it-is-durable", "durable first, then the source is told", "source", []edit{
		{"worker/commit.go", "\tu := &underway{entries, make(chan error, 1)}\n", "\tif planted(\"told-before-it-is-durable\") {\n\t\tt.committed(entries)\n\t}\n\tu := &underway{entries, make(chan error, 1)}\n"},
	}},
	{"revoked-without-commit", "what was put is committed before a partition goes", "sink", []edit{
		{"worker/group.go", "if t.isOpen && !t.broken && t.failure() == nil && len(t.position) > 0 {", `if !planted("revoked-without-commit") && t.isOpen && !t.broken && t.failure() == nil && len(t.position) > 0 {`},
	}},
	{"offsets-are-forgotten", "a source begins where its offset says", "source", []edit{
		{"offset/store.go", "\t\treturn maps.Clone(e.offset)\n", "\t\tif planted(\"offsets-are-forgotten\") {\n\t\t\treturn nil\n\t\t}\n\t\treturn maps.Clone(e.offset)\n"},
	}},
	{"stop-without-drain", "a clean stop waits for what is on its way", "source", []edit{
		{"worker/source.go", "t.drain(hard)\n", "if !planted(\"stop-without-drain\") {\n\t\tt.drain(hard)\n\t}\n"},
	}},
	{"stop-without-commit", "a clean stop commits", "source", []edit{
		{"worker/commit.go", "func (t *sourceTask) lastCommit(hard context.Context) {\n", "func (t *sourceTask) lastCommit(hard context.Context) {\n\tif planted(\"stop-without-commit\") {\n\t\treturn\n\t}\n"},
	}},
	{"stop-without-budget", "a stop has one budget", "pipeline", []edit{
		{"kafka/kafka.go", "func closeWithin(ctx context.Context, c func()) {\n", "func closeWithin(ctx context.Context, c func()) {\n\tif planted(\"stop-without-budget\") {\n\t\ttime.Sleep(time.Minute)\n\t}\n"},
	}},
	{"passing-errors-are-final", "errors are judged by one table", "pipeline", []edit{
		{"kafka/topics.go", "return code.Retriable && code != kerr.UnknownTopicOrPartition", `return code.Retriable && code != kerr.UnknownTopicOrPartition && !planted("passing-errors-are-final")`},
	}},
	{"retry-is-failure", "what a connector asks to try again is tried again", "source", []edit{
		{"worker/source.go", "case err != nil && transient(err):", `case err != nil && transient(err) && !planted("retry-is-failure"):`},
	}},
	{"no-idempotence", "a retried request is no second one", "source", []edit{
		{"kafka/writer.go", "\tif p.DeliveryTimeout > 0 {\n", "\tif planted(\"no-idempotence\") {\n\t\topts = append(opts, kgo.DisableIdempotentWrite())\n\t}\n\tif p.DeliveryTimeout > 0 {\n"},
	}},
	{"position-is-one-too-far", "a group's offset is behind the last record put", "sink", []edit{
		{"kafka/reader.go", "return Position{last.Offset + 1, last.LeaderEpoch}", "if planted(\"position-is-one-too-far\") {\n\t\treturn Position{last.Offset + 2, last.LeaderEpoch}\n\t}\n\treturn Position{last.Offset + 1, last.LeaderEpoch}"},
	}},
	{"dropped-records-never-end", "a dropped record has an end", "source", []edit{
		{"worker/sourceconvert.go", "if err := t.tracker.End(s.span, s.dropped, offset.Dropped); err != nil {", "if planted(\"dropped-records-never-end\") {\n\t\t\tcontinue\n\t\t}\n\t\tif err := t.tracker.End(s.span, s.dropped, offset.Dropped); err != nil {"},
	}},
	{"new-groups-begin-at-the-end", "a group without an offset begins at the first record", "sink", []edit{
		{"kafka/reader.go", "\treturn []kgo.Opt{kgo.ConsumeStartOffset(kgo.NewOffset().AtStart()), kgo.ConsumeResetOffset(kgo.NoResetOffset())}", "\tif planted(\"new-groups-begin-at-the-end\") {\n\t\treturn []kgo.Opt{kgo.ConsumeStartOffset(kgo.NewOffset().AtEnd())}\n\t}\n\treturn []kgo.Opt{kgo.ConsumeStartOffset(kgo.NewOffset().AtStart()), kgo.ConsumeResetOffset(kgo.NoResetOffset())}"},
	}},
	{"a-leaver-is-left-behind", "no goroutine outlives its owner", "sink", []edit{
		{"kafka/reader.go", "\t\tr.cl.AllowRebalance() // Close polls", "\t\tif planted(\"a-leaver-is-left-behind\") {\n\t\t\treturn\n\t\t}\n\t\tr.cl.AllowRebalance() // Close polls"},
	}},

	// Of transactions.
	{"offsets-before-the-fence", "fence, then read offsets, then poll", "exactly-once", []edit{
		{"worker/transaction.go", "\tif err == nil {\n\t\terr = x.t.store.CatchUp(stop)\n", "\tif err == nil && !planted(\"offsets-before-the-fence\") {\n\t\terr = x.t.store.CatchUp(stop)\n"},
	}},
	{"an-id-for-each-start", "transactional ids outlive their process", "exactly-once", []edit{
		{"worker/transaction.go", `return kafka.Transaction{ID: e.ID(connector, task), Timeout: e.Timeout}`, "id := e.ID(connector, task)\n\tif planted(\"an-id-for-each-start\") {\n\t\tid += fmt.Sprint(time.Now().UnixNano())\n\t}\n\treturn kafka.Transaction{ID: id, Timeout: e.Timeout}"},
	}},
	{"offsets-outside-the-transaction", "offsets are committed with their records", "exactly-once", []edit{
		{"worker/transaction.go", "\tt.store.Commit(hard, x, t.connector, entries, func(e error) { err = e })\n", "\tif planted(\"offsets-outside-the-transaction\") {\n\t\tdone := make(chan error, 1)\n\t\tt.store.Commit(hard, t.offsets, t.connector, entries, func(e error) { done <- e })\n\t\tif err = <-done; err == nil {\n\t\t\terr = x.w.Commit(hard, \"\", nil)\n\t\t}\n\t\treturn err\n\t}\n\tt.store.Commit(hard, x, t.connector, entries, func(e error) { err = e })\n"},
	}},
}
