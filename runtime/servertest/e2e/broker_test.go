package e2e_test

import (
	"testing"

	"kcgen.dev/runtime/servertest"
)

// A broker that is down at the start is waited for, aloud.
func TestBrokerDownAtStart(t *testing.T) {
	b := servertest.Kafka(t)
	l := newLab(t, b, "both")
	l.write(0, 1000)
	b.Kill()
	p := l.start()
	l.waitLog(p, b.Addr())
	if err := b.Start(); err != nil {
		t.Fatal(err)
	}
	l.wait(p, "all lines in the output", l.written(1000))
	l.stop(p)
	l.exact(l.checkOut(1000))
}

// A broker that is killed under load and comes back: nothing is lost, and the
// idempotent producer repeats nothing.
func TestBrokerKilledUnderLoad(t *testing.T) {
	const n, kills = 600_000, 3
	b := servertest.Kafka(t)
	l := newLab(t, b, "both")
	p := l.start()
	for k := range int64(kills) {
		l.write(n*k/kills, n*(k+1)/kills)
		l.wait(p, "some of the lines", l.reaches(n*k/kills+n/kills/4))
		if err := b.Restart(); err != nil {
			t.Fatal(err)
		}
	}
	l.wait(p, "all lines in the topic", l.reaches(n))
	l.wait(p, "the commit behind the last line", func() bool { return l.committed("e2e-both-sink") == n })
	l.stop(p)
	l.exact(l.checkTopic(n))
	l.complete(l.checkOut(n))
}

// A broker that hangs for a while is no different.
func TestBrokerPausedUnderLoad(t *testing.T) {
	const n = 300_000
	b := servertest.Kafka(t)
	l := newLab(t, b, "both")
	l.write(0, n)
	p := l.start()
	l.wait(p, "some of the lines", l.reaches(1))
	if err := b.Pause(); err != nil {
		t.Fatal(err)
	}
	l.write(n, n+1000)
	if err := b.Resume(); err != nil {
		t.Fatal(err)
	}
	// Lines may have been written twice, so the output's size says nothing.
	l.wait(p, "the commit behind the last line", func() bool { return l.committed("e2e-both-sink") == n+1000 })
	l.stop(p)
	l.exact(l.checkTopic(n + 1000))
	l.complete(l.checkOut(n + 1000))
}

// SIGTERM while the broker is away ends the pipeline all the same, within its
// graceful time-out, and the next start repeats at most what was not committed.
func TestStopWhileBrokerIsDown(t *testing.T) {
	const n = 1000
	b := servertest.Kafka(t)
	l := newLab(t, b, "source")
	l.write(0, n)
	p := l.start()
	l.wait(p, "the lines", l.reaches(n))
	b.Kill()
	l.write(n, 2*n)
	_ = p.Stop(stopGrace) // the exit code is not 0: not all could be sent
	select {
	case <-p.Done():
	default:
		t.Fatal("still running")
	}
	if err := b.Start(); err != nil {
		t.Fatal(err)
	}
	p = l.start()
	l.wait(p, "the last line", l.holdsLine(2*n-1))
	l.stop(p)
	l.complete(l.checkTopic(2 * n))
}

// SIGTERM right after the first record of a first start, while the offsets
// topic is still being made: what was sent is committed all the same.
func TestStopAtOnce(t *testing.T) {
	const n = 10
	l := newLab(t, servertest.Kafka(t), "source")
	l.write(0, n)
	p := l.start()
	l.wait(p, "the lines", l.reaches(n))
	l.stop(p)
	p = l.start()
	l.write(n, 2*n)
	l.wait(p, "the lines of the second start", l.reaches(2*n))
	l.stop(p)
	l.exact(l.checkTopic(2 * n))
}

// A sink that was frozen for longer than its session is no member any more. It
// joins again by itself; nothing is lost.
func TestFrozenSink(t *testing.T) {
	const n = 100_000
	l := newLab(t, servertest.SharedKafka(t), "crashsink")
	l.fill(0, n)
	p := l.start()
	l.wait(p, "some lines", l.written(n/10))
	if err := p.Pause(); err != nil {
		t.Fatal(err)
	}
	l.wait(p, "the group to give it up", func() bool { return l.members("e2e-crashsink") == 0 })
	l.fill(n, 2*n)
	if err := p.Resume(); err != nil {
		t.Fatal(err)
	}
	l.wait(p, "the commit behind the last line", func() bool { return l.committed("e2e-crashsink") == 2*n })
	l.stop(p)
	l.complete(l.checkOut(2 * n))
}
