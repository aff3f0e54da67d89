package e2e_test

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"kcgen.dev/runtime/servertest"
	"kcgen.dev/runtime/servertest/history"
	"kcgen.dev/runtime/servertest/proc"
)

// fails waits for a pipeline whose only task fails: it ends with an exit code
// that is not 0 and its log holds all the words.
func (l *lab) fails(p *proc.Process, words ...string) {
	l.t.Helper()
	l.wait(p, "the end of the pipeline", func() bool {
		select {
		case <-p.Done():
			return true
		default:
			return false
		}
	})
	if err := p.Wait(l.t.Context()); err == nil {
		l.t.Error("exit code 0 from a pipeline whose task failed")
	}
	log, err := p.Log()
	if err != nil {
		l.t.Fatal(err)
	}
	for _, w := range words {
		if !strings.Contains(string(log), w) {
			l.t.Errorf("the log does not say %q", w)
		}
	}
}

// A topic that cannot be created stops the source before it commits anything.
func TestTopicCannotBeCreated(t *testing.T) {
	l := newLab(t, servertest.SharedKafka(t), "create")
	l.topic = servertest.Unique("never")
	l.write(0, 10)
	l.fails(l.start(), l.topic, "e2e-create")
	l.nothingCommitted("e2e-create")
}

// nothingCommitted fails the test if the offsets topic knows the lab's input.
func (l *lab) nothingCommitted(connector string) {
	l.t.Helper()
	topics, err := l.admin.ListTopics(l.t.Context())
	if err != nil {
		l.t.Fatal(err)
	}
	if topics.Has("connect-offsets") && len(l.positions()) > 0 {
		l.t.Errorf("%s has committed %v", connector, l.positions())
	}
}

// A line over the topic's limit fails the task; what came before it arrives,
// and no offset is committed past it.
func TestRecordTooLarge(t *testing.T) {
	l := newLab(t, servertest.SharedKafka(t), "source")
	l.topic = servertest.Unique("small")
	l.broker.CreateTopic(t, l.topic, 1, "max.message.bytes", "20000")
	l.write(0, 10)
	l.writeText(strings.Repeat("x", 50_000) + "\n")
	l.write(10, 20)
	before := int64(10 * (lineSize + 1))
	l.fails(l.start(), l.topic, "e2e-source")
	for _, p := range l.positions() {
		if at := l.parsePosition(p); at > before {
			t.Errorf("offset %d is committed, past the line at %d that never arrived", at, before)
		}
	}
}

// Bytes that are no JSON fail the task, which names the record; the offset
// stays before it, and its neighbours in front are written.
func TestNotJSON(t *testing.T) {
	l := newLab(t, servertest.SharedKafka(t), "jsonsink")
	l.send([]byte(`{"a":1}`), []byte("\x00\x00\x00\x00\x01abc"), []byte(`{"a":2}`))
	l.fails(l.start(), l.topic, "e2e-jsonsink")
	if at := l.committed("e2e-jsonsink"); at > 1 {
		t.Errorf("offset %d is committed, past the bad record at 1", at)
	}
}

// With tolerance and a dead letter queue the good go on, and the bad are kept
// as they came.
func TestNotJSONTolerated(t *testing.T) {
	bad := []byte("\x00\x00\x00\x00\x01abc")
	l := newLab(t, servertest.SharedKafka(t), "dlqsink")
	l.send([]byte(`{"a":1}`), bad, []byte(`{"a":2}`))
	p := l.start()
	l.wait(p, "the commit behind the last record", func() bool { return l.committed("e2e-dlqsink") == 3 })
	l.stop(p)
	out, err := os.ReadFile(l.out)
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(out, []byte{'\n'}); n != 2 {
		t.Errorf("the output has %d lines, want the 2 good ones: %q", n, out)
	}
	dead := l.records(l.dlq)
	if len(dead) != 1 || !bytes.Equal(dead[0].Value, bad) {
		t.Fatalf("the dead letter queue holds %v, want the bad record as it came", dead)
	}
	headers := map[string]string{}
	for _, h := range dead[0].Headers {
		headers[h.Key] = string(h.Value)
	}
	if headers["__connect.errors.topic"] != l.topic || headers["__connect.errors.offset"] != "1" {
		t.Errorf("the headers do not say where the record came from: %v", headers)
	}
}

