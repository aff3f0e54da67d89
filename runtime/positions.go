package runtime

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/kafka"
	"kcgen.dev/runtime/offset"
	"kcgen.dev/runtime/worker"
)

// positions are where a pipeline's connectors stand, to be listed, altered and
// reset by Kafka Connect's rules (KIP-875): of sources the records of the
// offsets topic, of sinks the offsets of their consumer groups. Who alters them
// sees to it that the connector is stopped.
type positions struct {
	conn    *kafka.Conn
	store   *offset.Store // of the sources; nil where there are none
	log     *kafka.Log
	group   string // worker.group.id, or the pipeline's name
	sources map[string]connect.Source
	sinks   map[string]string // to their consumer groups
	names   []string          // in the order of the spec
}

// newPositions takes a resolved pipeline.
func newPositions(p Pipeline, cfg worker.Config, conn *kafka.Conn, store *offset.Store, log *kafka.Log) *positions {
	x := &positions{conn: conn, store: store, log: log, group: p.Name, sources: map[string]connect.Source{}, sinks: map[string]string{}}
	if p.Worker.Group != nil {
		x.group = p.Worker.Group.ID
	}
	for _, s := range cfg.Sources {
		x.sources[s.Name] = s.Connector
		x.names = append(x.names, s.Name)
	}
	for _, s := range cfg.Sinks {
		x.sinks[s.Name] = s.Group()
		x.names = append(x.names, s.Name)
	}
	return x
}

// list gives the positions of a connector.
func (x *positions) list(ctx context.Context, name string) ([]offset.Position, error) {
	if group, ok := x.sinks[name]; ok {
		offsets, err := x.conn.GroupOffsets(ctx, group)
		if err != nil {
			return nil, err
		}
		var all []offset.SinkPosition
		for p, o := range offsets {
			all = append(all, offset.SinkPosition{Topic: p.Topic, Partition: p.Partition, Offset: o})
		}
		return offset.FromSink(all), nil
	}
	if err := x.known(name); err != nil {
		return nil, err
	}
	if err := x.store.CatchUp(ctx); err != nil {
		return nil, err
	}
	return x.store.List(name), nil
}

func (x *positions) known(name string) error {
	if !slices.Contains(x.names, name) {
		return fmt.Errorf("there is no connector %q; there are %s", name, strings.Join(x.names, ", "))
	}
	return nil
}

// alter changes positions of a connector that is stopped. What a source's
// positions are changed to is seen all at once; a sink's are set all at once,
// and what is to be deleted is deleted behind that.
func (x *positions) alter(ctx context.Context, name string, list []offset.Position) error {
	group, ok := x.sinks[name]
	if !ok {
		if err := x.known(name); err != nil {
			return err
		}
		return x.store.Alter(ctx, x.write(name), name, x.sources[name], list)
	}
	all, err := offset.ToSink(list)
	if err != nil {
		return err
	}
	set := map[kafka.Partition]int64{}
	var reset []kafka.Partition
	for _, p := range all {
		at := kafka.Partition{Topic: p.Topic, Partition: p.Partition}
		if p.Offset < 0 {
			reset = append(reset, at)
		} else {
			set[at] = p.Offset
		}
	}
	err = x.conn.AlterGroup(ctx, group, set, reset)
	if errors.Is(err, kafka.ErrNoPartition) {
		return offset.Shape(fmt.Errorf("failed to alter consumer group offsets for connector %s; nothing was changed: %w", name, err))
	}
	return active(name, "alter", err)
}

// reset deletes all positions of a connector that is stopped, all at once.
func (x *positions) reset(ctx context.Context, name string) error {
	if group, ok := x.sinks[name]; ok {
		return active(name, "reset", x.conn.DeleteGroup(ctx, group))
	}
	if err := x.known(name); err != nil {
		return err
	}
	return x.store.Reset(ctx, x.write(name), name, x.sources[name])
}

// write writes records of the offsets topics in one transaction.
func (x *positions) write(name string) offset.Write {
	return func(ctx context.Context, records []offset.Record) error {
		entries := make([]kafka.Entry, len(records))
		for i, r := range records {
			entries[i] = kafka.Entry(r)
		}
		err := x.log.AppendAtomically(ctx, x.group+"-"+name+"-offsets", entries)
		for i, e := range entries {
			records[i] = offset.Record(e)
		}
		return err
	}
}

// active explains a group that has members.
func active(name, verb string, err error) error {
	if !errors.Is(err, kafka.ErrGroupActive) {
		return err
	}
	return fmt.Errorf("failed to %[1]s consumer group offsets for connector %[2]s either because its tasks haven't stopped completely yet or the connector was resumed before the request to %[1]s its offsets could be successfully completed; nothing was changed. Stop it, or whoever else reads with its group, and try again: %[3]w", verb, name, err)
}
