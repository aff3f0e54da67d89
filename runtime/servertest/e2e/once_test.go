package e2e_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"kcgen.dev/runtime/servertest"
	"kcgen.dev/runtime/servertest/proc"
	"kcgen.dev/runtime/worker"
)

// with is the lab's environment with more in it.
func (l *lab) with(kv ...string) map[string]string {
	env := l.environment()
	for i := 0; i+1 < len(kv); i += 2 {
		env[kv[i]] = kv[i+1]
	}
	return env
}

// atEnd is a question for wait: whether the committed offset is the end of the
// input.
func (l *lab) atEnd() func() bool {
	return func() bool { return l.position() == l.inSize() }
}

// A source that is killed again and again delivers each line once and in
// order, however transactions end.
func TestCrashExactlyOnce(t *testing.T) {
	kills, lines := crashSize(t)
	for _, boundary := range []string{worker.AtPoll, worker.AtInterval} {
		t.Run(boundary, func(t *testing.T) {
			l := newLab(t, servertest.SharedKafka(t), "once")
			kills := max(kills, 30)
			start := func() *proc.Process { return l.startIn(l.with("E2E_BOUNDARY", boundary)) }
			l.crashing(kills, lines, 500*time.Millisecond, l.write, start)
			p := start()
			l.wait(p, "the commit behind the last line", l.atEnd())
			l.stop(p)
			r := l.checkTopic(lines)
			t.Logf("%d kills: %v", kills, r)
			l.exact(r)
			// The kills did harm: transactions were left open and thrown away.
			log, _ := p.Log()
			t.Logf("in the topic: %d offsets for %d lines; started over %d times", l.end(), lines, strings.Count(string(log), "starting over"))
		})
	}
}

// A sink that is killed again and again writes each line once and in order: the
// file is what it would have been.
func TestCrashExactlyOnceSink(t *testing.T) {
	kills, lines := crashSize(t)
	l := newLab(t, servertest.SharedKafka(t), "oncesink")
	l.crashes(kills, lines, 2500*time.Millisecond, l.fill)
	p := l.start()
	l.wait(p, "the commit behind the last line", func() bool { return l.committed("e2e-oncesink") == lines })
	l.stop(p)
	r := l.checkOut(lines)
	t.Logf("%d kills: %v", kills, r)
	l.exact(r)
}

// From file to file through a broker that is killed, with both ends killed too:
// the second file is the first.
func TestCrashExactlyOnceBoth(t *testing.T) {
	_, lines := crashSize(t)
	const rounds = 6
	b := servertest.Kafka(t)
	l := newLab(t, b, "once")
	sink := *l
	sink.program = "oncesink"
	var p, q *proc.Process
	for i := range int64(rounds) {
		p, q = l.start(), sink.start()
		l.write(lines*i/rounds, lines*(i+1)/rounds)
		l.wait(q, "some of the lines", func() bool { return l.outSize() > l.inSize()*(2*i+1)/(2*i+2) })
		if i%2 == 1 {
			if err := b.Restart(); err != nil {
				t.Fatal(err)
			}
		}
		if i < rounds-1 {
			p.Kill()
			q.Kill()
		}
	}
	l.wait(p, "all lines in the file", func() bool { return l.outSize() >= l.inSize() })
	l.stop(p)
	l.stop(q)
	l.exact(l.checkTopic(lines))
	in, err := os.ReadFile(l.in)
	if err != nil {
		t.Fatal(err)
	}
	if out, err := os.ReadFile(l.out); err != nil || !bytes.Equal(in, out) {
		t.Errorf("the files differ (%v): %v", err, l.checkOut(lines))
	}
}

// A copy that was frozen while another took over is fenced when it wakes up:
// nothing of it is committed, and it ends.
func TestFrozenIsFenced(t *testing.T) {
	const lines, rounds = 200_000, 4
	l := newLab(t, servertest.SharedKafka(t), "once")
	old := l.start()
	for i := range int64(rounds) {
		half, most := lines*(4*i+2)/(4*rounds), lines*(4*i+3)/(4*rounds)
		l.write(lines*i/rounds, half)
		l.wait(old, "some of the lines", l.reaches(lines*i/rounds+100))
		if err := old.Pause(); err != nil {
			t.Fatal(err)
		}
		fresh := l.start()
		l.write(half, most) // what the frozen one cannot know
		l.wait(fresh, "the commit of the lines since", l.atEnd())
		if err := old.Resume(); err != nil {
			t.Fatal(err)
		}
		l.write(most, lines*(i+1)/rounds) // it has something to do, at the latest now
		ctx, cancel := context.WithTimeout(t.Context(), servertest.Patience)
		err := old.Wait(ctx)
		cancel()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != 4 {
			t.Errorf("the frozen one ends with %v, want exit code 4", err)
		}
		old = fresh
	}
	l.wait(old, "the commit behind the last line", l.atEnd())
	l.stop(old)
	l.exact(l.checkTopic(lines))
}

// A broker that hangs for longer than a transaction may last has aborted it
// when it goes on, and the source does it again.
func TestTransactionTimeout(t *testing.T) {
	const lines = 100_000
	b := servertest.Kafka(t, servertest.KafkaProperty("transaction.abort.timed.out.transaction.cleanup.interval.ms", "200"))
	l := newLab(t, b, "once")
	p := l.startIn(l.with("E2E_TIMEOUT", "1s", "E2E_BOUNDARY", worker.AtInterval))
	for i := range int64(3) {
		l.write(lines*i/4, lines*(i+1)/4)
		l.wait(p, "some of the lines", l.reaches(lines*i/4+100))
		if err := p.Signal(syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2500 * time.Millisecond)
		if err := p.Resume(); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Restart(); err != nil {
		t.Fatal(err)
	}
	l.write(lines*3/4, lines)
	l.wait(p, "the commit behind the last line", l.atEnd())
	l.stop(p)
	l.exact(l.checkTopic(lines))
	log, _ := p.Log()
	t.Logf("started over %d times", strings.Count(string(log), "starting over"))
}
