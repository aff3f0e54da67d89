package connect

import "context"

// Checks is a connector, or a converter, that can look at the live systems that
// it will work with, before it does: for ./pipeline check. It changes nothing.
type Checks interface {
	// Check says what it found, good and bad. What it could not find out, because
	// something else is missing, it leaves out.
	Check(ctx context.Context, cc CheckContext) []Finding
}

// CheckContext is what a connector is told for a check.
type CheckContext struct {
	Name     string   // of the connector, as in the spec
	Topics   []string // of a sink: those that it reads, as far as they are known
	TasksMax int
}

// Finding is one thing that a check looked at.
type Finding struct {
	// What was looked at, in words that say what should be:
	// "PostgreSQL at db:5432/shop: table public.orders: an index begins with id".
	What string
	// Problem is why it is not so; "" where all is well.
	Problem string
	// Fix is what mends it: a statement to run, an option to set. It may be "".
	Fix string
	// Warning is a problem that does not keep the pipeline from working.
	Warning bool
}

// Findings collects what a check finds of one thing.
type Findings struct {
	About string // what each is about: "PostgreSQL at db:5432/shop"
	All   []Finding
}

// Say adds what was looked at; problem is "" where all is well.
func (f *Findings) Say(what, problem, fix string) {
	if f.About != "" {
		what = f.About + ": " + what
	}
	f.All = append(f.All, Finding{What: what, Problem: problem, Fix: fix})
}

// Good adds what is as it should be.
func (f *Findings) Good(what string) { f.Say(what, "", "") }

// Warn adds a problem that does not keep the pipeline from working.
func (f *Findings) Warn(what, problem, fix string) {
	f.Say(what, problem, fix)
	f.All[len(f.All)-1].Warning = true
}

// Grants is a connector that says which rights it needs in the system that it
// reads or writes: for kcgen grants. Nothing is asked of that system.
type Grants interface {
	// Grants are statements that give the rights, and nothing more, in an order
	// in which they can be run.
	Grants(cc CheckContext) ([]string, error)
}

// Writes is a source connector that can name the topics of its records, before
// any transform: for kcgen grants and ./pipeline check. One that [Emits] a topic
// needs it not.
type Writes interface {
	Source
	// Writes are the topics. All is false where records may come for others,
	// which nobody can name before they come.
	Writes() (topics []TopicName, all bool)
}

// TopicName is a topic, or all topics whose names begin so.
type TopicName struct {
	Name   string
	Prefix bool
}
