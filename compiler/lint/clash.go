package lint

import (
	"fmt"
	"strings"

	"kcgen.dev/compiler/plan"
	"kcgen.dev/compiler/wiring"
)

// claim is what a connector uses and no other may.
type claim struct {
	scope string // where it is one thing: a server, a cluster, a folder
	name  string
	path  string // the field below the connector
	at    plan.Pos
}

// clash tells of each claim that another connector has made before.
func (f *finder) clash(what, why string, of func(part) claim) {
	first := map[[2]string]part{}
	for _, p := range f.parts {
		c := of(p)
		if c.name == "" || wiring.HasRef(c.name) && f.across() {
			continue // what a reference means is one thing in one program alone
		}
		key := [2]string{c.scope, c.name}
		other, taken := first[key]
		if !taken {
			first[key] = p
			continue
		}
		if f.meet(p, other) {
			f.against(p, other, p.Path+"."+c.path, fmt.Sprintf("%s %q is that of %s too: %s", what, c.name, f.name(other), why), c.at)
		}
	}
}

// option claims the text or the number in an option of a capture.
func option(p part, name string) claim {
	conn := p.options()
	l := conn.Lit(name)
	if l == nil {
		return claim{}
	}
	text := l.Str
	if l.Kind == plan.Int {
		text = fmt.Sprint(l.Int)
	}
	return claim{scope: server(conn), name: text, path: "connector." + name, at: plan.First(l.Pos, conn.Pos)}
}

// server is the database that a connector talks to, as its URL says.
func server(conn *plan.Struct) string {
	for _, name := range []string{"database", "connection"} {
		if db := conn.Struct(name); db != nil {
			return db.Text("url")
		}
	}
	return ""
}

// host is the server alone, without a database.
func host(url string) string {
	if _, rest, ok := strings.Cut(url, "://"); ok {
		url = rest
	}
	h, _, _ := strings.Cut(url, "/")
	return h
}

func sameSlot(f *finder) {
	f.clash("the replication slot", "the server gives a slot to one reader, and a change to one of them alone; give each capture a slotName of its own", func(p part) claim {
		return option(p, "slotName")
	})
}

func sameServerID(f *finder) {
	f.clash("the server id", "the server cuts off the older of two readers of one id, again and again; give each capture a databaseServerId of its own", func(p part) claim {
		c := option(p, "databaseServerId")
		c.scope = host(c.scope)
		return c
	})
}

func sameHistory(f *finder) {
	f.clash("the schema history", "each would take the other's tables for its own; give each capture a topic of its own", func(p part) claim {
		c := option(p, "schemaHistoryInternalKafkaTopic")
		c.scope = p.cluster
		return c
	})
}

func samePrefix(f *finder) {
	f.clash("the topic prefix", "tables of one name go to one topic, heartbeats and transactions in any case; give each capture a topicPrefix of its own", func(p part) claim {
		if p.options().Get("topicHeartbeatPrefix") == nil {
			return claim{} // no capture: tables of several sources may well go to one topic
		}
		c := option(p, "topicPrefix")
		c.scope = p.cluster
		return c
	})
}

// sameGroup: within one spec that is a mistake, which package check tells.
func sameGroup(f *finder) {
	if !f.across() {
		return
	}
	f.clash("the consumer group", "each would get a part of the records; rename a sink, or give it a consumer.groupId of its own", func(p part) claim {
		if !p.Sink {
			return claim{}
		}
		group, at := p.Group(p.plan.Root)
		return claim{p.cluster, group, "consumer.groupId", at}
	})
}

// sameWorkers: instances of a group take each other's connectors for gone.
func sameWorkers(f *finder) {
	first := map[[2]string]*plan.Pipeline{}
	for _, p := range f.plans {
		group := p.Root.Struct("worker").Struct("group")
		id := group.Text("id")
		if id == "" || wiring.HasRef(id) {
			continue
		}
		key := [2]string{cluster(p), id}
		if other := first[key]; other != nil {
			f.warn(p, "worker.group.id", fmt.Sprintf("the worker group %q is that of %s too: each takes the other's tasks for its own; give each pipeline a group of its own", id, other.Spec), group.At("id"))
			continue
		}
		first[key] = p
	}
}

func sameQueue(f *finder) {
	f.clash("the dead letter queue", "nobody can tell whose a letter is without its headers, and replay-dlq takes all through one chain; give each a topic of its own", func(p part) claim {
		topic, at := p.Queue()
		return claim{p.cluster, topic, "errors.deadLetterQueue.topicName", at}
	})
}

func sameFile(f *finder) {
	f.clash("the file", "each takes the end of the file for its own, and lines are torn; give each sink a file of its own", func(p part) claim {
		if !p.Is(connectors + "filestream.Sink") {
			return claim{}
		}
		return option(p, "file")
	})
}

// sameName: a source's offsets are kept under its name.
func sameName(f *finder) {
	f.clash("the name", "both keep their offsets under it in one topic: who resets those of one resets the other's, and what both read goes on where either stopped; rename one, or give a pipeline a worker.offsetStorageTopic of its own", func(p part) claim {
		if p.Sink {
			return claim{}
		}
		return claim{p.cluster + " " + p.plan.Root.Struct("worker").Text("offsetStorageTopic"), p.Key(), "connector", p.Pos}
	})
}
