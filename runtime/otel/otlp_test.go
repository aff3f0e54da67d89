package otel

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	otlp "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/secret"
)

// receiver takes traces as a collector does.
type receiver struct {
	t *testing.T

	mu      sync.Mutex
	spans   []*otlp.Span
	service string
	headers http.Header
	path    string
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body := io.Reader(req.Body)
	if req.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(body)
		if err != nil {
			r.t.Error(err)
			return
		}
		body = z
	}
	b, err := io.ReadAll(body)
	var m collector.ExportTraceServiceRequest
	if err = errors.Join(err, proto.Unmarshal(b, &m)); err != nil {
		r.t.Error(err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.headers, r.path = req.Header, req.URL.Path
	for _, rs := range m.ResourceSpans {
		for _, a := range rs.Resource.Attributes {
			if a.Key == "service.name" {
				r.service = a.Value.GetStringValue()
			}
		}
		for _, ss := range rs.ScopeSpans {
			r.spans = append(r.spans, ss.Spans...)
		}
	}
}

func (r *receiver) span(name string) *otlp.Span {
	for _, s := range r.spans {
		if s.Name == name {
			return s
		}
	}
	r.t.Fatalf("there is no span %q among %d", name, len(r.spans))
	return nil
}

func attributes(s *otlp.Span) string {
	var out []string
	for _, a := range s.Attributes {
		out = append(out, a.Key+"="+a.Value.GetStringValue())
		if a.Value.GetStringValue() == "" {
			out[len(out)-1] += string(rune('0' + a.Value.GetIntValue()))
		}
	}
	return strings.Join(out, " ")
}

func open(t *testing.T, o OTLP, log *slog.Logger) connect.Traces {
	t.Helper()
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	tr, err := o.Open(connect.TracerContext{Pipeline: "orders", Version: "v1", Log: log})
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

func TestSpans(t *testing.T) {
	r := &receiver{t: t}
	server := httptest.NewServer(r)
	defer server.Close()
	t.Setenv("TRACE_KEY", "s3cr3t")
	o := OTLP{Endpoint: server.URL, SampleRatio: 1, Headers: map[string]secret.Secret{"x-api-key": secret.Ref("${env:TRACE_KEY}")}, Propagate: true}
	if err := secret.Resolve(&o); err != nil {
		t.Fatal(err)
	}
	tr := open(t, o, nil)
	begun := time.Now().Add(-time.Second)
	src := tr.Begin(connect.Traced{Connector: "in", Task: 2, Stage: "poll", Begun: begun, Records: 5})
	src.Stage("convert")
	src.Topic("a")
	src.Topic("b")
	parent := src.Traceparent()
	src.End(nil)
	other := "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	sink := tr.Begin(connect.Traced{
		Connector: "out", Sink: true, Stage: "poll", Begun: begun, Records: 1,
		Parents: []string{"nonsense", "00-0af7651916cd43dd8448eb211c80319d-b7ad6b7169203331-00", parent, other},
	})
	sink.Stage("put")
	sink.End(errors.New("no room"))
	if err := tr.Close(t.Context()); err != nil {
		t.Fatal(err)
	}

	r.mu.Lock()
	defer r.mu.Unlock()
	if r.service != "orders" || r.path != "/v1/traces" || r.headers.Get("x-api-key") != "s3cr3t" {
		t.Errorf("service %q, path %q, headers %v", r.service, r.path, r.headers)
	}
	in, out := r.span("source in"), r.span("sink out")
	if got, want := attributes(in), "connector=in task=2 records=5 topic=a,b"; got != want {
		t.Errorf("attributes %q, want %q", got, want)
	}
	if in.StartTimeUnixNano != uint64(begun.UnixNano()) || in.Kind != otlp.Span_SPAN_KIND_PRODUCER || out.Kind != otlp.Span_SPAN_KIND_CONSUMER {
		t.Errorf("%v %v", in, out)
	}
	if poll := r.span("poll"); string(poll.ParentSpanId) != string(in.SpanId) || poll.EndTimeUnixNano > r.span("convert").StartTimeUnixNano {
		t.Errorf("the stages are not one behind the other: %v", poll)
	}
	if string(out.TraceId) != string(in.TraceId) || string(out.ParentSpanId) != string(in.SpanId) || len(out.Links) != 1 {
		t.Errorf("the sink's span does not go on with the source's, or has no link to the other one: %v", out)
	}
	for _, s := range []*otlp.Span{out, r.span("put")} {
		if s.Status.GetMessage() != "no room" || len(s.Events) != 1 {
			t.Errorf("%s: the failure is not there: %v", s.Name, s)
		}
	}
}

// What is not sampled has no span, unless its records bring a trace along.
func TestSampling(t *testing.T) {
	tr := open(t, OTLP{Endpoint: "http://127.0.0.1:1"}, nil)
	if s := tr.Begin(connect.Traced{Connector: "c", Stage: "poll"}); s != nil {
		t.Errorf("%v", s)
	}
	if s := tr.Begin(connect.Traced{Connector: "c", Stage: "poll", Parents: []string{"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}}); s == nil {
		t.Error("a batch of a traced record is not traced")
	}
	_ = tr.Close(t.Context())
}

func TestWrong(t *testing.T) {
	for _, o := range []OTLP{
		{}, {Endpoint: "collector:4318"}, {Endpoint: "http://"}, {Endpoint: "ftp://x"}, {Endpoint: "http://a b"},
		{Endpoint: "http://x", SampleRatio: 2}, {Endpoint: "http://x", SampleRatio: -1},
	} {
		if _, err := o.Open(connect.TracerContext{}); err == nil || !strings.HasPrefix(err.Error(), "otel: ") {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

// A system that is away, or that never answers, keeps nobody waiting: neither
// a batch nor, for longer than it may, the end.
func TestAway(t *testing.T) {
	asked, release := make(chan struct{}, 1), make(chan struct{})
	hangs := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		select {
		case asked <- struct{}{}:
		default:
		}
		<-release
	}))
	defer hangs.Close()
	defer close(release)
	gone := httptest.NewServer(nil)
	gone.Close()
	refuses := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }))
	defer refuses.Close()
	for _, c := range []struct {
		what, url string
		said      bool // in the log, since the fault is known before the end
	}{{"hangs", hangs.URL, false}, {"is gone", gone.URL, true}, {"refuses", refuses.URL, true}} {
		t.Run(c.what, func(t *testing.T) {
			var log bytes.Buffer
			tr := open(t, OTLP{Endpoint: c.url, SampleRatio: 1}, slog.New(slog.NewTextHandler(&log, nil)))
			for range mostWaiting + mostSent {
				tr.Begin(connect.Traced{Connector: "c", Stage: "poll", Begun: time.Now()}).End(nil)
			}
			if c.url == hangs.URL {
				<-asked
			}
			limit := time.Minute
			if !c.said {
				limit = 50 * time.Millisecond
			}
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			defer cancel()
			err := tr.Close(ctx)
			if c.said && (err != nil || !strings.Contains(log.String(), "spans could not be sent") || strings.Count(log.String(), "\n") != 1) {
				t.Errorf("%v: %s", err, &log)
			}
			if !c.said && !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%v", err)
			}
		})
	}
}

func BenchmarkNotSampled(b *testing.B) {
	tr, err := OTLP{Endpoint: "http://127.0.0.1:1"}.Open(connect.TracerContext{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		tr.Begin(connect.Traced{Connector: "c", Stage: "poll", Records: 500})
	}
}
