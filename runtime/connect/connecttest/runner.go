package connecttest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"testing"
	"time"

	"kcgen.dev/runtime/connect"
)

// offsets is an offsets topic in memory: JSON of the partition to JSON of the
// offset.
type offsets map[string]string

// Offset reads an offset back as the worker does: integers as int64, other
// numbers as float64.
func (o offsets) Offset(p *connect.SourcePartition) connect.SourceOffset {
	data, ok := o[partitionKey(p)]
	if !ok {
		return nil
	}
	dec := json.NewDecoder(bytes.NewReader([]byte(data)))
	dec.UseNumber()
	off := connect.SourceOffset{}
	if err := dec.Decode(&off); err != nil {
		return nil
	}
	for k, v := range off {
		if n, ok := v.(json.Number); ok {
			if i, err := n.Int64(); err == nil {
				off[k] = i
			} else {
				off[k], _ = n.Float64()
			}
		}
	}
	return off
}

func partitionKey(p *connect.SourcePartition) string {
	data, _ := json.Marshal(p.Pairs)
	return string(data)
}

// run is one life of a source connector: its tasks from Open to Close, and
// what they gave.
type run struct {
	t     testing.TB
	world SourceWorld
	tasks []connect.SourceTask
	got   []given
	marks []marked
	fresh map[string]*connect.SourcePartition // by task and content
	batch connect.Batch

	behind string // for messages: the offset from which it was started
}

// given is a record that a task gave, as it was then.
type given struct {
	task   int
	number int
	rec    connect.Record
}

// marked is a mark that a task made, as it was then.
type marked struct {
	task   int
	end    int // given before this index of the task are behind it
	key    string
	offset string
	mark   connect.Mark
}

// start opens all tasks of a source.
func start(t testing.TB, w SourceWorld, max int, o offsets) *run {
	t.Helper()
	r := &run{t: t, world: w, fresh: map[string]*connect.SourcePartition{}}
	var err error
	guard(t, "Tasks", func() { r.tasks, err = w.Source().Tasks(context.Background(), max) })
	if err != nil {
		t.Fatalf("Tasks: %v", err)
	}
	for i, task := range r.tasks {
		guard(t, "Open", func() { err = task.Open(context.Background(), sourceContext(i, o)) })
		if err != nil {
			r.close()
			t.Fatalf("Open of task %d: %v", i, err)
		}
	}
	return r
}

func sourceContext(task int, o offsets) connect.SourceContext {
	return connect.SourceContext{Name: "contract", Task: task, Offsets: o, Log: slog.New(slog.DiscardHandler)}
}

// poll polls one task, and takes down what it gives.
func (r *run) poll(ctx context.Context, task int) {
	r.t.Helper()
	r.batch.Reset()
	var err error
	guard(r.t, "Poll", func() { err = r.tasks[task].Poll(ctx, &r.batch) })
	if err != nil {
		r.t.Fatalf("Poll of task %d: %v", task, err)
	}
	before := r.count(task)
	for i := range r.batch.Records {
		rec := r.batch.Records[i]
		rec.Headers = append([]connect.Header(nil), rec.Headers...)
		n, err := r.world.Number(&rec)
		if err != nil {
			r.t.Fatalf("Poll of task %d gave a record that was never added: %v", task, err)
		}
		r.got = append(r.got, given{task, n, rec})
	}
	r.takeMarks(task, before)
}

// takeMarks checks the marks of the last batch one by one.
func (r *run) takeMarks(task, before int) {
	r.t.Helper()
	end := 0
	for _, m := range r.batch.Marks() {
		if m.Partition == nil || m.Offset == nil {
			r.t.Fatalf("a mark has no partition or no offset: %+v", m)
		}
		if m.End < end || m.End > len(r.batch.Records) {
			r.t.Fatalf("a mark ends at record %d; the one before at %d, and there are %d", m.End, end, len(r.batch.Records))
		}
		end = m.End
		key := partitionKey(m.Partition)
		id := fmt.Sprint(task, key)
		if p := r.fresh[id]; p != nil && p != m.Partition {
			r.t.Errorf("task %d makes its partition %s anew; it is compared by pointer within a task", task, key)
		}
		r.fresh[id] = m.Partition
		r.marks = append(r.marks, marked{task, before + m.End, key, r.offset(m.Offset), m})
	}
}

// offset is an offset as the offsets topic holds it.
func (r *run) offset(o connect.SourceOffset) string {
	r.t.Helper()
	for k, v := range o {
		switch v.(type) {
		case nil, string, bool, int, int8, int16, int32, int64, uint8, uint16, uint32, float32, float64:
		default:
			r.t.Fatalf("offset %s is a %T, which is no JSON scalar", k, v)
		}
	}
	data, err := json.Marshal(maps.Clone(o))
	if err != nil {
		r.t.Fatalf("offset %v: %v", o, err)
	}
	return string(data)
}

// count is how many records a task has given.
func (r *run) count(task int) int {
	n := 0
	for _, g := range r.got {
		if g.task == task {
			n++
		}
	}
	return n
}

// tooMany is how many records more than were added end a test that a source
// would keep going for ever.
const tooMany = 10000

// pollFor polls all tasks in turn until there are n records in all, and then
// until all tasks are idle: each has given an empty batch.
func (r *run) pollFor(n int) {
	r.t.Helper()
	deadline := time.Now().Add(hang)
	for idle := 0; idle < len(r.tasks) || len(r.got) < n; {
		for i := range r.tasks {
			r.pollOnce(i, len(r.got) >= n)
			if len(r.batch.Records) == 0 {
				idle++
				time.Sleep(time.Millisecond) // a Poll that does not wait is another check's
			} else {
				idle = 0
			}
		}
		if time.Now().After(deadline) || len(r.got) > n+tooMany {
			r.t.Fatalf("%d records were added%s, %d came", n, r.behind, len(r.got))
		}
	}
}

// pollOnce polls one task; where nothing is expected it does not wait as long
// as Poll would.
func (r *run) pollOnce(task int, idle bool) {
	r.t.Helper()
	ctx, cancel := context.Background(), func() {}
	if idle {
		ctx, cancel = context.WithTimeout(ctx, 100*time.Millisecond)
	}
	defer cancel()
	r.poll(ctx, task)
}

// commit is what the offsets topic holds when a task's first n marks, and all
// of the other tasks', have been committed.
func (r *run) commit(task, n int) offsets {
	o := offsets{}
	for _, m := range r.marks {
		if m.task != task {
			o[m.key] = m.offset
		} else if n > 0 {
			o[m.key] = m.offset
			n--
		}
	}
	return o
}

// unmarked are the numbers of the records that the same commit does not cover.
func (r *run) unmarked(task, n int) map[int]bool {
	end, rest := 0, map[int]bool{}
	for _, m := range r.marks {
		if m.task == task && n > 0 {
			end = m.end
			n--
		}
	}
	for _, g := range r.got {
		if g.task != task {
			continue
		}
		if end--; end < 0 {
			rest[g.number] = true
		}
	}
	return rest
}

// close closes all tasks.
func (r *run) close() {
	r.t.Helper()
	for i, task := range r.tasks {
		var err error
		guard(r.t, "Close", func() { err = task.Close() })
		if err != nil {
			r.t.Errorf("Close of task %d: %v", i, err)
		}
	}
}
