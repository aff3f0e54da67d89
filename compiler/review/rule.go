package review

import (
	"cmp"
	"slices"
	"strings"

	"kcgen.dev/compiler/plan"
)

// differ says what it means that a field is another, is there, or is gone: f was,
// g is.
func (c *comparison) differ(at place, f, g *plan.Field) {
	if at.change == "restart" && c.inside(at, f, g) {
		return
	}
	ch := Change{Path: at.path}
	var pos plan.Pos
	side := 0
	if f != nil {
		ch.Old, pos = show(f.Value), f.Pos
	}
	if g != nil {
		ch.New, pos, side = show(g.Value), g.Pos, 1
		if f != nil {
			ch.Was = f.Pos
		}
	}
	if ch.Kind, ch.Text = c.meaning(at, f, g); ch.Old == ch.New {
		ch.Text += "; what its file holds, or its options, differ"
	}
	c.say(side, ch, pos)
}

// inside says of a group of settings that is there, or is gone, which of them
// mean more than a restart, and whether one does.
func (c *comparison) inside(at place, f, g *plan.Field) bool {
	if f != nil && g != nil {
		return false
	}
	s, ok := cmp.Or(f, g).Value.(*plan.Struct)
	if !ok || s.Component {
		return false
	}
	at.opts = [2]*plan.Struct{s, nil}
	said := false
	for i := range s.Fields {
		was, is := &s.Fields[i], &s.Fields[i]
		if f == nil {
			was = nil
		} else {
			is = nil
		}
		inner := at.field(&s.Fields[i])
		if k, _ := c.meaning(inner, was, is); k > Restart {
			c.differ(inner, was, is)
			said = true
		}
	}
	return said
}

// meaning is what the change of a field comes to.
func (c *comparison) meaning(at place, f, g *plan.Field) (Kind, string) {
	if at.aside {
		return None, "read by the build alone"
	}
	switch at.change {
	case "none":
		return None, "nothing that runs is another"
	case "duplicates":
		return Duplicates, "while both run, neither knows of the other: records may come twice; stop the old one before"
	case "output":
		return output(at)
	case "format":
		return format(at)
	case "guarantee":
		return Guarantee, guarantee(at, f, g)
	case "renamed":
		return Renamed, renamed(at)
	case "includes", "excludes":
		return included(f, g)
	case "identity":
		return identity(at, f, g)
	}
	return Restart, "takes effect with a restart, and goes on where it was"
}

// format: what a source writes is read by others; what a sink reads is its own.
func format(at place) (Kind, string) {
	if at.kind == "sinks" {
		return output(at)
	}
	return Incompatible, "records are in another format from now on: who reads the topic as before fails at the first of them"
}

func output(at place) (Kind, string) {
	if at.kind == "sinks" {
		return Output, "what the sink writes from now on is different; what is written stays as it is"
	}
	return Output, "records look different from now on; those that are in the topic stay as they are"
}

// guarantee says what is promised now.
func guarantee(at place, f, g *plan.Field) string {
	switch name := last(at.path); {
	case name == "exactlyOnce" && isOff(g):
		return "no longer exactly once: records may come twice after a crash"
	case name == "exactlyOnce":
		return "exactly once from now on; what came before may be there twice"
	case name == "tolerance" && g != nil && show(g.Value) == `"all"`:
		return "records that fail no longer stop the task: they are left out, or go to the dead letter queue"
	case name == "tolerance":
		return "a record that fails stops its task from now on"
	case name == "deadLetterQueue" && g == nil:
		return "records that fail are no longer kept"
	case name == "deadLetterQueue":
		return "records that fail are kept in a topic"
	case name == "autoOffsetReset":
		return "where there is no offset, reading begins elsewhere: \"latest\" leaves out what is there, \"earliest\" reads it again"
	}
	return "what is promised of records is another"
}

// isOff says whether a switch is absent or false.
func isOff(f *plan.Field) bool {
	if f == nil {
		return true
	}
	l, ok := f.Value.(*plan.Lit)
	return ok && l.Kind == plan.Bool && !l.Bool
}

func renamed(at place) string {
	switch name := last(at.path); {
	case name == "topicName":
		return "dead letters go to another topic; those in the old one stay there"
	case at.path == "worker.group.configStorageTopic", at.path == "worker.group.statusStorageTopic":
		return "what connectors were asked to be (paused, stopped), and what they were at, is not known in the new topic"
	case at.kind == "sinks":
		return "records go elsewhere from now on; what is written stays where it is"
	}
	return "records go to another topic from now on: who reads the old one gets no more"
}

// included says what it means that something else is read. Without a list of
// what is included, and without one of what is not, all is read.
func included(f, g *plan.Field) (Kind, string) {
	switch {
	case g == nil:
		return Restart, "more may be read from now on, from its beginning"
	case f == nil:
		return Gap, "some of what was read may be read no more"
	}
	return Gap, "something else is read: what is not meant any more is read no more, and its position stays behind"
}

