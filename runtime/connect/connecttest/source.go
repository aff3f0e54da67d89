package connecttest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"kcgen.dev/runtime/connect"
)

var sourceChecks = []check[SourceDriver]{
	{"Tasks", sourceTasks},
	{"Complete", sourceComplete},
	{"Marks", sourceMarks},
	{"Resume", sourceResume},
	{"Unchanged", sourceUnchanged},
	{"IdleWaits", sourceIdle},
	{"ContextEnds", sourceContextEnds},
	{"Invalid", sourceInvalid},
	{"CloseWithoutOpen", sourceCloseWithoutOpen},
	{"Restart", sourceRestart},
	{"TwoAtOnce", sourceTwoAtOnce},
	{"Leaks", sourceLeaks},
}

// Tasks gives at least one task and at most max.
func sourceTasks(t testing.TB, d SourceDriver) {
	for _, max := range []int{1, 2, 7} {
		w := d.New(t)
		w.Add(t, 0, 10)
		var tasks []connect.SourceTask
		var err error
		guard(t, "Tasks", func() { tasks, err = w.Source().Tasks(context.Background(), max) })
		if err != nil {
			t.Fatalf("Tasks: %v", err)
		}
		if len(tasks) < 1 || len(tasks) > max {
			t.Errorf("Tasks(max %d) gave %d tasks", max, len(tasks))
		}
		for i, task := range tasks {
			if task == nil {
				t.Errorf("Tasks(max %d): task %d is nil", max, i)
			}
			for j := range i {
				if task == tasks[j] {
					t.Errorf("Tasks(max %d): tasks %d and %d are the same", max, j, i)
				}
			}
		}
	}
}

// chunks are the numbers of records that most checks add one after the other.
var chunks = []int{1, 40, 7, 150}

// feed adds the chunks and polls each of them.
func feed(r *run) {
	r.t.Helper()
	n := 0
	for _, c := range chunks {
		r.world.Add(r.t, n, c)
		n += c
		r.pollFor(n)
	}
}

// Every record comes once, in order, whether it was there before the start or
// came afterwards, and whether one task reads or several.
func sourceComplete(t testing.TB, d SourceDriver) {
	for _, max := range []int{1, 3} {
		w := d.New(t)
		w.Add(t, 0, 25)
		r := start(t, w, max, nil)
		r.pollFor(25)
		w.Add(t, 25, 5000)
		r.pollFor(5025)
		r.close()
		r.exactly(t, 5025)
		r.inOrder(t)
	}
}

// exactly fails unless the numbers below n came, each once.
func (r *run) exactly(t testing.TB, n int) {
	t.Helper()
	seen := make([]int, n)
	for _, g := range r.got {
		if g.number < 0 || g.number >= n {
			t.Fatalf("record %d was never added", g.number)
		}
		seen[g.number]++
	}
	for i, c := range seen {
		if c != 1 {
			t.Fatalf("record %d came %d times", i, c)
		}
	}
}

// inOrder fails unless the records of each partition came in the order in
// which they were added. (Those that no mark covers belong to none.)
func (r *run) inOrder(t testing.TB) {
	t.Helper()
	last := map[string]int{}
	next := make([]int, len(r.tasks)) // the mark to look at, by task
	count := make([]int, len(r.tasks))
	for _, g := range r.got {
		marks := r.marksOf(g.task)
		for next[g.task] < len(marks) && marks[next[g.task]].end <= count[g.task] {
			next[g.task]++
		}
		count[g.task]++
		if next[g.task] == len(marks) {
			continue
		}
		key := marks[next[g.task]].key
		if l, ok := last[key]; ok && g.number <= l {
			t.Fatalf("record %d came behind record %d of the same partition %s", g.number, l, key)
		}
		last[key] = g.number
	}
}

func (r *run) marksOf(task int) []marked {
	var ms []marked
	for _, m := range r.marks {
		if m.task == task {
			ms = append(ms, m)
		}
	}
	return ms
}

