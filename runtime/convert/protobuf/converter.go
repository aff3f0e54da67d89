package protobuf

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/registry"
)

var _ connect.Converter = Converter{}

// Open gives the codec. It asks the registry nothing yet.
func (c Converter) Open(role connect.Role) (connect.Codec, error) {
	session, err := registry.Open(c.options(), registry.Protobuf, role)
	if err != nil {
		return nil, fmt.Errorf("protobuf: open the %v converter: %w", role, err)
	}
	return &codec{Converter: c, session: session, writers: map[*connect.Schema]*writer{}, readers: map[readerKey]*reader{}, Heads: registry.NewHeads(maxKept)}, nil
}

func (c Converter) options() registry.Options {
	return registry.Options{
		SchemaRegistry:            c.SchemaRegistry,
		AutoRegisterSchemas:       c.AutoRegisterSchemas,
		UseLatestVersion:          c.UseLatestVersion,
		LatestCompatibilityStrict: c.LatestCompatibilityStrict,
		NormalizeSchemas:          c.NormalizeSchemas,
		UseSchemaID:               c.UseSchemaID,
		SubjectNameStrategy:       c.SubjectNameStrategy,
	}
}

// maxKept is how many schemas a codec keeps each way, as by the default of
// Confluent's schemas.cache.config. When there are more it begins anew.
const maxKept = 1000

// codec is one task's reader and writer.
type codec struct {
	Converter
	registry.Heads
	session *registry.Session
	writers map[*connect.Schema]*writer
	writer  *writer // the last one
	readers map[readerKey]*reader
	reader  *reader // the last one
	decoder decoder
}

// writer writes data of one schema.
type writer struct {
	schema *connect.Schema
	made   *generated
	own    registry.Schema
	plan   *writePlan
	err    error // why data of the schema are not written
	heads  map[string]*head
	topic  string // the last one
	head   *head
}

// head is what messages to a topic begin with.
type head struct {
	id    int
	bytes []byte
}

// Encode writes d. A null, with a schema or without, is a Kafka null.
func (c *codec) Encode(buf *connect.Buffer, topic string, d connect.Datum) ([]byte, error) {
	if d.Value.IsNull() {
		return nil, nil
	}
	if d.Schema == nil {
		return nil, fmt.Errorf("protobuf: write to topic %s: %w", topic, errNoSchema)
	}
	w := c.writer
	if w == nil || w.schema != d.Schema {
		w = c.writerOf(d.Schema)
	}
	if w.err != nil {
		return nil, fmt.Errorf("protobuf: write to topic %s: schema %s: %w", topic, short(d.Schema.Name()), w.err)
	}
	h, err := c.headOf(w, topic)
	if err != nil {
		return nil, fmt.Errorf("protobuf: write to topic %s: %w", topic, err)
	}
	out, err := w.plan.write(append(buf.Start(), h.bytes...), d.Value)
	if err != nil {
		return nil, fmt.Errorf("protobuf: write to topic %s as %s: %w", topic, w.made.root.full, err)
	}
	return buf.Finish(out), nil
}

var errNoSchema = errors.New("the data have no schema, and Protobuf needs one")

// writerOf is the writer of a schema, made once. A source may make a new schema
// for each record, equal to the last.
func (c *codec) writerOf(s *connect.Schema) *writer {
	w := c.writers[s]
	if w == nil {
		if w = c.writer; w == nil || !w.schema.Equal(s) {
			w = c.newWriter(s)
		}
		if len(c.writers) >= maxKept {
			clear(c.writers)
		}
		c.writers[s] = w
	}
	c.writer = w
	return w
}

func (c Converter) newWriter(s *connect.Schema) *writer {
	w := &writer{schema: s, heads: map[string]*head{}}
	if w.made, w.err = c.generate(s); w.err != nil {
		return w
	}
	w.own = registry.Schema{Kind: registry.Protobuf, Text: w.made.String()}
	w.plan, w.err = c.planWrite(s, w.made)
	return w
}

// headOf is what messages of a writer to a topic begin with. The latest
// version may become another one, so that it is asked for each time; the
// session knows.
func (c *codec) headOf(w *writer, topic string) (*head, error) {
	if w.head != nil && w.topic == topic && !c.UseLatestVersion {
		return w.head, nil
	}
	h := w.heads[topic]
	if h == nil || c.UseLatestVersion {
		got, err := c.session.Write(topic, w.made.root.full, w.own)
		if err != nil {
			return nil, registry.Differs(err, w.differs)
		}
		if h == nil || h.id != got.ID {
			if h, err = c.newHead(w, got); err != nil {
				return nil, err
			}
			if len(w.heads) >= maxKept {
				clear(w.heads)
			}
			w.heads[topic] = h
			if !c.UseLatestVersion {
				c.Keep(topic, w.own.Text, h.bytes)
			}
		}
	}
	w.topic, w.head = topic, h
	return h, nil
}

