package history

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Source is what one source of lines was given to send.
type Source struct {
	Name  string
	Lines int64  // numbered from 0
	Topic string // where they belong; "" allows any
	// Partitioned says that the source's lines keep no order because they go
	// to several partitions.
	Partitioned bool
}

// Arrival is one line as it was found. A file is a topic with one partition.
type Arrival struct {
	Topic     string
	Partition int32
	Offset    int64 // of the record, or of the line in the file
	Line      []byte
}

// Report counts the faults. The lists name the first few of each kind.
type Report struct {
	Arrived    int64
	Lost       int64 // never arrived
	Duplicated int64 // arrivals of a line that was there already
	Rewinds    int64 // how often a source began again at an earlier line
	Reordered  int64 // lines that arrived first after a later one of their source
	Damaged    int64 // lines without a right checksum
	Torn       int64 // damaged lines that are the beginning of a right one
	Misplaced  int64 // lines in another topic than theirs
	Invented   int64 // lines that nobody sent
	Backwards  int64 // records whose offset is not behind the one before
	Examples   []string
}

// Complete reports whether every line arrived and nothing arrived that was not
// sent: what at-least-once delivery promises.
func (r Report) Complete() bool {
	return r.Lost+r.Reordered+r.Damaged+r.Misplaced+r.Invented+r.Backwards == 0
}

// Exact reports whether every line arrived once and in order: what a clean
// stop and start promises.
func (r Report) Exact() bool { return r.Complete() && r.Torn == 0 && r.Duplicated == 0 }

// String is the report in one line, and the examples below it.
func (r Report) String() string {
	s := fmt.Sprintf("%d arrived: %d lost, %d duplicated (%d rewinds), %d reordered, %d damaged, %d torn, %d misplaced, %d invented, %d backwards",
		r.Arrived, r.Lost, r.Duplicated, r.Rewinds, r.Reordered, r.Damaged, r.Torn, r.Misplaced, r.Invented, r.Backwards)
	return strings.Join(append([]string{s}, r.Examples...), "\n\t")
}

// Checker judges a stream of arrivals.
type Checker struct {
	report  Report
	sources map[string]*state
	offsets map[place]int64
}

// place is one partition of one topic.
type place struct {
	topic     string
	partition int32
}

// state is what is known of one source.
type state struct {
	Source
	seen []uint64 // one bit a line
	top  int64    // the highest number seen, or -1
	last int64    // the number seen last, or -1
}

// NewChecker makes a checker that expects the lines of these sources.
func NewChecker(sources ...Source) *Checker {
	c := &Checker{sources: map[string]*state{}, offsets: map[place]int64{}}
	for _, s := range sources {
		c.sources[s.Name] = &state{Source: s, seen: make([]uint64, (s.Lines+63)/64), top: -1, last: -1}
	}
	return c
}

// maxExamples bounds what a report of a wholly broken run prints.
const maxExamples = 10

// fault counts a fault and keeps an example of it.
func (c *Checker) fault(count *int64, format string, args ...any) {
	*count++
	if len(c.report.Examples) < maxExamples {
		c.report.Examples = append(c.report.Examples, fmt.Sprintf(format, args...))
	}
}

// Add shows the checker the next arrival. Those of one partition come in the
// order of their offsets.
func (c *Checker) Add(a Arrival) {
	c.report.Arrived++
	c.checkOffset(a)
	name, seq, err := parseLine(a.Line)
	if err != nil {
		c.damaged(a, err)
		return
	}
	s := c.sources[string(name)]
	if s == nil || seq < 0 || seq >= s.Lines {
		c.fault(&c.report.Invented, "invented: %s %d at %s", name, seq, where(a))
		return
	}
	if s.Topic != "" && a.Topic != s.Topic {
		c.fault(&c.report.Misplaced, "misplaced: %s %d at %s, belongs to %s", name, seq, where(a), s.Topic)
	}
	c.arrived(s, seq, a)
}

