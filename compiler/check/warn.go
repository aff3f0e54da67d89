package check

import (
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"strings"

	"kcgen.dev/compiler/plan"
)

// idleTasks: tasks beyond what the connector, or the topics' partitions, can
// give work to.
func idleTasks(c *checker) {
	for _, s := range c.connectors() {
		asked := s.Lit("tasksMax")
		if asked == nil {
			continue
		}
		if most := s.Struct.Struct("connector"); most != nil && most.Tasks > 0 && asked.Int > int64(most.Tasks) {
			c.warn(s.path+".tasksMax", fmt.Sprintf("%d is more than the connector can use, which is %d", asked.Int, most.Tasks), asked.Pos, s.Pos)
			continue
		}
		if n := c.partitions(s); n > 0 && asked.Int > n {
			c.warn(s.path+".tasksMax", fmt.Sprintf("%d is more than the partitions of its topics as topicCreation makes them, which are %d: the other tasks would have nothing to do", asked.Int, n), asked.Pos, s.Pos)
		}
	}
}

// partitions are those of a sink's topics, where all are made by sources of the
// same pipeline; else 0.
func (c *checker) partitions(sink connector) (sum int64) {
	for _, e := range sink.List("topics") {
		topic, ok := e.(*plan.Lit)
		if !ok {
			return 0
		}
		n := c.made(topic.Str)
		if n <= 0 {
			return 0
		}
		sum += n
	}
	return sum
}

// made is with how many partitions a topic is made; 0 where that is not known,
// or not the same for all sources that fill it.
func (c *checker) made(topic string) (n int64) {
	for _, s := range c.connectors() {
		if s.sink || s.Struct.Struct("connector").Text("topic") != topic || hasRef(topic) || moves(s) {
			continue
		}
		m := partitionsOf(s.Struct.Struct("topicCreation"), topic)
		if n != 0 && n != m {
			return 0
		}
		n = m
	}
	return max(n, 0)
}

// moves says whether a source's transforms may send records to another topic.
func moves(s connector) bool {
	for _, step := range s.Structs("transforms") {
		do := step.Struct("do")
		if do == nil || do.Type.Path != "kcgen.dev/runtime/transform" || strings.Contains(do.Type.Name, "Router") || strings.Contains(do.Type.Name, "Topic") {
			return true
		}
	}
	return false
}

// partitionsOf is what topicCreation says of a topic; -1 is the broker's
// default.
func partitionsOf(creation *plan.Struct, topic string) int64 {
	rule := creation.Struct("default")
	for _, g := range creation.Structs("groups") {
		if matches(g.List("include"), topic) && !matches(g.List("exclude"), topic) {
			rule = g
			break
		}
	}
	if n := rule.Lit("partitions"); n != nil {
		return n.Int
	}
	return -1
}

func matches(patterns []plan.Node, topic string) bool {
	for _, p := range patterns {
		if l, ok := p.(*plan.Lit); ok {
			if re, err := regexp.Compile(`^(?:` + l.Str + `)$`); err == nil && re.MatchString(topic) {
				return true
			}
		}
	}
	return false
}

// silentLoss: a sink that tolerates failures and keeps no record of them.
func silentLoss(c *checker) {
	for _, s := range c.connectors() {
		errs := s.Struct.Struct("errors")
		if s.sink && errs.Text("tolerance") == "all" && errs.Get("deadLetterQueue") == nil {
			c.warn(s.path+".errors.tolerance", `"all" without a deadLetterQueue: records that fail are left out, and nobody has them`, pos(errs, "tolerance"), s.Pos)
		}
	}
}

// openREST: an API that everybody in reach may use.
func openREST(c *checker) {
	rest := c.root.Struct("worker").Struct("rest")
	listen := rest.Lit("listen")
	if listen == nil || hasRef(listen.Str) || rest.Get("tls") != nil {
		return
	}
	if f := rest.Get("basicAuth"); f != nil {
		if users, ok := f.Value.(*plan.Map); ok && len(users.Keys) > 0 {
			return
		}
	}
	host, _, err := net.SplitHostPort(listen.Str)
	if ip, bad := netip.ParseAddr(host); err != nil || host == "localhost" || bad == nil && ip.IsLoopback() {
		return
	}
	c.warn("worker.rest.listen", fmt.Sprintf("%q is in reach of other machines, and everybody may use the API: add basicAuth or tls, or listen on 127.0.0.1", listen.Str), listen.Pos)
}