// newHead finds the message in the schema that the registry gave.
func (c *codec) newHead(w *writer, got registry.Schema) (*head, error) {
	h := &head{id: got.ID, bytes: registry.AppendHeader(nil, got.ID)}
	indexes := []int{w.made.index}
	if got.Text != w.own.Text && !c.AutoRegisterSchemas {
		f, err := parse(got.Text, got.Imports)
		if err != nil {
			return nil, fmt.Errorf("schema id %d: %w", got.ID, err)
		}
		if indexes = f.indexesOf(w.made.root.full, c.NormalizeSchemas); c.LatestCompatibilityStrict {
			if err := fits(w.made.root, f); err != nil {
				return nil, fmt.Errorf("schema id %d does not fit the records' own (latestCompatibilityStrict): %w", got.ID, err)
			}
		}
	}
	h.bytes = appendIndexes(h.bytes, indexes)
	return h, nil
}

// readerKey is what messages of a topic begin with; versions go by topic.
type readerKey struct{ topic, prefix string }

// reader reads messages of one schema and type.
type reader struct {
	topic  string
	prefix []byte // what they begin with
	id     int
	name   string // of the message
	plan   *readField
	latest int // the id of the schema that they are read by instead, or 0
}

// Decode reads a message. Strings and bytes alias data.
func (c *codec) Decode(topic string, data []byte) (connect.Datum, error) {
	if data == nil {
		return connect.Datum{}, nil
	}
	r := c.reader
	if r == nil || r.topic != topic || !bytes.HasPrefix(data, r.prefix) {
		var err error
		if r, err = c.readerOf(topic, data); err != nil {
			return connect.Datum{}, fmt.Errorf("protobuf: read from topic %s: %w", topic, err)
		}
	}
	if c.UseLatestVersion {
		if err := c.follow(r, topic); err != nil {
			return connect.Datum{}, fmt.Errorf("protobuf: read from topic %s: %w", topic, err)
		}
	}
	v, err := c.decoder.read(r.plan, data, data[len(r.prefix):])
	if err != nil {
		return connect.Datum{}, fmt.Errorf("protobuf: read from topic %s: message %s (schema id %d): %w", topic, r.name, r.id, err)
	}
	return connect.Datum{Schema: r.plan.schema, Value: v}, nil
}

// readerOf is the reader of what data begin with.
func (c *codec) readerOf(topic string, data []byte) (*reader, error) {
	id, rest, err := registry.CutHeader(data)
	if err != nil {
		return nil, err
	}
	indexes, rest, err := cutIndexes(rest)
	if err != nil {
		return nil, fmt.Errorf("schema id %d: %w", id, err)
	}
	prefix := data[:len(data)-len(rest)]
	r := c.readers[readerKey{topic, string(prefix)}]
	if r == nil {
		if r, err = c.newReader(topic, id, indexes); err != nil {
			return nil, err
		}
		r.topic, r.prefix = strings.Clone(topic), bytes.Clone(prefix)
		if len(c.readers) >= maxKept {
			clear(c.readers)
		}
		c.readers[readerKey{r.topic, string(prefix)}] = r
	}
	c.reader = r
	return r, nil
}

func (c *codec) newReader(topic string, id int, indexes []int) (*reader, error) {
	got, err := c.session.Read(id)
	if err != nil {
		return nil, err
	}
	f, err := parse(got.Text, got.Imports)
	if err != nil {
		return nil, fmt.Errorf("schema id %d: %w", id, err)
	}
	m := f.at(indexes)
	if m == nil {
		return nil, fmt.Errorf("schema id %d has no message at the indexes %v", id, indexes)
	}
	version, _, err := c.session.Version(topic, m.full, id)
	if err != nil {
		return nil, err
	}
	plan, err := c.planVersion(m, version)
	if err != nil {
		return nil, fmt.Errorf("schema id %d: %w", id, err)
	}
	return &reader{id: id, name: m.full, plan: plan}, nil
}

// follow makes a reader read by the subject's latest schema: the message of the
// same name in it, or else its first.
func (c *codec) follow(r *reader, topic string) error {
	got, err := c.session.Latest(topic, r.name)
	if err != nil || got.ID == r.latest {
		return err
	}
	f, err := parse(got.Text, got.Imports)
	if err != nil {
		return fmt.Errorf("schema id %d: %w", got.ID, err)
	}
	m := f.named(r.name)
	if m == nil {
		m = f.at([]int{0})
	}
	plan, err := c.planVersion(m, got.Version)
	if err != nil {
		return fmt.Errorf("schema id %d: %w", got.ID, err)
	}
	r.plan, r.latest = plan, got.ID
	return nil
}
