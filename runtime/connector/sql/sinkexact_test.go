package sql

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"

	"kcgen.dev/runtime/connect"
)

var part0 = connect.TopicPartition{Topic: "orders"}

// herder drives a task over a topic of one partition, as a worker does: where
// the task fails it opens another one, and goes on where the target stands.
type herder struct {
	*shop
	o       Sink
	log     []connect.Record
	size    int // of a batch
	letters map[int64]bool
	opened  int
	put     func(context.Context, connect.SinkTask, []connect.Record) error // nil: the task's
}

// work is a worker's life until all is written.
func (w *herder) work() error {
	for fails := 0; fails < 50; fails++ {
		done, err := w.life()
		if done {
			return nil
		}
		if err != nil && !errors.Is(err, connect.ErrRetry) {
			return err
		}
	}
	return errors.New("no end")
}

func (w *herder) life() (done bool, err error) {
	r := &run{t: w.t, refused: map[int]error{}}
	w.opened++
	task, err := w.sink(w.o).Open(context.Background(), connect.SinkContext{Name: "orders", Log: slog.New(slog.DiscardHandler), Results: r})
	if err != nil {
		return false, err
	}
	r.SinkTask = task
	defer task.Close()
	k := task.(connect.PositionKeeper)
	stands, err := k.Positions(context.Background(), []connect.TopicPartition{part0})
	if err != nil {
		return false, err
	}
	at := 0
	for _, s := range stands {
		at = int(s.Offset)
	}
	for n := 0; at < len(w.log); n++ {
		batch := w.log[at:min(at+w.size, len(w.log))]
		put := func() error {
			clear(r.refused)
			if w.put != nil {
				return w.put(context.Background(), k, batch)
			}
			return k.Put(context.Background(), batch)
		}
		if err := again(put); err != nil {
			return false, err
		}
		for i := range r.refused { // the dead letter queue takes them before the next call
			w.letters[batch[i].Offset] = true
		}
		at += len(batch)
		if n%2 == 1 {
			if err := w.flush(k, at); err != nil {
				return false, err
			}
		}
	}
	return true, w.flush(k, at)
}

func (w *herder) flush(k connect.PositionKeeper, at int) error {
	return again(func() error {
		return k.FlushAt(context.Background(), []connect.Position{{TopicPartition: part0, Offset: int64(at)}})
	})
}

// again tries what asks for it.
func again(do func() error) error {
	for tries := 0; ; tries++ {
		err := do()
		if err == nil || !errors.Is(err, connect.ErrRetry) || tries > 10 {
			return err
		}
	}
}

// The connection is cut at each call in turn, before and after the database has
// done it: each record is there once.
func TestSinkExactlyOnceCut(t *testing.T) {
	t.Parallel()
	for _, withBad := range []bool{false, true} {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("bad=%v,after=%v", withBad, after), func(t *testing.T) {
				t.Parallel()
				for n := 1; ; n++ {
					if !cutOnce(t, n, after, withBad) {
						if n < 15 {
							t.Errorf("only %d calls were cut", n-1)
						}
						return
					}
				}
			})
		}
	}
}

// cutOnce cuts at the n-th call; false where there are not so many.
func cutOnce(t *testing.T, n int, after, withBad bool) bool {
	t.Helper()
	s := newShop(t)
	defer s.pool.Close()
	s.exec(`CREATE TABLE orders (id INTEGER, name TEXT CHECK (name <> 'bad'), n INTEGER)`)
	f := &flaky{Database: s.db}
	w := &herder{shop: s, o: Sink{Connection: f, ExactlyOnce: true}, log: orders(0, 25), size: 5, letters: map[int64]bool{}}
	want := 25
	if withBad {
		for _, i := range []int{2, 3, 24} {
			w.log[i] = order(int64(i), int64(i), "bad")
			want--
		}
	}
	f.cutAt(n, after)
	if err := w.work(); err != nil {
		t.Fatalf("call %d: %v", n, err)
	}
	s.want(`SELECT count(*), count(DISTINCT id) FROM orders`, fmt.Sprintf("%d|%[1]d", want))
	s.want(`SELECT connector, topic, "partition", "offset" FROM kcgen_offsets`, "orders|orders|0|25")
	if len(w.letters) != 25-want {
		t.Errorf("call %d: letters %v", n, w.letters)
	}
	return !f.due()
}

// Two tasks that believe that a partition is theirs write each record once, in
// order.
func TestSinkExactlyOnceZombie(t *testing.T) { eachShop(t, zombies) }

