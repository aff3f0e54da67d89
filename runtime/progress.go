package runtime

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"kcgen.dev/runtime/worker"
)

// progress shows how far a program is: on a terminal one line a second that is
// written over, elsewhere a line every two seconds.
type progress struct {
	out      *screen
	terminal bool
	quit     chan struct{}
	shown    chan struct{}
	mu       sync.Mutex
	stats    []func() []worker.Stats // of each pipeline
	begun    time.Time
	last     uint64 // records of the line before, for the rate
	lastAt   time.Time
}

// newProgress shows nothing until there is something to watch.
func newProgress(out *screen, terminal bool) *progress {
	return &progress{out: out, terminal: terminal, quit: make(chan struct{}), shown: make(chan struct{})}
}

// watch adds a pipeline.
func (p *progress) watch(stats func() []worker.Stats) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stats == nil {
		go func() { defer close(p.shown); p.run(p.quit) }()
	}
	p.stats = append(p.stats, stats)
}

// end ends the show, where there is one.
func (p *progress) end() {
	if p == nil {
		return
	}
	close(p.quit)
	p.mu.Lock()
	began := p.stats != nil
	p.mu.Unlock()
	if began {
		<-p.shown
	}
}

func (p *progress) run(stop <-chan struct{}) {
	every := 2 * time.Second
	if p.terminal {
		every = time.Second
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	p.begun = time.Now()
	p.lastAt = p.begun
	for {
		select {
		case <-stop:
			p.out.Status("")
			return
		case now := <-tick.C:
			p.show(now)
		}
	}
}

func (p *progress) show(now time.Time) {
	var in, out, failed uint64
	var rows snapshotRows
	p.mu.Lock()
	pipelines := p.stats
	p.mu.Unlock()
	for _, stats := range pipelines {
		for _, s := range stats() {
			if s.Sink {
				out += s.Records
			} else {
				in += s.Records
			}
			if s.State == worker.Failed {
				failed++
			}
			rows.add(s.Snapshot)
		}
	}
	rate := float64(in+out-p.last) / now.Sub(p.lastAt).Seconds()
	p.last, p.lastAt = in+out, now
	var b strings.Builder
	if in > 0 || out == 0 {
		fmt.Fprintf(&b, "%s records to Kafka  ", grouped(in))
	}
	if out > 0 {
		fmt.Fprintf(&b, "%s records from Kafka  ", grouped(out))
	}
	fmt.Fprintf(&b, "%s/s  %s", grouped(uint64(rate)), now.Sub(p.begun).Round(time.Second))
	b.WriteString(rows.String())
	if failed > 0 {
		fmt.Fprintf(&b, "  %d tasks FAILED", failed)
	}
	if p.terminal {
		p.out.Status(b.String())
	} else {
		fmt.Fprintln(p.out, b.String())
	}
}

// snapshotRows are the rows of snapshots that run, of all tasks.
type snapshotRows struct {
	read, all int64
	unknown   bool // of some nobody knows how many there are
}

func (r *snapshotRows) add(s *worker.Snapshot) {
	if s == nil {
		return
	}
	r.read += s.Read
	r.all += max(s.All, s.Read)
	r.unknown = r.unknown || s.All == 0
}

// barWidth is how wide a bar is.
const barWidth = 20

// String is how far they are, behind a space; "" where none runs.
func (r snapshotRows) String() string {
	switch {
	case r.all == 0 && !r.unknown:
		return ""
	case r.unknown || r.all == 0:
		return fmt.Sprintf("  snapshot: %s rows", grouped(uint64(r.read)))
	}
	part := float64(r.read) / float64(r.all)
	full := int(part * barWidth)
	return fmt.Sprintf("  snapshot [%s%s] %.0f%%, %s of about %s rows", strings.Repeat("=", full), strings.Repeat(" ", barWidth-full),
		100*part, grouped(uint64(r.read)), grouped(uint64(r.all)))
}

// summary is one line a connector of what was moved, behind a prefix.
func summary(w io.Writer, prefix string, stats []worker.Stats) {
	type sum struct {
		worker.Stats
		tasks, failed int
	}
	var sums []*sum
	byName := map[string]*sum{}
	for _, s := range stats {
		c := byName[s.Connector]
		if c == nil {
			c = &sum{Stats: s}
			c.Records, c.Bytes, c.Dropped, c.DeadLettered = 0, 0, 0, 0
			byName[s.Connector] = c
			sums = append(sums, c)
		}
		c.tasks++
		c.Records += s.Records
		c.Bytes += s.Bytes
		c.Dropped += s.Dropped
		c.DeadLettered += s.DeadLettered
		if !s.Begun.IsZero() && (c.Begun.IsZero() || s.Begun.Before(c.Begun)) {
			c.Begun = s.Begun
		}
		if s.Last.After(c.Last) {
			c.Last = s.Last
		}
		if s.State == worker.Failed {
			c.failed++
		}
	}
	for _, c := range sums {
		took := max(c.Last.Sub(c.Begun), time.Millisecond)
		fmt.Fprintf(w, "%s%s: %s records, %s in %s, %s records/s", prefix, c.Connector, grouped(c.Records), size(c.Bytes),
			took.Round(time.Millisecond), grouped(uint64(float64(c.Records)/took.Seconds())))
		if c.Dropped > 0 {
			fmt.Fprintf(w, ", %s left out", grouped(c.Dropped))
		}
		if c.DeadLettered > 0 {
			fmt.Fprintf(w, ", %s to the dead letter queue", grouped(c.DeadLettered))
		}
		if c.failed > 0 {
			fmt.Fprintf(w, ", %d of %d tasks FAILED", c.failed, c.tasks)
		}
		fmt.Fprintln(w)
	}
}

// grouped writes 1234567 as 1,234,567.
func grouped(n uint64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func size(n uint64) string {
	f, units := float64(n), []string{"B", "KiB", "MiB", "GiB", "TiB"}
	i := 0
	for f >= 1024 && i < len(units)-1 {
		f /= 1024
		i++
	}
	if i == 0 {
		return fmt.Sprintf("%d B", n)
	}
	return fmt.Sprintf("%.1f %s", f, units[i])
}

// isTerminal reports whether f is one.
func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("TERM") != "dumb"
}
