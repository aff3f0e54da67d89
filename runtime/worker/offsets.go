package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"kcgen.dev/runtime/kafka"
	"kcgen.dev/runtime/offset"
)

// OpenOffsets reads the offsets topic, and makes it where it is not there (see
// [kafka.Conn.OpenLog] for life and failed). beside is the topic of a Kafka
// Connect cluster that is read and written too, or "".
func OpenOffsets(ctx, life context.Context, conn *kafka.Conn, topic kafka.NewTopic, beside string, log *slog.Logger, failed func(error)) (*offset.Store, *kafka.Log, error) {
	store := offset.NewStore(log)
	topic.Configs = map[string]string{"cleanup.policy": "compact"}
	own, err := conn.OpenLog(ctx, life, topic, func(e kafka.Entry) { store.Load(offset.Record(e)) }, failed)
	if err != nil {
		return nil, nil, fmt.Errorf("the offsets topic: %w", err)
	}
	store.From(own.ReadToEnd)
	if beside != "" && beside != topic.Name {
		theirs, err := openBeside(ctx, life, conn, beside, store, failed)
		if err != nil {
			return nil, nil, fmt.Errorf("worker.takeover.offsetStorageTopic: %w", err)
		}
		store.From(func(ctx context.Context) error {
			return errors.Join(own.ReadToEnd(ctx), theirs.ReadToEnd(ctx))
		})
	}
	store.Loaded()
	return store, own, nil
}

// openBeside reads the offsets of a Kafka Connect cluster.
func openBeside(ctx, life context.Context, conn *kafka.Conn, name string, store *offset.Store, failed func(error)) (*kafka.Log, error) {
	there, err := conn.Exists(ctx, name)
	if err != nil {
		return nil, err
	}
	if !there {
		return nil, fmt.Errorf("there is no topic %s in this cluster; it must be the offset.storage.topic of the Kafka Connect cluster whose connectors are to be continued", name)
	}
	store.Beside(name)
	return conn.OpenLog(ctx, life, kafka.NewTopic{Name: name}, func(e kafka.Entry) {
		e.Topic = name
		store.Load(offset.Record(e))
	}, failed)
}

// appender makes an offset.Appender of the log.
type appender struct{ log *kafka.Log }

func (a appender) Append(ctx context.Context, records []offset.Record, done func(error)) {
	entries := entriesOf(records)
	a.log.Append(ctx, entries, func(err error) {
		placed(records, entries)
		done(err)
	})
}

// entriesOf are records as entries of a log.
func entriesOf(records []offset.Record) []kafka.Entry {
	entries := make([]kafka.Entry, len(records))
	for i, r := range records {
		entries[i] = kafka.Entry(r)
	}
	return entries
}

// placed tells records where their entries came to be.
func placed(records []offset.Record, entries []kafka.Entry) {
	for i, e := range entries {
		records[i] = offset.Record(e)
	}
}
