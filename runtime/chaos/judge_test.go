package chaos_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"

	"kcgen.dev/runtime/chaos/programs/sequence"
	"kcgen.dev/runtime/servertest/history"
)

// isolation levels, by their names in Kafka Connect's settings.
var (
	readCommitted   = kgo.ReadCommitted()
	readUncommitted = kgo.ReadUncommitted()
)

// expect makes a checker that knows what a source has sent to where.
func expect(name, topic string, lines int64, anyOrder bool) *history.Checker {
	var all []history.Source
	for n := range sequences {
		all = append(all, history.Source{Name: sequence.SequenceName(name, n), Lines: lines, Topic: topic, Partitioned: anyOrder})
	}
	return history.NewChecker(all...)
}

// visible is what readers of a topic see: the number of the line at an offset.
type visible map[partition]map[int64]int64

// judgeTopic reads a source's topic as its readers do.
func (f *field) judgeTopic(name string, lines int64) (history.Report, visible) {
	c, seen := expect(name, name, lines, false), visible{}
	f.read(name, readCommitted, func(r *kgo.Record) {
		if r.Attrs.IsControl() {
			return
		}
		c.Add(history.Arrival{Topic: r.Topic, Partition: r.Partition, Offset: r.Offset, Line: r.Value})
		p := partition{r.Topic, r.Partition}
		if seen[p] == nil {
			seen[p] = map[int64]int64{}
		}
		seen[p][r.Offset] = number(r.Value)
	})
	return c.Report(), seen
}

// judgeEpochs looks for what a producer wrote after its successor had begun to:
// the broker lets none through that it has fenced.
func (f *field) judgeEpochs(name string) (late int64, epochs int) {
	type producer struct {
		partition
		id int64
	}
	last := map[producer]int16{}
	f.read(name, readUncommitted, func(r *kgo.Record) {
		p := producer{partition{r.Topic, r.Partition}, r.ProducerID}
		if e, ok := last[p]; ok && r.ProducerEpoch < e {
			late++
		} else if !ok || r.ProducerEpoch > e {
			epochs++
		}
		last[p] = r.ProducerEpoch
	})
	return late, epochs
}

// judgeSink reads what a sink was given and what went to its dead letter queue.
// Together they hold each line; and the sink was given nothing that no reader
// of the topic sees.
func (f *field) judgeSink(name string, lines int64, seen visible) (r history.Report, letters, unseen int64) {
	f.t.Helper()
	c := expect(name, "", lines, true)
	files, err := filepath.Glob(filepath.Join(f.dir, "sink-"+name+"-sink-*"))
	if err != nil {
		f.t.Fatal(err)
	}
	for _, file := range files {
		unseen += f.readSink(c, file, name, seen)
	}
	f.read(name+"-letters", readUncommitted, func(r *kgo.Record) {
		letters++
		c.Add(history.Arrival{Topic: r.Topic, Partition: r.Partition, Offset: r.Offset, Line: r.Value})
	})
	return c.Report(), letters, unseen
}

// readSink shows the checker one life's file.
func (f *field) readSink(c *history.Checker, file, topic string, seen visible) (unseen int64) {
	f.t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		f.t.Fatal(err)
	}
	for n := int64(0); ; n++ {
		entry, rest, whole := bytes.Cut(text, []byte{'\n'})
		if !whole {
			return unseen // a kill has cut it short
		}
		text = rest
		at, offset, line, err := parseEntry(entry)
		if err != nil {
			f.t.Errorf("%s, line %d: %v", file, n, err)
			continue
		}
		c.Add(history.Arrival{Topic: filepath.Base(file), Offset: n, Line: line})
		if visible, ok := seen[partition{topic, at}][offset]; !ok || visible != number(line) {
			unseen++
		}
	}
}

func parseEntry(entry []byte) (at int32, offset int64, line []byte, err error) {
	words := bytes.SplitN(entry, []byte{' '}, 3)
	if len(words) < 3 {
		return 0, 0, nil, fmt.Errorf("%.40q is no entry", entry)
	}
	n, err := strconv.ParseInt(string(words[0]), 10, 32)
	if err == nil {
		offset, err = strconv.ParseInt(string(words[1]), 10, 64)
	}
	return int32(n), offset, words[2], err
}

// judge says what became of it all, and fails the test where it should not have.
func (f *field) judge(lines int64) {
	f.t.Helper()
	for _, fault := range f.faults {
		f.t.Error(fault)
	}
	for _, name := range []string{"exact", "least"} {
		r, seen := f.judgeTopic(name, lines)
		f.t.Logf("%s source: %v", name, r)
		switch {
		case name == "exact" && !r.Exact():
			f.t.Errorf("want every line of the source exact once and in order, got %v", r)
		case r.Lost+r.Damaged+r.Misplaced+r.Invented+r.Backwards > 0:
			f.t.Errorf("want every line of the source %s, got %v", name, r)
		}
		sink, letters, unseen := f.judgeSink(name, lines, seen)
		f.t.Logf("%s sink: %v; %d dead letters", name, sink, letters)
		if !sink.Complete() || unseen > 0 {
			f.t.Errorf("want every line of the topic %s in the sink or in its dead letter queue, and none that is not committed (%d are not), got %v", name, unseen, sink)
		}
		if want := (lines + 96) / 97 * sequences; letters < want {
			f.t.Errorf("%d dead letters of %s, want %d or more", letters, name, want)
		}
	}
	torn, mended := f.torn()
	f.t.Logf("transactions: the broker has left the end of %d out of some partitions; %d were ended there by instances", torn, mended)
	late, epochs := f.judgeEpochs("exact")
	f.t.Logf("transactions: %d epochs in the topic's partitions, %d writes after a fence", epochs, late)
	if late > 0 {
		f.t.Errorf("%d records were written by producers that another had fenced", late)
	}
	f.judgeLives()
	f.judgeFailures()
}

// judgeLives judges who had which task when.
func (f *field) judgeLives() {
	f.t.Helper()
	lives := readDiaries(f.t, f.dir)
	o := judgeOwners(lives, f.frozen)
	o.countZombies(lives, f.frozen)
	f.t.Logf("tasks: %d lives; %d zombies, %d of them ended in time; two had a task for %v at most, none stood still for longer than %v", o.lives, o.zombies, o.fenced, o.overlap, o.still)
	if len(o.troubles) > 0 {
		f.t.Errorf("tasks were run by two at a time:\n%s", strings.Join(o.troubles, "\n"))
	}
	if o.fenced < o.zombies {
		f.t.Errorf("%d of %d zombies went on", o.zombies-o.fenced, o.zombies)
	}
}
