package runtime

import (
	"context"

	"kcgen.dev/runtime/kafka"
	"kcgen.dev/runtime/takeover"
	"kcgen.dev/runtime/worker"
)

// checkTakeover refuses to run connectors beside the Kafka Connect cluster that
// they are taken over from.
func checkTakeover(ctx context.Context, p Pipeline, cfg worker.Config) error {
	if p.Worker.Takeover == nil {
		return nil
	}
	conn, err := kafka.Connect(cfg.Cluster, cfg.Kafka)
	if err != nil {
		return FaultError{err}
	}
	defer conn.Close()
	if err := conn.Wait(ctx, cfg.StartTimeout); err != nil {
		return err
	}
	c := takeover.Config{Group: p.Worker.Takeover.GroupID, Sinks: map[string]string{}, Log: cfg.Log}
	if p.Worker.Group != nil {
		c.OwnGroup = p.Worker.Group.ID
	}
	for _, s := range p.Sources {
		c.Sources = append(c.Sources, s.Name)
	}
	for _, s := range cfg.Sinks {
		c.Sinks[s.Name] = s.Group()
	}
	if err := takeover.Check(ctx, conn, c); err != nil {
		return FaultError{err}
	}
	return nil
}
