//go:build synctests

package simulation

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// load fills the data topic in the place of a source, to the world's end.
func (w *world) load() (stop func()) {
	if err := w.cluster.CreateTopic(dataTopic, parts, nil); err != nil {
		w.t.Fatal(err)
	}
	cl := w.client(kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerLinger(0))
	var wg sync.WaitGroup
	for part := range parts {
		w.history.opened(0, part, part, 0)
		wg.Go(func() { w.loadPart(cl, part) })
	}
	wait := func() { wg.Wait(); _ = cl.Flush(context.Background()) }
	w.loaded = make(chan struct{})
	go func() { wait(); close(w.loaded) }()
	return func() { wait(); cl.Close() }
}

func (w *world) loadPart(cl *kgo.Client, part int) {
	for next := 0; w.left(part, next) > 0; {
		time.Sleep(w.upTo(300 * time.Millisecond))
		for range min(w.intn(6), w.left(part, next)) {
			o := origin{part, next, part}
			next++
			if f := o.fate(); f == filtered || f == poisoned {
				continue
			}
			cl.Produce(context.Background(), &kgo.Record{Topic: dataTopic, Partition: int32(part), Value: []byte(o.text(dataTopic))}, nil)
		}
		w.emitted(part, next)
	}
}

// complete reports whether everything is where it belongs.
func (r *run) complete() bool { return r.missing() == "" }

// missing names the first thing that is not.
func (r *run) missing() string {
	ends := r.ends()[dataTopic]
	h := &r.history
	h.mu.Lock()
	defer h.mu.Unlock()
	if r.s.sources {
		last := make([]int, parts)
		for _, c := range h.commits {
			last[c.part] = max(last[c.part], c.position)
		}
		for part, goal := range r.goal {
			if last[part] < goal {
				return fmt.Sprintf("the source's offset of partition %d is %d of %d", part, last[part], goal)
			}
		}
	}
	if r.loaded != nil {
		select {
		case <-r.loaded:
		default:
			return "the data topic is still filled"
		}
	}
	if r.s.sinks {
		last := make([]int64, parts)
		for _, c := range h.groups {
			last[c.partition] = max(last[c.partition], c.offset)
		}
		for part, end := range ends {
			if r.s.exactly { // the last offsets are the transactions' own
				end = r.last[part] + 1
			}
			if last[part] < end || r.last[part] == 0 {
				return fmt.Sprintf("the sink's offset of partition %d is %d of %d", part, last[part], end)
			}
		}
	}
	return ""
}

// read gives all records of a topic, by partition.
func (w *world) read(topic string) [][]*kgo.Record {
	infos := w.cluster.PartitionInfos(topic)
	out := make([][]*kgo.Record, len(infos))
	starts := map[int32]kgo.Offset{}
	for _, p := range infos {
		if p.LastStableOffset > p.LogStartOffset {
			starts[p.Partition] = kgo.NewOffset().AtStart()
		}
	}
	if len(starts) == 0 {
		return out
	}
	cl := w.client(kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: starts}), kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.KeepControlRecords())
	defer cl.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for len(starts) > 0 && ctx.Err() == nil {
		cl.PollFetches(ctx).EachRecord(func(r *kgo.Record) {
			if !r.Attrs.IsControl() {
				out[r.Partition] = append(out[r.Partition], r)
			}
			if r.Offset+1 >= infos[r.Partition].LastStableOffset {
				delete(starts, r.Partition)
			}
		})
	}
	if len(starts) > 0 {
		w.wrong("topic %s could not be read to its end", topic)
	}
	return out
}

// evidence is what the topics hold in the end, indexed.
type evidence struct {
	*world
	data    [][]*kgo.Record
	origins [][]origin        // of data
	first   []map[int]int64   // per source partition: a number's first offset in the data topic
	letters map[origin]int64  // a dead letter's first offset, openings left out
	puts    []map[int64][]put // per data partition and offset
}

