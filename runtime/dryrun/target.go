package dryrun

import (
	"errors"
	"fmt"
	"regexp"

	"kcgen.dev/runtime"
	"kcgen.dev/runtime/chain"
	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/convert"
)

// target is a connector with its chain.
type target struct {
	key     string // sources.orders
	chain   chain.Config
	source  connect.Source // or
	exactly *runtime.ExactlyOnce
	sink    connect.Sink
	topics  []string       // of a sink; or
	pattern *regexp.Regexp // of their names
}

func targets(p runtime.Pipeline) []*target {
	var out []*target
	for _, s := range p.Sources {
		out = append(out, &target{
			key: "sources." + s.Name, source: s.Connector, exactly: s.ExactlyOnce,
			chain: chain.Config{Steps: steps(s.Transforms), Key: s.KeyConverter, Value: s.ValueConverter, Header: headers(s.HeaderConverter)},
		})
	}
	for _, s := range p.Sinks {
		var pattern *regexp.Regexp
		if s.TopicsRegex != "" {
			pattern, _ = regexp.Compile("^(?:" + s.TopicsRegex + ")$") // one with a reference in it matches nothing here
		}
		out = append(out, &target{
			key: "sinks." + s.Name, sink: s.Connector, topics: s.Topics, pattern: pattern,
			chain: chain.Config{Steps: steps(s.Transforms), Key: s.KeyConverter, Value: s.ValueConverter, Header: headers(s.HeaderConverter)},
		})
	}
	return out
}

func steps(list []runtime.Step) []chain.Step {
	var out []chain.Step
	for _, s := range list {
		out = append(out, chain.Step{Name: s.Name, Do: s.Do, When: s.When, Unless: s.Unless})
	}
	return out
}

// headers is the converter of headers, or Kafka Connect's default.
func headers(c connect.Converter) connect.Converter {
	if c == nil {
		return convert.SimpleHeader{}
	}
	return c
}

func (d *dry) target(key string) (*target, error) {
	for _, t := range d.targets {
		if t.key == key {
			return t, nil
		}
	}
	return nil, fmt.Errorf("dryrun: the pipeline has no %s", key)
}

// opened is a chain that one record goes through.
type opened struct {
	*chain.Chain
	*target
	buf connect.Buffer
}

// open opens a target's chain, with what its converters need in memory.
func (t *target) open() (*opened, error) {
	cfg := t.chain
	for _, c := range []*connect.Converter{&cfg.Key, &cfg.Value, &cfg.Header} {
		if o, ok := (*c).(connect.Offline); ok {
			*c = o.Offline()
		}
	}
	o := &opened{target: t}
	err := guard(func() (err error) { o.Chain, err = chain.Open(cfg); return err })
	return o, err
}

// transform takes a record through the steps; an error names the one.
func (o *opened) transform(r *connect.Record) (keep bool, err error) {
	var doing chain.Doing
	err = guard(func() (err error) { keep, err = o.Transform(r, &doing); return err })
	if err != nil && doing.Step != nil {
		err = fmt.Errorf("%s: %w", doing.Step.Name, err)
	}
	return keep, err
}

// bytes are a record as a topic has it. A nil part is Kafka's null.
type bytes struct {
	key, value []byte
	headers    []header
}

type header struct {
	key   string
	value []byte
}

// encode makes a record's bytes.
func (o *opened) encode(r *connect.Record) (b bytes, err error) {
	for _, h := range r.Headers {
		v, err := o.write("headerConverter", o.Header, r.Topic, h.Datum)
		if err != nil {
			return b, fmt.Errorf("header %s: %w", h.Key, err)
		}
		b.headers = append(b.headers, header{h.Key, v})
	}
	if b.key, err = o.write("keyConverter", o.Key, r.Topic, r.Key); err == nil {
		b.value, err = o.write("valueConverter", o.Value, r.Topic, r.Value)
	}
	return b, err
}

func (o *opened) write(name string, c connect.Codec, topic string, d connect.Datum) (b []byte, err error) {
	err = guard(func() (err error) { b, err = c.Encode(&o.buf, topic, d); return err })
	if err != nil {
		err = fmt.Errorf("%s: %w", name, err)
	}
	return b, err
}

// decode reads bytes into a record of which all else is filled in.
func (o *opened) decode(b bytes, r *connect.Record) (err error) {
	if r.Key, err = o.read("keyConverter", o.Key, r.Topic, b.key); err != nil {
		return err
	}
	if r.Value, err = o.read("valueConverter", o.Value, r.Topic, b.value); err != nil {
		return err
	}
	r.Headers = nil
	for _, h := range b.headers {
		d, err := o.read("headerConverter", o.Header, r.Topic, h.value)
		if err != nil {
			return fmt.Errorf("header %s: %w", h.key, err)
		}
		r.Headers = append(r.Headers, connect.Header{Key: h.key, Datum: d})
	}
	return nil
}

func (o *opened) read(name string, c connect.Codec, topic string, b []byte) (d connect.Datum, err error) {
	err = guard(func() (err error) { d, err = c.Decode(topic, b); return err })
	if err != nil {
		err = fmt.Errorf("%s: %w", name, err)
	}
	return d, err
}

// errUnread is a schema that was declared and is no schema; it has been told.
var errUnread = errors.New("the schema that is declared cannot be read")
