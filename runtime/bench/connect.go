package main

import (
	"maps"
	"strconv"
	"strings"
)

// connectJVM are the flags of Kafka's own start script, but for the collector:
// the parallel one costs the least time of those that Java 17 has.
var connectJVM = []string{"-server", "-XX:+UseParallelGC", "-Djava.awt.headless=true"}

// tuned are a worker's properties for throughput. Where kcgen's and the bare
// program's clients are tuned, so are these.
var tuned = map[string]string{
	"connector.client.config.override.policy": "All",
	"offset.flush.interval.ms":                "60000", // the default

	"producer.linger.ms":        "5",
	"producer.batch.size":       "262144",
	"producer.compression.type": "none",
	// More than all requests that may be under way, and little enough that what
	// waits blurs the second half by less than a tenth. Lines take some 600 bytes
	// of objects each while they wait: with the default of 32 MB they fill a heap
	// of 256 MB when the broker is slow.
	"producer.buffer.memory": "8388608",

	"consumer.max.poll.records":          "5000",
	"consumer.fetch.min.bytes":           "65536",
	"consumer.fetch.max.bytes":           "67108864",
	"consumer.max.partition.fetch.bytes": "8388608",
	"consumer.receive.buffer.bytes":      "1048576",
}

// connectors are the properties of a run's connectors, which do what the case's
// spec says.
func (b *bench) connectors(w *work) []map[string]string {
	if w.c.sink {
		p := map[string]string{
			"name": w.group, "connector.class": "org.apache.kafka.connect.file.FileStreamSinkConnector", "tasks.max": strconv.Itoa(w.c.tasks),
			"topics": w.topic, "file": w.file,
			"consumer.override.group.id": w.group,
		}
		maps.Copy(p, b.chain(w.c.spec))
		return []map[string]string{p}
	}
	var ps []map[string]string
	for i, file := range w.files {
		p := map[string]string{
			"name": "source-" + strconv.Itoa(i), "connector.class": "org.apache.kafka.connect.file.FileStreamSourceConnector", "tasks.max": "1",
			"topic": w.topic, "file": file,
		}
		maps.Copy(p, b.chain(w.c.spec))
		ps = append(ps, p)
	}
	return ps
}

// chain is a spec's converter and transforms.
func (b *bench) chain(spec string) map[string]string {
	const transforms = "org.apache.kafka.connect.transforms."
	p := map[string]string{}
	switch spec {
	case "json", "jsonsink":
		p["value.converter"], p["value.converter.schemas.enable"] = "org.apache.kafka.connect.json.JsonConverter", "false"
	case "envelope":
		p["value.converter"], p["value.converter.schemas.enable"] = "org.apache.kafka.connect.json.JsonConverter", "true"
	case "avro", "avrosink":
		maps.Copy(p, b.apicurio())
	}
	switch spec {
	case "json", "envelope", "avro":
		maps.Copy(p, map[string]string{
			"transforms":            "hoist,site",
			"transforms.hoist.type": transforms + "HoistField$Value", "transforms.hoist.field": "line",
			"transforms.site.type": transforms + "InsertField$Value", "transforms.site.static.field": "site", "transforms.site.static.value": "eu",
		})
	case "jsonsink":
		maps.Copy(p, map[string]string{
			"transforms":            "names,mask,site",
			"transforms.names.type": transforms + "ReplaceField$Value", "transforms.names.exclude": "debug", "transforms.names.renames": "cust:customer",
			"transforms.mask.type": transforms + "MaskField$Value", "transforms.mask.fields": "card",
			"transforms.site.type": transforms + "InsertField$Value", "transforms.site.static.field": "site", "transforms.site.static.value": "eu",
		})
	}
	return p
}

// apicurio is Apicurio's Avro converter in Confluent's wire format. Confluent's
// own is not on Maven Central; the two have most of their code in common.
func (b *bench) apicurio() map[string]string {
	const at = "value.converter.apicurio.registry."
	return map[string]string{
		"value.converter":      "io.apicurio.registry.utils.converter.AvroConverter",
		at + "url":             strings.Replace(b.registry.URL(), "/ccompat/v7", "/registry/v2", 1),
		at + "auto-register":   "true",
		at + "headers.enabled": "false",
		at + "as-confluent":    "true",
		at + "use-id":          "contentId",
	}
}
