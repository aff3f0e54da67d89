package jsonschema

import (
	"strings"

	"kcgen.dev/runtime/connect"
)

// The keywords in which JsonSchemaData keeps what JSON Schema has no word for.
const (
	keyType    = "connect.type"
	keyVersion = "connect.version"
	keyParams  = "connect.parameters"
	keyIndex   = "connect.index"
)

// The names of a map's entry where its keys are no strings.
const (
	entryKey   = "key"
	entryValue = "value"
)

// The parameters and names by which JsonSchemaData knows its own again.
const (
	ownPrefix = "io.confluent.connect.json"
	idParam   = ownPrefix + ".Id"
	enumParam = ownPrefix + ".Enum"
	oneOfName = ownPrefix + ".OneOf"

	// Those of generalized.sum.type.support, which all of Confluent's
	// converters share.
	sharedEnum  = "org.apache.kafka.connect.data.Enum"
	sharedUnion = "org.apache.kafka.connect.data.Union"
	unionPrefix = "connect_union_"
	unionField  = unionPrefix + "field_"

	nullSymbol = "<NULL>"
)

// typeNames are the values of connect.type.
var typeNames = map[connect.Kind]string{
	connect.KindInt8: "int8", connect.KindInt16: "int16", connect.KindInt32: "int32", connect.KindInt64: "int64",
	connect.KindFloat32: "float32", connect.KindFloat64: "float64", connect.KindBytes: "bytes", connect.KindMap: "map",
}

var typeKinds = func() map[string]connect.Kind {
	m := map[string]connect.Kind{}
	for k, name := range typeNames {
		m[name] = k
	}
	return m
}()

// isUnion reports whether a struct stands for one of several types.
func isUnion(s *connect.Schema) bool {
	if s.Kind() != connect.KindStruct {
		return false
	}
	_, shared := s.Param(sharedUnion)
	return shared || s.Name() == oneOfName
}

// isEnum reports whether a string's schema lists its values.
func isEnum(s *connect.Schema) bool {
	_, own := s.Param(enumParam)
	_, shared := s.Param(sharedEnum)
	return own || shared
}

// symbols are the values that an enum's parameters list.
func symbols(s *connect.Schema, param string) (out []string) {
	for _, p := range s.Params() {
		if symbol, ok := strings.CutPrefix(p.Key, param+"."); ok {
			out = append(out, symbol)
		}
	}
	return out
}

// isObjectMap reports whether a map is an object, not an array of entries.
func isObjectMap(s *connect.Schema) bool {
	return s.Key() != nil && s.Key().Kind() == connect.KindString && !s.Key().IsOptional()
}

// isVariant reports whether a schema is Confluent's Variant, which has no
// counterpart here.
func isVariant(s *connect.Schema) bool { return s.Name() == "org.apache.kafka.connect.data.Variant" }
