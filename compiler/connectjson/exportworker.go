package connectjson

import (
	"cmp"
	"fmt"
	"strings"

	"kcgen.dev/compiler/diag"
	"kcgen.dev/compiler/plan"
)

// worker writes the cluster and the worker.
func (w *writer) worker(root *plan.Struct) diag.List {
	kafka, worker := root.Struct("kafka"), root.Struct("worker")
	d, bad := w.l.schema("Worker")
	if len(bad) > 0 {
		return bad
	}
	var brokers []string
	for _, b := range kafka.List("brokers") {
		brokers = append(brokers, b.(*plan.Lit).Str)
	}
	w.config["bootstrap.servers"] = strings.Join(brokers, ",")
	if id := kafka.Text("clientId"); id != "" {
		w.config["client.id"] = id
	}
	w.login(kafka)
	plain := *d
	plain.Fields = nil
	for _, f := range d.Fields {
		pf := worker.Get(f.Name)
		switch {
		case pf == nil:
		case f.Name == "takeover":
			w.say(pf, "worker.takeover", Needless, "it is of the move to kcgen")
		case f.Name == "restart":
			w.none(pf, "worker.restart")
		case f.Name == "rest":
			w.rest(worker.Struct("rest"))
		default:
			plain.Fields = append(plain.Fields, f)
		}
	}
	if worker != nil {
		w.structure(worker, &plain, place{}, "worker")
	}
	w.wanted(root)
	return nil
}

// wanted are properties without which no worker of Kafka Connect starts.
func (w *writer) wanted(root *plan.Struct) {
	for _, which := range []string{"key", "value"} {
		w.config[which+".converter"] = "org.apache.kafka.connect.json.JsonConverter" // every connector has its own
	}
	worker := root.Struct("worker")
	group := worker.Struct("group")
	if group == nil {
		w.config["offset.storage.file.filename"] = "connect.offsets" // of standalone mode
		return
	}
	w.config["offset.storage.topic"] = worker.Text("offsetStorageTopic")
	w.config["config.storage.topic"] = group.Text("configStorageTopic")
	w.config["status.storage.topic"] = group.Text("statusStorageTopic")
	exactly, sources := 0, root.Structs("sources")
	for _, s := range sources {
		if s.Get("exactlyOnce") != nil {
			exactly++
		}
	}
	switch {
	case exactly > 0 && exactly == len(sources):
		w.config["exactly.once.source.support"] = "enabled"
	case exactly > 0:
		w.report = append(w.report, Entry{File: w.file, Property: "exactly.once.source.support", Outcome: Decided,
			Note: "the worker needs enabled, and is exactly once for all its sources then"})
	}
}

func (w *writer) rest(s *plan.Struct) {
	w.config["listeners"] = "http://" + s.Text("listen")
	if host, port, ok := strings.Cut(s.Text("advertised"), ":"); ok {
		w.config["rest.advertised.host.name"], w.config["rest.advertised.port"] = host, port
	}
	for _, name := range []string{"tls", "basicAuth", "readOnly"} {
		if f := s.Get(name); f != nil && f.Pos.IsValid() {
			w.none(f, "worker.rest."+name)
		}
	}
}

// login writes TLS and SASL of the cluster.
func (w *writer) login(kafka *plan.Struct) {
	tls, sasl := kafka.Struct("tls"), kafka.Struct("sasl")
	if protocol := protocolOf(tls, sasl); protocol != "PLAINTEXT" {
		w.config["security.protocol"] = protocol
	}
	w.credentials(tls, sasl, loginAt{"", "kafka"})
}

// ownLogin writes what clients have of a login of their own. What they leave out
// is the cluster's.
func (w *writer) ownLogin(client *plan.Struct, at loginAt) {
	tls, sasl := client.Struct("tls"), client.Struct("sasl")
	if tls == nil && sasl == nil {
		return
	}
	w.credentials(tls, sasl, at)
	w.config[at.prefix+"security.protocol"] = protocolOf(cmp.Or(tls, w.kafka.Struct("tls")), cmp.Or(sasl, w.kafka.Struct("sasl")))
}

// protocolOf is the security.protocol.
func protocolOf(tls, sasl *plan.Struct) string {
	protocol := "PLAINTEXT"
	if tls != nil {
		protocol = "SSL"
	}
	if sasl != nil {
		protocol = "SASL_" + protocol
	}
	return protocol
}

func (w *writer) credentials(tls, sasl *plan.Struct, at loginAt) {
	if sasl != nil {
		w.jaas(sasl, at)
	}
	w.stores(tls, at.prefix+"ssl.", at.path+".tls")
}

// stores writes certificates, behind a prefix ("ssl.").
func (w *writer) stores(tls *plan.Struct, prefix, path string) {
	if file := tls.Text("caFile"); file != "" {
		w.config[prefix+"truststore.location"], w.config[prefix+"truststore.type"] = file, "PEM"
	}
	if cert, key := tls.Text("certFile"), tls.Text("keyFile"); cert != "" {
		w.config[prefix+"keystore.location"], w.config[prefix+"keystore.type"] = cert, "PEM"
		if f := tls.Get("keyFile"); f != nil && cert != key {
			w.say(f, path+".keyFile", Decided, "Kafka reads key and certificates from one PEM file: put them into one")
		}
	}
	for _, name := range []string{"serverName", "insecureSkipVerify"} {
		if f := tls.Get(name); f != nil && f.Pos.IsValid() {
			w.none(f, path+"."+name)
		}
	}
}

// modules are JAAS's, by mechanism.
var modules = map[string]string{
	"PLAIN":         "org.apache.kafka.common.security.plain.PlainLoginModule",
	"SCRAM-SHA-256": "org.apache.kafka.common.security.scram.ScramLoginModule",
	"SCRAM-SHA-512": "org.apache.kafka.common.security.scram.ScramLoginModule",
	"OAUTHBEARER":   "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule",
}

func (w *writer) jaas(sasl *plan.Struct, at loginAt) {
	w.config[at.prefix+"sasl.mechanism"] = sasl.Text("mechanism")
	line := modules[sasl.Text("mechanism")] + " required"
	for _, name := range []string{"username", "password", "clientId", "clientSecret", "scope"} {
		if text := sasl.Text(name); text != "" {
			line += fmt.Sprintf(" %s=\"%s\"", name, strings.ReplaceAll(text, `"`, `\"`))
		}
	}
	if f := sasl.Get("extensions"); f != nil {
		if m, ok := f.Value.(*plan.Map); ok {
			for i, k := range m.Keys {
				line += fmt.Sprintf(" extension_%s=\"%s\"", k, m.Vals[i].(*plan.Lit).Str)
			}
		}
	}
	w.config[at.prefix+"sasl.jaas.config"] = line + ";"
	if url := sasl.Text("tokenEndpointUrl"); url != "" {
		w.config[at.prefix+"sasl.oauthbearer.token.endpoint.url"] = url
		w.config[at.prefix+"sasl.login.callback.handler.class"] = "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginCallbackHandler"
	}
	if f := sasl.Get("token"); f != nil {
		w.none(f, at.path+".sasl.token")
	}
}
