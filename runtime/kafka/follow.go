package kafka

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

const (
	followWait  = 500 * time.Millisecond // how long a leader waits for records
	followAgain = time.Minute            // how often partitions are looked for that were added
)

// Follow reads on until ctx ends, and calls OpenLog's function with what comes
// soon after it was appended. Whatever is wrong with brokers, connections and
// rights it waits for to mend, saying so in the log. It returns nil when ctx has
// ended, and an error when there is nothing to wait for: the topic cannot be
// made, or was made anew.
func (l *Log) Follow(ctx context.Context) error {
	if err := l.ready(ctx); err != nil {
		return unlessEnded(ctx, err)
	}
	select {
	case l.turn <- struct{}{}:
		defer func() { <-l.turn }()
	case <-ctx.Done():
		return nil
	}
	// A connection of its own: a leader that waits on one for records answers
	// nothing else there.
	cl, err := l.conn.client(l.conn.id)
	if err != nil {
		return err
	}
	defer cl.Close()
	return l.followOn(ctx, cl)
}

func unlessEnded(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

func (l *Log) followOn(ctx context.Context, cl *kgo.Client) error {
	var said time.Time
	for fails := 0; ; {
		f := follower{log: l, cl: cl}
		err := f.round(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, errReplaced):
			return describeRead(l.spec.Name, err)
		case err == nil:
			fails = 0
			continue
		case f.answers > 0:
			fails = 0
		}
		if fails++; fails > 3 && time.Since(said) > sayEvery {
			said = time.Now()
			l.conn.log.Warn("the topic cannot be read; trying again", "topic", l.spec.Name, "error", fmt.Sprint(l.conn.login.hint(l.readable(err))))
		}
		if pause(ctx, backoff(fails)) != nil {
			return nil
		}
	}
}

// follower asks the leaders of a topic, each for itself, until one of them has
// no answer.
type follower struct {
	log     *Log
	cl      *kgo.Client
	answers int
}

type answer struct {
	leader int32
	resp   kmsg.Response
	err    error
	took   time.Duration
}

func (f *follower) round(ctx context.Context) error {
	r := &f.log.reader
	l, err := r.lead(ctx)
	if err != nil {
		return err
	}
	if err := f.position(ctx, l); err != nil {
		return err
	}
	led := map[int32][]int32{}
	for p, leader := range l.leader {
		led[leader] = append(led[leader], p)
	}
	ctx, cancel := context.WithTimeout(ctx, followAgain)
	answers := make(chan answer, len(led))
	var asked sync.WaitGroup
	defer asked.Wait()
	defer cancel()
	ask := func(leader int32, again time.Duration) {
		req := r.request(led[leader], followWait)
		asked.Go(func() {
			_ = pause(ctx, again)
			begun := time.Now()
			resp, err := f.cl.Broker(int(leader)).Request(ctx, req)
			answers <- answer{leader, resp, err, time.Since(begun)}
		})
	}
	r.following = true
	defer func() { r.following = false }()
	for leader := range led {
		ask(leader, 0)
	}
	for {
		a := <-answers
		if ctx.Err() != nil {
			return nil // a round is over
		}
		if a.err != nil {
			return a.err
		}
		moved, err := r.answered(a.resp.(*kmsg.FetchResponse))
		if err != nil {
			return err
		}
		f.answers++
		if !moved && a.took < followWait/2 {
			ask(a.leader, followWait/10) // a leader that does not wait
		} else {
			ask(a.leader, 0)
		}
	}
}

// position puts the reader where the topic can be read: an end that is before
// where it was is that of a leader that lost records.
func (f *follower) position(ctx context.Context, l leads) error {
	r := &f.log.reader
	if err := r.begin(ctx, l); err != nil {
		return err
	}
	starts, err := r.offsets(ctx, l.parts(), startOffset)
	if err != nil {
		return err
	}
	ends, err := r.offsets(ctx, l.parts(), endOffset)
	if err != nil {
		return err
	}
	r.end = ends
	for p := range l.leader {
		if next := min(max(r.next[p], starts[p]), ends[p]); next != r.next[p] {
			f.log.conn.log.Warn("the topic does not go on where it was read to; records may be lost", "topic", f.log.spec.Name, "partition", p, "at", r.next[p], "now", next)
			r.move(p, next)
		}
	}
	return nil
}
