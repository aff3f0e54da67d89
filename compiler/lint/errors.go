package lint

import (
	"fmt"

	"kcgen.dev/compiler/wiring"
)

// silentLoss: who tolerates failures keeps a record of them.
func silentLoss(f *finder) {
	for _, p := range f.parts {
		errs := p.Struct.Struct("errors")
		if errs.Text("tolerance") == "all" && errs.Get("deadLetterQueue") == nil {
			f.warn(p.plan, p.Path+".errors.tolerance", `"all" without a deadLetterQueue: records that fail are left out, and nobody has them`, errs.At("tolerance"), p.Pos)
		}
	}
}

// silentLetters: a dead letter without headers has neither a cause nor an
// origin, and cannot be replayed.
func silentLetters(f *finder) {
	for _, p := range f.parts {
		queue := p.Struct.Struct("errors").Struct("deadLetterQueue")
		if queue != nil && p.Struct.Struct("errors").Text("tolerance") == "all" && !queue.On("contextHeadersEnable") {
			f.warn(p.plan, p.Path+".errors.deadLetterQueue.contextHeadersEnable",
				"is off: a dead letter does not say why it is one, nor where it is from, and replay-dlq has to be told; set contextHeadersEnable: true", queue.At("contextHeadersEnable"), queue.Pos, p.Pos)
		}
	}
}

// mixedLetters: who reads a topic of data would take dead letters for data.
func mixedLetters(f *finder) {
	for _, p := range f.parts {
		queue, at := p.Queue()
		if queue == "" || wiring.HasRef(queue) {
			continue
		}
		for _, w := range f.parts {
			own := w.plan == p.plan && w.Path == p.Path
			if own || w.cluster != p.cluster || !f.meet(p, w) || w.topic != queue {
				continue
			}
			f.against(p, w, p.Path+".errors.deadLetterQueue.topicName", fmt.Sprintf("%q is filled by %s: who reads its data would get dead letters too; give them a topic of their own", queue, f.name(w)), at)
		}
	}
}