func zombies(t *testing.T, s *shop) {
	o := Sink{ExactlyOnce: true, AutoCreate: true, OffsetsTable: "my positions"}
	log := orders(0, 200)
	var wg sync.WaitGroup
	errs := make([]error, 3)
	for i := range errs {
		w := &herder{shop: s, o: o, log: log, size: 3 + 4*i, letters: map[int64]bool{}}
		wg.Go(func() { errs[i] = w.work() })
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	s.want(`SELECT count(*), count(DISTINCT id) FROM orders`, "200|200")
	if s.db.Dialect().Name() == "SQLite" {
		s.want(`SELECT count(*) FROM orders WHERE rowid <> id + 1`, "0")
	}
	s.want(`SELECT "offset" FROM "my positions"`, "200")
}

// A zombie that comes back finds its position moved, and writes nothing twice.
func TestSinkExactlyOnceFrozen(t *testing.T) { eachShop(t, frozen) }

func frozen(t *testing.T, s *shop) {
	o := Sink{ExactlyOnce: true, AutoCreate: true}
	positions := func(r *run) []connect.Position {
		ps, err := r.SinkTask.(connect.PositionKeeper).Positions(context.Background(), []connect.TopicPartition{part0, {Topic: "other", Partition: 3}})
		if err != nil {
			t.Fatal(err)
		}
		return ps
	}
	zombie, heir := s.open(o), s.open(o)
	if ps := positions(zombie); len(ps) != 0 {
		t.Errorf("positions %v", ps)
	}
	zombie.all(orders(0, 10)...)
	if ps := positions(heir); !slices.Equal(ps, []connect.Position{{TopicPartition: part0, Offset: 10}}) {
		t.Errorf("positions %v", ps)
	}
	heir.all(orders(10, 20)...)
	zombie.all(orders(10, 5)...) // all of it is there
	zombie.all(orders(15, 5)...)
	zombie.all(orders(20, 15)...) // a part of it
	heir.all(orders(30, 10)...)
	s.want(`SELECT count(*), count(DISTINCT id), max(id) FROM orders`, "40|40|39")

	if err := zombie.SinkTask.(connect.PositionKeeper).FlushAt(context.Background(), []connect.Position{{TopicPartition: part0, Offset: 35}}); err != nil {
		t.Error(err)
	}
	if ps := positions(heir); ps[0].Offset != 40 {
		t.Errorf("positions %v", ps)
	}
	err := heir.fails("made anew", orders(0, 5)...)
	if !errors.Is(err, connect.ErrFatal) {
		t.Error(err)
	}
	s.exec(`UPDATE kcgen_offsets SET "offset" = 7`)
	heir.fails("taken back", orders(40, 5)...)
	s.want(`SELECT count(*) FROM orders`, "40")
}

// What filters leave out moves the position too.
func TestSinkExactlyOnceFlushAt(t *testing.T) { eachShop(t, flushAt) }

func flushAt(t *testing.T, s *shop) {
	r := s.open(Sink{ExactlyOnce: true, AutoCreate: true})
	flush := func(at int64) {
		t.Helper()
		err := r.SinkTask.(connect.PositionKeeper).FlushAt(context.Background(), []connect.Position{{TopicPartition: part0, Offset: at}, {TopicPartition: connect.TopicPartition{Topic: "a"}, Offset: at}})
		if err != nil {
			t.Fatal(err)
		}
	}
	flush(3)
	s.want(`SELECT topic, "offset" FROM kcgen_offsets ORDER BY 1`, "a|3\norders|3")
	r.all(orders(5, 5)...)
	s.want(`SELECT topic, "offset" FROM kcgen_offsets ORDER BY 1`, "a|3\norders|10")
	flush(10)
	flush(12)
	s.want(`SELECT topic, "offset" FROM kcgen_offsets ORDER BY 1`, "a|12\norders|12")
}

// A table of another kind is not taken for one of positions.
func TestSinkOffsetsTable(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.exec(`CREATE TABLE kcgen_offsets (x INTEGER)`)
	_, err := s.sink(Sink{ExactlyOnce: true}).Open(context.Background(), connect.SinkContext{Name: "orders", Log: slog.New(slog.DiscardHandler)})
	if err == nil || !strings.Contains(err.Error(), `CREATE TABLE "kcgen_offsets"`) {
		t.Error(err)
	}
}

// A cut connection of a sink that writes at least once loses nothing, and an
// upsert doubles nothing.
func TestSinkUpsertCut(t *testing.T) {
	t.Parallel()
	for _, after := range []bool{false, true} {
		for n := 1; n < 40; n++ {
			s := newShop(t)
			f := &flaky{Database: s.db}
			f.cutAt(n, after)
			o := s.sink(Sink{Connection: f, InsertMode: "upsert", PkMode: "record_key", PkFields: []string{"id"}, DeleteEnabled: true, AutoCreate: true})
			var task connect.SinkTask
			err := again(func() (err error) {
				task, err = o.Open(context.Background(), connect.SinkContext{Name: "orders", Log: slog.New(slog.DiscardHandler)})
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			for i := 0; i < 25; i += 5 {
				batch := append(orders(i, 5), tombstone(int64(i), int64(i)))
				if err := again(func() error { return task.Put(context.Background(), batch) }); err != nil {
					t.Fatalf("call %d: %v", n, err)
				}
			}
			task.Close()
			s.want(`SELECT count(*), count(DISTINCT id) FROM orders`, "20|20")
			s.pool.Close()
		}
	}
}

// A rollback that fails throws the connection away, and the positions are read
// over another one.
func TestExactAdoptsWithoutConnection(t *testing.T) {
	s := newShop(t)
	s.exec(orderTable)
	r := s.open(Sink{ExactlyOnce: true})
	r.all(orders(0, 3)...)
	e := r.SinkTask.(*exactSink)
	e.exact.at[part0] = 1
	e.disconnect()
	if err := e.exact.adopt(t.Context(), part0, nil); !errors.Is(err, errMoved) || e.exact.at[part0] != 3 {
		t.Errorf("%v; it stands at %d, not at 3", err, e.exact.at[part0])
	}
}
