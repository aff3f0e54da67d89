package jsonschema

import (
	"errors"
	"fmt"
	"maps"
	"strings"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/registry"
)

// outgoing is a Connect schema that is written.
type outgoing struct {
	schema *connect.Schema
	plan   *plan  // nil for data without a schema
	text   string // as JSON Schema
	title  string // by which a subject may be called
	topic  string // of the record before …
	under  *incoming
	topics map[string]*incoming // what it is written under
	fits   map[*incoming]error  // what of the registry has been compared with it
}

// incoming is a schema of the registry.
type incoming struct {
	id           int
	ignoreModern bool
	found        registry.Schema
	schemas      map[int]*connect.Schema // by version; made when something is read
	root         *node                   // made with them, or when there is something to compare
	err          error                   // of either
	title        *string                 // by which a subject may be called
	rules        *rules                  // made when something is validated
	rulesErr     error
}

// outgoing finds or makes what is to be known of a schema.
func (c *codec) outgoing(s *connect.Schema) (*outgoing, error) {
	if c.last != nil && c.last.schema == s {
		return c.last, nil
	}
	out, ok := c.outs[s]
	if !ok {
		var err error
		if out, err = c.describe(s); err != nil {
			return nil, err
		}
		if len(c.outs) >= maxKept {
			clear(c.outs)
		}
		c.outs[s] = out
	}
	c.last = out
	return out, nil
}

func (c *codec) describe(s *connect.Schema) (out *outgoing, err error) {
	out = &outgoing{schema: s, topics: map[string]*incoming{}, fits: map[*incoming]error{}}
	if s == nil {
		if !c.options.UseLatestVersion && c.options.UseSchemaID == 0 {
			return nil, errors.New("data without a schema have no JSON Schema to be registered; name one that the registry has (useLatestVersion, useSchemaId; a build's tests have none), or write them by convert.#JSON")
		}
		return out, nil
	}
	if out.plan, err = c.w.compile(s); err != nil {
		return nil, err
	}
	if out.text, err = c.w.text(s); err != nil {
		return nil, fmt.Errorf("schema %v: %w", s, err)
	}
	if !s.IsOptional() && !isUnion(s) {
		out.title = s.Name()
	}
	return out, nil
}

// under gives the schema of the registry under which data are written.
func (c *codec) under(topic string, out *outgoing) (*incoming, error) {
	if out.under != nil && out.topic == topic {
		return out.under, nil
	}
	in, ok := out.topics[topic]
	if !ok {
		var err error
		if in, err = c.ask(topic, out); err != nil {
			return nil, err
		}
	}
	if c.options.UseLatestVersion {
		return in, nil // the latest may change: the session knows for how long it is one
	}
	if len(out.topics) >= maxKept {
		clear(out.topics)
	}
	out.topics[topic] = in
	out.topic, out.under = topic, in
	c.Keep(topic, out.text, registry.AppendHeader(nil, in.id))
	return in, nil
}

// ask has the registry say what data are written under.
func (c *codec) ask(topic string, out *outgoing) (*incoming, error) {
	found, err := c.session.Write(topic, out.title, registry.Schema{Kind: registry.JSON, Text: out.text})
	if err != nil {
		return nil, err
	}
	in := c.keep(found)
	if c.options.LatestCompatibilityStrict && out.plan != nil && (c.options.UseLatestVersion || c.options.UseSchemaID != 0) {
		err = c.compare(in, out)
	}
	return in, err
}

// compare checks that a schema allows all data of the records' own.
func (c *codec) compare(in *incoming, out *outgoing) error {
	err, known := out.fits[in]
	if !known {
		err = c.accepts(in, out)
		if len(out.fits) >= maxKept {
			clear(out.fits)
		}
		out.fits[in] = err
	}
	return err
}

func (c *codec) accepts(in *incoming, out *outgoing) error {
	theirs, err := c.nodes(in)
	if err != nil {
		return err
	}
	l := loader{ignoreModern: c.options.IgnoreModernDialects}
	own, err := l.load(out.text, nil)
	if err != nil {
		return err
	}
	if err := accepts(theirs, own); err != nil {
		return fmt.Errorf("%s does not allow all data of the record's schema (latestCompatibilityStrict): %w", in, err)
	}
	return nil
}

// String names the schema in errors.
func (in *incoming) String() string { return fmt.Sprintf("schema id %d", in.id) }

