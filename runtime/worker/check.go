package worker

import (
	"errors"
	"fmt"

	"kcgen.dev/runtime/kafka"
)

// Validate says what New would refuse.
func Validate(c *Config) error { return c.check() }

// check refuses what the compiler could not see: names that came from
// references, and a sink that would read its own dead letters.
func (c *Config) check() error {
	var errs []error
	names := map[string]bool{}
	name := func(kind, n string) {
		if n == "" || names[n] {
			errs = append(errs, fmt.Errorf("%s %q: the name is empty or used twice", kind, n))
		}
		names[n] = true
	}
	letters := func(n string, e Errors) {
		if e.DeadLetters == nil {
			return
		}
		if err := kafka.CheckTopicName(e.DeadLetters.Topic); err != nil {
			errs = append(errs, fmt.Errorf("%s: errors.deadLetterQueue.topicName: %w", n, err))
		}
	}
	for _, s := range c.Sources {
		name("source", s.Name)
		letters("sources."+s.Name, s.Errors)
		errs = append(errs, s.checkExactlyOnce())
		if s.Connector == nil || s.Key == nil || s.Value == nil {
			errs = append(errs, fmt.Errorf("sources.%s: connector, keyConverter and valueConverter must be given", s.Name))
		}
	}
	for _, s := range c.Sinks {
		name("sink", s.Name)
		letters("sinks."+s.Name, s.Errors)
		if s.Connector == nil || s.Key == nil || s.Value == nil {
			errs = append(errs, fmt.Errorf("sinks.%s: connector, keyConverter and valueConverter must be given", s.Name))
		}
		if (len(s.Topics) == 0) == (s.Regex == "") {
			errs = append(errs, fmt.Errorf("sinks.%s: either topics or topicsRegex must be given", s.Name))
		}
		for _, t := range s.Topics {
			if err := kafka.CheckTopicName(t); err != nil {
				errs = append(errs, fmt.Errorf("sinks.%s.topics: %w", s.Name, err))
			}
			if s.Errors.DeadLetters != nil && s.Replay == nil && t == s.Errors.DeadLetters.Topic {
				errs = append(errs, fmt.Errorf("sinks.%s: it would read its own dead letter queue %s for ever", s.Name, t))
			}
		}
	}
	if len(c.Sources)+len(c.Sinks) == 0 {
		errs = append(errs, errors.New("the pipeline has neither sources nor sinks"))
	}
	return errors.Join(errs...)
}
