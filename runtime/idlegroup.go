package runtime

import (
	"context"
	"fmt"
	"log/slog"

	"kcgen.dev/runtime/kafka"
	"kcgen.dev/runtime/state"
)

var quietLog = slog.New(slog.DiscardHandler)

// idleGroup refuses to touch the offsets of a connector that instances of the
// pipeline's group may be running: there are members, and the connector is not
// stopped.
func idleGroup(ctx context.Context, p Pipeline, conn *kafka.Conn, name string) error {
	g := p.Worker.Group
	if g == nil {
		return nil
	}
	group, err := conn.Group(ctx, g.ID)
	if err != nil || len(group.Members) == 0 {
		return err
	}
	stopped, err := isStopped(ctx, g, conn, name)
	if err != nil || stopped {
		return err
	}
	return fmt.Errorf("connectors must be in the STOPPED state before their offsets can be modified: the group %s has %d instances, and connector %s is not stopped there; stop it (PUT /connectors/%[3]s/stop) and wait until its tasks have ended, or stop the instances", g.ID, len(group.Members), name)
}

// isStopped reads what the instances share.
func isStopped(ctx context.Context, g *Group, conn *kafka.Conn, name string) (bool, error) {
	for _, topic := range []string{g.ConfigStorageTopic, g.StatusStorageTopic} {
		if there, err := conn.Exists(ctx, topic); err != nil || !there {
			return false, err // nobody could have said so
		}
	}
	config, err := state.OpenConfig(ctx, ctx, conn, kafka.NewTopic{Name: g.ConfigStorageTopic}, quietLog, state.Requests{})
	if err != nil {
		return false, err
	}
	statuses, err := state.OpenStatuses(ctx, ctx, conn, kafka.NewTopic{Name: g.StatusStorageTopic}, quietLog)
	if err != nil {
		return false, err
	}
	if config.Target(name) != state.Stopped {
		return false, nil
	}
	return ended(statuses, name), nil
}
