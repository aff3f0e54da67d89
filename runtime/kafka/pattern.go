package kafka

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"sync"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// pattern is what a subscription reads that names no topics.
type pattern struct {
	text    string // anchored
	re      *regexp.Regexp
	exclude []string
}

// pattern is nil where the subscription names its topics.
func (s Subscription) pattern() (*pattern, error) {
	if s.Regex == "" {
		return nil, nil
	}
	p := &pattern{text: "^(?:" + s.Regex + ")$", exclude: s.Exclude}
	var err error
	if p.re, err = regexp.Compile(p.text); err != nil {
		return nil, fmt.Errorf("kafka: topicsRegex: %w", err)
	}
	return p, nil
}

func (p *pattern) reads(t kmsg.MetadataResponseTopic) bool {
	return t.Topic != nil && !t.IsInternal && p.re.MatchString(*t.Topic) && !slices.Contains(p.exclude, *t.Topic)
}

// list asks for the topics that it reads.
func (p *pattern) list(ctx context.Context, cl *kgo.Client) ([]kmsg.MetadataResponseTopic, error) {
	resp, err := kmsg.NewPtrMetadataRequest().RequestWith(ctx, cl) // it names none: all of them
	if err != nil {
		return nil, fmt.Errorf("kafka: list topics: %w", err)
	}
	return slices.DeleteFunc(resp.Topics, func(t kmsg.MetadataResponseTopic) bool { return !p.reads(t) }), nil
}

func (p *pattern) options() []kgo.Opt {
	opts := []kgo.Opt{kgo.ConsumeRegex(), kgo.ConsumeTopics(p.text)}
	if len(p.exclude) > 0 {
		var not []string
		for _, t := range p.exclude {
			not = append(not, "^"+regexp.QuoteMeta(t)+"$")
		}
		opts = append(opts, kgo.ConsumeExcludeTopics(not...))
	}
	return opts
}

// seekers are the readers by pattern. A client asks for all topics once in a
// while (metadata.max.age.ms), so it would read what this program has just made
// minutes later.
type seekers struct {
	mu  sync.Mutex
	all map[*Reader]bool
}

func newSeekers() *seekers { return &seekers{all: map[*Reader]bool{}} }

func (s *seekers) add(r *Reader) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all[r] = true
}

func (s *seekers) remove(r *Reader) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.all, r)
}

// tell has those who read the topic ask for it: now, and once more in a while,
// as it takes a moment until all brokers know of it.
func (s *seekers) tell(topic string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := kmsg.MetadataResponseTopic{Topic: &topic}
	for r := range s.all {
		if r.by.reads(t) && !r.knows(t) {
			r.Seek()
			r.again.Store(true)
		}
	}
}

// Seek has the client ask for the topics of the reader's pattern now. For a
// reader by names it does nothing: its client asks until it has them all.
func (r *Reader) Seek() {
	if r.by != nil {
		r.cl.ForceMetadataRefresh()
	}
}

// knows is whether the client shares out a topic already, or never will: the
// brokers have an error in its place.
func (r *Reader) knows(t kmsg.MetadataResponseTopic) bool {
	return t.ErrorCode != 0 || slices.Contains(r.cl.GetConsumeTopics(), *t.Topic)
}

// unsought reports whether there are topics for the reader's pattern that the
// client does not know, and has it ask for them.
func (r *Reader) unsought(ctx context.Context) (bool, error) {
	if r.by == nil {
		return false, nil
	}
	topics, err := r.by.list(ctx, r.conn.admin)
	for _, t := range topics {
		if !r.knows(t) {
			r.Seek()
			return true, nil
		}
	}
	return false, err
}