// identity says what it means that positions are kept under another name.
func identity(at place, f, g *plan.Field) (Kind, string) {
	switch {
	case at.path == "kafka.brokers":
		return brokers(f, g)
	case at.sink:
		return Renamed, "records go elsewhere from now on; what is written stays where it is"
	case last(at.path) == "groupId":
		return group(at)
	case at.path == "worker.offsetStorageTopic":
		return Resnapshot, "the sources' positions stay in the old topic: every source begins anew, and delivers again what it can still read"
	case at.path == "worker.takeover":
		return Resnapshot, "positions are looked for elsewhere: a source that has none there begins anew"
	}
	return Resnapshot, "the position belongs to what was read before: the source begins anew, and delivers again what it can still read"
}

// brokers: two lists that share an address are of one cluster.
func brokers(f, g *plan.Field) (Kind, string) {
	if f != nil && g != nil {
		a, b := &plan.Struct{Fields: []plan.Field{*f}}, &plan.Struct{Fields: []plan.Field{*g}}
		for _, e := range a.List(f.Name) {
			if slices.ContainsFunc(b.List(g.Name), func(n plan.Node) bool { return words(n) == words(e) }) {
				return Restart, "other brokers to begin with, of the same cluster"
			}
		}
	}
	return Resnapshot, "if this is another cluster, no position is there: everything begins anew"
}

// group: a sink's positions are its consumer group's.
func group(at place) (Kind, string) {
	for _, s := range at.opts {
		if s.Text("autoOffsetReset") == "latest" {
			return Gap, `a new consumer group has no position, and autoOffsetReset "latest" leaves out all that is there when it begins`
		}
	}
	return Resnapshot, "a new consumer group has no position: all that the topics hold is read, and written again"
}

// renamed says what another name of a connector means.
func (c *comparison) renamed(at place, s, t *plan.Struct) {
	ch := Change{Kind: Resnapshot, Path: at.path, Old: quote(s.Key()), New: quote(t.Key())}
	ch.Text = "the name is part of its offsets: it begins anew, and delivers again what it can still read"
	switch {
	case at.kind == "":
		ch.Kind, ch.Text = Restart, "has another name"
	case at.kind == "sinks" && t.Struct("consumer").Text("groupId") != "":
		ch.Kind, ch.Text = Restart, "has another name in metrics and logs; its consumer group stays"
	case at.kind == "sinks":
		at.opts = [2]*plan.Struct{s.Struct("consumer"), t.Struct("consumer")}
		ch.Kind, ch.Text = group(at)
	}
	ch.Was = s.Pos
	c.say(1, ch, t.Pos)
}

// gone says what it means that an element is there no more.
func (c *comparison) gone(at place, s *plan.Struct) {
	ch := Change{Path: at.path, Old: nameOf(s)}
	switch at.path {
	case "sources." + at.name, "sinks." + at.name:
		ch.Kind, ch.Text = Gap, "what it moved is moved no more; its position stays, should it come back"
	default:
		ch.Kind, ch.Text = c.within(at, s)
	}
	c.say(0, ch, s.Pos)
}

// come says what it means that an element is new.
func (c *comparison) come(at place, s *plan.Struct) {
	ch := Change{Path: at.path, New: nameOf(s)}
	switch at.path {
	case "sources." + at.name:
		ch.Kind, ch.Text = Restart, "a source more: it begins at its beginning, or at the position that its name has"
	case "sinks." + at.name:
		ch.Kind, ch.Text = Restart, "a sink more: it begins where its consumer group is, or at the topics' beginning"
	default:
		ch.Kind, ch.Text = c.within(at, s)
	}
	c.say(1, ch, s.Pos)
}

// within is the gravest that a field of a step means: a router renames topics.
func (c *comparison) within(at place, s *plan.Struct) (Kind, string) {
	if at.aside {
		return None, "read by the build alone"
	}
	if at.change == "output" {
		do := s.Struct("do")
		if do != nil && slices.ContainsFunc(do.Fields, func(f plan.Field) bool { return f.Change == "renamed" }) {
			return Renamed, renamed(at)
		}
	}
	return c.meaning(at, nil, nil)
}

// selection compares lists of what is read, or of what is not, name by name, and
// says whether it did. Their order means nothing.
func (c *comparison) selection(at place, a, b *plan.List, f, g *plan.Field) bool {
	if at.change != "includes" && at.change != "excludes" {
		return false
	}
	for _, n := range without(a, b) {
		ch := Change{Kind: Gap, Path: at.path, Old: show(n), Text: "is no longer read; its position stays, should it come back"}
		if at.change == "excludes" {
			ch.Kind, ch.Text = Restart, "is no longer left out: it is read from its beginning, or from the position that it has"
		}
		c.say(0, ch, f.Pos)
	}
	for _, n := range without(b, a) {
		ch := Change{Kind: Restart, Path: at.path, New: show(n), Text: "is read too: from its beginning, or from the position that it has"}
		if at.change == "excludes" {
			ch.Kind, ch.Text = Gap, "is left out from now on"
		}
		c.say(1, ch, g.Pos)
	}
	return true
}

// without are the elements of a that b has not.
func without(a, b *plan.List) (out []plan.Node) {
	for _, n := range a.Elems {
		if !slices.ContainsFunc(b.Elems, func(m plan.Node) bool { return words(m) == words(n) }) {
			out = append(out, n)
		}
	}
	return out
}

// last is the last name of a path.
func last(path string) string { return path[strings.LastIndexByte(path, '.')+1:] }

func nameOf(s *plan.Struct) string {
	if key := s.Key(); key != "" {
		return quote(key)
	}
	return show(s)
}