// When a source is idle, all that it gave lies behind a mark: otherwise it
// would come again at each start. And what a mark says does not change
// afterwards: it is committed later.
func sourceMarks(t testing.TB, d SourceDriver) {
	r := start(t, d.New(t), 1, nil)
	feed(r)
	r.close()
	ms := r.marksOf(0)
	if len(ms) == 0 {
		t.Fatal("there are no marks")
	}
	if end := ms[len(ms)-1].end; end != len(r.got) {
		t.Errorf("the source is idle, and %d of its %d records lie behind no mark", len(r.got)-end, len(r.got))
	}
	for _, m := range ms {
		if now := r.offset(m.mark.Offset); now != m.offset {
			t.Errorf("an offset was changed after it was marked, from %s to %s", m.offset, now)
		}
		if now := partitionKey(m.mark.Partition); now != m.key {
			t.Errorf("a partition was changed after it was marked, from %s to %s", m.key, now)
		}
	}
}

// A start from the offset of a mark gives the records behind it: none of those
// before it, all of the others, in the world as it is then.
func sourceResume(t testing.TB, d SourceDriver) {
	w := d.New(t)
	r := start(t, w, 1, nil)
	feed(r)
	r.close()
	added := len(r.got)
	w.Add(t, added, 3)
	for n := range len(r.marksOf(0)) + 1 {
		want := r.unmarked(0, n)
		for i := range 3 {
			want[added+i] = true
		}
		o := r.commit(0, n)
		again := start(t, w, 1, o)
		again.behind = fmt.Sprintf(" behind %v", o)
		again.pollFor(len(want))
		again.close()
		for _, g := range again.got {
			if !want[g.number] {
				t.Fatalf("started from %v, record %d came, or came twice; it lies before that", o, g.number)
			}
			delete(want, g.number)
		}
	}
}

// What a record reaches stays as it is when the task polls on and closes: it
// may wait for the broker.
func sourceUnchanged(t testing.TB, d SourceDriver) {
	r := start(t, d.New(t), 1, nil)
	feed(r)
	r.close()
	for i := range r.got {
		g := &r.got[i]
		if n, err := r.world.Number(&g.rec); err != nil || n != g.number {
			t.Fatalf("record %d was changed after Poll had returned it: it is %d now (%v)", g.number, n, err)
		}
	}
}

// A Poll of an idle source waits, for a second at the most, and returns an
// empty batch.
func sourceIdle(t testing.TB, d SourceDriver) {
	r := start(t, d.New(t), 1, nil)
	defer r.close()
	r.pollFor(0)
	const long, many = 2 * time.Second, 50
	begin, polls, fastest := time.Now(), 0, hang
	for polls < many && (time.Since(begin) < long/4 || polls < 2) {
		one := time.Now()
		r.poll(context.Background(), 0)
		fastest = min(fastest, time.Since(one))
		polls++
	}
	if polls == many {
		t.Errorf("an idle source was polled %d times in %v: Poll must wait", many, time.Since(begin))
	}
	if fastest > long {
		t.Errorf("each Poll of an idle source took %v or longer; a second is the most", fastest)
	}
	if len(r.got) > 0 {
		t.Errorf("an empty world gave %d records", len(r.got))
	}
}

