package otel

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"kcgen.dev/runtime/connect"
)

// Spans wait in a queue that has an end, and a system that does not answer is
// given up soon: traces are not worth the memory of a pipeline.
const (
	mostWaiting = 4096
	mostSent    = 512 // in one request
	sendEvery   = 2 * time.Second
	sendTimeout = 10 * time.Second
)

// Open gets ready to send traces.
func (o OTLP) Open(c connect.TracerContext) (connect.Traces, error) {
	options, err := o.client()
	if err != nil {
		return nil, err
	}
	exporter, err := otlptracehttp.New(context.Background(), options...)
	if err != nil {
		return nil, fmt.Errorf("otel: endpoint: %w", err)
	}
	about, err := resource.New(context.Background(),
		resource.WithTelemetrySDK(), resource.WithHost(), resource.WithAttributes(
			attribute.String("service.name", c.Pipeline),
			attribute.String("kcgen.version", c.Version),
		), resource.WithFromEnv())
	if err != nil && !errors.Is(err, resource.ErrPartialResource) {
		return nil, fmt.Errorf("otel: what this program is: %w", err)
	}
	out := &sender{to: exporter, log: c.Log}
	provider := sdk.NewTracerProvider(
		sdk.WithResource(about),
		sdk.WithSampler(sdk.AlwaysSample()), // Begin asks for no others
		sdk.WithBatcher(out, sdk.WithMaxQueueSize(mostWaiting), sdk.WithMaxExportBatchSize(mostSent),
			sdk.WithBatchTimeout(sendEvery), sdk.WithExportTimeout(sendTimeout)),
	)
	return &traces{provider: provider, tracer: provider.Tracer("kcgen.dev/runtime"), out: out, ratio: o.SampleRatio, propagate: o.Propagate}, nil
}

// client are the options of the HTTP client.
func (o OTLP) client() ([]otlptracehttp.Option, error) {
	if !(o.SampleRatio >= 0 && o.SampleRatio <= 1) {
		return nil, fmt.Errorf("otel: sampleRatio: %v is not a number from 0 to 1", o.SampleRatio)
	}
	u, err := url.Parse(o.Endpoint)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, errors.New("otel: endpoint: it is not an http or https URL such as http://collector:4318")
	}
	if u.Path == "" || u.Path == "/" {
		u.Path = "/v1/traces"
	}
	headers := map[string]string{}
	for name, value := range o.Headers {
		headers[name] = value.Reveal()
	}
	return []otlptracehttp.Option{
		otlptracehttp.WithEndpointURL(u.String()),
		otlptracehttp.WithHeaders(headers),
		otlptracehttp.WithCompression(otlptracehttp.GzipCompression),
		otlptracehttp.WithTimeout(sendTimeout),
		otlptracehttp.WithRetry(otlptracehttp.RetryConfig{
			Enabled: true, InitialInterval: time.Second, MaxInterval: 5 * time.Second, MaxElapsedTime: sendTimeout,
		}),
	}, nil
}

// traces is an open OTLP.
type traces struct {
	provider  *sdk.TracerProvider
	tracer    trace.Tracer
	out       *sender
	ratio     float64
	propagate bool
}

func (t *traces) Propagates() bool { return t.propagate }

// Close sends what waits. Where ctx ends first it is let go of, and a request
// on its way with it.
func (t *traces) Close(ctx context.Context) error {
	err := t.provider.Shutdown(ctx)
	if err != nil {
		t.out.stop()
	}
	return err
}
