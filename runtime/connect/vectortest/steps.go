package vectortest

import (
	"strings"

	"kcgen.dev/runtime/connect"
)

// Step is one transform of a case, and for which records it is done.
type Step struct {
	Do           connect.Transform
	When, Unless connect.Predicate
}

// Steps are a case's transforms. An error is one of their configuration.
func (tab *Table) Steps(c *Case) (out []Step, err error) {
	for _, s := range c.steps() {
		var o Step
		if o.Do, err = tab.newTransform(s); err != nil {
			return nil, err
		}
		if s.Predicate != nil {
			p, err := tab.newPredicate(s.Predicate.Class, s.Predicate.Config)
			switch {
			case err != nil:
				return nil, err
			case s.Predicate.Negate:
				o.Unless = p
			default:
				o.When = p
			}
		}
		out = append(out, o)
	}
	return out, nil
}

func (c *Case) steps() []step {
	if c.Chain == nil {
		return []step{c.step}
	}
	return c.Chain
}

// In is the record that goes in.
func (c *Case) In() (*connect.Record, error) { return readRecord(c.Record) }

// Out is the record that comes out; nil where it is dropped, or fails.
func (c *Case) Out() (*connect.Record, error) {
	if isNull(c.Expect.Result) {
		return nil, nil
	}
	return readRecord(c.Expect.Result)
}

// Datum is what a converter is to write, or, where it reads, what it has to give.
func (c *Case) Datum() (connect.Datum, error) {
	if strings.Contains(c.Op, "from_connect") {
		return readDatum(c.Data)
	}
	return readDatum(c.Expect.Result)
}
