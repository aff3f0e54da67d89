package rest_test

import (
	"bytes"
	"encoding/json"
	"net"
	"testing"

	"kcgen.dev/runtime/rest"
	"kcgen.dev/runtime/servertest"
)

// TestClients has two clients that others have written for Kafka Connect ask
// for everything they can.
func TestClients(t *testing.T) {
	p := demo()
	p.o.Users = users(t)
	p.herder.conns["src"].topics = []string{"t"}
	s := serve(t, rest.ServerOptions{Handler: p.handler()})
	askClients(t, s.Addr().String(), clientAnswers{
		worker: worker, version: "4.3.1", class: "FileStreamSource", missing: `1`, levels: `["kafka","root"]`,
		cluster: `{"version":"4.3.1","commit":"26b251a451ce941d","kafka_cluster_id":"qGqO05H6RTykqayM74wKAQ"}`,
		config:  `{"batch.size":"2000","connector.class":"FileStreamSource","file":"in.txt","name":"src","tasks.max":"1","topic":"t"}`,
	})
}

// clientAnswers is in what the answers of servers differ.
type clientAnswers struct{ worker, version, cluster, config, class, missing, levels string }

// all are the answers by the clients' calls.
func (a clientAnswers) all() map[string]string {
	const (
		task     = `{"connector":"src","task":0}`
		conflict = `{"error":"HTTPError","status":409}`
		missing  = `{"error":"HTTPError","status":404}`
	)
	at := func(phase string) string {
		return `"state":"` + phase + `","worker_id":"` + a.worker + `","version":"` + a.version + `"`
	}
	return map[string]string{
		"cluster": a.cluster,
		"names":   `["src","snk"]`, "running": `["src","snk"]`, "info": `["snk","src"]`,
		"connector": `{"name":"src","config":` + a.config + `,"tasks":[` + task + `],"type":"source"}`, "config": a.config,
		"create": conflict, "update alike": `"src"`, "update": conflict, "delete": conflict,
		"pause": `null`, "paused": `"PAUSED"`, "stop": `null`, "resume": `null`, "resumed": `"RUNNING"`, "restart": `null`,
		"stopped":     `{"name":"src","connector":{` + at("STOPPED") + `},"tasks":[],"type":"source"}`,
		"restart all": `{"name":"src","connector":{` + at("RESTARTING") + `},"tasks":[{"id":0,` + at("RESTARTING") + `}],"type":"source"}`,
		"tasks":       `[` + task + `]`, "task": `"RUNNING"`, "restart task": `null`, "no task": missing,
		"topics": `{"src":{"topics":["t"]}}`, "reset topics": `null`,
		"plugins": `["sink","source"]`, "validate": a.missing, "unknown": missing, "stranger": `{"error":"HTTPError","status":401}`,
		"version": `"` + a.version + `"`, "class": `"` + a.class + `"`, "state": `"RUNNING"`, "exists": `true`, "exists not": `{"error":"GenericNotFound","status":404}`, "cycle": `null`,
		"task states": `["RUNNING"]`, "root level": `"INFO"`, "set level": a.levels, "level set": `"DEBUG"`,
	}
}

func askClients(t *testing.T, addr string, answers clientAnswers) {
	t.Helper()
	host, port, err := net.SplitHostPort(addr)
	quiet(t, "address", err)
	out := servertest.ConnectClient(t, "testdata/clients.py", host, port, "viewer", "other", answers.class)
	want := answers.all()
	seen := 0
	for line := range bytes.Lines(out) {
		var said struct {
			What  string
			Given json.RawMessage
		}
		quiet(t, string(line), json.Unmarshal(line, &said))
		seen++
		if !same(want[said.What], string(said.Given)) {
			t.Errorf("%s: %s, want %s", said.What, said.Given, want[said.What])
		}
	}
	if seen != len(want) {
		t.Errorf("%d of %d calls were made", seen, len(want))
	}
}
