package connectjson

import (
	"errors"
	"fmt"
	"maps"
	"strings"
)

// resource takes one of Strimzi's resources: a KafkaConnector, or a
// KafkaConnect, which is the worker.
func (in *Input) resource(f File, d *datum) error {
	kind := d.get("kind").text
	switch kind {
	case "KafkaConnector":
		return in.kafkaConnector(f, d)
	case "KafkaConnect":
		return in.kafkaConnect(f, d)
	case "List", "KafkaConnectorList", "KafkaConnectList":
		return in.document(f, &datum{form: array, line: d.line, values: d.get("items").values})
	}
	return lineError{d.line, fmt.Errorf("kind %s: import knows KafkaConnector and KafkaConnect", clip(kind))}
}

// connectorFields are what a spec of a KafkaConnector may have and is read.
const connectorFields = " class tasksMax config pause state autoRestart "

func (in *Input) kafkaConnector(f File, d *datum) error {
	spec := d.get("spec")
	props, err := configOf(spec.get("config"))
	if err != nil {
		return err
	}
	c := Connector{Name: d.get("metadata").get("name").text, Line: d.line, Props: props}
	for i, key := range spec.keys {
		if !strings.Contains(connectorFields, " "+key+" ") {
			props["spec."+key] = Prop{"", spec.values[i].line} // no property of any connector: the report says so
		}
	}
	if class := spec.get("class"); class.text != "" {
		props["connector.class"] = Prop{class.text, class.line}
	}
	if tasks := spec.get("tasksMax"); tasks.text != "" {
		props["tasks.max"] = Prop{tasks.text, tasks.line}
	}
	if restart := spec.get("autoRestart"); strings.EqualFold(restart.get("enabled").text, "true") {
		props[restartProperty] = Prop{restart.get("maxRestarts").text, restart.line}
	}
	c.State = strings.ToUpper(spec.get("state").text)
	if c.State == "" && strings.EqualFold(spec.get("pause").text, "true") {
		c.State = "PAUSED"
	}
	in.add(f, c)
	return nil
}

// restartProperty stands for spec.autoRestart.
const restartProperty = "spec.autoRestart"

// workerFields are the fields of a KafkaConnect that are properties of its
// workers.
var workerFields = map[string]string{
	"bootstrapServers": "bootstrap.servers", "groupId": "group.id", "configStorageTopic": "config.storage.topic",
	"offsetStorageTopic": "offset.storage.topic", "statusStorageTopic": "status.storage.topic",
}

// aside are fields that say how Kubernetes runs connectors and workers.
const aside = " listOffsets alterOffsets replicas version image resources livenessProbe readinessProbe jvmOptions jmxOptions logging clientRackInitImage rack tracing template metricsConfig build plugins "

func (in *Input) kafkaConnect(f File, d *datum) error {
	spec := d.get("spec")
	props, err := configOf(spec.get("config"))
	if err != nil {
		return err
	}
	for i, key := range spec.keys {
		v := spec.values[i]
		switch property, known := workerFields[key]; {
		case known:
			props[property] = Prop{v.text, v.line}
		case key == "tls":
			props["security.protocol"] = Prop{"SSL", v.line}
			if v.get("trustedCertificates").form != null {
				props["spec.tls.trustedCertificates"] = Prop{"", v.line}
			}
		case key == "authentication":
			maps.Copy(props, authentication(v))
		case key == "config":
		default:
			props["spec."+key] = Prop{"", v.line}
		}
	}
	if spec.get("authentication").form == object {
		protocol := "SASL_PLAINTEXT"
		if spec.has("tls") {
			protocol = "SASL_SSL"
		}
		props["security.protocol"] = Prop{protocol, spec.get("authentication").line}
	}
	if props["bootstrap.servers"].Text == "" {
		return lineError{spec.line, errors.New("spec.bootstrapServers is missing")}
	}
	return in.worker(&Worker{File: f.Name, Props: props})
}

// authentication are the properties of a login by user and password.
func authentication(d *datum) map[string]Prop {
	props := map[string]Prop{}
	module := "org.apache.kafka.common.security.scram.ScramLoginModule"
	switch kind := d.get("type").text; kind {
	case "plain":
		module = "org.apache.kafka.common.security.plain.PlainLoginModule"
		fallthrough
	case "scram-sha-256", "scram-sha-512":
		props["sasl.mechanism"] = Prop{strings.ToUpper(kind), d.line}
		// The password is in a Secret of Kubernetes, which only a variable can bring.
		props["sasl.jaas.config"] = Prop{fmt.Sprintf("%s required username=%q password=\"-\";", module, d.get("username").text), d.line}
	default:
		props["spec.authentication.type"] = Prop{"", d.line}
	}
	return props
}