// check is the offline checker.
func (w *world) check(s *scenario, exact bool) {
	e := &evidence{world: w, data: w.read(dataTopic), letters: map[origin]int64{}}
	e.arrived()
	e.openings()
	if s.sources {
		e.lettered(lettersTopic, poisoned, exact || s.exactly)
		e.sourceLost()
		if s.exactly {
			e.torn()
		} else {
			e.sourceCommits()
		}
		e.told()
		e.starts()
	}
	if s.sinks {
		e.lettered(sinkLetters, sinkPoisoned, exact)
		e.sunk(exact)
		e.groupCommits()
		e.jumps()
	}
	if exact || s.exactly {
		e.doubled()
	}
}

// arrived looks at the records themselves: whole, in their place, meant to be.
func (e *evidence) arrived() {
	for range parts {
		e.first = append(e.first, map[int]int64{})
	}
	for part, rs := range e.data {
		var os []origin
		for _, r := range rs {
			o, topic, err := parse(string(r.Value))
			switch f := o.fate(); {
			case err != nil:
				e.wrong("%v", err)
			case topic != dataTopic || o.part != part:
				e.wrong("a record of partition %d for topic %s is in partition %d of %s", o.part, topic, part, dataTopic)
			case f == filtered || f == poisoned:
				e.wrong("record %d of partition %d should have been left out", o.seq, o.part)
			default:
				if _, ok := e.first[part][o.seq]; !ok {
					e.first[part][o.seq] = r.Offset
				}
			}
			os = append(os, o)
		}
		e.origins = append(e.origins, os)
	}
}

// openings holds what is promised within one opening of a source: its records
// come once, in their order, and none is left out.
func (e *evidence) openings() {
	starts := map[[2]int]int{}
	for _, o := range e.history.openings {
		starts[[2]int{o.number, o.part}] = o.start
	}
	for part, os := range e.origins {
		next := map[int]int{}
		for i, o := range os {
			want, ok := next[o.opening]
			if !ok {
				want, ok = starts[[2]int{o.opening, part}]
			}
			want = due(part, want)
			switch {
			case !ok:
				e.wrong("record %d of partition %d is of opening %d, which there was not", o.seq, part, o.opening)
			case o.seq < want:
				e.wrong("partition %d, opening %d: record %d where %d was due: doubled or reordered: %v", part, o.opening, o.seq, want, os[max(i-10, 0):min(i+10, len(os))])
			case o.seq > want:
				e.wrong("partition %d, opening %d: record %d where %d was due: lost or reordered", part, o.opening, o.seq, want)
			}
			next[o.opening] = o.seq + 1
		}
	}
}

// due is the first number from n on that belongs into the data topic.
func due(part, n int) int {
	for {
		if f := (origin{part: part, seq: n}).fate(); f != filtered && f != poisoned {
			return n
		}
		n++
	}
}

// lettered reads a dead letter queue.
func (e *evidence) lettered(topic string, want fate, exact bool) {
	for _, rs := range e.read(topic) {
		for _, r := range rs {
			o, _, err := parse(string(r.Value))
			switch {
			case err != nil:
				e.wrong("%s: %v", topic, err)
				continue
			case o.fate() != want:
				e.wrong("%s: record %d of partition %d is no dead letter", topic, o.seq, o.part)
			case len(r.Headers) == 0:
				e.wrong("%s: record %d of partition %d has no context", topic, o.seq, o.part)
			}
			key := origin{part: o.part, seq: o.seq}
			if want == sinkPoisoned { // by its place in the data topic
				at, err := place(r)
				if err != nil {
					e.wrong("%s: record %d of partition %d: %v", topic, o.seq, o.part, err)
				}
				key = origin{part: o.part, seq: int(at), opening: -1}
			}
			if _, ok := e.letters[key]; ok && exact {
				e.wrong("%s: record %d of partition %d is doubled", topic, o.seq, o.part)
			} else if !ok {
				e.letters[key] = r.Offset
			}
		}
	}
}

