package chaos_test

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"kcgen.dev/runtime/servertest"
)

var (
	seedFlag   = flag.Uint64("seed", 1, "the `seed` of what is done, the same for every run of the tests by default; 0 is any")
	faultsFlag = flag.Int("faults", 30, "how many `faults`")
	keepFlag   = flag.Bool("keep", false, "keep logs, diaries and the history")
	onlyFlag   = flag.String("only", "", "do `these` alone: names of actions, with commas between them")
	gapFlag    = flag.Duration("gap", 0, "wait so much longer between faults")
	plantFlag  = flag.String("plant", "", "plant this `bug` into the program, which the judge must find")
	bugsFlag   = flag.Int("bugs", 1, "how many of the `bugs` are planted, one after the other")
	stopsFlag  = flag.Int("stops", 20, "how many clean `stops`")
	endsFlag   = flag.Int("ends", 40, "how many answers to `ends` of transactions are lost")
)

func TestMain(m *testing.M) { servertest.Main(m, func() { _ = os.RemoveAll(programDir) }) }

// seed is the one that was asked for, or a new one. A test that fails says it.
func seed(t *testing.T) uint64 {
	t.Helper()
	n := *seedFlag
	if n == 0 {
		n = uint64(time.Now().UnixNano()) % 1_000_000
	}
	t.Logf("play it again: go test ./runtime/chaos -run '^%s$' -count=1 -v -args -seed=%d -faults=%d -stops=%d -ends=%d", t.Name(), n, *faultsFlag, *stopsFlag, *endsFlag)
	return n
}

// Whatever is done to instances, to the broker and to the way between them,
// nothing is lost; what is delivered exactly once is there once and in order;
// and all tasks run again by themselves.
func TestChaos(t *testing.T) {
	n := seed(t)
	f := newField(t, n)
	f.startAll()
	begun := time.Now()
	f.run(makePlan(n, *faultsFlag, chosen(t)))
	t.Logf("transactions end at: %s; %d faults in %v: %s", f.boundary, f.count(), time.Since(begun).Round(time.Second), f.list())
	f.judge(f.finish())
}

// chosen are the rows of the table that are asked for.
func chosen(t *testing.T) []action {
	if *onlyFlag == "" {
		return table()
	}
	names := strings.Split(*onlyFlag, ",")
	rows := slices.DeleteFunc(table(), func(a action) bool { return !slices.Contains(names, a.name) })
	if len(rows) != len(names) {
		t.Fatalf("-only=%s: not all of these are actions", *onlyFlag)
	}
	return rows
}

// Instances that are told to stop under load, one after the other, lose nothing
// and repeat nothing, also where nothing is promised but at least once.
func TestCleanStops(t *testing.T) {
	n := seed(t)
	f := newField(t, n)
	f.strict = true
	f.startAll()
	rows := []action{{"term", 1, toInstance, 0, 500 * time.Millisecond, (*field).term}}
	f.run(makePlan(n, *stopsFlag, rows))
	lines := f.finish()
	f.judge(lines)
	r, seen := f.judgeTopic("least", lines)
	if !r.Exact() {
		t.Errorf("want every line of the source least once and in order after clean stops, got %v", r)
	}
	if sink, _, _ := f.judgeSink("least", lines, seen); !sink.Exact() {
		t.Errorf("want every line of the topic least once in the sink after clean stops, got %v", sink)
	}
}

// startAll starts the first instances, and waits until all is at work.
func (f *field) startAll() {
	f.t.Helper()
	for _, i := range f.instances[:begin] {
		f.start(i)
	}
	if !f.settle("all tasks to run at the beginning", nil) {
		f.t.FailNow()
	}
}

// patience is how long it may take, when all is well again, until all tasks
// run and what waited has arrived, on a machine that other tests are busy on. How
// long it took is in the log.
const patience = 2 * time.Minute

// settle waits until every task runs, by the word of every instance that there
// is, and until more holds.
func (f *field) settle(what string, more func() string) bool {
	f.t.Helper()
	begun := time.Now()
	for trouble := ""; ; time.Sleep(50 * time.Millisecond) {
		trouble = f.trouble()
		if trouble == "" && more != nil {
			trouble = more()
		}
		switch {
		case trouble == "":
			f.t.Logf("waited %v for %s", time.Since(begun).Round(time.Millisecond), what)
			return true
		case time.Since(begun) > patience:
			f.t.Errorf("waited %v for %s: %s", patience, what, trouble)
			return false
		}
	}
}

