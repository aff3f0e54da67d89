// Package takeover sees to it that a connector does not run in a Kafka Connect
// cluster and here at once, when a pipeline continues what the cluster did.
//
// Offsets need no copying: a sink goes on with the consumer group of the same
// name, and a source with the cluster's own offsets topic, in which everything
// that is committed here is written as well (see [offset.Store.Beside]). So
// Kafka Connect can go on after the pipeline, and the pipeline after it.
//
//	takeover.go  Check: whether the connectors run elsewhere
//	protocol.go  what Kafka Connect's workers have told their group
//
// A cluster in which the connector is stopped (PUT /connectors/NAME/stop) or
// deleted may be running; one that is resumed there afterwards is not noticed.
// Kafka Connect in standalone mode has no group: its sinks are noticed by their
// consumer groups, its sources are not, and their offsets are in a file.
package takeover

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"kcgen.dev/runtime/kafka"
)

// Config says what is taken over.
type Config struct {
	Group    string            // of the Kafka Connect cluster (group.id)
	Sources  []string          // connectors' names
	Sinks    map[string]string // to their consumer groups
	OwnGroup string            // of the pipeline's instances; "" is alone
	Log      *slog.Logger
}

// settle is how long a group may divide its work anew until it is asked again,
// and again, for as long as a rebalance takes.
const (
	settleTimeout = 2 * time.Minute
	settlePause   = time.Second
)

// Check refuses a takeover of connectors that are running: one error for each,
// with what to do.
func Check(ctx context.Context, conn *kafka.Conn, c Config) error {
	running, err := workers(ctx, conn, c)
	if err != nil {
		return fmt.Errorf("takeover: %w", err)
	}
	c.Sinks = maps.Clone(c.Sinks)
	var errs []error
	for _, name := range append(slices.Clone(c.Sources), slices.Sorted(maps.Keys(c.Sinks))...) {
		if w := running.tasks[name]; w != nil {
			errs = append(errs, fmt.Errorf("takeover: connector %s is running in Kafka Connect's group %s (%s); stop it there (PUT /connectors/%[1]s/stop), or stop the workers, and start again", name, c.Group, strings.Join(w, ", ")))
			delete(c.Sinks, name) // its consumers are its tasks
		} else if running.connectors[name] && c.Log != nil {
			c.Log.Info("the connector is stopped in Kafka Connect and continued here; do not resume it there meanwhile", "connector", name, "group", c.Group)
		}
	}
	ours, err := ourselves(ctx, conn, c.OwnGroup)
	if err != nil {
		return fmt.Errorf("takeover: %w", err)
	}
	for _, name := range slices.Sorted(maps.Keys(c.Sinks)) {
		if ours {
			break // the members may be ours
		}
		if err := idle(ctx, conn, name, c.Sinks[name]); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// ourselves reports whether other instances of the pipeline are running.
func ourselves(ctx context.Context, conn *kafka.Conn, group string) (bool, error) {
	if group == "" {
		return false, nil
	}
	g, err := conn.Group(ctx, group)
	return len(g.Members) > 0, err
}

// idle refuses a sink whose consumer group has members.
func idle(ctx context.Context, conn *kafka.Conn, name, group string) error {
	g, err := conn.Group(ctx, group)
	if err != nil {
		return fmt.Errorf("takeover: %w", err)
	}
	if len(g.Members) == 0 {
		return nil
	}
	m := g.Members[0]
	return fmt.Errorf("takeover: the consumer group %s of sink %s has %d members (%s at %s); stop who reads with it, or wait until the group has given up who was killed, and start again", group, name, len(g.Members), m.ClientID, strings.TrimPrefix(m.Host, "/"))
}

// inGroup is what a Kafka Connect cluster runs: the tasks of connectors, with
// who runs them, and connectors themselves.
type inGroup struct {
	tasks      map[string][]string
	connectors map[string]bool
}

// workers asks what the cluster runs, when it has divided its work.
func workers(ctx context.Context, conn *kafka.Conn, c Config) (inGroup, error) {
	ctx, cancel := context.WithTimeout(ctx, settleTimeout)
	defer cancel()
	for said := false; ; said = true {
		g, err := conn.Group(ctx, c.Group)
		if err != nil {
			return inGroup{}, err
		}
		if len(g.Members) == 0 && !strings.HasSuffix(g.State, "Rebalance") {
			return inGroup{}, nil
		}
		if g.ProtocolType != "connect" {
			return inGroup{}, fmt.Errorf("worker.takeover.groupId: the group %s is not that of Kafka Connect workers, its type is %q", c.Group, g.ProtocolType)
		}
		if g.State == "Stable" {
			return runs(c.Group, g)
		}
		if !said && c.Log != nil {
			c.Log.Info("the Kafka Connect cluster is dividing its work anew; waiting", "group", c.Group, "state", g.State)
		}
		select {
		case <-time.After(settlePause):
		case <-ctx.Done():
			return inGroup{}, fmt.Errorf("the Kafka Connect group %s has not divided its work (its state is %s), so it cannot be told what it runs; stop its workers, or wait: %w", c.Group, g.State, ctx.Err())
		}
	}
}

func runs(group string, g kafka.GroupInfo) (inGroup, error) {
	all := inGroup{tasks: map[string][]string{}, connectors: map[string]bool{}}
	for _, m := range g.Members {
		w, err := readWorker(m.Metadata, m.Assignment)
		if err != nil {
			return all, fmt.Errorf("what the Kafka Connect group %s runs at %s cannot be read; stop its workers: %w", group, m.Host, err)
		}
		for name, tasks := range w.runs {
			for _, id := range slices.Sorted(maps.Keys(tasks)) {
				if id == connectorTask {
					all.connectors[name] = true
				} else {
					all.tasks[name] = append(all.tasks[name], fmt.Sprintf("task %d at %s", id, w.url))
				}
			}
		}
	}
	return all, nil
}
