package connectjson

import (
	"os"
	"testing"

	"kcgen.dev/compiler/load"
	"kcgen.dev/compiler/reference"
)

// TestClasses holds the classes that have to be known, by all their names.
func TestClasses(t *testing.T) {
	lib := &reference.Library{}
	for _, tree := range []string{"schema", "runtime"} {
		if err := lib.Read("kcgen.dev/"+tree, os.DirFS("../../"+tree)); err != nil {
			t.Fatal(err)
		}
	}
	l := New(lib, load.Packages(os.DirFS("../.."), "."))
	const kafka = "org.apache.kafka.connect."
	for _, c := range []struct{ role, class, want, on string }{
		{"source", kafka + "file.FileStreamSourceConnector", "filestream.#Source", ""},
		{"source", "FileStreamSourceConnector", "filestream.#Source", ""},
		{"source", "FileStreamSource", "filestream.#Source", ""},
		{"source", "filestream.Source", "filestream.#Source", ""},
		{"source", "kcgen.dev/runtime/connector/filestream.Source", "filestream.#Source", ""},
		{"sink", kafka + "file.FileStreamSinkConnector", "filestream.#Sink", ""},
		{"source", "io.confluent.connect.jdbc.JdbcSourceConnector", "sql.#Source", ""},
		{"sink", "io.aiven.connect.jdbc.JdbcSinkConnector", "sql.#Sink", ""},
		{"source", "io.debezium.connector.postgresql.PostgresConnector", "postgres.#Source", ""},
		{"source", "io.debezium.connector.mysql.MySqlConnector", "mysql.#Source", ""},
		{"source", "io.debezium.connector.mariadb.MariaDbConnector", "mysql.#Source", ""},
		{"converter", kafka + "storage.StringConverter", "convert.#String", ""},
		{"converter", kafka + "json.JsonConverter", "convert.#JSON", ""},
		{"converter", kafka + "converters.ByteArrayConverter", "convert.#ByteArray", ""},
		{"converter", kafka + "converters.BooleanConverter", "convert.#Boolean", ""},
		{"converter", kafka + "converters.ShortConverter", "convert.#Short", ""},
		{"converter", kafka + "converters.IntegerConverter", "convert.#Integer", ""},
		{"converter", kafka + "converters.LongConverter", "convert.#Long", ""},
		{"converter", kafka + "converters.FloatConverter", "convert.#Float", ""},
		{"converter", kafka + "converters.DoubleConverter", "convert.#Double", ""},
		{"converter", kafka + "storage.SimpleHeaderConverter", "convert.#SimpleHeader", ""},
		{"converter", "io.confluent.connect.avro.AvroConverter", "avro.#Converter", ""},
		{"converter", "io.confluent.connect.protobuf.ProtobufConverter", "protobuf.#Converter", ""},
		{"converter", "io.confluent.connect.json.JsonSchemaConverter", "jsonschema.#Converter", ""},
		{"transform", kafka + "transforms.Cast$Value", "transform.#Cast", "value"},
		{"transform", kafka + "transforms.DropHeaders", "transform.#DropHeaders", ""},
		{"transform", kafka + "transforms.ExtractField$Key", "transform.#ExtractField", "key"},
		{"transform", kafka + "transforms.Filter", "transform.#Filter", ""},
		{"transform", kafka + "transforms.Flatten$Value", "transform.#Flatten", "value"},
		{"transform", kafka + "transforms.HeaderFrom$Value", "transform.#HeaderFrom", "value"},
		{"transform", kafka + "transforms.HoistField$Key", "transform.#HoistField", "key"},
		{"transform", kafka + "transforms.InsertField$Value", "transform.#InsertField", "value"},
		{"transform", kafka + "transforms.InsertHeader", "transform.#InsertHeader", ""},
		{"transform", kafka + "transforms.MaskField$Value", "transform.#MaskField", "value"},
		{"transform", kafka + "transforms.RegexRouter", "transform.#RegexRouter", ""},
		{"transform", kafka + "transforms.ReplaceField$Value", "transform.#ReplaceField", "value"},
		{"transform", kafka + "transforms.SetSchemaMetadata$Value", "transform.#SetSchemaMetadata", "value"},
		{"transform", kafka + "transforms.TimestampConverter$Value", "transform.#TimestampConverter", "value"},
		{"transform", kafka + "transforms.TimestampRouter", "transform.#TimestampRouter", ""},
		{"transform", kafka + "transforms.ValueToKey", "transform.#ValueToKey", ""},
		{"transform", "io.confluent.connect.transforms.Drop$Key", "transform.#Drop", "key"},
		{"transform", "io.confluent.connect.transforms.ExtractTopic$Header", "transform.#ExtractTopic", "header"},
		{"transform", "io.confluent.connect.transforms.TombstoneHandler", "transform.#TombstoneHandler", ""},
		{"transform", "io.confluent.connect.transforms.MessageTimestampRouter", "transform.#MessageTimestampRouter", ""},
		{"transform", "io.debezium.transforms.ExtractNewRecordState", "debezium.#ExtractNewRecordState", ""},
		{"transform", "io.debezium.transforms.outbox.EventRouter", "debezium.#EventRouter", ""},
		{"transform", "io.debezium.transforms.ByLogicalTableRouter", "debezium.#ByLogicalTableRouter", ""},
		{"transform", "io.debezium.transforms.TimezoneConverter", "timezone.#Converter", ""},
		{"predicate", kafka + "transforms.predicates.TopicNameMatches", "predicate.#TopicNameMatches", ""},
		{"predicate", kafka + "transforms.predicates.HasHeaderKey", "predicate.#HasHeaderKey", ""},
		{"predicate", kafka + "transforms.predicates.RecordIsTombstone", "predicate.#RecordIsTombstone", ""},
	} {
		switch d, on := l.component(c.role, c.class); {
		case d == nil:
			t.Errorf("nothing is %s", c.class)
		case d.CUE() != c.want || on != c.on:
			t.Errorf("%s is %s on %q, want %s on %q", c.class, d.CUE(), on, c.want, c.on)
		}
	}
}
