package javatest

import (
	"errors"
	"fmt"
	"strconv"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connect/vectortest"
	"kcgen.dev/runtime/transform"
)

// need is the named values, or an error of those that are not set.
func need(c vectortest.Config, names ...string) (err error) {
	for _, name := range names {
		_, missing := c.Need(name)
		err = errors.Join(err, missing)
	}
	return err
}

// or is the named value, or def where it is not set.
func or(c vectortest.Config, name, def string) string {
	if text, ok := c[name]; ok {
		return text
	}
	return def
}

func newDropHeaders(_ string, c vectortest.Config) (connect.Transform, error) {
	return transform.DropHeaders{Headers: list(c, "headers")}, need(c, "headers")
}

func newInsertHeader(_ string, c vectortest.Config) (connect.Transform, error) {
	return transform.InsertHeader{Header: c["header"], ValueLiteral: c["value.literal"]}, need(c, "header", "value.literal")
}

func newHeaderFrom(on string, c vectortest.Config) (connect.Transform, error) {
	replace, err := c.Bool("replace.null.with.default", true)
	return transform.HeaderFrom{
		On: on, Fields: list(c, "fields"), Headers: list(c, "headers"), Operation: c["operation"],
		ReplaceNullWithDefault: replace,
	}, err
}

func newRegexRouter(_ string, c vectortest.Config) (connect.Transform, error) {
	return transform.RegexRouter{Regex: c["regex"], Replacement: c["replacement"]}, need(c, "regex", "replacement")
}

func newTimestampRouter(_ string, c vectortest.Config) (connect.Transform, error) {
	return transform.TimestampRouter{
		TopicFormat:     or(c, "topic.format", "${topic}-${timestamp}"),
		TimestampFormat: or(c, "timestamp.format", "yyyyMMdd"),
	}, nil
}

func newSetSchemaMetadata(on string, c vectortest.Config) (connect.Transform, error) {
	replace, err := c.Bool("replace.null.with.default", true)
	version, bad := strconv.ParseInt(or(c, "schema.version", "-1"), 10, 32)
	name, ok := c["schema.name"]
	return transform.SetSchemaMetadata{
		On: on, SchemaName: name, RemoveName: ok && name == "", SchemaVersion: int(version), ReplaceNullWithDefault: replace,
	}, errors.Join(err, bad)
}

func newTimestampConverter(on string, c vectortest.Config) (connect.Transform, error) {
	replace, err := c.Bool("replace.null.with.default", true)
	precision := or(c, "unix.precision", "milliseconds")
	if precision == "" {
		err = errors.Join(err, fmt.Errorf("unix.precision: %q", precision))
	}
	return transform.TimestampConverter{
		On: on, Field: c["field"], TargetType: c["target.type"], Format: c["format"],
		UnixPrecision: precision, ReplaceNullWithDefault: replace,
	}, err
}
