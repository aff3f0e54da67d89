package lint

import (
	"fmt"
	"slices"

	"kcgen.dev/compiler/plan"
	"kcgen.dev/compiler/wiring"
)

// topics calls do with each source, sink and topic that goes from one to the
// other.
func (f *finder) topics(do func(w, r part, topic string)) {
	for _, w := range f.parts {
		for _, r := range f.parts {
			if w.Sink || !r.Sink || w.cluster != r.cluster || !f.meet(w, r) {
				continue
			}
			if w.topic != "" && r.pattern != nil && r.pattern.MatchString(w.topic) {
				do(w, r, w.topic)
			}
			for _, e := range r.List("topics") {
				if l, ok := e.(*plan.Lit); ok && w.writes(l.Str) && !f.isQueue(l.Str) {
					do(w, r, l.Str)
					break // one topic shows it
				}
			}
		}
	}
}

// loop: what a sink writes to a file, a source reads, and gives the sink again.
func loop(f *finder) {
	f.topics(func(w, r part, topic string) {
		from, to := w.options().Text("file"), r.options().Text("file")
		if w.Is(connectors+"filestream.Source") && r.Is(connectors+"filestream.Sink") && from == to && from != "" {
			f.against(r, w, r.Path+".connector.file", fmt.Sprintf("%q is read by %s, which writes to %q, which this sink reads: each line goes round for ever", to, f.name(w), topic), r.options().At("file"))
		}
	})
}

// isQueue says whether a topic has dead letters, whatever it is called.
func (f *finder) isQueue(topic string) bool {
	return slices.ContainsFunc(f.parts, func(p part) bool { q, _ := p.Queue(); return q == topic })
}

// unreadable: a sink whose converters refuse, or misread, what a source's write.
func unreadable(f *finder) {
	f.topics(func(w, r part, topic string) {
		for _, name := range []string{"keyConverter", "valueConverter"} {
			if name == "keyConverter" && noKeys(w.Connector) {
				continue
			}
			wrote, reads := format(w.Struct.Struct(name), false), format(r.Struct.Struct(name), true)
			if why := mismatch(wrote, reads); why != "" {
				f.against(r, w, r.Path+"."+name, fmt.Sprintf("reads %s, but %s writes %q as %s: %s", reads, f.name(w), topic, wrote, why), r.At(name))
			}
		}
	})
}

// twoFormats: no reader can read both.
func twoFormats(f *finder) {
	first := map[[2]string]part{}
	for _, p := range f.parts {
		topic := p.topic
		if topic == "" {
			continue
		}
		key := [2]string{p.cluster, topic}
		other, ok := first[key]
		if !ok {
			first[key] = p
			continue
		}
		was, is := format(other.Struct.Struct("valueConverter"), false), format(p.Struct.Struct("valueConverter"), false)
		if f.meet(p, other) && was != is && was != "" && is != "" {
			f.against(p, other, p.Path+".valueConverter", fmt.Sprintf("writes %q as %s, where %s writes %s: no reader can read both", topic, is, f.name(other), was), p.At("valueConverter"))
		}
	}
}

// noKeys says whether all keys of a source are null.
func noKeys(w wiring.Connector) bool {
	return w.Is(connectors+"filestream.Source") && len(w.Structs("transforms")) == 0
}

// The formats that are known to fit or not.
const (
	plainJSON  = "JSON without schemas"
	schemaJSON = "JSON with schemas"
	avro       = "Avro"
	protobuf   = "Protobuf"
	jsonSchema = "JSON Schema"
	text       = "text"
	bytes      = "bytes"
)

// format is what a converter of kcgen's own writes, or reads; empty for another.
func format(conv *plan.Struct, reads bool) string {
	if conv == nil {
		return ""
	}
	switch conv.Type.Path + "." + conv.Type.Name {
	case "kcgen.dev/runtime/convert.JSON":
		if conv.On("schemasEnable") && (!reads || conv.Get("schemaContent") == nil) {
			return schemaJSON
		}
		return plainJSON
	case "kcgen.dev/runtime/convert/avro.Converter":
		return avro
	case "kcgen.dev/runtime/convert/protobuf.Converter":
		return protobuf
	case "kcgen.dev/runtime/convert/jsonschema.Converter":
		return jsonSchema
	case "kcgen.dev/runtime/convert.String":
		return text
	case "kcgen.dev/runtime/convert.ByteArray":
		return bytes
	}
	return ""
}

// mismatch says what comes of it that one format is read as another; nothing
// where it may be meant.
func mismatch(wrote, reads string) string {
	registry := map[string]bool{avro: true, protobuf: true, jsonSchema: true}
	switch {
	case wrote == reads, wrote == "", reads == "", reads == bytes, wrote == bytes:
		return ""
	case registry[reads]:
		return "each record is refused: it lacks the id of a schema"
	case registry[wrote] && reads == text:
		return "the text begins with the id of a schema, and is no text"
	case registry[wrote]:
		return "each record is refused: it begins with the id of a schema"
	case wrote == schemaJSON && reads == plainJSON:
		return `each value is {"schema": …, "payload": …}`
	case wrote == plainJSON && reads == schemaJSON:
		return `each record is refused: it has no "schema" and "payload"`
	}
	return ""
}
