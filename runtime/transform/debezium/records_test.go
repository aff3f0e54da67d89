package debezium_test

import (
	"testing"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/transform/debezium"
)

// What the tests are about: the change events of a table of customers, and of
// an outbox.

var (
	sourceSchema = connect.NewStruct().Name("io.debezium.connector.postgresql.Source").
			Field("table", connect.StringSchema).Field("ts_ms", connect.Int64Schema).MustBuild()
	customer = connect.NewStruct().Name("srv.public.customers.Value").Optional().
			Field("id", connect.Int32Schema).
			Field("name", connect.OptionalStringSchema).
			Field("region", connect.NewSchema(connect.KindString).Optional().Default(connect.String("eu")).MustBuild()).MustBuild()
	outboxRow = connect.NewStruct().Name("srv.public.outbox.Value").Optional().
			Field("id", connect.StringSchema).
			Field("aggregatetype", connect.StringSchema).
			Field("aggregateid", connect.StringSchema).
			Field("type", connect.StringSchema).
			Field("payload", connect.OptionalStringSchema).MustBuild()
	keySchema = connect.NewStruct().Name("srv.public.customers.Key").Field("id", connect.Int32Schema).MustBuild()
)

func envelopeOf(row *connect.Schema, name string) *connect.Schema {
	return connect.NewStruct().Name(name+".Envelope").
		Field("before", row).Field("after", row).Field("source", sourceSchema).
		Field("op", connect.StringSchema).Field("ts_ms", connect.OptionalInt64Schema).MustBuild()
}

var (
	customers = envelopeOf(customer, "srv.public.customers")
	outbox    = envelopeOf(outboxRow, "srv.public.outbox")
)

func structOf(s *connect.Schema, slots ...connect.Value) connect.Value {
	return (&connect.Struct{Schema: s, Slots: slots}).Value()
}

func row(id int32, name, region connect.Value) connect.Value {
	return structOf(customer, connect.Int32(id), name, region)
}

func event(schema *connect.Schema, op string, before, after connect.Value) connect.Record {
	source := structOf(sourceSchema, connect.String("customers"), connect.Int64(1))
	return connect.Record{
		Topic: "srv.public.customers", Partition: connect.NoPartition, Timestamp: 5, Offset: -1,
		Key:   connect.Datum{Schema: keySchema, Value: structOf(keySchema, connect.Int32(1))},
		Value: connect.Datum{Schema: schema, Value: structOf(schema, before, after, source, connect.String(op), connect.Int64(9))},
	}
}

func insert(name string) connect.Record {
	return event(customers, "c", connect.Null, row(1, connect.String(name), connect.Null))
}

func deletion(name string) connect.Record {
	return event(customers, "d", row(1, connect.String(name), connect.Null), connect.Null)
}

func message(aggregate, payload string) connect.Record {
	return event(outbox, "c", connect.Null, structOf(outboxRow, connect.String("e1"), connect.String(aggregate),
		connect.String("42"), connect.String("Created"), connect.String(payload)))
}

func names(list ...string) connect.Header {
	a := &connect.Array{}
	for _, name := range list {
		a.Elems = append(a.Elems, connect.String(name))
	}
	return connect.Header{Key: "drop", Datum: connect.Datum{Value: a.Value()}}
}

// The definitions' defaults.
var (
	extract = debezium.ExtractNewRecordState{
		DeleteTombstoneHandlingMode: "tombstone", AddFieldsPrefix: "__", AddHeadersPrefix: "__",
		DropFieldsKeepSchemaCompatible: true, ReplaceNullWithDefault: true,
	}
	router = debezium.EventRouter{
		TableFieldEventID: "id", TableFieldEventKey: "aggregateid", TableFieldEventType: "type", TableFieldEventPayload: "payload",
		TableFieldAdditionalMissing: "error", TableOpInvalidBehavior: "warn",
		TableJSONPayloadNullBehavior: "ignore", TableJSONPayloadEmptyArrayBehavior: "ignore",
		RouteByField: "aggregatetype", RouteTopicRegex: "(?<routedByValue>.*)", RouteTopicReplacement: "outbox.event.${routedByValue}",
	}
	shards = debezium.ByLogicalTableRouter{
		TopicRegex: "(.*)_shard_(.*)", TopicReplacement: "$1", KeyEnforceUniqueness: true,
		KeyFieldName: "__dbz__physicalTableIdentifier", SchemaNameAdjustmentMode: "none", LogicalTableCacheSize: 16,
	}
)

func open(tb testing.TB, t connect.Transform) connect.Apply {
	tb.Helper()
	apply, err := t.Open()
	if err != nil {
		tb.Fatal(err)
	}
	return apply
}

// kept applies a transform to a record that has to stay.
func kept(tb testing.TB, apply connect.Apply, r connect.Record) connect.Record {
	tb.Helper()
	keep, err := apply(&r)
	if err != nil || !keep {
		tb.Fatalf("keep %v, error %v", keep, err)
	}
	for _, d := range append([]connect.Datum{r.Key, r.Value}, data(r.Headers)...) {
		if err := connect.Validate(d.Schema, d.Value); err != nil {
			tb.Fatal(err)
		}
	}
	return r
}

func data(headers []connect.Header) (out []connect.Datum) {
	for _, h := range headers {
		out = append(out, h.Datum)
	}
	return out
}
