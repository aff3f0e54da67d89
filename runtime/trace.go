package runtime

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"kcgen.dev/runtime/connect"
)

// openTraces gets ready to trace, where the pipeline asks for it.
func openTraces(p Pipeline, log *slog.Logger) (connect.Traces, error) {
	if p.Worker.Tracing == nil {
		return nil, nil
	}
	t, err := p.Worker.Tracing.Open(connect.TracerContext{Pipeline: p.Name, Version: builtBy, Log: log})
	if err != nil {
		return nil, fmt.Errorf("worker.tracing: %w", err)
	}
	return t, nil
}

// closeTraces sends the last spans. The tasks have used the time for a stop, of
// which a small part is left.
func closeTraces(t connect.Traces, budget time.Duration, log *slog.Logger) {
	if t == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), max(budget/20, 100*time.Millisecond))
	defer cancel()
	if err := t.Close(ctx); err != nil {
		log.Warn("the last spans were not sent", "error", err.Error())
	}
}
