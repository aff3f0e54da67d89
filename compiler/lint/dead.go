package lint

import (
	"fmt"

	"kcgen.dev/compiler/diag"
	"kcgen.dev/compiler/plan"
	"kcgen.dev/compiler/wiring"
)

// deadSettings: settings for clients that the pipeline does not have.
func deadSettings(f *finder) {
	for _, p := range f.plans {
		worker := p.Root.Struct("worker")
		if len(p.Root.List("sinks")) == 0 {
			f.dead(p, "worker.consumer", worker.Struct("consumer"), "sinks")
		}
		if len(p.Root.List("sources")) > 0 {
			continue
		}
		f.dead(p, "worker.producer", worker.Struct("producer"), "sources")
		for _, name := range []string{"offsetStorageTopic", "offsetStoragePartitions", "offsetStorageReplicationFactor"} {
			if fd := worker.Written(name); fd != nil {
				f.warn(p, "worker."+name, "changes nothing: the pipeline has no sources", fd.Pos)
			}
		}
	}
}

func (f *finder) dead(p *plan.Pipeline, path string, s *plan.Struct, kind string) {
	if s == nil {
		return
	}
	for _, fd := range s.Fields {
		if fd.Pos.IsValid() {
			f.warn(p, path+"."+fd.Name, fmt.Sprintf("changes nothing: the pipeline has no %s", kind), fd.Pos)
		}
	}
}

// hiddenLimit: no answer, and no request, is larger than its limit.
func hiddenLimit(f *finder) {
	hidden := func(small, large string) func(*plan.Pipeline, string, *plan.Struct) {
		return func(p *plan.Pipeline, path string, s *plan.Struct) {
			inner, outer := s.Lit(small), s.Lit(large)
			if inner != nil && outer != nil && inner.Int > outer.Int {
				f.warn(p, path+"."+small, fmt.Sprintf("is more than %s: it is never reached", large), inner.Pos, s.Pos)
			}
		}
	}
	each(f, "consumer", "sinks", hidden("maxPartitionFetchBytes", "fetchMaxBytes"))
	each(f, "producer", "sources", hidden("batchSize", "maxRequestSize"))
}

// deadGroup: a group of topicCreation that the source's one topic is not in.
func deadGroup(f *finder) {
	for _, p := range f.parts {
		topic := p.topic
		if topic == "" || wiring.HasRef(topic) {
			continue
		}
		rule := ruleOf(p.Connector, topic)
		for _, g := range p.Struct.Struct("topicCreation").Structs("groups") {
			if g != rule {
				f.warn(p.plan, p.Path+".topicCreation.groups."+diag.Label(g.Key()), fmt.Sprintf("changes nothing: the source fills %q alone, which is not made by it", topic), g.Pos, p.Pos)
			}
		}
	}
}
