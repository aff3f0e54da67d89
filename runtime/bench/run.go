package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"time"

	"kcgen.dev/runtime/servertest/proc"
)

// measurement is what one run of one contender took.
type measurement struct {
	Round int     `json:"round"`
	Lines int     `json:"lines"`
	Wall  float64 `json:"wallSeconds"` // from exec to the last line's arrival
	CPU   float64 `json:"cpuSeconds"`  // user and system, from exec to exit
	Peak  int64   `json:"peakBytes"`   // of resident memory

	// The same for the lines of the second half alone: behind the start, and
	// behind most of what a JVM's compiler does.
	SteadyLines int     `json:"steadyLines"`
	SteadyWall  float64 `json:"steadyWallSeconds"`
	SteadyCPU   float64 `json:"steadyCPUSeconds"`
}

func (m measurement) perSecond() float64 { return float64(m.Lines) / m.Wall }
func (m measurement) perCPU() float64    { return float64(m.Lines) / m.CPU }

// steady is in lines per CPU second; 0 where it is not known.
func (m measurement) steady() float64 {
	if m.SteadyCPU <= 0 {
		return 0
	}
	return float64(m.SteadyLines) / m.SteadyCPU
}

func (m measurement) String() string {
	return fmt.Sprintf("%6.2f s wall %6.2f s CPU %5d MiB %8.0f lines/CPU s, %8.0f steady", m.Wall, m.CPU, m.Peak>>20, m.perCPU(), m.steady())
}

// stopGrace is what a pipeline may take to end; it is not in Wall.
const stopGrace = 30 * time.Second

// arrivalGrace is how long after a program's end its last lines may be seen.
const arrivalGrace = 10 * time.Second

// stall is how long nothing may arrive.
const stall = 2 * time.Minute

// measure runs a case once, with a topic or a file of its own, and compares
// what came out with what the others wrote.
func (b *bench) measure(ctx context.Context, c benchCase, by contender) (measurement, error) {
	if c.sink {
		if err := b.fill(ctx, c); err != nil {
			return measurement{}, err
		}
	}
	w, err := b.newWork(ctx, c, by, "")
	if err != nil {
		return measurement{}, err
	}
	defer b.cleanUp(ctx, w)
	m, err := b.timed(ctx, by, w)
	if err != nil {
		return m, err
	}
	return m, b.compare(ctx, w)
}

