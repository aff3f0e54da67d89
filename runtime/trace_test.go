package runtime

import (
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	otlp "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/fuse"
	"kcgen.dev/runtime/kafka"
	"kcgen.dev/runtime/otel"
)

// exactTicker is a ticker that goes on exactly where its offsets are.
type exactTicker struct{ ticker }

func (exactTicker) ExactlyOnce() error { return nil }

// nowhere is a sink that takes everything, and hears of its headers.
type nowhere struct{ seen func(r *connect.Record) }

func (n nowhere) Open(context.Context, connect.SinkContext) (connect.SinkTask, error) { return n, nil }
func (n nowhere) Flush(context.Context) error                                         { return nil }
func (n nowhere) Close() error                                                        { return nil }
func (n nowhere) Put(_ context.Context, batch []connect.Record) error {
	for i := range batch {
		n.seen(&batch[i])
	}
	return nil
}

// collected are the spans that a collector has taken.
type collected struct {
	mu    sync.Mutex
	spans []*otlp.Span
}

func (c *collected) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	z, err := gzip.NewReader(r.Body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	b, _ := io.ReadAll(z)
	var m collector.ExportTraceServiceRequest
	if proto.Unmarshal(b, &m) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, rs := range m.ResourceSpans {
		for _, ss := range rs.ScopeSpans {
			c.spans = append(c.spans, ss.Spans...)
		}
	}
}

// stages are those of the first span of a name, in their order.
func (c *collected) stages(name string) (whole *otlp.Span, out []string) {
	slices.SortStableFunc(c.spans, func(a, b *otlp.Span) int { return int(int64(a.StartTimeUnixNano - b.StartTimeUnixNano)) })
	i := slices.IndexFunc(c.spans, func(s *otlp.Span) bool { return s.Name == name })
	if i < 0 {
		return nil, nil
	}
	whole = c.spans[i]
	for _, s := range c.spans {
		if string(s.ParentSpanId) == string(whole.SpanId) && s.Kind == otlp.Span_SPAN_KIND_INTERNAL {
			out = append(out, s.Name)
		}
	}
	return whole, out
}

// traced runs a source and a sink of one topic until the sink has what the
// source gives.
func traced(t *testing.T, tracer connect.Tracer, exactly *ExactlyOnce, o Options) (headers []string) {
	t.Helper()
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "t"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var once sync.Once
	seen := func(r *connect.Record) {
		for _, h := range r.Headers {
			headers = append(headers, h.Key)
		}
		once.Do(func() { time.AfterFunc(200*time.Millisecond, stop) }) // some more, and a commit
	}
	p := Pipeline{
		Name: "traced", Kafka: kafka.Cluster{Brokers: c.ListenAddrs()},
		Worker: Worker{OffsetFlushInterval: 20 * time.Millisecond, OffsetStoragePartitions: 1, TaskShutdownGracefulTimeout: 20 * time.Second, Tracing: tracer},
		Sources: []Source{{
			Name: "in", Connector: exactTicker{ticker{Topic: "t", Share: 1}}, TasksMax: 1,
			KeyConverter: text{}, ValueConverter: text{}, ExactlyOnce: exactly,
		}},
		Sinks: []Sink{{
			Name: "out", Topics: []string{"t"}, Connector: nowhere{seen}, TasksMax: 1, KeyConverter: text{}, ValueConverter: text{},
		}},
	}
	if exactly != nil {
		p.Worker.Group = &Group{ID: "traced", SessionTimeout: 10 * time.Second, HeartbeatInterval: 50 * time.Millisecond, StatusStoragePartitions: 1}
	}
	if _, err := Run(ctx, p, o); err != nil {
		t.Error(err)
	}
	return headers
}

// constant is a function of a source's chain.
func constant(*fuse.Task, *connect.Record) (key, value []byte, ok bool) {
	return nil, []byte("made"), true
}

// A batch's span has its stages, and the sink's goes on with the source's.
func TestTraces(t *testing.T) {
	for _, c := range []struct {
		what    string
		exactly *ExactlyOnce
		options Options
		source  []string
	}{
		{"at least once", nil, Options{}, []string{"poll", "convert", "produce"}},
		{"by a function", nil, Options{Fused: fuse.Functions{Sources: fuse.Sources{"in": constant}}}, []string{"poll", "convert", "produce"}},
		{"exactly once", &ExactlyOnce{}, Options{}, []string{"poll", "convert", "produce", "commit"}},
	} {
		t.Run(c.what, func(t *testing.T) {
			got := &collected{}
			server := httptest.NewServer(got)
			defer server.Close()
			headers := traced(t, otel.OTLP{Endpoint: server.URL, SampleRatio: 1, Propagate: true}, c.exactly, c.options)
			if !slices.Contains(headers, connect.Traceparent) {
				t.Errorf("records came with headers %v", headers)
			}
			got.mu.Lock()
			defer got.mu.Unlock()
			in, stages := got.stages("source in")
			if !slices.Equal(stages, c.source) {
				t.Errorf("the source's stages are %v", stages)
			}
			out, stages := got.stages("sink out")
			if want := []string{"poll", "convert", "put", "flush", "commit"}; !slices.Equal(stages, want) {
				t.Errorf("the sink's stages are %v", stages)
			}
			if in == nil || out == nil || in.Status.GetCode() != 0 || out.Status.GetCode() != 0 {
				t.Fatalf("%v, %v", in, out)
			}
			from := slices.ContainsFunc(got.spans, func(s *otlp.Span) bool {
				return s.Name == "source in" && string(s.TraceId) == string(out.TraceId) && string(s.SpanId) == string(out.ParentSpanId)
			})
			if !from {
				t.Errorf("the sink's span belongs to no source's")
			}
		})
	}
}

// A system for traces that is away harms nothing; and without propagate,
// records stay as they are.
func TestTracesAway(t *testing.T) {
	if headers := traced(t, otel.OTLP{Endpoint: "http://127.0.0.1:1", SampleRatio: 1}, nil, Options{}); len(headers) > 0 {
		t.Errorf("records came with headers %v", headers)
	}
}
