package avro

import (
	"strings"

	"kcgen.dev/runtime/connect"
)

// What Confluent's AvroData writes beside Avro's own attributes, so that
// nothing of a Connect schema is lost.
const (
	namespace   = "io.confluent.connect.avro"
	defaultName = "ConnectDefault"
	entryName   = "MapEntry"

	propName     = "connect.name"
	propDoc      = "connect.doc"
	propVersion  = "connect.version"
	propDefault  = "connect.default"
	propParams   = "connect.parameters"
	propType     = "connect.type"
	propInternal = "connect.internal.type"
	propLogical  = "logicalType"
	propScale    = "scale"
	propDigits   = "precision"

	paramFixed       = "connect.fixed.size"
	paramDigits      = "connect.decimal.precision"
	paramRecordDoc   = namespace + ".record.doc"
	paramEnumDoc     = namespace + ".enum.doc."
	paramEnumDefault = namespace + ".enum.default."
	paramFieldDoc    = namespace + ".field.doc."
	paramFromDefault = namespace + ".field.default"
	paramPlainRecord = "connect.record.doc"
	paramPlainEnum   = "connect.enum.doc"

	nameUnion    = namespace + ".Union"
	paramEnum    = namespace + ".Enum"
	generalUnion = "org.apache.kafka.connect.data.Union"
	generalEnum  = "org.apache.kafka.connect.data.Enum"

	defaultDigits = 64 // of a decimal that says nothing of its precision
)

// isUnion reports whether a struct stands for a union: one field a type.
func isUnion(s *connect.Schema) bool {
	if s.Kind() != connect.KindStruct {
		return false
	}
	_, general := s.Param(generalUnion)
	return general || s.Name() == nameUnion
}

// fixedSize is the size of bytes that are of a fixed size.
func fixedSize(s *connect.Schema) (size string, ok bool) {
	if s.Kind() != connect.KindBytes || s.Name() == "" {
		return "", false
	}
	return s.Param(paramFixed)
}

// scrub replaces what Avro allows in no name, as java.net.URLEncoder would and
// with _ for what that leaves.
func scrub(name string) string {
	if name == "" || checkScrubbed(name) {
		return name
	}
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	if name[0] >= '0' && name[0] <= '9' {
		b.WriteByte('x')
	}
	for i := 0; i < len(name); i++ {
		switch c := name[i]; {
		case c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '_':
			b.WriteByte(c)
		case strings.IndexByte(" .-*", c) >= 0:
			b.WriteByte('_')
		default:
			b.Write([]byte{'_', hex[c>>4], hex[c&15]})
		}
	}
	return b.String()
}

func checkScrubbed(name string) bool {
	for i := 0; i < len(name); i++ {
		c := name[i] | 0x20
		if name[i] == '_' || c >= 'a' && c <= 'z' || i > 0 && c >= '0' && c <= '9' && name[i] < 'A' {
			continue
		}
		return false
	}
	return true
}

func (o *options) scrub(name string) string {
	if o.scrubNames {
		return scrub(name)
	}
	return name
}

// split divides a schema's name into namespace and name, each part scrubbed.
func (o *options) split(full string) (space, name string) {
	parts := strings.Split(strings.TrimRight(full, "."), ".")
	for i, p := range parts {
		parts[i] = o.scrub(p)
	}
	last := len(parts) - 1
	return strings.Join(parts[:last], "."), parts[last]
}

func (o *options) scrubFull(full string) string {
	space, name := o.split(full)
	if space == "" {
		return name
	}
	return space + "." + name
}

// enumParam is the parameter that makes a string an enum, and whether s has
// it and enums are to be written as such.
func (o *options) enumParam(s *connect.Schema) (param string, ok bool) {
	if !o.general && !o.enhanced || s.Kind() != connect.KindString {
		return "", false
	}
	_, general := s.Param(generalEnum)
	_, own := s.Param(paramEnum)
	return o.enum(), general || own
}

func (o *options) enum() string {
	if o.general {
		return generalEnum
	}
	return paramEnum
}

// avroMap reports whether a map is a map in Avro, whose keys are strings.
func (o *options) avroMap(s *connect.Schema) bool {
	k := s.Key()
	return k != nil && k.Kind() == connect.KindString && (!k.IsOptional() || o.optionalKeys)
}
