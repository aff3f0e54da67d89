package check

import "kcgen.dev/compiler/plan"

// deadErrors: under tolerance "none" nothing is refused and passed over, so a
// dead letter queue gets nothing and there is nothing to log.
func deadErrors(c *checker) {
	for _, s := range c.connectors() {
		errs := s.Struct.Struct("errors")
		if errs.Text("tolerance") != "none" {
			continue
		}
		for _, name := range []string{"deadLetterQueue", "logEnable", "logIncludeMessages"} {
			f := errs.Written(name)
			if f == nil || isFalse(f) {
				continue
			}
			c.say(s.Path+".errors."+name, `changes nothing under tolerance "none": write tolerance: "all", or leave it out`, f.Pos)
		}
	}
}

func isFalse(f *plan.Field) bool {
	l, ok := f.Value.(*plan.Lit)
	return ok && l.Kind == plan.Bool && !l.Bool
}

// deadQueue: what a log line includes matters only where there is one.
func deadQueue(c *checker) {
	for _, s := range c.connectors() {
		errs := s.Struct.Struct("errors")
		if errs.Text("tolerance") != "all" {
			continue
		}
		f := errs.Written("logIncludeMessages")
		if on := errs.Lit("logEnable"); f != nil && !isFalse(f) && on != nil && !on.Bool {
			c.say(s.Path+".errors.logIncludeMessages", "changes nothing without logEnable: true", f.Pos)
		}
	}
}

// retries: a longest pause between tries matters only where there are several.
func retries(c *checker) {
	for _, s := range c.connectors() {
		errs := s.Struct.Struct("errors")
		f := errs.Written("retryDelayMax")
		if limit := errs.Lit("retryTimeout"); f != nil && limit != nil && limit.Int == 0 {
			c.say(s.Path+".errors.retryDelayMax", `changes nothing while retryTimeout is "0s": nothing is tried again`, f.Pos)
		}
	}
}

// ownQueue: a sink that reads its own dead letter queue reads what it refused
// for ever; a source that writes to it cannot tell the two apart (KAFKA-9985).
func ownQueue(c *checker) {
	for _, s := range c.connectors() {
		queue := s.Struct.Struct("errors").Struct("deadLetterQueue")
		topic := queue.Text("topicName")
		if topic == "" {
			continue
		}
		path, at := s.Path+".errors.deadLetterQueue.topicName", pos(queue, "topicName")
		switch {
		case s.Sink && s.Reads(topic):
			c.say(path, "is one of the topics that the sink reads: it would read what it refused, for ever", at, s.Pos)
		case !s.Sink && s.Struct.Struct("connector").Text("topic") == topic:
			c.say(path, "is the topic that the source fills: give refused records one of their own", at, s.Pos)
		}
	}
}
