package e2e_test

import (
	"strings"
	"testing"

	"kcgen.dev/runtime/servertest"
	"kcgen.dev/runtime/servertest/proc"
)

// registryLab is a lab with a Schema Registry of its own.
type registryLab struct {
	*lab
	registry *servertest.Apicurio
}

func newRegistryLab(t *testing.T) *registryLab {
	t.Helper()
	return &registryLab{newLab(t, servertest.SharedKafka(t), "schemas"), servertest.Registry(t)}
}

func (l *registryLab) start() *proc.Process {
	l.t.Helper()
	env := l.environment()
	env["E2E_REGISTRY"] = l.registry.URL()
	return l.startIn(env)
}

// waitAway waits for the pipeline to say n times in all that it misses the
// registry.
func (l *registryLab) waitAway(p *proc.Process, n int) {
	l.t.Helper()
	l.wait(p, "the log says that the registry is away", func() bool {
		log, err := p.Log()
		return err == nil && strings.Count(string(log), "a system that records need is away") >= n
	})
}

// finish waits for n lines, stops the pipeline, and wants each line once, in
// order, and no dead letter.
func (l *registryLab) finish(p *proc.Process, n int64) {
	l.t.Helper()
	l.wait(p, "the commit behind the last line", func() bool { return l.committed("e2e-schemas-sink") == n })
	l.stop(p)
	l.exact(l.checkOut(n))
	if dead := l.records(l.dlq); len(dead) > 0 {
		l.t.Errorf("%d dead letters, the first: %q", len(dead), dead[0].Value)
	}
}

// A registry that is down at the start is waited for, aloud.
func TestRegistryDownAtStart(t *testing.T) {
	const n = 5000
	l := newRegistryLab(t)
	l.registry.Kill()
	l.write(0, n)
	p := l.start()
	l.waitAway(p, 1)
	l.waitLog(p, l.registry.URL())
	if err := l.registry.Start(); err != nil {
		t.Fatal(err)
	}
	l.finish(p, n)
	l.waitLog(p, "the system is back")
}

// A registry that is killed under load and comes back: the pipeline goes on as
// far as what it knows carries it, waits, and goes on by itself.
func TestRegistryKilledUnderLoad(t *testing.T) {
	const n, kills = 60_000, 3
	l := newRegistryLab(t)
	p := l.start()
	l.write(0, n/(kills+1))
	l.wait(p, "the lines before the first kill", l.written(n/(kills+1)))
	for k := range int64(kills) {
		from, to := n*(k+1)/(kills+1), n*(k+2)/(kills+1)
		l.write(from, from+500) // of a thousand that begins
		l.wait(p, "some of the lines", l.written(from+1))
		l.registry.Kill()
		l.write(from+500, to)
		l.wait(p, "what needs no new schema", l.written(from+1000))
		if err := l.registry.Start(); err != nil {
			t.Fatal(err)
		}
		l.wait(p, "all lines so far", l.written(to))
	}
	l.finish(p, n)
}

// A registry that hangs is no different, and a stop does not wait for it; the
// next start goes on where this one stood.
func TestStopWhileRegistryHangs(t *testing.T) {
	const n = 4000
	l := newRegistryLab(t)
	l.write(0, n)
	p := l.start()
	l.wait(p, "the lines", l.written(n))
	if err := l.registry.Pause(); err != nil {
		t.Fatal(err)
	}
	l.write(n, 2*n)
	l.waitAway(p, 1)
	l.stop(p)
	if err := l.registry.Resume(); err != nil {
		t.Fatal(err)
	}
	l.finish(l.start(), 2*n)
}
