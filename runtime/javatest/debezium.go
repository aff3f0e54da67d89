package javatest

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connect/vectortest"
	"kcgen.dev/runtime/transform/debezium"
)

// word is a value of an enum, which Debezium's are whatever their case.
func word(c vectortest.Config, name, def string) string { return strings.ToLower(or(c, name, def)) }

func newExtractNewRecordState(_ string, c vectortest.Config) (connect.Transform, error) {
	fromKey, err1 := c.Bool("drop.fields.from.key", false)
	compatible, err2 := c.Bool("drop.fields.keep.schema.compatible", true)
	replace, err3 := c.Bool("replace.null.with.default", true)
	return debezium.ExtractNewRecordState{
		DeleteTombstoneHandlingMode: word(c, "delete.tombstone.handling.mode", "tombstone"),
		AddFields:                   list(c, "add.fields"), AddFieldsPrefix: or(c, "add.fields.prefix", "__"),
		AddHeaders: list(c, "add.headers"), AddHeadersPrefix: or(c, "add.headers.prefix", "__"),
		RouteByField: c["route.by.field"], DropFieldsHeaderName: c["drop.fields.header.name"],
		DropFieldsFromKey: fromKey, DropFieldsKeepSchemaCompatible: compatible, ReplaceNullWithDefault: replace,
	}, errors.Join(err1, err2, err3)
}

func newEventRouter(_ string, c vectortest.Config) (connect.Transform, error) {
	expand, err1 := c.Bool("table.expand.json.payload", false)
	tombstone, err2 := c.Bool("route.tombstone.on.empty.payload", false)
	placements := list(c, "table.fields.additional.placement")
	for i, p := range placements {
		placements[i] = placement(p)
	}
	return debezium.EventRouter{
		TableFieldEventID:                  or(c, "table.field.event.id", "id"),
		TableFieldEventKey:                 or(c, "table.field.event.key", "aggregateid"),
		TableFieldEventType:                or(c, "table.field.event.type", "type"),
		TableFieldEventPayload:             or(c, "table.field.event.payload", "payload"),
		TableFieldEventTimestamp:           c["table.field.event.timestamp"],
		TableFieldEventSchemaVersion:       c["table.field.event.schema.version"],
		TableFieldsAdditionalPlacement:     placements,
		TableFieldAdditionalMissing:        word(c, "table.field.additional.missing", "error"),
		TableOpInvalidBehavior:             word(c, "table.op.invalid.behavior", "warn"),
		TableExpandJSONPayload:             expand,
		TableJSONPayloadNullBehavior:       word(c, "table.json.payload.null.behavior", "ignore"),
		TableJSONPayloadEmptyArrayBehavior: word(c, "table.json.payload.empty.array.behavior", "ignore"),
		RouteByField:                       or(c, "route.by.field", "aggregatetype"),
		RouteTopicRegex:                    or(c, "route.topic.regex", "(?<routedByValue>.*)"),
		RouteTopicReplacement:              or(c, "route.topic.replacement", "outbox.event.${routedByValue}"),
		RouteTombstoneOnEmptyPayload:       tombstone,
	}, errors.Join(err1, err2)
}

// placement is one of a list, as the language spells it: without blanks, and
// where it goes in lower case.
func placement(text string) string {
	parts := strings.Split(text, ":")
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	if len(parts) > 1 {
		parts[1] = strings.ToLower(parts[1])
	}
	return strings.Join(parts, ":")
}

func newByLogicalTableRouter(_ string, c vectortest.Config) (connect.Transform, error) {
	unique, err := c.Bool("key.enforce.uniqueness", true)
	size, bad := strconv.Atoi(or(c, "logical.table.cache.size", "16"))
	mode := word(c, "schema.name.adjustment.mode", "none")
	if !slices.Contains([]string{"none", "avro", "avro_unicode"}, mode) {
		err = errors.Join(err, fmt.Errorf("schema.name.adjustment.mode: %q", mode))
	}
	return debezium.ByLogicalTableRouter{
		TopicRegex: c["topic.regex"], TopicReplacement: c["topic.replacement"],
		KeyEnforceUniqueness: unique, KeyFieldName: or(c, "key.field.name", "__dbz__physicalTableIdentifier"),
		KeyFieldRegex: c["key.field.regex"], KeyFieldReplacement: c["key.field.replacement"],
		SchemaNameAdjustmentMode: mode, LogicalTableCacheSize: size,
	}, errors.Join(err, bad)
}
