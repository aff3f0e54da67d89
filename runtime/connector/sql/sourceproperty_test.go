package sql

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// Whatever is inserted and updated between polls, and wherever the task is
// killed: nothing is lost, and what comes twice lies behind the offset that was
// committed last.
func TestNothingIsLost(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{incrementing, timestamp, timestampIncrementing} {
		for seed := range uint64(4) {
			t.Run(fmt.Sprintf("%s %d", mode, seed), func(t *testing.T) {
				t.Parallel()
				randomly(t, mode, rand.New(rand.NewPCG(seed, 7)))
			})
		}
	}
}

// world is what a random run has done.
type world struct {
	*file
	rnd  *rand.Rand
	src  Source
	rows int
	time time.Time
	want map[string]bool // as records
	got  map[string]bool
	done map[string]bool // … and an offset behind it was committed
}

func randomly(t *testing.T, mode string, rnd *rand.Rand) {
	w := &world{file: newFile(t, `CREATE TABLE a (id INTEGER NOT NULL PRIMARY KEY, at TIMESTAMP NOT NULL, n INTEGER)`), rnd: rnd,
		time: time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), want: map[string]bool{}, got: map[string]bool{}, done: map[string]bool{}}
	w.src = w.source(mode, byColumns, func(s *Source) {
		s.BatchMaxRows = 1 + rnd.IntN(6)
		if !s.byTime() {
			s.TimestampColumnName = nil
		}
	})
	kafka := memory{} // what was committed; a life's own offsets run ahead of it
	for range 12 {
		l := begin(t, w.src, maps.Clone(kafka))
		for range rnd.IntN(8) {
			w.change()
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
			_, err := l.poll(ctx)
			cancel()
			if err != nil {
				t.Fatal(err)
			}
			if rnd.IntN(2) == 0 { // Kafka has all of it
				w.take(l, true)
				maps.Copy(kafka, l.mem)
			}
		}
		if rnd.IntN(3) == 0 {
			w.take(l, false) // but not the offset
		}
		l.close() // or it is killed: what was not taken is lost on its way
	}
	l := begin(t, w.src, kafka).idle()
	w.take(l, false)
	for r := range w.want {
		if !w.got[r] {
			t.Errorf("%s never came", r)
		}
	}
}

// change inserts rows, of the same time or of a later one, and updates some.
func (w *world) change() {
	for range w.rnd.IntN(5) {
		if w.rnd.IntN(2) == 0 {
			w.time = w.time.Add(time.Duration(w.rnd.IntN(3)) * time.Millisecond)
		}
		w.rows++
		w.set(w.rows)
	}
	// Nothing may come at a time that was read already: in mode timestamp that is
	// what timestampDelayInterval is for.
	w.time = w.time.Add(time.Millisecond)
	if w.src.byTime() && w.rows > 0 && w.rnd.IntN(2) == 0 {
		w.set(1 + w.rnd.IntN(w.rows))
		w.time = w.time.Add(time.Millisecond)
	}
}

// set writes a row as it is now. What it was before need not come any more.
func (w *world) set(id int) {
	at, n := w.time.Format("2006-01-02 15:04:05.000"), w.rnd.IntN(1e9)
	w.exec(fmt.Sprintf(`INSERT OR REPLACE INTO a VALUES (%d, '%s', %d)`, id, at, n))
	prefix := fmt.Sprintf("t-a: id=%d ", id)
	maps.DeleteFunc(w.want, func(r string, _ bool) bool { return strings.HasPrefix(r, prefix) })
	w.want[fmt.Sprintf("%sat=%s n=%d", prefix, strings.TrimRight(strings.TrimRight(w.time.Format("2006-01-02T15:04:05.000"), "0"), "."), n)] = true
}

// take is Kafka's having what came, and the offset too or not. (In mode
// timestamp the offset may lie before the last rows, of one time.)
func (w *world) take(l *life, committed bool) {
	for _, r := range l.got {
		if w.done[r] {
			w.t.Errorf("%s came again", r)
		}
		w.got[r] = true
	}
	if committed && w.src.byNumber() {
		for _, r := range l.got {
			w.done[r] = true
		}
	}
	l.got = nil
}
