package chaos_test

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"kcgen.dev/runtime/chaos/programs/sequence"
)

// slack is how long a task may go on after it should have ended: what a busy
// machine takes to run those who end it.
const slack = 2 * time.Second

// life is one life of a task, by its diary.
type life struct {
	connector string
	task      int
	name      string // INSTANCE-PID-NUMBER
	acts      []time.Time
	closed    bool
}

func (l *life) begin() time.Time { return l.acts[0] }
func (l *life) end() time.Time   { return l.acts[len(l.acts)-1] }

// pid is the process in which it was.
func (l *life) pid() int {
	_, rest, _ := strings.Cut(l.name, "-")
	digits, _, _ := strings.Cut(rest, "-")
	n, _ := strconv.Atoi(digits)
	return n
}

// task is one that has lives.
type task struct {
	connector string
	n         int
}

// readDiaries reads the diaries in a folder: the lives of each task, in the
// order in which they began.
func readDiaries(t *testing.T, folder string) map[task][]*life {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(folder, "diary-*"))
	if err != nil {
		t.Fatal(err)
	}
	lives := map[task][]*life{}
	for _, name := range names {
		if l := readDiary(t, name); l != nil {
			of := task{l.connector, l.task}
			lives[of] = append(lives[of], l)
		}
	}
	for _, ls := range lives {
		slices.SortFunc(ls, func(a, b *life) int { return a.begin().Compare(b.begin()) })
	}
	return lives
}

func readDiary(t *testing.T, name string) *life {
	t.Helper()
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var l *life
	for in := bufio.NewScanner(file); in.Scan(); {
		var at int64
		var word, connector, who string
		var n int
		if _, err := fmt.Sscanf(in.Text(), sequence.Line, &at, &word, &connector, &n, &who); err != nil {
			continue // what a kill has cut short
		}
		if l == nil {
			l = &life{connector: connector, task: n, name: who}
		}
		l.acts = append(l.acts, time.Unix(0, at))
		l.closed = word == "close"
	}
	return l
}

// owners says what the diaries tell.
type owners struct {
	lives    int
	zombies  int           // that woke up when another had their task
	fenced   int           // of these, those that ended soon
	overlap  time.Duration // the longest time that two had a task while both could run
	still    time.Duration // the longest time in which nobody was at work on a task
	troubles []string
}

// judgeOwners looks for tasks that two instances had at a time. A frozen one
// has its task until it finds out; it has slack for that.
func judgeOwners(lives map[task][]*life, frozen []freeze) owners {
	var o owners
	for of, ls := range lives {
		o.lives += len(ls)
		o.still = max(o.still, longestStill(ls))
		for i, l := range ls {
			for _, next := range ls[i+1:] {
				o.between(of, l, next, frozen)
			}
		}
	}
	return o
}

// longestStill is the longest time in which a task did nothing, in any life.
func longestStill(ls []*life) (d time.Duration) {
	var acts []time.Time
	for _, l := range ls {
		acts = append(acts, l.acts...)
	}
	slices.SortFunc(acts, time.Time.Compare)
	for i := 1; i < len(acts); i++ {
		d = max(d, acts[i].Sub(acts[i-1]))
	}
	return d
}

// between judges a life and one of those that began after it.
func (o *owners) between(of task, l, next *life, frozen []freeze) {
	until := l.end()
	if next.end().Before(until) {
		until = next.end()
	}
	both := awake(l, frozen, next.begin(), until)
	o.overlap = max(o.overlap, both)
	if both > slack {
		o.troubles = append(o.troubles, fmt.Sprintf("task %d of %s was run by %s for %v after %s had it", of.n, of.connector, l.name, both, next.name))
	}
}

// awake is how much of a time a life's process did not stand still.
func awake(l *life, frozen []freeze, from, to time.Time) time.Duration {
	d := max(0, to.Sub(from))
	for _, z := range frozen {
		if z.pid == l.pid() {
			begin, end := later(z.from, from), to
			if z.to.Before(to) {
				end = z.to
			}
			d -= max(0, end.Sub(begin))
		}
	}
	return d
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// countZombies counts the lives that were frozen while another took their task.
func (o *owners) countZombies(lives map[task][]*life, frozen []freeze) {
	for _, ls := range lives {
		for i, l := range ls {
			z := frozenIn(l, frozen)
			if z == nil || i+1 == len(ls) || ls[i+1].begin().After(z.to) {
				continue
			}
			o.zombies++
			if awake(l, frozen, z.to, l.end()) <= slack {
				o.fenced++
			}
		}
	}
}

// frozenIn is the freeze in which a life was the last time, or nil.
func frozenIn(l *life, frozen []freeze) (in *freeze) {
	for i := range frozen {
		z := &frozen[i]
		if z.pid == l.pid() && l.begin().Before(z.from) && (l.end().After(z.from.Add(-slack))) {
			in = z
		}
	}
	return in
}

// Two who have a task at a time are found, and a zombie is told from one that
// was given it properly.
func TestJudgeOwners(t *testing.T) {
	at := func(s float64) time.Time { return time.Unix(1000, int64(s*1e9)) }
	mk := func(name string, acts ...float64) *life {
		l := &life{connector: "c", name: name}
		for _, a := range acts {
			l.acts = append(l.acts, at(a))
		}
		return l
	}
	frozen := []freeze{{1, at(10), at(20)}, {5, at(30), at(40)}, {5, at(40.001), at(48)}}
	for _, c := range []struct {
		name            string
		lives           []*life
		troubles        int
		zombies, fenced int
	}{
		{"one after the other", []*life{mk("0-1-1", 1, 5), mk("1-2-1", 5.1, 30)}, 0, 0, 0},
		{"two at a time", []*life{mk("0-3-1", 1, 9), mk("1-2-1", 5, 30)}, 1, 0, 0},
		{"frozen, ends", []*life{mk("0-1-1", 1, 9.9, 20.2), mk("1-2-1", 17, 30)}, 0, 1, 1},
		{"frozen, killed at once", []*life{mk("0-1-1", 1, 9.9), mk("1-2-1", 17, 30)}, 0, 1, 1},
		{"frozen twice, ends", []*life{mk("0-5-1", 1, 29.9, 48.1), mk("1-2-1", 37, 60)}, 0, 1, 1},
		{"frozen, goes on", []*life{mk("0-1-1", 1, 9.9, 20.2, 25), mk("1-2-1", 17, 30)}, 1, 1, 0},
	} {
		lives := map[task][]*life{{"c", 0}: c.lives}
		o := judgeOwners(lives, frozen)
		o.countZombies(lives, frozen)
		if len(o.troubles) != c.troubles || o.zombies != c.zombies || o.fenced != c.fenced {
			t.Errorf("%s: %+v", c.name, o)
		}
	}
}
