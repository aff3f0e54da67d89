package kafka

import (
	"context"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
)

// take polls until n records have come.
func take(t *testing.T, r *Reader, n int) {
	t.Helper()
	ctx := within(t)
	for n > 0 && ctx.Err() == nil {
		runs, err := r.Poll(ctx, 1000, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i := range runs {
			n -= runs[i].Len()
		}
		r.Release()
	}
	if n != 0 {
		t.Fatalf("%d records are missing", n)
	}
}

// done is the Poll that says that what came before it is done.
func done(t *testing.T, r *Reader) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	runs, err := r.Poll(ctx, 1000, nil)
	r.Release()
	if len(runs) > 0 || err != nil {
		t.Fatal(runs, err)
	}
}

func TestBehind(t *testing.T) {
	t.Parallel()
	for _, level := range []string{"read_uncommitted", "read_committed"} {
		t.Run(level, func(t *testing.T) {
			c := cluster(t, kfake.SeedTopics(1, "t"), kfake.SeedTopics(3, "u"))
			k := conn(t, c)
			assigned := make(chan struct{}, 1)
			r, err := k.Reader(Consumer{IsolationLevel: level}, "x", Subscription{Group: "g", Topics: []string{"t", "u"},
				Assigned: func([]Partition) { assigned <- struct{}{} }})
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close(within(t))
			want := func(want bool, when string) {
				t.Helper()
				if got, err := r.Behind(within(t)); got != want || err != nil {
					t.Errorf("%s: behind is %v, %v", when, got, err)
				}
			}
			<-assigned
			for behind := true; behind; { // until the client knows where it begins
				if behind, err = r.Behind(within(t)); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Millisecond)
			}
			transaction(t, c, "t", "k", "v", kgo.TryCommit)
			want(true, "a record has come")
			take(t, r, 1)
			want(true, "it is being worked on")
			done(t, r)
			want(false, "nothing but the end of a transaction is left")
			transaction(t, c, "t", "k", "v", kgo.TryAbort)
			want(level == "read_uncommitted", "a transaction was aborted")
			end := openTransactionOf(t, c, "t", "open", "k", "v")
			want(true, "a transaction is open")
			end(kgo.TryAbort)
			want(level == "read_uncommitted", "and was aborted")
		})
	}
}

func TestResume(t *testing.T) {
	for _, test := range []struct {
		reset          string
		committed      bool
		at, start, end int64
		next           int64
		ok             bool
	}{
		{"", false, startOffset, 3, 9, 3, true},
		{"latest", false, endOffset, 3, 9, 9, true},
		{"", false, 3, 3, 9, 3, true},
		{"", false, 9, 3, 9, 9, true},
		{"", false, 2, 3, 9, 0, false},
		{"", false, 10, 3, 9, 0, false},
		{"", true, 10, 3, 9, 10, true},
		{"earliest", false, 2, 3, 9, 3, true},
		{"latest", false, 2, 3, 9, 9, true},
	} {
		r := &Reader{reset: test.reset, committed: test.committed}
		if next, ok := r.resume(test.at, test.start, test.end); next != test.next || ok != test.ok {
			t.Errorf("%+v: %d, %v", test, next, ok)
		}
	}
}
