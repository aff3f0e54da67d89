package kafka

import (
	"context"
	"fmt"
	"regexp"
	"slices"

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
