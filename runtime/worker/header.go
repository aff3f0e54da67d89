package worker

import (
	"fmt"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/kafka"
)

// encodeHeaders makes the bytes of r's headers.
func (t *sourceTask) encodeHeaders(r *connect.Record) ([]kafka.Header, error) {
	if len(r.Headers) == 0 && t.span == nil {
		return nil, nil
	}
	if most := len(r.Headers) + 1; cap(t.headers)-len(t.headers) < most { // one for the trace
		t.headers = make([]kafka.Header, 0, max(1024, most))
	}
	n := len(t.headers)
	for _, h := range r.Headers {
		b, err := t.chain.Header.Encode(&t.buf, r.Topic, h.Datum)
		if err != nil {
			t.headers = t.headers[:n]
			return nil, fmt.Errorf("header %s: %w", h.Key, err)
		}
		t.headers = append(t.headers, kafka.Header{Key: h.Key, Value: b})
	}
	t.traceHeader(r)
	return t.headers[n:len(t.headers):len(t.headers)], nil
}

// decodeHeaders appends hs, of a message of a topic, to r's headers.
func (t *sinkTask) decodeHeaders(topic string, r *connect.Record, hs []kafka.Header) error {
	for _, h := range hs {
		d, err := t.chain.Header.Decode(topic, h.Value)
		if err != nil {
			return fmt.Errorf("header %s: %w", h.Key, err)
		}
		r.Headers = append(r.Headers, connect.Header{Key: h.Key, Datum: d})
	}
	return nil
}
