package otel

import (
	"context"
	"log/slog"
	"sync"
	"time"

	sdk "go.opentelemetry.io/otel/sdk/trace"
)

// sender gives spans to OpenTelemetry's exporter. What could not be sent is
// said in the log, once a minute, and let go of.
type sender struct {
	to  sdk.SpanExporter
	log *slog.Logger

	mu   sync.Mutex
	lost int // spans, since it was last said
	said time.Time
}

// ExportSpans sends spans. It never fails: the SDK would write the failure to
// the standard error.
func (s *sender) ExportSpans(ctx context.Context, spans []sdk.ReadOnlySpan) error {
	if err := s.to.ExportSpans(ctx, spans); err != nil {
		s.miss(len(spans), err)
	}
	return nil
}

func (s *sender) miss(spans int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lost += spans
	if s.log == nil || !s.said.IsZero() && time.Since(s.said) < time.Minute {
		return
	}
	s.log.Warn("spans could not be sent; the pipeline goes on without them", "spans", s.lost, "error", err.Error())
	s.lost, s.said = 0, time.Now()
}

// Shutdown ends what is on its way.
func (s *sender) Shutdown(ctx context.Context) error { return s.to.Shutdown(ctx) }

// stop ends what is on its way, at once.
func (s *sender) stop() {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_ = s.to.Shutdown(ctx)
}