// arrived books a good line.
func (c *Checker) arrived(s *state, seq int64, a Arrival) {
	if s.last >= 0 && seq <= s.last && !s.Partitioned {
		c.report.Rewinds++
	}
	s.last = seq
	if s.has(seq) {
		c.report.Duplicated++
		return
	}
	s.seen[seq/64] |= 1 << (seq % 64)
	if seq < s.top && !s.Partitioned {
		c.fault(&c.report.Reordered, "reordered: %s %d at %s, after %d", s.Name, seq, where(a), s.top)
	}
	s.top = max(s.top, seq)
}

func (s *state) has(seq int64) bool { return s.seen[seq/64]&(1<<(seq%64)) != 0 }

// damaged tells a line that was cut short, as a killed writer leaves it, from
// one whose bytes were changed.
func (c *Checker) damaged(a Arrival, err error) {
	if c.isBeginning(a.Line) {
		c.report.Torn++
		return
	}
	c.fault(&c.report.Damaged, "damaged: %.60q at %s: %v", a.Line, where(a), err)
}

// isBeginning reports whether line is a proper prefix of some line that was
// sent, as far as that can be told without knowing its length.
func (c *Checker) isBeginning(line []byte) bool {
	name, rest, ok := bytes.Cut(line, []byte{' '})
	if !ok {
		return len(line) > 0 && c.isBeginningOfName(name)
	}
	number, pad, _ := bytes.Cut(rest, []byte{' '})
	for _, d := range number {
		if d < '0' || d > '9' {
			return false
		}
	}
	return c.sources[string(name)] != nil && isFiller(pad)
}

func (c *Checker) isBeginningOfName(name []byte) bool {
	for s := range c.sources {
		if strings.HasPrefix(s, string(name)) {
			return true
		}
	}
	return false
}

// isFiller reports whether pad is filler, maybe cut in the checksum behind it.
func isFiller(pad []byte) bool {
	i := 0
	for i < len(pad) && pad[i] == filler[i%len(filler)] {
		i++
	}
	rest := pad[i:]
	if len(rest) > 0 && rest[0] == ' ' {
		rest = rest[1:]
	}
	for _, d := range rest {
		if !strings.ContainsRune("0123456789abcdef", rune(d)) {
			return false
		}
	}
	return len(rest) < 8
}

func (c *Checker) checkOffset(a Arrival) {
	p := place{a.Topic, a.Partition}
	if last, ok := c.offsets[p]; ok && a.Offset <= last {
		c.fault(&c.report.Backwards, "backwards: offset %d at %s after %d", a.Offset, where(a), last)
	}
	c.offsets[p] = a.Offset
}

func where(a Arrival) string { return fmt.Sprintf("%s/%d@%d", a.Topic, a.Partition, a.Offset) }

// Report is the verdict when everything has been added.
func (c *Checker) Report() Report {
	r := c.report
	r.Examples = append([]string(nil), r.Examples...)
	for _, s := range c.sources {
		for from := int64(0); from < s.Lines; from++ {
			if s.has(from) {
				continue
			}
			to := from
			for to+1 < s.Lines && !s.has(to+1) {
				to++
			}
			r.Lost += to - from + 1
			if len(r.Examples) < 2*maxExamples {
				r.Examples = append(r.Examples, fmt.Sprintf("lost: %s %d to %d", s.Name, from, to))
			}
			from = to
		}
	}
	return r
}

// AddFile shows the checker all lines of a file, as one topic. A last line
// without a newline counts as a line.
func (c *Checker) AddFile(topic string, r io.Reader) error {
	in := bufio.NewReaderSize(r, 1<<20)
	for n := int64(0); ; n++ {
		line, err := in.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			return fmt.Errorf("history: line %d of %s is longer than 1 MiB", n, topic)
		}
		if len(line) > 0 {
			c.Add(Arrival{Topic: topic, Offset: n, Line: bytes.TrimSuffix(line, []byte{'\n'})})
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("history: read %s: %w", topic, err)
		}
	}
}