// When the context ends, Poll returns soon, without an error, and the task can
// still be polled and closed.
func sourceContextEnds(t testing.TB, d SourceDriver) {
	w := d.New(t)
	r := start(t, w, 1, nil)
	defer r.close()
	r.pollFor(0)
	fastest := hang
	for range 8 { // the best of them: a busy machine delays some
		ctx, cancel := context.WithCancel(context.Background())
		stop := time.AfterFunc(20*time.Millisecond, cancel)
		begin := time.Now()
		for ctx.Err() == nil || time.Since(begin) == 0 {
			r.poll(ctx, 0)
		}
		fastest = min(fastest, time.Since(begin))
		stop.Stop()
		cancel()
	}
	if fastest > 400*time.Millisecond {
		t.Errorf("Poll returns %v after its context ended at the soonest", fastest)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	r.poll(ctx, 0)
	w.Add(t, len(r.got), 5)
	r.pollFor(5)
	r.exactly(t, 5)
}

// A configuration that cannot work is an error of Tasks or Open.
func sourceInvalid(t testing.TB, d SourceDriver) {
	bad := d.Invalid(t)
	if len(bad) == 0 {
		t.Fatal("the driver has no invalid configuration")
	}
	for what, s := range bad {
		var tasks []connect.SourceTask
		var err error
		guard(t, "Tasks: "+what, func() { tasks, err = s.Tasks(context.Background(), 1) })
		for i, task := range tasks {
			var oerr, cerr error
			guard(t, "Open: "+what, func() { oerr = task.Open(context.Background(), sourceContext(i, nil)) })
			guard(t, "Close after a failed Open: "+what, func() { cerr = task.Close() })
			if cerr != nil {
				t.Errorf("%s: Close after a failed Open: %v", what, cerr)
			}
			if err == nil {
				err = oerr
			}
		}
		if err == nil {
			t.Errorf("%s: neither Tasks nor Open gave an error", what)
		} else if err.Error() == "" {
			t.Errorf("%s: the error says nothing", what)
		}
	}
}

// A task whose Open was never called can be closed: a worker that stops while
// it starts does that.
func sourceCloseWithoutOpen(t testing.TB, d SourceDriver) {
	var tasks []connect.SourceTask
	var err error
	w := d.New(t)
	guard(t, "Tasks", func() { tasks, err = w.Source().Tasks(context.Background(), 1) })
	if err != nil {
		t.Fatalf("Tasks: %v", err)
	}
	for _, task := range tasks {
		guard(t, "Close without Open", func() { err = task.Close() })
		if err != nil {
			t.Errorf("Close without Open: %v", err)
		}
	}
}

// A connector starts again after it was closed, from the beginning where no
// offset was committed.
func sourceRestart(t testing.TB, d SourceDriver) {
	w := d.New(t)
	w.Add(t, 0, 10)
	for range 3 {
		r := start(t, w, 1, nil)
		r.pollFor(10)
		r.close()
		r.exactly(t, 10)
	}
}

// A second instance that opens the same world (a rebalance, a mistake) gets an
// error or works; the two share nothing in memory, and neither ends the other
// in silence: what it polls is whole, or Poll fails.
func sourceTwoAtOnce(t testing.TB, d SourceDriver) {
	w := d.New(t)
	w.Add(t, 0, 10)
	first := start(t, w, 1, nil)
	var tasks []connect.SourceTask
	var err error
	guard(t, "Tasks", func() { tasks, err = w.Source().Tasks(context.Background(), 1) })
	for i, task := range tasks {
		guard(t, "a second Open", func() { err = task.Open(context.Background(), sourceContext(i, nil)) })
		guard(t, "Close of a second task", func() { _ = task.Close() })
	}
	var b connect.Batch
	guard(t, "Poll", func() { err = first.tasks[0].Poll(context.Background(), &b) })
	if err == nil {
		for i := range b.Records {
			if _, err := w.Number(&b.Records[i]); err != nil {
				t.Errorf("after a second instance came and went, the first gave: %v", err)
			}
		}
	}
	first.close()
	last := start(t, w, 1, nil)
	last.pollFor(10)
	last.close()
	last.exactly(t, 10)
}

// Close lets go of everything.
func sourceLeaks(t testing.TB, d SourceDriver) {
	w := d.New(t)
	w.Add(t, 0, 10)
	leaks(t, func() {
		r := start(t, w, 1, nil)
		r.pollFor(10)
		r.close()
	})
}
