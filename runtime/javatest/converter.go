package javatest

import (
	"errors"
	"strings"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connect/vectortest"
	"kcgen.dev/runtime/convert"
)

var converters = map[string]newConverter{
	"BooleanConverter":      converter(convert.Boolean{}),
	"ByteArrayConverter":    converter(convert.ByteArray{}),
	"DoubleConverter":       converter(convert.Double{}),
	"FloatConverter":        converter(convert.Float{}),
	"IntegerConverter":      converter(convert.Integer{}),
	"JsonConverter":         newJSON,
	"LongConverter":         converter(convert.Long{}),
	"ShortConverter":        converter(convert.Short{}),
	"SimpleHeaderConverter": converter(convert.SimpleHeader{}),
	"StringConverter":       newString,
}

// converter is one without fields.
func converter(c connect.Converter) newConverter {
	return func(vectortest.Config) (connect.Converter, error) { return c, nil }
}

func newString(c vectortest.Config) (connect.Converter, error) {
	return convert.String{Encoding: c["converter.encoding"]}, nil
}

func newJSON(c vectortest.Config) (connect.Converter, error) {
	schemas, err1 := c.Bool("schemas.enable", true)
	replace, err2 := c.Bool("replace.null.with.default", true)
	return convert.JSON{
		SchemasEnable:          schemas,
		DecimalFormat:          strings.ToUpper(c["decimal.format"]), // Kafka's is case insensitive, the language's is not
		ReplaceNullWithDefault: replace,
		SchemaContent:          c["schema.content"],
	}, errors.Join(err1, err2)
}
