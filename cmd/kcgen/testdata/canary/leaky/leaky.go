package leaky

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/convert"
)

// told is everything that can be said of a component.
func told(what string, v any) error {
	text, err := json.Marshal(v)
	return fmt.Errorf("leaky: %s: %v %+v %#v %q %s %x %d %s %w", what, v, v, v, v, v, v, v, text, err)
}

// texts are the values of the source's records. The first is no failure.
var texts = []string{"good", "refused by the transform", "panic of the transform", "panic of the predicate",
	"refused by the converter", "refused by the sink", "panic of the sink"}

func is(r *connect.Record, text string) bool {
	return r.Value.Value.Kind() == connect.KindString && string(r.Value.Value.Raw()) == text
}

// shown is what a source can say of itself: not its URL, which is text.
type shown struct {
	Password, Headers, Tokens, Login any
}

func (s Source) shown() shown { return shown{s.Password, s.Headers, s.Tokens, s.Login} }

func (s Source) Tasks(context.Context, int) ([]connect.SourceTask, error) {
	return []connect.SourceTask{&source{cfg: s}}, nil
}

type source struct {
	cfg   Source
	log   *slog.Logger
	polls int
}

func (s *source) Open(_ context.Context, tc connect.SourceContext) error {
	s.log = tc.Log
	s.log.Info("leaky opens", "password", s.cfg.Password, "all", s.cfg.shown())
	return nil
}

func (s *source) Poll(ctx context.Context, b *connect.Batch) error {
	defer func() { s.polls++ }()
	if s.polls == 0 {
		part := connect.Partition("leaky", "all")
		for i, text := range texts {
			r := b.Add()
			r.Topic, r.Value = s.cfg.Topic, connect.Datum{Schema: connect.StringSchema, Value: connect.String(text)}
			b.Mark(part, connect.SourceOffset{"at": int64(i)})
		}
		return nil
	}
	if s.polls == 1 {
		return connect.Retry(told("poll", s.cfg.shown()))
	}
	if s.cfg.Panics {
		panic(s.cfg.shown())
	}
	select {
	case <-ctx.Done():
	case <-time.After(100 * time.Millisecond):
	}
	return nil
}

func (s *source) Close() error { return told("close", s.cfg.shown()) }

func (s Sink) Open(_ context.Context, tc connect.SinkContext) (connect.SinkTask, error) {
	tc.Log.Info("leaky opens", "password", s.Password, "all", s)
	return &sink{s, tc.Results}, nil
}

type sink struct {
	cfg     Sink
	results connect.Results
}

func (s *sink) Put(_ context.Context, batch []connect.Record) error {
	for i := range batch {
		if is(&batch[i], "refused by the sink") {
			s.results.Refuse(s.results.Ticket(i), told("refuse", s.cfg))
		}
	}
	for i := range batch {
		if s.cfg.Panics && is(&batch[i], "panic of the sink") {
			panic(s.cfg)
		}
	}
	return nil
}

func (s *sink) Flush(context.Context) error { return nil }
func (s *sink) Close() error                { return told("close", s.cfg) }

func (t Transform) Open() (connect.Apply, error) {
	return func(r *connect.Record) (bool, error) {
		switch {
		case is(r, "refused by the transform"):
			return false, told("transform", t)
		case is(r, "panic of the transform"):
			panic(fmt.Sprintf("%+v", t))
		}
		return true, nil
	}, nil
}

func (p Predicate) Open() (connect.Test, error) {
	return func(r *connect.Record) bool {
		if is(r, "panic of the predicate") {
			panic(told("predicate", p))
		}
		return true
	}, nil
}

func (c Converter) Open(role connect.Role) (connect.Codec, error) {
	text, err := convert.String{}.Open(role)
	return &codec{text, c}, err
}

type codec struct {
	connect.Codec
	cfg Converter
}

func (c *codec) Encode(buf *connect.Buffer, topic string, d connect.Datum) ([]byte, error) {
	b, err := c.Codec.Encode(buf, topic, d)
	if string(b) == "refused by the converter" {
		err = errors.Join(err, told("encode", c.cfg))
	}
	return b, err
}
