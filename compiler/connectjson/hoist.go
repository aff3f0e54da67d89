package connectjson

import (
	"cmp"
	"slices"

	"kcgen.dev/compiler/gotype"
)

// hoist takes to the worker what connectors say and kcgen has in one place:
// the topic of offsets, and restarts.
func (s *Spec) hoist(readers []*reader, worker *tree, def *gotype.Def) {
	topics := map[string]bool{}
	for _, r := range readers {
		if text, ok := r.props["offsets.storage.topic"]; ok && r.connector != "" {
			topics[text.Text] = true
			r.used["offsets.storage.topic"] = true
		}
	}
	for _, r := range readers {
		text, ok := r.props["offsets.storage.topic"]
		own := worker.field("offsetStorageTopic")
		switch {
		case !ok || r.connector == "":
		case len(topics) > 1:
			r.replaceFail("offsets.storage.topic", "connectors of one pipeline have one topic of offsets, and these have several: import them by -dir, a spec for each")
		case own != nil && own.words() != quote(text.Text).words():
			own.text = quote(text.Text).text
			r.replaceFail("offsets.storage.topic", "")
		default:
			if own == nil {
				worker.add("offsetStorageTopic", quote(text.Text), "offsets.storage.topic")
			}
			r.replaceFail("offsets.storage.topic", "")
		}
		if p, ok := r.props[restartProperty]; ok {
			if worker.field("restart") == nil {
				restart := &tree{}
				if p.Text != "" {
					restart.add("limit", &tree{text: cmp.Or(p.Text, "10")}, restartProperty)
				}
				worker.add("restart", restart, restartProperty)
			}
			r.entry(restartProperty, Mapped, "worker.restart", "for all connectors of the pipeline")
		}
	}
}

// replaceFail says what became of a property that no connector has.
func (r *reader) replaceFail(property, why string) {
	r.report = slices.DeleteFunc(r.report, func(e Entry) bool { return e.Property == property && e.Outcome == Failed })
	if why != "" {
		r.fail(property, "%s", why)
		return
	}
	r.entry(property, Mapped, "worker.offsetStorageTopic", "for all connectors of the pipeline")
}
