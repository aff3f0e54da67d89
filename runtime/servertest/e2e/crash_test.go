package e2e_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"kcgen.dev/runtime/servertest"
	"kcgen.dev/runtime/servertest/history"
	"kcgen.dev/runtime/servertest/proc"
)

// crashSize is how much the crash tests do: a taste of it by default, all of
// it with KCGEN_CRASH=full, as "make crash" sets it; KCGEN_CRASH=KILLS,LINES
// for anything else.
func crashSize(t *testing.T) (kills, lines int64) {
	t.Helper()
	switch v := os.Getenv("KCGEN_CRASH"); v {
	case "":
		return 12, 200_000
	case "full":
		return 50, 1_000_000
	default:
		if _, err := fmt.Sscanf(v, "%d,%d", &kills, &lines); err != nil {
			t.Fatalf("KCGEN_CRASH=%s: want \"full\" or KILLS,LINES", v)
		}
		return kills, lines
	}
}

// crashes runs a pipeline and kills it again and again, at a moment within
// window that the seed decides, while feed adds lines from <= number < to in
// small portions: there is always something on its way.
func (l *lab) crashes(kills, lines int64, window time.Duration, feed func(from, to int64)) {
	l.t.Helper()
	l.crashing(kills, lines, window, feed, func() *proc.Process { return l.start() })
}

// crashing is crashes of what start starts.
func (l *lab) crashing(kills, lines int64, window time.Duration, feed func(from, to int64), start func() *proc.Process) {
	l.t.Helper()
	seed := uint64(time.Now().UnixNano())
	if v := os.Getenv("KCGEN_CRASH_SEED"); v != "" {
		seed, _ = strconv.ParseUint(v, 10, 64)
	}
	l.t.Logf("KCGEN_CRASH_SEED=%d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	for k := range kills {
		moment := time.After(time.Duration(random.Int64N(int64(window))))
		p := start()
		fed := make(chan struct{})
		go func() {
			defer close(fed)
			l.feedSlowly(lines*k/kills, lines*(k+1)/kills, window, feed)
		}()
		<-moment
		p.Kill()
		<-fed
		if l.t.Failed() {
			l.t.FailNow()
		}
	}
}

// feedSlowly spreads lines over a window.
func (l *lab) feedSlowly(from, to int64, window time.Duration, feed func(from, to int64)) {
	const portions = 40
	tick := time.NewTicker(window / portions)
	defer tick.Stop()
	for i := range int64(portions) {
		feed(from+(to-from)*i/portions, from+(to-from)*(i+1)/portions)
		<-tick.C
	}
}

// A source that is killed loses nothing: it goes on where its last committed
// offset says, so lines come again but never go missing or change places.
func TestCrashSource(t *testing.T) {
	kills, lines := crashSize(t)
	l := newLab(t, servertest.SharedKafka(t), "crashsource")
	l.crashes(kills, lines, 600*time.Millisecond, l.write)
	p := l.start()
	// Not the last line in the topic: a run that was killed may have sent it.
	l.wait(p, "the commit behind the last line", func() bool { return l.position() == l.inSize() })
	l.stop(p)
	r := l.checkTopic(lines)
	t.Logf("%d kills: %v", kills, r)
	l.complete(r)
	if r.Torn > 0 {
		t.Errorf("%d lines are torn; a topic's records are whole", r.Torn)
	}
	if r.Rewinds > kills {
		t.Errorf("lines began again %d times, with %d kills", r.Rewinds, kills)
	}
	l.positionsRise()
	l.checkPosition("e2e-crashsource")
}

// positionsRise fails the test if a committed offset is behind an earlier one.
func (l *lab) positionsRise() {
	l.t.Helper()
	last := int64(-1)
	for _, p := range l.positions() {
		at := l.parsePosition(p)
		if at < last {
			l.t.Errorf("offset %d was committed after %d", at, last)
		}
		last = at
	}
}

// holdsLine is a question for wait: whether the last record of the topic is
// that line, so that nothing more is to come.
func (l *lab) holdsLine(n int64) func() bool {
	want := string(history.AppendLine(nil, source, n, lineSize))
	return func() bool { return l.lastValue() == want }
}

// A sink that is killed loses nothing: no offset is committed before its lines
// are in the file, and a line that the kill cut short is cut off by the next
// start.
func TestCrashSink(t *testing.T) {
	kills, lines := crashSize(t)
	l := newLab(t, servertest.SharedKafka(t), "crashsink")
	l.crashes(kills, lines, 2500*time.Millisecond, l.fill)
	p := l.start()
	l.wait(p, "the commit behind the last line", func() bool { return l.committed("e2e-crashsink") == lines })
	l.stop(p)
	r := l.checkOut(lines)
	t.Logf("%d kills: %v", kills, r)
	l.complete(r)
	if r.Torn > 0 {
		t.Errorf("%d lines are torn", r.Torn)
	}
	if out := l.timesOut(p); r.Rewinds > kills+out {
		t.Errorf("lines began again %d times, with %d kills and %d times out of the group", r.Rewinds, kills, out)
	}
}

// timesOut is how often the sink's runs lost their partitions to the group
// though nobody killed them: on a busy machine a session of a second may pass
// without a heartbeat. What was not committed is then read again.
func (l *lab) timesOut(p *proc.Process) (n int64) {
	l.t.Helper()
	log, err := p.Log()
	if err != nil {
		l.t.Fatal(err)
	}
	for _, words := range []string{"partitions were lost to the group", "offsets were not committed before partitions were given up"} {
		n += int64(bytes.Count(log, []byte(words)))
	}
	return n
}