// keep finds or makes what is kept of a schema of the registry.
func (c *codec) keep(found registry.Schema) *incoming {
	if in, ok := c.ins[found.ID]; ok && in.found.Text == found.Text {
		return in
	}
	in := &incoming{id: found.ID, ignoreModern: c.options.IgnoreModernDialects, found: found, schemas: map[int]*connect.Schema{}}
	if len(c.ins) >= maxKept {
		clear(c.ins)
	}
	c.ins[found.ID] = in
	return in
}

// reading is by what the record before was read.
type reading struct {
	topic  string
	in     *incoming
	schema *connect.Schema
}

// incoming gives the schema by which a message is read: the one of its id, or
// the subject's latest, as it is and as Connect's.
func (c *codec) incoming(topic string, id int) (*incoming, *connect.Schema, error) {
	if l := &c.lastIn; l.in != nil && l.in.id == id && l.topic == topic && !c.options.UseLatestVersion {
		return l.in, l.schema, nil
	}
	in, version, err := c.find(topic, id)
	if err != nil {
		return nil, nil, err
	}
	s, ok := in.schemas[version]
	if !ok {
		if s, err = c.convert(in, version); err != nil {
			return nil, nil, err
		}
	}
	if c.lastIn.topic != topic {
		c.lastIn.topic = strings.Clone(topic)
	}
	c.lastIn.in, c.lastIn.schema = in, s
	return in, s, nil
}

// find asks the registry for the schema by which a message is read, and which
// version that is under the topic's subject; 0 where it is none.
func (c *codec) find(topic string, id int) (*incoming, int, error) {
	in, ok := c.ins[id]
	if !ok {
		found, err := c.session.Read(id)
		if err != nil {
			return nil, 0, err
		}
		in = c.keep(found)
	}
	if in.title == nil {
		title := titleOf(in.found.Text)
		in.title = &title
	}
	if c.options.UseLatestVersion {
		found, err := c.session.Latest(topic, *in.title)
		if err != nil {
			return nil, 0, err
		}
		return c.keep(found), found.Version, nil
	}
	version, _, err := c.session.Version(topic, *in.title, id)
	return in, version, err
}

func (c *codec) convert(in *incoming, version int) (*connect.Schema, error) {
	root, err := c.nodes(in)
	if err != nil {
		return nil, err
	}
	var v *int32
	if version > 0 {
		v = new(int32(version))
	}
	s, err := c.options.toConnect(root, v)
	if err != nil {
		in.err = fmt.Errorf("%s: %w", in, err)
		return nil, in.err
	}
	in.schemas[version] = s
	return s, nil
}

// nodes takes a schema of the registry apart.
func (c *codec) nodes(in *incoming) (*node, error) {
	if in.root == nil && in.err == nil {
		l := loader{ignoreModern: c.options.IgnoreModernDialects}
		root, err := l.load(in.found.Text, in.found.Imports)
		if err != nil {
			in.err = fmt.Errorf("%s: bad JSON Schema: %w", in, err)
		}
		in.root = root
	}
	return in.root, in.err
}

// toConnect makes the Connect schema of a JSON Schema. Where something is
// referred to again it takes two goes: the last id counts for all.
func (c *Converter) toConnect(root *node, version *int32) (*connect.Schema, error) {
	ids := map[*node]string{}
	for {
		conv := converter{options: c, reader: newReader(false), open: map[*node]bool{}, structs: map[*node]*connect.Schema{}, ids: ids, given: map[*node]string{}}
		s, err := conv.schema(root, version, false)
		if err != nil || maps.Equal(ids, conv.given) {
			return s, err
		}
		ids = conv.given
	}
}

// titleOf is the title of a schema, by which its subject may be called.
func titleOf(text string) string {
	root, _ := parseTree(text)
	if o, ok := root.(*object); ok {
		return o.text("title")
	}
	return ""
}

// ParseSchema makes the Connect schema of a JSON Schema, as the converter
// makes it by its defaults; name is what errors call it. It refers to itself
// alone.
func ParseSchema(text, name string) (*connect.Schema, error) {
	l := loader{}
	root, err := l.load(text, nil)
	if err == nil {
		options := Converter{FlattenSingletonUnions: true}
		var s *connect.Schema
		if s, err = options.toConnect(root, nil); err == nil {
			return s, nil
		}
	}
	return nil, fmt.Errorf("jsonschema: read schema %s: %w", name, err)
}
