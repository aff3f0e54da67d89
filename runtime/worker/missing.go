package worker

import (
	"context"
	"strings"
	"time"
)

// lookAgain is how often a sink without partitions asks for its topics.
const lookAgain = time.Second

// awaitTopics watches a sink that has been given no partition yet. Where none
// of its topics is there it says so, once, and lets the task count as idle: it
// has nothing to do until somebody makes one.
func (t *sinkTask) awaitTopics(stop context.Context) {
	said := false
	for pause(stop, lookAgain) == nil && !t.ready.Load() {
		there, err := t.conn.AnyTopic(stop, t.sub)
		if err != nil {
			continue // the reader says what is wrong with the cluster
		}
		if there {
			t.reader.Seek() // it may have been made since the reader began
		} else if !said {
			said = true
			what := strings.Join(t.sub.Topics, ", ")
			if t.sub.Regex != "" {
				what = t.sub.Regex
			}
			t.log.Warn("no topic to read is there yet; waiting for it", "topics", what)
		}
		t.without.Store(!there) // said first: it may be what the program ends by
	}
}

// idleStill is asked last, before an idle exit: whether all is read, by the
// brokers' own word; or whether there still is no topic, which may have been
// made since awaitTopics looked.
func (t *sinkTask) idleStill(ctx context.Context) bool {
	if t.ready.Load() {
		behind, err := t.reader.Behind(ctx)
		if behind {
			t.touch() // what it has found may yet have to be shared out
		}
		return err == nil && !behind
	}
	there, err := t.conn.AnyTopic(ctx, t.sub)
	return err == nil && !there
}
