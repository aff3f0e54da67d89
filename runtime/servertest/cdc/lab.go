package cdc

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync/atomic"
	"time"

	"kcgen.dev/runtime/servertest"
)

// patience is how long a connector may take for a step, on the busiest machine.
const patience = 2 * time.Minute

// Lab is where cases run.
type Lab struct {
	Broker *servertest.Broker
	Server Server

	last atomic.Int64 // the last connector's number
}

// Capture is a connector that captures a database into topics.
type Capture interface {
	// Start starts it, for the first time or again. properties are those of
	// Debezium.
	Start(ctx context.Context, name string, properties map[string]string) error
	// Stop stops it in an orderly way; its offsets are committed.
	Stop(ctx context.Context) error
	// Failure is why it no longer runs; nil while it does.
	Failure(ctx context.Context) error
	// Offsets are those that it has committed, in their order.
	Offsets(ctx context.Context) ([]Offset, error)
}

// running is a capture of a case.
type running struct {
	Capture
	lab        *Lab
	prefix     string
	properties map[string]string
	*watch
}

// Run runs a case with all captures at once, on one database called db, and
// gives what each has recorded. The topic prefixes are prefixes.
func (l *Lab) Run(ctx context.Context, c Case, db string, prefixes []string, captures ...Capture) (out []*Recording, err error) {
	if err := l.Server.Make(ctx, db); err != nil {
		return nil, err
	}
	defer func() {
		clean := context.WithoutCancel(ctx)
		err = errors.Join(err, l.Server.Drop(clean, db))
	}()
	if c.Setup != "" {
		if err := l.Server.Exec(ctx, db, fill(c.Setup, prefixes[0], db)); err != nil {
			return nil, fmt.Errorf("cdc: %s: set up: %w", c.Name, err)
		}
	}
	var all []*running
	defer func() {
		for _, r := range all {
			r.watch.close()
			err = errors.Join(err, r.Stop(context.WithoutCancel(ctx)))
		}
	}()
	for i, capture := range captures {
		r, err := l.start(ctx, c, db, prefixes[i], capture)
		if r != nil {
			all = append(all, r)
		}
		if err != nil {
			return nil, fmt.Errorf("cdc: %s: start %s: %w", c.Name, prefixes[i], err)
		}
	}
	d := &drive{lab: l, c: c, db: db, all: all}
	if err := d.run(ctx); err != nil {
		return nil, fmt.Errorf("cdc: %s: %w", c.Name, err)
	}
	for _, r := range all {
		rec, err := r.finish(ctx)
		if err != nil {
			return nil, fmt.Errorf("cdc: %s: %s: %w", c.Name, r.prefix, err)
		}
		out = append(out, rec)
	}
	return out, nil
}

// start starts one capture.
func (l *Lab) start(ctx context.Context, c Case, db, prefix string, capture Capture) (*running, error) {
	own := map[string]string{"topic.prefix": prefix, "tasks.max": "1"}
	if c.Properties["signal.kafka.topic"] != "" {
		own["signal.kafka.bootstrap.servers"] = l.Broker.Addr()
	}
	properties := l.Server.Properties(db, int(l.last.Add(1)))
	if properties["schema.history.internal.kafka.topic"] != "" {
		own["schema.history.internal.kafka.bootstrap.servers"] = l.Broker.Addr()
	}
	for _, m := range []map[string]string{own, c.Properties} {
		maps.Copy(properties, m)
	}
	for k, v := range properties {
		properties[k] = fill(v, prefix, db)
	}
	l.Server.Narrow(db, properties)
	w, err := newWatch(ctx, l.Broker, prefix, properties["signal.kafka.topic"])
	if err != nil {
		return nil, err
	}
	r := &running{Capture: capture, lab: l, prefix: prefix, properties: properties, watch: w}
	return r, capture.Start(ctx, prefix, properties)
}

// finish stops the capture and gives what it has recorded, without the marks.
func (r *running) finish(ctx context.Context) (*Recording, error) {
	if err := r.Stop(ctx); err != nil {
		return nil, err
	}
	records, err := r.toEnd(ctx)
	if err != nil {
		return nil, err
	}
	offsets, err := r.Offsets(ctx)
	if err != nil {
		return nil, err
	}
	rec := &Recording{Prefix: r.prefix, Properties: r.properties, Offsets: offsets}
	for _, record := range records {
		if !record.isMark() {
			rec.Records = append(rec.Records, record)
		}
	}
	return rec, nil
}
