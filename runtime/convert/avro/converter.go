package avro

import (
	"fmt"
	"strings"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/internal/memo"
	"kcgen.dev/runtime/registry"
)

var (
	_ connect.Converter = Converter{}
	_ connect.Encodes   = Converter{}
	_ connect.Decodes   = Converter{}
	_ connect.Offline   = Converter{}
)

// options are what the schemas depend on.
type options struct {
	enhanced       bool
	general        bool
	metaData       bool
	scrubNames     bool
	discardDocs    bool
	optionalKeys   bool
	flattenSingle  bool
	ignoreDefaults bool
}

func (c Converter) options() *options {
	return &options{
		enhanced:       c.EnhancedAvroSchemaSupport,
		general:        c.GeneralizedSumTypeSupport,
		metaData:       c.ConnectMetaData,
		scrubNames:     c.ScrubInvalidNames,
		discardDocs:    c.DiscardTypeDocDefault,
		optionalKeys:   c.AllowOptionalMapKeys,
		flattenSingle:  c.FlattenSingletonUnions,
		ignoreDefaults: c.IgnoreDefaultForNullables,
	}
}

// Open makes a codec. It asks the registry nothing yet.
func (c Converter) Open(role connect.Role) (connect.Codec, error) {
	session, err := registry.Open(registry.Options{
		SchemaRegistry:            c.SchemaRegistry,
		AutoRegisterSchemas:       c.AutoRegisterSchemas,
		UseLatestVersion:          c.UseLatestVersion,
		LatestCompatibilityStrict: c.LatestCompatibilityStrict,
		NormalizeSchemas:          c.NormalizeSchemas,
		UseSchemaID:               c.UseSchemaID,
		SubjectNameStrategy:       c.SubjectNameStrategy,
	}, registry.Avro, role)
	if err != nil {
		return nil, fmt.Errorf("avro: open: %w", err)
	}
	size := c.SchemasCacheConfig
	if size < 1 {
		size = 1000
	}
	return &codec{
		options:  c.options(),
		session:  session,
		latest:   c.UseLatestVersion && !c.AutoRegisterSchemas,
		strict:   c.LatestCompatibilityStrict,
		trailing: c.AvroFailOnTrailingData,
		writers:  memo.Memo[writerKey, *writer]{Max: size},
		readers:  memo.Memo[readerKey, *reader]{Max: size},
		Heads:    registry.NewHeads(size),
	}, nil
}

// codec is one task's writer and reader.
type codec struct {
	*options
	registry.Heads
	session  *registry.Session
	latest   bool // what is written and read goes by the latest schema
	strict   bool
	trailing bool // bytes behind the data are an error
	writers  memo.Memo[writerKey, *writer]
	readers  memo.Memo[readerKey, *reader]
	reading  connect.Reading // of what is read; see Project
	decoder  decoder
}

// writerKey is what a schema of the registry is for: subjects go by topic.
type writerKey struct {
	topic  string
	schema *connect.Schema
}

// writer writes data of one schema.
type writer struct {
	id     int
	record string // the name of the data's own schema
	plan   *writeNode
}

// readerKey is what a message says of its schema; versions, and the latest
// schema, go by topic.
type readerKey struct {
	topic string
	id    int
}

// reader reads messages of one schema.
type reader struct {
	record string // the name of the writer's schema
	latest int    // the id of the reader's
	schema *connect.Schema
	plan   *readNode
	raw    bool  // the message is bytes without a length
	less   *part // of what is read, where that is not all
}

// Encode writes d. A null is a Kafka null, but an error where the schema
// requires a value.
func (c *codec) Encode(buf *connect.Buffer, topic string, d connect.Datum) ([]byte, error) {
	if d.Value.IsNull() && (d.Schema == nil || d.Schema.IsOptional()) {
		return nil, nil
	}
	w, err := c.writer(topic, d.Schema)
	if err != nil {
		return nil, fmt.Errorf("avro: schema for topic %s: %w", topic, err)
	}
	if w.plan.isNull(d.Value) {
		return nil, nil
	}
	out, err := appendValue(registry.AppendHeader(buf.Start(), w.id), w.plan, d.Value)
	if err != nil {
		return nil, fmt.Errorf("avro: write data of topic %s under schema id %d: %w", topic, w.id, err)
	}
	return buf.Finish(out), nil
}

// writer is what there is for a schema. The latest version is asked for each
// time: it may be another by now, and the session knows it.
func (c *codec) writer(topic string, s *connect.Schema) (*writer, error) {
	w, ok := c.writers.Get(writerKey{topic, s})
	if !ok {
		return c.newWriter(topic, s)
	}
	if c.latest {
		given, err := c.session.Latest(topic, w.record)
		if err != nil {
			return nil, err
		}
		if given.ID != w.id {
			return c.newWriter(topic, s)
		}
	}
	return w, nil
}

// newWriter asks the registry for the schema to write under, and makes the
// plan.
func (c *codec) newWriter(topic string, s *connect.Schema) (*writer, error) {
	own, err := c.avroSchema(s)
	if err != nil {
		return nil, err
	}
	text, err := text(own)
	if err != nil {
		return nil, err
	}
	given, err := c.session.Write(topic, recordName(own), registry.Schema{Kind: registry.Avro, Text: text})
	if err != nil {
		return nil, registry.Differs(err, func(latest registry.Schema) error { return c.differs(own, latest) })
	}
	under := own
	if given.Text != text {
		if under, err = c.target(own, given); err != nil {
			return nil, err
		}
	}
	plan, err := c.plan(s, own, under)
	if err != nil {
		return nil, fmt.Errorf("write under schema id %d: %w", given.ID, err)
	}
	w := &writer{given.ID, recordName(own), plan}
	topic = strings.Clone(topic)
	c.writers.Put(writerKey{topic, s}, w)
	if under == own && !c.latest {
		c.Keep(topic, text, registry.AppendHeader(nil, w.id))
	}
	return w, nil
}

