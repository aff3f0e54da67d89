package worker

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

	"kcgen.dev/runtime/chain"
	"kcgen.dev/runtime/connect"
)

// failures are what the texts of one connector meet in one stage.
type failures struct {
	name   string
	source bool
	stage  chain.Stage
	kind   string // "plain", "retry", "away", "fatal", "panic"
	times  int    // that a bad text fails; a large number is for good
	bad    func(i int) bool
	errors Errors
	n      int

	mu    sync.Mutex
	tries map[string]int
	sink  memory
}

const forGood = 1 << 30

// meet fails a bad text as often as it is told to.
func (f *failures) meet(s string) error {
	var i int
	if _, err := fmt.Sscanf(s, "line-%d", &i); err != nil || !f.bad(i) {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.tries == nil {
		f.tries = map[string]int{}
	}
	if f.tries[s]++; f.tries[s] > f.times {
		return nil
	}
	cause := errors.New("refused by the test")
	switch f.kind {
	case "retry":
		return connect.Retry(cause)
	case "away":
		return connect.Unavailable(cause)
	case "fatal":
		return connect.Fatal(cause)
	case "panic":
		panic("refused by the test")
	}
	return cause
}

// add makes the connector, whose topic and dead letter queue have its name.
// Every record has its text for a key and for a header too.
func (f *failures) add(t *testing.T, c *kfake.Cluster, cfg *Config) {
	t.Helper()
	at := func(stage chain.Stage) raw {
		if f.stage != stage {
			return raw{}
		}
		return raw{encode: f.meet, decode: f.meet}
	}
	steps := []Step{{Do: connect.TransformFunc(func(r *connect.Record) (bool, error) {
		if f.stage != chain.Transformation {
			return true, nil
		}
		return true, f.meet(r.Value.Value.Str())
	})}}
	f.errors.RetryMax = time.Millisecond
	if f.errors.Tolerate {
		f.errors.DeadLetters = &DeadLetters{Topic: f.name + "-dlq", ReplicationFactor: 1, ContextHeaders: true}
	}
	if f.source {
		cfg.Sources = append(cfg.Sources, Source{
			Name: f.name, Connector: &lines{topic: f.name, all: count(f.n), batch: 6, full: true}, MaxTasks: 1,
			Key: at(chain.KeyConverter), Value: at(chain.ValueConverter), Header: at(chain.HeaderConverter), Steps: steps, Errors: f.errors,
		})
		return
	}
	s := Sink{
		Name: f.name, Topics: []string{f.name}, Connector: &f.sink, Tasks: 1,
		Key: at(chain.KeyConverter), Value: at(chain.ValueConverter), Header: at(chain.HeaderConverter), Steps: steps, Errors: f.errors,
	}
	s.Consumer.MaxPollRecords = 6
	cfg.Sinks = append(cfg.Sinks, s)
}

// fillFull writes the texts that a sink will read.
func (f *failures) fill(t *testing.T, c *kfake.Cluster) {
	if !f.source {
		fillFull(t, c, f.name, count(f.n)()...)
	}
}

// got is what has arrived.
func (f *failures) got(t *testing.T, c *kfake.Cluster) []string {
	t.Helper()
	if !f.source {
		return f.sink.got()
	}
	return f.all(t, c, f.name)
}

func (f *failures) all(t *testing.T, c *kfake.Cluster, topic string) []string {
	t.Helper()
	if n := int(end(t, c, topic)); n > 0 {
		return values(read(t, c, topic, n))
	}
	return nil
}

// split is what shall arrive, and what shall be in the queue.
func (f *failures) split() (well, ill []string) {
	for i, v := range count(f.n)() {
		if f.bad(i) {
			ill = append(ill, v)
		} else {
			well = append(well, v)
		}
	}
	return well, ill
}

// The table of errors.*: what becomes of a record by the kind of its failure,
// how often it fails, the tolerance and the time for tries, in every stage and
// on both sides. 60 policies by lot.
func TestPolicyTable(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	c := cluster(t)
	cfg, _ := config(t, c)
	var all []*failures
	for i := range 60 {
		f := &failures{
			name: fmt.Sprintf("p%02d", i), source: i%2 == 0, n: 9, bad: func(i int) bool { return i == 4 },
			stage: []chain.Stage{chain.Transformation, chain.KeyConverter, chain.ValueConverter, chain.HeaderConverter}[rnd.IntN(4)],
			kind:  []string{"plain", "retry", "retry", "away", "fatal", "panic"}[rnd.IntN(6)],
			times: []int{1, 3, forGood}[rnd.IntN(3)],
		}
		f.errors = Errors{Tolerate: rnd.IntN(2) == 0, RetryTimeout: []time.Duration{0, time.Minute, connect.Forever}[rnd.IntN(3)]}
		if f.times == forGood {
			if f.errors.RetryTimeout < 0 {
				f.times = 40 // to see that it does not end before
			} else if f.errors.RetryTimeout > 0 {
				f.errors.RetryTimeout = 30 * time.Millisecond
			}
		}
		if f.kind == "away" {
			f.times = min(f.times, 4) // its pauses grow to ten seconds
		}
		f.fill(t, c)
		f.add(t, c, &cfg)
		all = append(all, f)
	}
	stats, _ := run(t, cfg)
	for _, s := range stats {
		i := slices.IndexFunc(all, func(f *failures) bool { return f.name == s.Connector })
		all[i].judge(t, c, s)
	}
}

// outcome is the table itself.
func (f *failures) outcome() string {
	tried := f.kind == "retry" && f.errors.RetryTimeout != 0 || f.kind == "away"
	switch {
	case tried && f.times != forGood:
		return "arrives"
	case f.kind == "fatal" || !f.errors.Tolerate:
		return "fails"
	}
	return "letter"
}

func (f *failures) judge(t *testing.T, c *kfake.Cluster, s Stats) {
	t.Helper()
	well, ill := f.split()
	got, letters, tries := f.got(t, c), f.all(t, c, f.name+"-dlq"), f.tries[ill[0]]
	about := fmt.Sprintf("%s: source %v, stage %s, %s × %d, %+v: %d tries, %+v", f.name, f.source, f.stage, f.kind, f.times, f.errors, tries, s)
	switch f.outcome() {
	case "arrives":
		if s.State != Stopped || !slices.Equal(got, count(f.n)()) || len(letters) > 0 || tries != f.times+1 {
			t.Errorf("want it to arrive, got %v and letters %v: %s", got, letters, about)
		}
	case "letter":
		if s.State != Stopped || !slices.Equal(got, well) || !slices.Equal(letters, ill) {
			t.Errorf("want a letter, got %v and letters %v: %s", got, letters, about)
		}
	case "fails":
		if s.State != Failed || !slices.Equal(got, count(f.n)()[:4]) || len(letters) > 0 || !strings.Contains(s.Err.Error(), string(f.stage)) {
			t.Errorf("want a failure, got %v and letters %v: %s", got, letters, about)
		}
	}
	if again := f.kind == "retry" && f.errors.RetryTimeout != 0; f.outcome() != "arrives" && (tries > 1) != again {
		t.Errorf("tried again: %v: %s", tries > 1, about)
	}
}

// Poison first, last, in the middle of a batch, and nothing but poison, in each
// stage on both sides: what is well arrives in its order, what is ill is in the
// queue or ends the task before the offset moves, and nothing is lost.
func TestPoison(t *testing.T) {
	t.Parallel()
	for _, tolerate := range []bool{true, false} {
		t.Run(fmt.Sprint("tolerate=", tolerate), func(t *testing.T) {
			c := cluster(t)
			cfg, _ := config(t, c)
			cfg.Sources, cfg.Sinks = nil, nil
			var all []*failures
			for where, bad := range map[string]func(i int) bool{ // of batches of six
				"first": func(i int) bool { return i == 6 }, "last": func(i int) bool { return i == 11 },
				"middle": func(i int) bool { return i == 8 }, "two": func(i int) bool { return i == 11 || i == 12 },
				"very-first": func(i int) bool { return i == 0 }, "very-last": func(i int) bool { return i == 17 },
				"all": func(int) bool { return true },
			} {
				for _, stage := range []chain.Stage{chain.Transformation, chain.KeyConverter, chain.ValueConverter, chain.HeaderConverter} {
					for _, source := range []bool{true, false} {
						f := &failures{
							name: fmt.Sprintf("%s-%s-%v", where, stage, source), source: source, stage: stage, kind: "plain",
							times: forGood, bad: bad, n: 18, errors: Errors{Tolerate: tolerate},
						}
						f.fill(t, c)
						f.add(t, c, &cfg)
						all = append(all, f)
					}
				}
			}
			stats, _ := run(t, cfg)
			for _, f := range all {
				well, ill := f.split()
				got, letters := f.got(t, c), f.all(t, c, f.name+"-dlq")
				if tolerate && (!slices.Equal(got, well) || !slices.Equal(letters, ill)) {
					t.Errorf("%s: %v and letters %v", f.name, got, letters)
				}
				first := slices.IndexFunc(count(18)(), func(s string) bool { return slices.Contains(ill, s) })
				if !tolerate && !slices.Equal(got, count(18)()[:first]) {
					t.Errorf("%s: %v before the poison", f.name, got)
				}
			}
			for _, s := range stats {
				if want := map[bool]State{true: Stopped, false: Failed}[tolerate]; s.State != want {
					t.Errorf("%+v", s)
				}
			}
			if tolerate {
				return
			}
			for _, f := range all { // somebody mends it
				f.times = 0
			}
			if _, err := run(t, cfg); err != nil {
				t.Fatal(err)
			}
			for _, f := range all {
				got := f.got(t, c)
				if f.source { // goes on at the mark before the poison
					got = slices.DeleteFunc(got, func(s string) bool {
						f.mu.Lock()
						defer f.mu.Unlock()
						f.tries["seen "+s]++
						return f.tries["seen "+s] > 1
					})
				}
				if !slices.Equal(got, count(18)()) {
					t.Errorf("%s: %v after it was mended", f.name, got)
				}
			}
		})
	}
}
