package otel

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"kcgen.dev/runtime/connect"
)

// Begin begins a batch's span. Where its records bring traces along it is part
// of the first, and linked to the others.
func (t *traces) Begin(b connect.Traced) connect.Span {
	ctx, links := origin(b.Parents)
	if ctx == nil && rand.Float64() >= t.ratio {
		return nil // before the SDK has made anything of it
	}
	if ctx == nil {
		ctx = context.Background()
	}
	kind, name := trace.SpanKindProducer, "source "+b.Connector
	if b.Sink {
		kind, name = trace.SpanKindConsumer, "sink "+b.Connector
	}
	ctx, s := t.tracer.Start(ctx, name,
		trace.WithTimestamp(b.Begun), trace.WithSpanKind(kind), trace.WithLinks(links...), trace.WithAttributes(
			attribute.String("connector", b.Connector), attribute.Int("task", b.Task), attribute.Int("records", b.Records)))
	out := &span{tracer: t.tracer, ctx: ctx, whole: s}
	_, out.stage = t.tracer.Start(ctx, b.Stage, trace.WithTimestamp(b.Begun))
	return out
}

// origin are the traces that records bring along, as far as they are sampled:
// the first as a context, nil where there is none, and the others as links.
func origin(parents []string) (ctx context.Context, links []trace.Link) {
	for _, parent := range parents {
		switch c := read(parent); {
		case !c.IsSampled():
		case ctx == nil:
			ctx = trace.ContextWithRemoteSpanContext(context.Background(), c)
		default:
			links = append(links, trace.Link{SpanContext: c})
		}
	}
	return ctx, links
}

// span is a batch's span, with the one of the stage that it is in.
type span struct {
	tracer trace.Tracer
	ctx    context.Context // of whole, for its stages
	whole  trace.Span
	stage  trace.Span // nil: between two
	topics []string
}

func (s *span) Stage(name string) {
	if s.stage != nil {
		s.stage.End()
		s.stage = nil
	}
	if name != "" {
		_, s.stage = s.tracer.Start(s.ctx, name)
	}
}

// mostTopics are named of a batch.
const mostTopics = 8

func (s *span) Topic(name string) {
	if len(s.topics) < mostTopics {
		s.topics = append(s.topics, name)
	}
}

func (s *span) Traceparent() string {
	c := s.whole.SpanContext()
	return fmt.Sprintf("00-%s-%s-%s", c.TraceID(), c.SpanID(), c.TraceFlags())
}

func (s *span) End(err error) {
	if err != nil {
		for _, part := range []trace.Span{s.stage, s.whole} {
			if part != nil {
				part.RecordError(err)
				part.SetStatus(codes.Error, err.Error())
			}
		}
	}
	s.Stage("")
	if len(s.topics) > 0 {
		s.whole.SetAttributes(attribute.String("topic", strings.Join(s.topics, ",")))
	}
	s.whole.End()
}

// read reads a traceparent; one that is none gives a context that is not valid.
func read(parent string) trace.SpanContext {
	ctx := propagation.TraceContext{}.Extract(context.Background(), propagation.MapCarrier{connect.Traceparent: parent})
	return trace.SpanContextFromContext(ctx)
}

var _ connect.Traces = (*traces)(nil)