// target reads a schema of the registry that own data are to be written under.
func (c *codec) target(own *schema, given registry.Schema) (*schema, error) {
	under, err := parse(given.Text, given.Imports)
	if err != nil {
		return nil, fmt.Errorf("schema id %d: %w", given.ID, err)
	}
	if !c.strict {
		return under, nil
	}
	s, err := c.connectSchema(under)
	if err == nil {
		_, err = c.resolve(own, under, s, true)
	}
	if err != nil {
		return nil, fmt.Errorf("schema id %d cannot read the data's own schema (latestCompatibilityStrict: false lets it pass): %w", given.ID, err)
	}
	return under, nil
}

// differs says why a schema cannot read what was written under one of the
// registry, or else why that cannot read its data.
func (c *codec) differs(own *schema, latest registry.Schema) error {
	there, err := parse(latest.Text, latest.Imports)
	if err != nil {
		return nil // it is not the schema that was refused
	}
	for _, pair := range [][2]*schema{{there, own}, {own, there}} {
		s, err := c.connectSchema(pair[1])
		if err == nil {
			_, err = c.resolve(pair[0], pair[1], s, true)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// recordName is the name that a subject may be made of: a record's.
func recordName(s *schema) string {
	if s.kind != kindRecord {
		return ""
	}
	return s.fullName()
}

// Decode reads a message. Strings and bytes alias data.
func (c *codec) Decode(topic string, data []byte) (connect.Datum, error) {
	if data == nil {
		return connect.Datum{}, nil
	}
	id, rest, err := registry.CutHeader(data)
	if err != nil {
		return connect.Datum{}, fmt.Errorf("avro: read a message of topic %s: %w", topic, err)
	}
	r, err := c.reader(topic, id)
	if err != nil {
		return connect.Datum{}, fmt.Errorf("avro: schema of a message of topic %s: %w", topic, err)
	}
	if r.less != nil {
		if d, ok := c.readPart(r, rest, len(data)-len(rest)); ok {
			return d, nil
		}
	}
	v, err := c.read(r, rest, len(data)-len(rest))
	if err != nil {
		return connect.Datum{}, fmt.Errorf("avro: read a message of topic %s under schema id %d: %w", topic, id, err)
	}
	return connect.Datum{Schema: r.schema, Value: v}, nil
}

func (c *codec) read(r *reader, data []byte, base int) (connect.Value, error) {
	d := &c.decoder
	d.reset(data, base)
	defer d.reset(nil, 0)
	if r.raw {
		return d.whole(r.plan)
	}
	v, err := d.value(r.plan)
	if err == nil && c.trailing && d.pos < len(d.data) {
		err = d.errorf("%d bytes behind the data (avroFailOnTrailingData)", len(d.data)-d.pos)
	}
	return v, err
}

// reader is what there is for a schema's id.
func (c *codec) reader(topic string, id int) (*reader, error) {
	key := readerKey{topic, id}
	r, ok := c.readers.Get(key)
	if !ok {
		return c.newReader(key)
	}
	if c.latest && r.latest != 0 {
		given, err := c.session.Latest(topic, r.record)
		if err != nil {
			return nil, err
		}
		if given.ID != r.latest {
			return c.newReader(key)
		}
	}
	return r, nil
}

// newReader asks the registry for the schema of a message, and makes the plan.
// The version is the writer's, whatever the data are read as.
func (c *codec) newReader(key readerKey) (*reader, error) {
	key.topic = strings.Clone(key.topic)
	given, err := c.session.Read(key.id)
	if err != nil {
		return nil, err
	}
	w, err := parse(given.Text, given.Imports)
	if err != nil {
		return nil, fmt.Errorf("schema id %d: %w", key.id, err)
	}
	r := &reader{raw: w.kind == kindBytes, plan: &readNode{op: readNull}, record: recordName(w)}
	as, id := w, key.id
	if c.latest {
		if as, id, err = c.latestSchema(key.topic, r.record); err != nil {
			return nil, err
		}
		r.latest = id
	}
	if as.kind == kindNull && w.kind == kindNull {
		c.readers.Put(key, r)
		return r, nil
	}
	version, _, err := c.session.Version(key.topic, r.record, key.id)
	if err != nil {
		return nil, err
	}
	if r.schema, err = c.versionSchema(as, version); err != nil {
		return nil, fmt.Errorf("schema id %d: %w", id, err)
	}
	if r.plan, err = c.resolve(w, as, r.schema, false); err != nil {
		return nil, fmt.Errorf("schema id %d cannot be read as schema id %d, the latest: %w", key.id, id, err)
	}
	r.less = r.part(c.reading)
	c.readers.Put(key, r)
	return r, nil
}

func (c *codec) latestSchema(topic, record string) (*schema, int, error) {
	given, err := c.session.Latest(topic, record)
	if err != nil {
		return nil, 0, err
	}
	s, err := parse(given.Text, given.Imports)
	if err != nil {
		return nil, 0, fmt.Errorf("schema id %d: %w", given.ID, err)
	}
	return s, given.ID, nil
}
