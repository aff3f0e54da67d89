package lint

import (
	"fmt"
	"strconv"

	"kcgen.dev/compiler/diag"
	"kcgen.dev/compiler/plan"
	"kcgen.dev/compiler/wiring"
)

const connectors = "kcgen.dev/runtime/connector/"

// twiceRows: at-least-once and INSERT give a row twice after a crash.
func twiceRows(f *finder) {
	for _, p := range f.parts {
		conn := p.options()
		if !p.Is(connectors+"sql.Sink") || conn.On("exactlyOnce") || conn.Text("insertMode") != "insert" || conn.Text("pkMode") != "none" {
			continue
		}
		f.warn(p.plan, p.Path+".connector.insertMode", `"insert" without a key, and without exactlyOnce: rows come twice after a crash; take "upsert" with a pkMode, or exactlyOnce: true`, conn.At("insertMode"), conn.Pos, p.Pos)
	}
}

// fromTheEnd: what comes before the first commit, or after the group's offsets
// have expired, is never read.
func fromTheEnd(f *finder) {
	each(f, "consumer", "sinks", func(p *plan.Pipeline, path string, s *plan.Struct) {
		if s.Text("autoOffsetReset") == "latest" {
			f.warn(p, path+".autoOffsetReset", `"latest": where the group has no offset (at first, and after a week of rest), what came before is left out without a word`, s.At("autoOffsetReset"))
		}
	})
}

// openTransactions: exactly once ends at a reader that reads what is aborted.
func openTransactions(f *finder) {
	f.topics(func(w, r part, topic string) {
		if w.Get("exactlyOnce") == nil || isolation(r) == "read_committed" {
			return
		}
		f.against(r, w, r.Path+".consumer.isolationLevel", fmt.Sprintf(`is not "read_committed", and %s writes %q in transactions: records of aborted ones are read, and come twice`, f.name(w), topic), r.Struct.Struct("consumer").At("isolationLevel"))
	})
}

// isolation is what a sink's consumer is told, by the sink or by the worker.
func isolation(p part) string {
	if own := p.Struct.Struct("consumer").Text("isolationLevel"); own != "" {
		return own
	}
	return p.plan.Root.Struct("worker").Struct("consumer").Text("isolationLevel")
}

// droppedSlot: without the slot the server forgets what was not read.
func droppedSlot(f *finder) {
	for _, p := range f.parts {
		if conn := p.options(); conn.On("slotDropOnStop") {
			f.warn(p.plan, p.Path+".connector.slotDropOnStop", "drops the slot at each stop: what changes until the next start is lost", conn.At("slotDropOnStop"), p.Pos)
		}
	}
}

// noHeartbeat: the server keeps its log until the capture says how far it is.
func noHeartbeat(f *finder) {
	for _, p := range f.parts {
		conn := p.options()
		every := conn.Written("heartbeatInterval")
		if every != nil && conn.Get("slotName") != nil && length(conn, "heartbeatInterval") == 0 {
			f.warn(p.plan, p.Path+".connector.heartbeatInterval", "is none: where the captured tables are quiet and others are not, the server keeps its log until the disk is full", every.Pos, p.Pos)
		}
	}
}

// eachStart: each start, also after a crash, reads all rows again.
func eachStart(f *finder) {
	for _, p := range f.parts {
		if conn := p.options(); conn.Text("snapshotMode") == "always" {
			f.warn(p.plan, p.Path+".connector.snapshotMode", `"always": each start reads all rows, and writes them again, also after a crash and when the task moves; take "when_needed"`, conn.At("snapshotMode"), p.Pos)
		}
	}
}

// skippedValues: a value becomes null and nobody is told.
func skippedValues(f *finder) {
	for _, p := range f.parts {
		const name = "eventConvertingFailureHandlingMode"
		if conn := p.options(); conn.Text(name) == "skip" {
			f.warn(p.plan, p.Path+".connector."+name, `"skip": a value that cannot be converted becomes null, and nobody is told; take "warn"`, conn.At(name), p.Pos)
		}
	}
}

// ownTopics: the worker's topics hold no records for sinks.
func ownTopics(f *finder) {
	for _, p := range f.parts {
		if p.pattern == nil {
			continue
		}
		worker := p.plan.Root.Struct("worker")
		own := []string{worker.Text("offsetStorageTopic"), worker.Struct("group").Text("configStorageTopic"), worker.Struct("group").Text("statusStorageTopic"), "__consumer_offsets"}
		for _, topic := range own {
			if topic != "" && p.pattern.MatchString(topic) {
				f.warn(p.plan, p.Path+".topicsRegex", fmt.Sprintf("matches %s too, which holds no records for a sink: say more narrowly what is meant", topic), p.At("topicsRegex"), p.Pos)
				break
			}
		}
	}
}

// oneReplica: a broker that is lost takes with it what has no other replica.
func oneReplica(f *finder) {
	f.structs(func(p *plan.Pipeline, path string, s *plan.Struct) {
		if isLocal(p) {
			return
		}
		for _, name := range []string{"offsetStorageReplicationFactor", "configStorageReplicationFactor", "statusStorageReplicationFactor", "topicReplicationFactor", "replicationFactor"} {
			if l := s.Lit(name); l != nil && l.Int == 1 {
				f.warn(p, path+"."+name, "is 1: with its broker the topic is gone, and what it holds; 3 is usual, and -1 is the broker's default", l.Pos, s.Pos)
			}
		}
	})
}

// isLocal says whether all brokers are on this machine, as for a try.
func isLocal(p *plan.Pipeline) bool {
	for _, e := range p.Root.Struct("kafka").List("brokers") {
		if l, ok := e.(*plan.Lit); ok && (wiring.HasRef(l.Str) || !isLoopback(l.Str)) {
			return false
		}
	}
	return true
}

// tooFewReplicas: min.insync.replicas above the number of replicas.
func tooFewReplicas(f *finder) {
	for _, p := range f.parts {
		creation := p.Struct.Struct("topicCreation")
		if creation == nil {
			continue
		}
		f.insync(p, p.Path+".topicCreation.default", creation.Struct("default"))
		for _, g := range creation.Structs("groups") {
			f.insync(p, p.Path+".topicCreation.groups."+diag.Label(g.Key()), g)
		}
	}
}

func (f *finder) insync(p part, path string, s *plan.Struct) {
	replicas, configs := s.Lit("replicationFactor"), s.Get("configs")
	if replicas == nil || replicas.Int < 1 || configs == nil {
		return
	}
	m, ok := configs.Value.(*plan.Map)
	if !ok {
		return
	}
	for i, key := range m.Keys {
		l, ok := m.Vals[i].(*plan.Lit)
		if !ok || key != "min.insync.replicas" {
			continue
		}
		if n, err := strconv.ParseInt(l.Str, 10, 64); err == nil && n > replicas.Int {
			f.warn(p.plan, path+".configs", fmt.Sprintf("min.insync.replicas %d is more than replicationFactor, which is %d: the topic takes no record", n, replicas.Int), l.Pos, configs.Pos, p.Pos)
		}
	}
}