// Two instances of one source at the same time: lines may come twice, none is
// lost.
func TestSecondInstanceSource(t *testing.T) {
	const n = 100_000
	l := newLab(t, servertest.SharedKafka(t), "source")
	l.write(0, n)
	one, two := l.start(), l.start()
	l.wait(one, "the lines", l.reaches(n))
	l.stop(one)
	l.write(n, 2*n)
	l.wait(two, "the lines that came later", l.holdsLine(2*n-1))
	l.stop(two)
	r := l.checkTopic(2 * n)
	if r.Lost+r.Damaged+r.Torn+r.Misplaced+r.Invented > 0 {
		t.Errorf("got %v", r)
	}
}

// Two instances of one sink share its group: when one is killed the other
// takes over.
func TestSecondInstanceSink(t *testing.T) {
	const n = 100_000
	l := newLab(t, servertest.SharedKafka(t), "crashsink")
	l.fill(0, n)
	one, two := l.start(), l.start()
	l.wait(one, "some lines", l.written(n/10))
	one.Kill()
	l.fill(n, 2*n)
	l.wait(two, "the commit behind the last line", func() bool { return l.committed("e2e-crashsink") == 2*n })
	l.stop(two)
	r := l.checkOut(2 * n)
	if r.Lost+r.Damaged+r.Invented > 0 || r.Torn > 1 {
		t.Errorf("got %v", r)
	}
}

// A full disk under the sink: no offset is committed past what was written,
// and when there is room again everything arrives.
func TestFullDisk(t *testing.T) {
	const n = 20_000
	l := newLab(t, servertest.SharedKafka(t), "sink")
	disk := newSmallDisk(t, 1<<20)
	l.out = disk.file
	l.fill(0, n)
	p := l.start()
	l.waitLog(p, "no space left on device")
	if at, held := l.committed("e2e-sink"), disk.lines(); at > held {
		t.Errorf("offset %d is committed, and the full disk holds %d lines", at, held)
	}
	_ = p.Stop(stopGrace) // not 0: there is a batch that could not be written
	if at, held := l.committed("e2e-sink"), disk.lines(); at > held {
		t.Errorf("after a stop offset %d is committed, and the full disk holds %d lines", at, held)
	}
	if !disk.grow(16 << 20) {
		return // a device that is always full
	}
	p = l.start()
	l.wait(p, "the commit behind the last line", func() bool { return l.committed("e2e-sink") == n })
	l.stop(p)
	r := l.checkOut(n)
	if r.Lost+r.Damaged+r.Invented+r.Reordered > 0 || r.Torn > 1 {
		t.Errorf("got %v", r)
	}
}

// A reference to a variable that is not set is found at the start, and named.
func TestUnsetVariable(t *testing.T) {
	l := newLab(t, servertest.SharedKafka(t), "source")
	l.write(0, 1)
	env := l.environment()
	delete(env, "E2E_TOPIC")
	l.fails(l.startIn(env), "E2E_TOPIC", "topic")
	l.nothingCommitted("e2e-source")
}

// A file without read permission is an error that names it. Root may read
// everything, so the file is a folder here, which nobody can read as a file.
func TestUnreadableFile(t *testing.T) {
	l := newLab(t, servertest.SharedKafka(t), "source")
	if err := os.Mkdir(l.in, 0o755); err != nil {
		t.Fatal(err)
	}
	l.fails(l.start(), l.in, "e2e-source")
}

// Lines of the oddest bytes pass through untouched.
func TestBytesPassThrough(t *testing.T) {
	lines := []string{"\xff\xfe\x00broken", "", "tab\there", "e\u0301", strings.Repeat("long", 50_000), string(history.AppendLine(nil, "x", 1, 50))}
	l := newLab(t, servertest.SharedKafka(t), "both")
	l.writeText(strings.Join(lines, "\n") + "\n")
	p := l.start()
	want, err := os.ReadFile(l.in)
	if err != nil {
		t.Fatal(err)
	}
	l.wait(p, "the whole output", func() bool { return l.outSize() >= int64(len(want)) })
	l.stop(p)
	if got, err := os.ReadFile(l.out); err != nil || !bytes.Equal(got, want) {
		t.Errorf("the output differs from the input (%d and %d bytes, %v)", len(got), len(want), err)
	}
}