// place is a dead letter's offset in its own topic.
func place(r *kgo.Record) (int64, error) {
	for _, h := range r.Headers {
		if h.Key == "__connect.errors.offset" {
			return strconv.ParseInt(string(h.Value), 10, 64)
		}
	}
	return 0, fmt.Errorf("no header with the offset")
}

// where is a source record's place behind which an end must be, and the topic.
func (e *evidence) where(part, seq int) (topic string, partition int, offset int64, ok bool) {
	switch (origin{part: part, seq: seq}).fate() {
	case filtered:
		return "", 0, 0, true
	case poisoned:
		offset, ok = e.letters[origin{part: part, seq: seq}]
		return lettersTopic, 0, offset, ok
	}
	offset, ok = e.first[part][seq]
	return dataTopic, part, offset, ok
}

// sourceLost looks for records that are nowhere.
func (e *evidence) sourceLost() {
	for part, n := range e.goal {
		for seq := range n {
			if _, _, _, ok := e.where(part, seq); !ok {
				e.wrong("lost: record %d of partition %d is nowhere", seq, part)
			}
		}
	}
}

// torn holds that records and their offsets are committed together: no record
// is behind the last offset.
func (e *evidence) torn() {
	last := make([]int, parts)
	for _, rs := range e.read(offsetsTopic) {
		for _, r := range rs {
			if part, position, ok := sourceOffset(r); ok {
				last[part] = position
			}
		}
	}
	for part, os := range e.origins {
		for _, o := range os {
			if o.seq >= last[part] {
				e.wrong("torn: record %d of partition %d is committed, and the offset is %d", o.seq, part, last[part])
			}
		}
	}
}

// sourceCommits holds that no offset passes an unfinished record.
func (e *evidence) sourceCommits() {
	for _, c := range e.history.commits {
		for seq := range c.position {
			topic, partition, offset, ok := e.where(c.part, seq)
			if ok && topic == "" {
				continue
			}
			if ends := c.ends[topic]; !ok || partition >= len(ends) || offset >= ends[partition] {
				e.wrong("commit past an unfinished record: offset %d of partition %d while record %d was in no topic", c.position, c.part, seq)
				break
			}
		}
	}
}

// told holds that a source is told of offsets that Kafka has, and no others.
func (e *evidence) told() {
	for _, t := range e.history.told {
		if !slices.ContainsFunc(e.history.commits, func(c sourceCommit) bool {
			return c.part == t.part && c.position == t.position && c.tick < t.tick
		}) {
			e.wrong("the source was told that %d of partition %d is safe, and no such offset is in Kafka", t.position, t.part)
		}
	}
}

// starts holds that an opening begins where the offsets topic says.
func (e *evidence) starts() {
	known := map[[2]int]int{} // the last attempt to write it
	for _, c := range e.history.commits {
		known[[2]int{c.part, c.position}] = c.tick
	}
	logs := make([][]int, parts)
	for _, rs := range e.read(offsetsTopic) {
		for _, r := range rs {
			if part, position, ok := sourceOffset(r); ok {
				logs[part] = append(logs[part], position)
			}
		}
	}
	for _, o := range e.history.openings {
		allowed := map[int]bool{0: true}
		for _, position := range logs[o.part] {
			if known[[2]int{o.part, position}] < o.since {
				clear(allowed)
			}
			allowed[position] = true
		}
		if !allowed[o.start] {
			e.wrong("opening %d reads partition %d from %d; the offsets topic said one of %v", o.number, o.part, o.start, slices.Sorted(maps.Keys(allowed)))
		}
	}
}

