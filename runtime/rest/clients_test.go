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
	host, port, err := net.SplitHostPort(s.Addr().String())
	quiet(t, "address", err)
	out := servertest.ConnectClient(t, "testdata/clients.py", host, port, "viewer", "other")

	const (
		task     = `{"connector":"src","task":0}`
		config   = `{"batch.size":"2000","connector.class":"FileStreamSource","file":"in.txt","name":"src","tasks.max":"1","topic":"t"}`
		conflict = `{"error":"HTTPError","status":409}`
		missing  = `{"error":"HTTPError","status":404}`
	)
	want := map[string]string{
		"cluster": `{"version":"4.3.1","commit":"26b251a451ce941d","kafka_cluster_id":"qGqO05H6RTykqayM74wKAQ"}`,
		"names":   `["src","snk"]`, "running": `["src","snk"]`, "info": `["snk","src"]`,
		"connector": `{"name":"src","config":` + config + `,"tasks":[` + task + `],"type":"source"}`, "config": config,
		"create": conflict, "update alike": `"src"`, "update": conflict, "delete": conflict,
		"pause": `null`, "paused": `"PAUSED"`, "stop": `null`, "resume": `null`, "restart": `null`,
		"stopped":     `{"name":"src","connector":{"state":"STOPPED","worker_id":"127.0.0.1:18084","version":"4.3.1"},"tasks":[],"type":"source"}`,
		"restart all": `{"name":"src","connector":{"state":"RESTARTING","worker_id":"127.0.0.1:18084","version":"4.3.1"},"tasks":[{"id":0,"state":"RESTARTING","worker_id":"127.0.0.1:18084","version":"4.3.1"}],"type":"source"}`,
		"tasks":       `[` + task + `]`, "task": `"RUNNING"`, "restart task": `null`, "no task": missing,
		"topics": `{"src":{"topics":["t"]}}`, "reset topics": `null`,
		"plugins": `["sink","source"]`, "validate": `1`, "unknown": missing, "stranger": `{"error":"HTTPError","status":401}`,
		"version": `"4.3.1"`, "class": `"FileStreamSource"`, "state": `"RUNNING"`, "exists": `true`, "exists not": `{"error":"GenericNotFound","status":404}`, "cycle": `null`,
		"task states": `["RUNNING"]`, "root level": `"INFO"`, "set level": `["kafka","root"]`, "level set": `"DEBUG"`,
	}
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
