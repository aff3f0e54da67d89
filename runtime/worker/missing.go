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
		t.without.Store(!there)
		if !there && !said {
			said = true
			what := strings.Join(t.sub.Topics, ", ")
			if t.sub.Regex != "" {
				what = t.sub.Regex
			}
			t.log.Warn("no topic to read is there yet; waiting for it", "topics", what)
		}
	}
}

// idleStill is asked last, before an idle exit: a topic may have been made
// since awaitTopics looked.
func (t *sinkTask) idleStill(ctx context.Context) bool {
	if t.ready.Load() {
		return true
	}
	there, err := t.conn.AnyTopic(ctx, t.sub)
	t.without.Store(err == nil && !there)
	return err == nil && !there
}
