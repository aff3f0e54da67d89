package convert

import (
	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/internal/jsontext"
)

// partReader reads messages with a schema of whose fields some are read. What
// nobody reads is passed over, and looked at only for what would be an error. It
// takes what is laid out as Kafka Connect writes it, in any order and with any
// space; whatever else there is, and whatever is wrong, is left to the tape,
// which alone says what is an error.
type partReader struct {
	reading connect.Reading
	parts   cache[*connect.Schema, *part] // nil where there is nothing to spare
	jsontext.Guesses
}

// part is how messages of a schema are read.
type part struct {
	schema *connect.Schema // of the fields that are made
	fields []partField     // all that there are
	made   []int           // which of them are made, by their places in the schema
	round  uint32          // counts messages
	seen   int             // fields that this message has
}

type partField struct {
	*connect.Field
	lead   string // what stands before the value; "" where that is not plain
	slot   int    // in what is made, or -1
	round  uint32 // of the last message that had it
	begin  int    // where its value stands
	end    int
	absent bool // it may be missing
}

// of is how messages of a schema are read; nil: as any.
func (p *partReader) of(r *jsonReader, s *connect.Schema) *part {
	if found, ok := p.parts.get(s); ok {
		return found
	}
	weight := size(s)
	schema, slots := p.reading.Part(s)
	if schema == nil || 4*size(schema) > 3*weight {
		p.parts.put(s, nil, sizeBytes*weight)
		return nil
	}
	out := &part{schema: schema}
	for i := range slots {
		f := partField{Field: &s.Fields()[i], slot: slots[i], absent: r.nullable(s.Fields()[i].Schema)}
		if lead := string(jsontext.AppendText(nil, []byte(f.Name))); lead == `"`+f.Name+`"` {
			f.lead = lead + ":"
		}
		out.fields = append(out.fields, f)
		if f.slot >= 0 {
			out.made = append(out.made, i)
		}
	}
	p.parts.put(s, out, sizeBytes*weight)
	return out
}

// sizeBytes is about how many bytes of a schema there are to a value: each is
// kept with its part.
const sizeBytes = 64

// size is how many values there are in a value, about. Where most are made, that
// is best done at once.
func size(s *connect.Schema) int {
	if s == nil {
		return 1
	}
	n := 1
	for _, f := range s.Fields() {
		n += size(f.Schema)
	}
	if s.Elem() != nil {
		n += size(s.Elem())
	}
	return n
}

// nullable reports whether null is no error.
func (r *jsonReader) nullable(s *connect.Schema) bool {
	if s.IsOptional() {
		return true
	}
	_, ok := s.Default()
	return ok && r.replaceNull
}

// inPart reads a message, an envelope where there is no schema for all; false
// where that is left to the tape.
func (r *jsonReader) inPart(data []byte, schema *connect.Schema) (d connect.Datum, ok bool) {
	if !r.part.May() {
		return d, false
	}
	at, end := jsontext.PassSpace(data, 0), len(data)
	if schema == nil {
		schema, at, end = r.enveloped(data, at)
	}
	if schema == nil {
		return d, false
	}
	p := r.part.of(r, schema)
	if p == nil {
		return d, false
	}
	d, ok = r.tryPart(p, data, at, end)
	r.part.Went(ok)
	return d, ok
}

// tryPart reads the payload that stands between two places, with the space
// behind it.
func (r *jsonReader) tryPart(p *part, data []byte, at, end int) (d connect.Datum, ok bool) {
	r.Known = ""
	at = p.pass(r, data[:end], at)
	if at == jsontext.Bad || jsontext.PassSpace(data[:end], at) != end {
		return d, false
	}
	v, ok := r.structPart(p, data)
	return connect.Datum{Schema: p.schema, Value: v}, ok
}

// narrowed is a value that was made as a whole with the fields alone that are
// read, as most messages of its schema have them: there is one schema of these.
func (r *jsonReader) narrowed(schema *connect.Schema, v connect.Value) connect.Datum {
	p, st := r.part.of(r, schema), v.Struct()
	if p == nil || st == nil {
		return connect.Datum{Schema: schema, Value: v}
	}
	less := r.slab.Struct(p.schema)
	for _, i := range p.made {
		less.Slots[p.fields[i].slot] = st.Slots[i]
	}
	return connect.Datum{Schema: p.schema, Value: less.Value()}
}

// structPart makes the fields that were found.
func (r *jsonReader) structPart(p *part, data []byte) (connect.Value, bool) {
	r.lost, r.members = false, r.members[:0]
	r.names.reset()
	st := r.slab.Struct(p.schema)
	for _, i := range p.made {
		f := &p.fields[i]
		var text []byte
		if f.round == p.round {
			text = data[f.begin:f.end]
		}
		v, ok := r.field(f.Schema, text)
		if !ok || r.lost {
			return connect.Null, false
		}
		st.Slots[f.slot] = v
	}
	return st.Value(), true
}

// field makes a value of its own text; none is null.
func (r *jsonReader) field(s *connect.Schema, text []byte) (connect.Value, bool) {
	if v, ok := r.simple(s, text); ok {
		return v, true
	}
	n := -1
	if text != nil {
		n = 0
		if err := r.Reset(text); err != nil {
			return connect.Null, false
		}
		if ok, err := r.Root(); !ok || err != nil {
			return connect.Null, false
		}
	}
	v, err := r.value(s, n)
	return v, err == nil
}

// simple makes a value that needs no tape; false where it does.
func (r *jsonReader) simple(s *connect.Schema, text []byte) (v connect.Value, ok bool) {
	if len(text) == 0 {
		return v, false
	}
	switch kind := s.Kind(); {
	case kind == connect.KindString:
		if text[0] == '"' {
			in := text[1 : len(text)-1 : len(text)-1]
			return connect.PlainText(in), jsontext.PlainLen(in) == len(in)
		}
	case kind == connect.KindBool:
		return connect.Bool(text[0] == 't'), text[0] == 't' || text[0] == 'f'
	case text[0] != '-' && text[0]-'0' > 9:
	case s.Logical() == connect.LogicalTimestamp:
		v, ok = number(text)
		return connect.InstantMilli(v.Int()), ok && v.Kind() == connect.KindInt64
	case s.Logical() != connect.NotLogical:
	case kind <= connect.KindInt64:
		v, ok = number(text)
		return connect.IntOf(kind, v.Int()), ok && v.Kind() == connect.KindInt64
	case kind == connect.KindFloat64:
		if v, ok = number(text); v.Kind() == connect.KindInt64 {
			v = connect.Float64(float64(v.Int()))
		}
		return v, ok
	}
	return v, false
}

// number is a whole text, if it is a number of a few digits.
func number(text []byte) (connect.Value, bool) {
	v, end := jsontext.ReadNumber(text, 0)
	return v, end == len(text)
}
