package kafka

import (
	"context"
	"errors"
	"maps"
	"sync"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// progress is how far a Reader has come in the partitions that it was given.
// The client has no word on that: it is put together from where each partition
// begins and what Poll gave since.
type progress struct {
	mu   sync.Mutex
	mine map[Partition]bool  // assigned
	next map[Partition]int64 // the offset that is read next; startOffset or endOffset before the first record
	last map[Partition]int64 // the same behind what the last Poll gave, which the caller may be at
	ends map[Partition]int64 // where the partition ended when it was last heard of
}

// Where a partition without a committed offset begins.
const (
	endOffset   = -1
	startOffset = -2
)

func newProgress() *progress {
	return &progress{mine: map[Partition]bool{}, next: map[Partition]int64{}, last: map[Partition]int64{}, ends: map[Partition]int64{}}
}

func (g *progress) assigned(ps []Partition) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, p := range ps {
		g.mine[p] = true
	}
}

func (g *progress) gone(ps []Partition) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, p := range ps {
		delete(g.mine, p)
		delete(g.next, p)
		delete(g.last, p)
		delete(g.ends, p)
	}
}

// begin is told where the client is about to begin.
func (g *progress) begin(_ context.Context, offsets map[string]map[int32]kgo.Offset) (map[string]map[int32]kgo.Offset, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for t, ps := range offsets {
		for p, o := range ps {
			g.next[Partition{t, p}] = o.EpochOffset().Offset
		}
	}
	return offsets, nil
}

// polled is told that the caller is done with what the last Poll gave.
func (g *progress) polled() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for p, o := range g.last {
		g.next[p] = o
	}
	clear(g.last)
}

// gave is told what Poll is about to give.
func (g *progress) gave(runs []Run) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for i := range runs {
		if g.mine[runs[i].Partition] {
			g.last[runs[i].Partition] = runs[i].Next().Offset
			g.ends[runs[i].Partition] = runs[i].end
		}
	}
}

// reached is the offset behind the last record of a partition that a Poll
// before this one gave, or else where the group had come to; below zero where
// none was read.
func (g *progress) reached(p Partition) int64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	if o, ok := g.next[p]; ok {
		return o
	}
	return startOffset // it is not ours any more
}

// Lag is how many records the reader is behind in each of its partitions that
// it has read from, as of when it last heard of their ends.
func (r *Reader) Lag() map[Partition]int64 {
	g := r.progress
	g.mu.Lock()
	defer g.mu.Unlock()
	lag := map[Partition]int64{}
	for p, end := range g.ends {
		at, ok := g.last[p]
		if !ok {
			at = g.next[p]
		}
		lag[p] = max(end-at, 0)
	}
	return lag
}

// positions are where the partitions are read next, by topic. known is false
// while the client has yet to find out.
func (g *progress) positions() (at map[string]map[int32]int64, known bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	at = map[string]map[int32]int64{}
	for p := range g.mine {
		o, ok := g.next[p]
		if !ok {
			return nil, false
		}
		if at[p.Topic] == nil {
			at[p.Topic] = map[int32]int64{}
		}
		at[p.Topic][p.Partition] = o
	}
	return at, true
}

// Behind reports whether there is more to read in the partitions that are
// ours, or a topic for our pattern that nobody has been given yet, or whether
// the caller is still at what the last Poll gave: the next Poll says that it is
// not. It asks the brokers, so that a reader that was slow to begin is not taken
// for one that has nothing to do.
func (r *Reader) Behind(ctx context.Context) (bool, error) {
	if more, err := r.unsought(ctx); more || err != nil {
		return more, err
	}
	topics, known := r.progress.positions()
	if !known {
		return true, nil
	}
	for name, at := range topics {
		behind, err := r.behind(ctx, name, at)
		if errors.Is(err, kerr.UnknownTopicOrPartition) {
			continue // it was deleted
		}
		if behind || err != nil {
			return behind, err
		}
	}
	return false, nil
}

// behind is Behind for one topic. Offsets alone do not tell: the last ones may
// belong to transactions, or to records that were compacted away.
func (r *Reader) behind(ctx context.Context, topic string, at map[int32]int64) (bool, error) {
	var parts []int32
	for p := range at {
		parts = append(parts, p)
	}
	l := logReader{conn: r.conn, name: topic, uncommitted: !r.committed}
	starts, err := l.offsets(ctx, parts, startOffset)
	if err != nil {
		return false, err
	}
	if l.end, err = l.offsets(ctx, parts, endOffset); err != nil {
		return false, err
	}
	if open, err := l.held(ctx, parts); open || err != nil {
		return open, err
	}
	l.next = map[int32]int64{}
	for p, o := range at {
		next, ok := r.resume(o, starts[p], l.end[p])
		if !ok {
			return true, nil
		}
		l.next[p] = next
	}
	l.each = func(Entry) { l.enough = true }
	err = l.to(ctx, l.end)
	return l.enough, err
}

// held reports whether committed reads end before the log does, at a transaction
// that is open. One whose commit was answered is that, too, until the brokers
// have written its markers.
func (r logReader) held(ctx context.Context, parts []int32) (bool, error) {
	if r.uncommitted {
		return false, nil
	}
	r.uncommitted = true
	ends, err := r.offsets(ctx, parts, endOffset)
	return err == nil && !maps.Equal(ends, r.end), err
}

// resume is where the client goes on that stands at an offset of a log from
// start to end. It is not ok where the client is about to fail.
func (r *Reader) resume(at, start, end int64) (next int64, ok bool) {
	switch {
	case at == startOffset:
		return start, true
	case at == endOffset:
		return end, true
	case at >= start && at <= end, at > end && r.committed: // a transaction is open there
		return at, true
	case r.reset == "earliest":
		return start, true
	case r.reset == "latest":
		return end, true
	}
	return 0, false
}
