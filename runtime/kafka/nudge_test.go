package kafka

import (
	"testing"
	"time"
)

func TestNudge(t *testing.T) {
	woken := 0
	n := nudge{wake: func() { woken++ }}
	begun := time.Now()
	for _, at := range []struct {
		after time.Duration
		want  int
	}{
		{0, 0}, {nudgeEvery - 1, 0}, {nudgeEvery, 1}, {nudgeEvery + 1, 1},
		{2*nudgeEvery - 1, 1}, {5 * nudgeEvery, 2}, {6*nudgeEvery - 1, 2}, {6 * nudgeEvery, 3},
	} {
		if n.due(begun.Add(at.after)); woken != at.want {
			t.Errorf("%v after the first poll it has woken %d times, not %d", at.after, woken, at.want)
		}
	}
}