// newWork takes names for one run and makes what it reads; topic is a source's,
// "" for one of its own.
func (b *bench) newWork(ctx context.Context, c benchCase, by contender, topic string) (*work, error) {
	b.runs++
	id := strconv.Itoa(b.runs)
	w := &work{c: c, lines: b.linesOf(c), topic: topic, group: "bench-" + id, dir: b.path("run-" + id)}
	if err := os.Mkdir(w.dir, 0o755); err != nil {
		return nil, err
	}
	if c.sink {
		w.file, w.topic = w.dir+"/output.txt", b.full(c)
		return w, nil
	}
	if w.topic == "" {
		w.topic = "bench-" + id
	}
	if err := b.createTopic(ctx, w.topic, c.partitions); err != nil {
		return nil, err
	}
	// A source goes on where it was in a file it knows, so it gets a new name.
	w.file = w.dir + "/input.txt"
	name := c.input
	if by.name == bare && len(c.bare) > 1 {
		name = "objects" // what is spliced
	}
	if c.tasks == 1 {
		w.files = []string{w.file}
		path, err := b.need(name, w.lines)
		return w, errors.Join(err, os.Link(path, w.file))
	}
	for i := range c.tasks {
		path, err := b.needPart(name, w.lines, i, c.tasks)
		w.files = append(w.files, w.file+"."+strconv.Itoa(i))
		if err := errors.Join(err, os.Link(path, w.files[i])); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// cleanUp removes what a run wrote.
func (b *bench) cleanUp(ctx context.Context, w *work) {
	if w.c.sink {
		_, _ = b.admin.DeleteGroups(ctx, w.group)
	} else {
		_, _ = b.admin.DeleteTopic(ctx, w.topic)
	}
	_ = os.RemoveAll(w.dir)
}

// timed runs a contender until all lines are where they belong.
func (b *bench) timed(ctx context.Context, by contender, w *work) (measurement, error) {
	cmd, err := by.command(ctx, b, w)
	if err != nil {
		return measurement{}, err
	}
	arrived := b.inTopic(ctx, w)
	if w.c.sink {
		lines := lineCounter{path: w.file}
		arrived = lines.count
		defer lines.close()
	}
	start := time.Now()
	p, err := proc.Start(cmd, w.dir+"/log")
	if err != nil {
		return measurement{}, err
	}
	defer p.Kill()
	m, at, err := watch(ctx, p, start, w.lines, arrived)
	if err == nil {
		err = finish(ctx, p, by)
	}
	if err != nil {
		return m, fmt.Errorf("%s: %w\n%s", by.title, err, p.LogTail(20))
	}
	u := p.Usage()
	m.CPU = u.CPU.Seconds()
	if m.Peak == 0 {
		m.Peak = u.MaxRSS // no /proc
	}
	if m.SteadyCPU == 0 && at > 0 {
		m.SteadyCPU = m.CPU - at // it ended before its last sample
	}
	return m, nil
}

// watch follows a process until lines have arrived. at is the CPU time that it
// had used when the steady part began.
func watch(ctx context.Context, p *proc.Process, start time.Time, lines int, arrived func() (int, error)) (m measurement, at float64, err error) {
	m.Lines = lines
	done := p.Done()
	var ended, half time.Time
	seen, moved := 0, start
	for {
		n, err := arrived()
		if err != nil {
			return m, at, err
		}
		now := time.Now()
		s, noSample := p.Sample()
		m.Peak = max(m.Peak, s.Peak)
		if half.IsZero() && n >= lines/2 && n < lines && noSample == nil {
			half, at, m.SteadyLines = now, s.CPU.Seconds(), lines-n
		}
		if n >= lines {
			m.Wall = now.Sub(start).Seconds()
			if !half.IsZero() {
				m.SteadyWall = now.Sub(half).Seconds()
			}
			if at > 0 && noSample == nil {
				m.SteadyCPU = s.CPU.Seconds() - at
			}
			return m, at, nil
		}
		if n > seen {
			seen, moved = n, now
		}
		if !ended.IsZero() && now.Sub(ended) > arrivalGrace {
			return m, at, fmt.Errorf("ended when %d of %d lines had arrived", n, lines)
		}
		if now.Sub(moved) > stall {
			return m, at, fmt.Errorf("no line came for %s; %d of %d had arrived", stall, n, lines)
		}
		select {
		case <-ctx.Done():
			return m, at, ctx.Err()
		case <-done:
			done, ended = nil, now // what we know of a topic may be a little old
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// finish ends a process. What a yardstick still does counts as CPU, as in a
// pipeline's stop.
func finish(ctx context.Context, p *proc.Process, by contender) error {
	if by.ends {
		return p.Wait(ctx)
	}
	err := p.Stop(stopGrace)
	var exit *exec.ExitError
	if by.java && errors.As(err, &exit) && exit.ExitCode() == 143 {
		return nil // how a JVM ends at a SIGTERM
	}
	return err
}

// inTopic counts the records of a source's topic.
func (b *bench) inTopic(ctx context.Context, w *work) func() (int, error) {
	return func() (int, error) {
		ends, err := b.admin.ListEndOffsets(ctx, w.topic)
		if err != nil {
			return 0, err
		}
		n := 0
		for _, end := range ends[w.topic] {
			if end.Err != nil {
				return 0, end.Err
			}
			n += int(end.Offset)
		}
		return n, nil
	}
}
