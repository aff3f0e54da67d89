package connect

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestTransactions(t *testing.T) {
	p := Partition("p", "1")
	add := func(b *Batch, n int) {
		for range n {
			b.Add().Topic = fmt.Sprint(len(b.Records))
		}
	}
	mark := func(b *Batch, n int) { b.Mark(p, SourceOffset{"n": n}) }
	for _, c := range []struct {
		name string
		fill func(b *Batch)
		want string
	}{
		{"nothing", func(*Batch) {}, ""},
		{"open", func(b *Batch) { add(b, 2); mark(b, 2) }, "1 2 |2@2 open"},
		{"all", func(b *Batch) { add(b, 2); mark(b, 2); b.Commit() }, "1 2 |2@2 committed"},
		{"before all", func(b *Batch) { b.Commit(); add(b, 1); mark(b, 1) }, " committed, 1 |1@1 open"},
		{"several", func(b *Batch) {
			add(b, 1)
			mark(b, 1)
			add(b, 2)
			mark(b, 3)
			b.Commit()
			add(b, 1)
			mark(b, 4)
			b.Abort()
			mark(b, 5)
			add(b, 1)
			mark(b, 6)
		}, "1 2 3 |1@1|3@3 committed, 4 |1@4 aborted, 5 |0@5|1@6 open"},
		{"a mark behind the end", func(b *Batch) { add(b, 1); b.Commit(); mark(b, 1) }, "1  committed, |0@1 open"},
	} {
		var b Batch
		for range 2 { // used again
			b.Reset()
			c.fill(&b)
			var got []string
			for part, end := range b.Transactions() {
				var s strings.Builder
				for _, r := range part.Records {
					s.WriteString(r.Topic + " ")
				}
				for _, m := range part.Marks() {
					fmt.Fprintf(&s, "|%d@%d", m.End, m.Offset["n"])
				}
				got = append(got, s.String()+" "+[]string{"open", "committed", "aborted"}[end])
			}
			if s := strings.Join(got, ", "); s != c.want {
				t.Errorf("%s: %q, want %q", c.name, s, c.want)
			}
		}
	}
}

type plainSource struct{ Source }

type exactSource struct {
	plainSource
	err error
}

func (s exactSource) ExactlyOnce() error { return s.err }

type boundSource struct {
	exactSource
	err error
}

func (s boundSource) Transactional() error { return s.err }

func TestCheckExactlyOnce(t *testing.T) {
	bad := errors.New("cannot")
	for _, c := range []struct {
		s      Source
		bounds bool
		ok     bool
	}{
		{plainSource{}, false, false},
		{exactSource{}, false, true},
		{exactSource{err: bad}, false, false},
		{exactSource{}, true, false},
		{boundSource{}, true, true},
		{boundSource{err: bad}, true, false},
		{boundSource{err: bad}, false, true},
	} {
		if err := CheckExactlyOnce(c.s, c.bounds); (err == nil) != c.ok {
			t.Errorf("%+v, %v: %v", c.s, c.bounds, err)
		}
	}
}