// trouble is what is not as it should be, while nobody does any harm.
func (f *field) trouble() string {
	there := 0
	for _, i := range f.instances {
		if i.running() == nil {
			continue
		}
		there++
		trouble, loads := f.unwell(i)
		if trouble != "" {
			return fmt.Sprintf("instance %d says: %s", i.n, trouble)
		}
		if there == 1 {
			if trouble = f.uneven(loads); trouble != "" {
				return trouble
			}
		}
	}
	return ""
}

// uneven says where tasks are not spread over all instances.
func (f *field) uneven(loads map[string]int) string {
	least, most, there := 1000, 0, 0
	for _, i := range f.instances {
		if i.running() == nil {
			continue
		}
		there++
		least, most = min(least, loads[i.rest]), max(most, loads[i.rest])
	}
	if len(loads) != there || most-least > 1 {
		return fmt.Sprintf("the tasks are spread as %v over %d instances", loads, there)
	}
	return ""
}

// finish demands that all goes on when nobody does any harm any more, ends the
// sources, waits for the last line, and stops all. It gives the number of lines
// of each sequence.
func (f *field) finish() int64 {
	f.t.Helper()
	f.note("all is well again")
	ctx, cancel := context.WithCancel(f.t.Context())
	defer cancel()
	t := f.follow(ctx)
	since := f.now()
	f.settle("all tasks to run and all sequences to go on", func() string {
		if n := t.reached(since); n < 2*sequences {
			return fmt.Sprintf("%d of %d sequences have reached line %d", n, 2*sequences, since)
		}
		return ""
	})
	lines := f.now() + 3*rate
	if err := os.WriteFile(f.endFile()+".new", fmt.Append(nil, lines), 0o644); err != nil {
		f.t.Fatal(err)
	}
	if err := os.Rename(f.endFile()+".new", f.endFile()); err != nil {
		f.t.Fatal(err)
	}
	f.settle("the last lines", func() string {
		if n := t.reached(lines - 1); n < 2*sequences {
			return fmt.Sprintf("%d of %d sequences have reached their end at %d", n, 2*sequences, lines)
		}
		n, err := f.behind(ctx, t)
		if n > 0 || err != nil {
			return fmt.Sprintf("the sinks are %d records behind (%v)", n, err)
		}
		return ""
	})
	f.stopAll()
	return lines
}

// now is the number that each sequence has reached by now.
func (f *field) now() int64 { return int64(time.Since(f.begun).Seconds() * rate) }

// stopAll stops all instances, cleanly.
func (f *field) stopAll() {
	f.t.Helper()
	var all sync.WaitGroup
	for _, i := range f.instances {
		all.Go(func() {
			if e := i.term(f); e.err != nil {
				f.fault("instance %d does not end cleanly though all is well: %v", i.n, e.err)
			}
		})
	}
	all.Wait()
	var took []time.Duration
	unclean := 0
	for _, i := range f.instances {
		for _, e := range i.exits {
			took = append(took, e.after)
			if e.err != nil {
				unclean++
			}
		}
	}
	slices.Sort(took)
	late := took[min(len(took)-1, len(took)*99/100)]
	f.t.Logf("%d stops by SIGTERM, %d of them not clean; they took %v (median), %v (p99), %v (longest)",
		len(took), unclean, took[len(took)/2], late, took[len(took)-1])
	if f.strict && (unclean > 0 || len(took) >= 100 && late > 2*time.Second) {
		f.t.Errorf("%d stops were not clean, and 1 in 100 took %v or longer; want none, and 2s at the most", unclean, late)
	}
}

func (f *field) count() (n int) {
	for _, k := range f.done {
		n += k
	}
	return n
}

// list is what was done, and how often.
func (f *field) list() string {
	var words []string
	for _, name := range slices.Sorted(maps.Keys(f.done)) {
		words = append(words, fmt.Sprintf("%d %s", f.done[name], name))
	}
	return strings.Join(words, ", ")
}
