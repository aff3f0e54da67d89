package e2e_test

import (
	"fmt"
	"strings"
	"testing"

	"kcgen.dev/runtime/servertest"
)

// A source ships what is there and what is appended, keeps an unfinished last
// line, stops cleanly, and goes on where it was, in Connect's own format.
func TestFileToTopic(t *testing.T) {
	l := newLab(t, servertest.SharedKafka(t), "source")
	l.write(0, 1000)
	p := l.start()
	l.wait(p, "the first lines", l.reaches(1000))
	l.write(1000, 1500)
	l.wait(p, "the appended lines", l.reaches(1500))
	l.stop(p)
	l.exact(l.checkTopic(1500))

	l.write(1500, 2000)
	p = l.start()
	l.wait(p, "the lines of the second start", l.reaches(2000))
	l.stop(p)
	l.exact(l.checkTopic(2000))
	l.checkPosition("e2e-source")
}

// checkPosition compares the last record of the offsets topic with what Kafka
// Connect would have written.
func (l *lab) checkPosition(connector string) {
	l.t.Helper()
	ps := l.positions()
	if len(ps) == 0 {
		l.t.Fatal("the offsets topic holds nothing of this source")
	}
	got := ps[len(ps)-1]
	key := fmt.Sprintf(`["%s",{"filename":"%s"}]`, connector, l.in)
	want := position{key, fmt.Sprintf(`{"position":%d}`, l.inSize()), javaPartition(key, 25)}
	if got != want {
		l.t.Errorf("offset record\n got %+v\nwant %+v", got, want)
	}
}

// The internal topic is made as Connect makes it.
func TestOffsetsTopic(t *testing.T) {
	l := newLab(t, servertest.SharedKafka(t), "source")
	l.write(0, 1)
	p := l.start()
	l.wait(p, "the line", l.reaches(1))
	l.stop(p)
	topics, err := l.admin.ListTopics(t.Context(), "connect-offsets")
	if err != nil {
		t.Fatal(err)
	}
	if n := len(topics["connect-offsets"].Partitions); n != 25 {
		t.Errorf("connect-offsets has %d partitions, want 25", n)
	}
	configs, err := l.admin.DescribeTopicConfigs(t.Context(), "connect-offsets")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range configs[0].Configs {
		if c.Key == "cleanup.policy" && c.MaybeValue() != "compact" {
			t.Errorf("cleanup.policy of connect-offsets is %s, want compact", c.MaybeValue())
		}
	}
}

// The line at the end of the file is sent when its newline comes, not before.
func TestUnfinishedLine(t *testing.T) {
	l := newLab(t, servertest.SharedKafka(t), "source")
	l.writeText("whole\nhalf")
	p := l.start()
	l.wait(p, "the whole line", l.reaches(1))
	l.stop(p)
	p = l.start()
	l.writeText(" and half\n")
	l.wait(p, "the finished line", l.reaches(2))
	l.stop(p)
	var got []string
	for _, r := range l.records(l.topic) {
		got = append(got, string(r.Value))
	}
	if want := "whole|half and half"; strings.Join(got, "|") != want {
		t.Errorf("got %q, want %s", got, want)
	}
}

// A sink writes what is there and what comes, flushes, commits, stops cleanly
// and goes on where it was.
func TestTopicToFile(t *testing.T) {
	l := newLab(t, servertest.SharedKafka(t), "sink")
	l.fill(0, 1000)
	p := l.start()
	l.wait(p, "the first lines", l.written(1000))
	l.fill(1000, 1500)
	l.wait(p, "the lines that came later", l.written(1500))
	l.stop(p)
	l.exact(l.checkOut(1500))
	if got := l.committed("e2e-sink"); got != 1500 {
		t.Errorf("after a clean stop offset %d is committed, want 1500", got)
	}
	l.fill(1500, 2000)
	p = l.start()
	l.wait(p, "the lines of the second start", l.written(2000))
	l.stop(p)
	l.exact(l.checkOut(2000))
}

// written is a question for wait: whether the output has the size of n lines.
func (l *lab) written(n int64) func() bool {
	return func() bool { return l.outSize() >= n*(lineSize+1) }
}

// A source and a sink in one process.
func TestBothInOneProcess(t *testing.T) {
	const n = 20_000
	l := newLab(t, servertest.SharedKafka(t), "both")
	l.write(0, n)
	p := l.start()
	l.wait(p, "all lines in the output", l.written(n))
	l.stop(p)
	l.exact(l.checkTopic(n))
	l.exact(l.checkOut(n))
	l.checkPosition("e2e-both-source")
}

// SIGTERM in the middle of the work: what was sent is committed, so that a
// second start repeats nothing.
func TestStopUnderLoad(t *testing.T) {
	const n, stops = 300_000, 6
	l := newLab(t, servertest.SharedKafka(t), "source")
	for k := range int64(stops) {
		l.write(n*k/stops, n*(k+1)/stops)
		before := l.end()
		p := l.start()
		l.wait(p, "some of the lines", func() bool { return l.end() > before })
		l.stop(p)
	}
	p := l.start()
	l.write(n, n+1) // so that there is something to wait for
	l.wait(p, "all lines", l.holdsLine(n))
	l.stop(p)
	l.exact(l.checkTopic(n + 1))
}

// The same for a sink.
func TestStopUnderLoadSink(t *testing.T) {
	const n, stops = 300_000, 6
	l := newLab(t, servertest.SharedKafka(t), "sink")
	for k := range int64(stops) {
		l.fill(n*k/stops, n*(k+1)/stops)
		before := l.outSize()
		p := l.start()
		l.wait(p, "some of the lines", func() bool { return l.outSize() > before })
		l.stop(p)
	}
	p := l.start()
	l.fill(n, n+1) // so that there is something to wait for
	l.wait(p, "all lines", l.written(n+1))
	l.stop(p)
	l.exact(l.checkOut(n + 1))
}

// Transforms and the JSON converter on the real path.
func TestJSON(t *testing.T) {
	l := newLab(t, servertest.SharedKafka(t), "jsonsource")
	l.writeText("a \"quoted\" line\n\nümlaut\n")
	p := l.start()
	l.wait(p, "the lines", l.reaches(3))
	l.stop(p)
	want := []string{`{"line":"a \"quoted\" line","site":"eu"}`, `{"line":"","site":"eu"}`, `{"line":"ümlaut","site":"eu"}`}
	for i, r := range l.records(l.topic) {
		if string(r.Value) != want[i] {
			t.Errorf("record %d is %s, want %s", i, r.Value, want[i])
		}
	}
}

// -exit-when-idle ends a pipeline by itself when all has been moved.
func TestExitWhenIdle(t *testing.T) {
	const n = 5000
	l := newLab(t, servertest.SharedKafka(t), "both")
	l.write(0, n)
	if err := l.start("-exit-when-idle", "1s").Wait(t.Context()); err != nil {
		t.Fatalf("ended with %v, want exit code 0", err)
	}
	l.exact(l.checkOut(n))
}
