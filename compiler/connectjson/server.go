package connectjson

import (
	"fmt"
	"strings"
)

// isServer says whether properties are those of Debezium Server.
func isServer(props map[string]Prop) bool {
	for key := range props {
		if strings.HasPrefix(key, "debezium.source.") || strings.HasPrefix(key, "debezium.sink.") {
			return true
		}
	}
	return false
}

// formats are Debezium Server's names of converters.
var formats = map[string]string{
	"json":             "org.apache.kafka.connect.json.JsonConverter",
	"avro":             "io.confluent.connect.avro.AvroConverter",
	"protobuf":         "io.confluent.connect.protobuf.ProtobufConverter",
	"simplestring":     "org.apache.kafka.connect.storage.StringConverter",
	"string":           "org.apache.kafka.connect.storage.StringConverter",
	"binary":           "org.apache.kafka.connect.converters.ByteArrayConverter",
	"bytearray":        "org.apache.kafka.connect.converters.ByteArrayConverter",
	"simplestringjson": "org.apache.kafka.connect.storage.StringConverter",
}

// server takes the application.properties of a Debezium Server that writes to
// Kafka: its source becomes a connector, its sink the worker.
func (in *Input) server(f File, props map[string]Prop) error {
	if sink := props["debezium.sink.type"]; sink.Text != "kafka" {
		return lineError{sink.Line, fmt.Errorf("debezium.sink.type is %q: kcgen writes to kafka", clip(sink.Text))}
	}
	c := Connector{Name: props["debezium.source.name"].Text, Line: 1, Props: map[string]Prop{}, server: true}
	w := &Worker{File: f.Name, Props: map[string]Prop{}}
	for key, p := range props {
		serverProperty(c.Props, w.Props, key, p)
	}
	for _, which := range []string{"key", "value"} {
		if _, given := c.Props[which+".converter"]; !given {
			c.Props[which+".converter"] = Prop{formats["json"], 0} // Debezium Server's default
		}
	}
	if c.Name == "" {
		c.Name = "debezium-server"
	}
	if _, given := w.Props["bootstrap.servers"]; !given {
		return fmt.Errorf("debezium.sink.kafka.producer.bootstrap.servers is missing")
	}
	in.add(f, c)
	return in.worker(w)
}

// serverProperty puts a property where Kafka Connect has it.
func serverProperty(connector, worker map[string]Prop, key string, p Prop) {
	if rest, ok := strings.CutPrefix(key, "debezium.sink.kafka.producer."); ok {
		for _, of := range []string{"bootstrap.servers", "security.protocol"} {
			if rest == of {
				worker[rest] = p
				return
			}
		}
		switch {
		case strings.HasPrefix(rest, "sasl.") || strings.HasPrefix(rest, "ssl."):
			worker[rest] = p
		case rest == "key.serializer" || rest == "value.serializer":
			connector[key] = p
		default:
			connector["producer.override."+rest] = p
		}
		return
	}
	switch {
	case key == "debezium.source.offset.storage" || strings.HasPrefix(key, "debezium.source.offset."):
		worker[strings.TrimPrefix(key, "debezium.source.")] = p
	case strings.HasPrefix(key, "debezium.format."):
		serverFormat(connector, strings.TrimPrefix(key, "debezium.format."), p)
	case strings.HasPrefix(key, "debezium.source."):
		connector[strings.TrimPrefix(key, "debezium.source.")] = p
	case strings.HasPrefix(key, "debezium.transforms"), strings.HasPrefix(key, "debezium.predicates"):
		connector[strings.TrimPrefix(key, "debezium.")] = p
	default:
		connector[key] = p // no property of any connector: the report says so
	}
}

// serverFormat puts format.key and format.value where the converters are, and
// what holds for both to each.
func serverFormat(connector map[string]Prop, key string, p Prop) {
	for _, which := range []string{"key", "value", "header"} {
		if key == which {
			class, known := formats[strings.ToLower(p.Text)]
			if !known {
				class = p.Text
			}
			connector[which+".converter"] = Prop{class, p.Line}
			return
		}
		if rest, ok := strings.CutPrefix(key, which+"."); ok {
			connector[which+".converter."+rest] = p
			return
		}
	}
	for _, which := range []string{"key", "value"} {
		connector[which+".converter."+key] = p
	}
}
