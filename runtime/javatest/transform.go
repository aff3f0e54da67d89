package javatest

import (
	"errors"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connect/vectortest"
	"kcgen.dev/runtime/transform"
	"kcgen.dev/runtime/transform/timezone"
)

var transforms = map[string]newTransform{
	"ByLogicalTableRouter":  newByLogicalTableRouter,
	"Cast":                  newCast,
	"DropHeaders":           newDropHeaders,
	"EventRouter":           newEventRouter,
	"ExtractField":          newExtractField,
	"ExtractNewRecordState": newExtractNewRecordState,
	"Filter":                newFilter,
	"Flatten":               newFlatten,
	"HeaderFrom":            newHeaderFrom,
	"HoistField":            newHoistField,
	"InsertField":           newInsertField,
	"InsertHeader":          newInsertHeader,
	"MaskField":             newMaskField,
	"RegexRouter":           newRegexRouter,
	"ReplaceField":          newReplaceField,
	"SetSchemaMetadata":     newSetSchemaMetadata,
	"TimestampConverter":    newTimestampConverter,
	"TimestampRouter":       newTimestampRouter,
	"TimezoneConverter":     newTimezoneConverter,
	"ValueToKey":            newValueToKey,
}

func newFilter(string, vectortest.Config) (connect.Transform, error) { return transform.Filter{}, nil }

func newTimezoneConverter(_ string, c vectortest.Config) (connect.Transform, error) {
	return timezone.Converter{
		ConvertedTimezone: c["converted.timezone"], IncludeList: list(c, "include.list"), ExcludeList: list(c, "exclude.list"),
	}, need(c, "converted.timezone")
}

func newHoistField(on string, c vectortest.Config) (connect.Transform, error) {
	field, err := c.Need("field")
	return transform.HoistField{On: on, Field: field}, err
}

func newInsertField(on string, c vectortest.Config) (connect.Transform, error) {
	replace, err := c.Bool("replace.null.with.default", true)
	if _, ok := c["static.field"]; ok {
		_, missing := c.Need("static.value") // the definition asks for it
		err = errors.Join(err, missing)
	}
	return transform.InsertField{
		On:                     on,
		TopicField:             fieldName(c, "topic.field"),
		PartitionField:         fieldName(c, "partition.field"),
		OffsetField:            fieldName(c, "offset.field"),
		TimestampField:         fieldName(c, "timestamp.field"),
		StaticField:            fieldName(c, "static.field"),
		StaticValue:            c["static.value"],
		ReplaceNullWithDefault: replace,
	}, err
}

// fieldName spells the empty name "?", as a spec has to: "" is no field at all.
func fieldName(c vectortest.Config, name string) string {
	if text, ok := c[name]; ok && text == "" {
		return "?"
	}
	return c[name]
}