// sunk looks for records that the sink has not made durable.
func (e *evidence) sunk(exact bool) {
	for range parts {
		e.puts = append(e.puts, map[int64][]put{})
	}
	for _, p := range e.history.puts {
		e.puts[p.partition][p.offset] = append(e.puts[p.partition][p.offset], p)
	}
	for part, rs := range e.data {
		for i, r := range rs {
			durable, doubled := 0, false
			for _, p := range e.puts[part][r.Offset] {
				if p.text != string(r.Value) {
					e.wrong("the sink was given %q as offset %d of partition %d, which is %q", p.text, r.Offset, part, r.Value)
				}
				if p.durable > 0 {
					doubled = durable > 0
					durable = p.durable
				}
			}
			switch o := e.origins[part][i]; {
			case o.fate() == sinkPoisoned:
				if _, ok := e.letters[origin{part: part, seq: int(r.Offset), opening: -1}]; !ok {
					e.wrong("lost: offset %d of partition %d is no dead letter", r.Offset, part)
				}
			case o.fate() == sinkFiltered:
			case durable == 0:
				e.wrong("lost: offset %d of partition %d is not in the sink", r.Offset, part)
			case doubled && exact:
				e.wrong("doubled: offset %d of partition %d came to the sink twice", r.Offset, part)
			}
		}
	}
}

// groupCommits holds that a group's offset passes only what is durable.
func (e *evidence) groupCommits() {
	for _, c := range e.history.groups {
		part := int(c.partition)
		for i, r := range e.data[part] {
			if r.Offset >= c.offset {
				break
			}
			if !e.finished(part, i, c) {
				e.wrong("commit past an unfinished record: the group's offset %d of partition %d while %d was not durable", c.offset, part, r.Offset)
				break
			}
		}
	}
}

// finished reports whether a record had its end when a group commit came.
func (e *evidence) finished(part, i int, c groupCommit) bool {
	r := e.data[part][i]
	switch e.origins[part][i].fate() {
	case sinkFiltered:
		return true
	case sinkPoisoned:
		at, ok := e.letters[origin{part: part, seq: int(r.Offset), opening: -1}]
		return ok && len(c.ends[sinkLetters]) > 0 && at < c.ends[sinkLetters][0]
	}
	return slices.ContainsFunc(e.puts[part][r.Offset], func(p put) bool { return p.durable > 0 && p.durable < c.tick })
}

// jumps holds that a sink task's records of a partition follow each other, but
// for where it begins anew at an offset that was committed.
func (e *evidence) jumps() {
	type stream struct{ task, part int }
	last := map[stream]int64{}
	for _, p := range e.history.puts {
		at := stream{p.task, int(p.partition)}
		from, ok := last[at]
		last[at] = p.offset
		if ok && e.next(at.part, from+1) == p.offset {
			continue
		}
		if e.next(at.part, 0) != p.offset && !slices.ContainsFunc(e.history.groups, func(c groupCommit) bool {
			return int(c.partition) == at.part && c.tick < p.tick && e.next(at.part, c.offset) == p.offset
		}) {
			e.wrong("sink task %d got offset %d of partition %d after %d, and nobody had committed that", p.task, p.offset, p.partition, from)
		}
	}
}

// next is the first offset from one on whose record comes to the sink.
func (e *evidence) next(part int, from int64) int64 {
	i, _ := slices.BinarySearchFunc(e.data[part], from, func(r *kgo.Record, o int64) int { return int(r.Offset - o) })
	for ; i < len(e.data[part]); i++ {
		if f := e.origins[part][i].fate(); f != sinkFiltered && f != sinkPoisoned {
			return e.data[part][i].Offset
		}
	}
	return -1
}

// doubled looks for records that arrived twice where none may.
func (e *evidence) doubled() {
	for part, os := range e.origins {
		seen := map[int]bool{}
		for _, o := range os {
			if seen[o.seq] {
				e.wrong("doubled: record %d of partition %d", o.seq, part)
			}
			seen[o.seq] = true
		}
	}
}
