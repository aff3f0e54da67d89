package postgres

import (
	"context"
	"log/slog"

	"kcgen.dev/runtime/connector/cdc"
)

// notifier tells how far snapshots are.
func (s Source) notifier(log *slog.Logger) (cdc.Notifier, error) {
	return cdc.NewNotifier(s.NotificationEnabledChannels, s.NotificationSinkTopicName, s.TopicPrefix, log)
}

// notify tells a notification behind what was captured so far, unless the run
// ends.
func (c *capture) notify(ctx context.Context, n cdc.Notification) {
	if c.notifier.Silent() || c.begin(ctx) != nil {
		return
	}
	defer c.done()
	c.notifier.Tell(&c.batch, n)
}
