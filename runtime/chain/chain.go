// Package chain is a connector's transforms and converters, opened for one
// task. The worker that runs a pipeline and the dry run that tries one take
// their records through the same.
//
//	chain.go    the chain, step by step
//	join.go     steps that are done together
//	project.go  what they need not be given
package chain

import (
	"fmt"
	"strconv"

	"kcgen.dev/runtime/connect"
)

// Config is what a chain is made of.
type Config struct {
	Steps              []Step
	Key, Value, Header connect.Converter
	Sink               connect.Sink // that records go to; nil: none, or one that is not known
}

// Step is one step of a Config.
type Step struct {
	Name         string // "" is its place
	Do           connect.Transform
	When, Unless connect.Predicate
}

// Chain is a task's own copy of the steps and converters.
type Chain struct {
	Steps              []Opened
	Key, Value, Header connect.Codec

	cfg Config
}

// Opened is a step that is ready for records.
type Opened struct {
	Name  string
	Apply connect.Apply

	what connect.Transform
	when connect.Test // nil: always
	not  connect.Test // nil: always

	joined func(*connect.Record) bool // nil: it stands alone
	more   int                        // the steps behind it that are in joined
}

// Holds says whether the step's predicate lets it work on r.
func (s *Opened) Holds(r *connect.Record) bool {
	return (s.when == nil || s.when(r)) && (s.not == nil || !s.not(r))
}

// Stage is where a record is, by Kafka Connect's names.
type Stage string

// The stages of a chain.
const (
	Transformation  Stage = "TRANSFORMATION"
	KeyConverter    Stage = "KEY_CONVERTER"
	ValueConverter  Stage = "VALUE_CONVERTER"
	HeaderConverter Stage = "HEADER_CONVERTER"
)

// Doing says what a task does at the moment, so that an error or a panic can
// say where it came from. It costs two stores a stage.
type Doing struct {
	Stage Stage
	Step  *Opened
}

// Where names the step that is at work, or else the stage.
func (d Doing) Where() string {
	if d.Stage == Transformation && d.Step != nil {
		return d.Step.Name
	}
	return string(d.Stage)
}

// Open opens all steps and converters.
func Open(cfg Config) (*Chain, error) {
	c := &Chain{cfg: cfg}
	for i, s := range cfg.Steps {
		o, err := openStep(i, s)
		if err != nil {
			return nil, err
		}
		c.Steps = append(c.Steps, o)
	}
	err := c.join()
	if err != nil {
		return nil, err
	}
	if c.Key, err = cfg.Key.Open(connect.RoleKey); err != nil {
		return nil, fmt.Errorf("keyConverter: %w", err)
	}
	if c.Value, err = cfg.Value.Open(connect.RoleValue); err != nil {
		return nil, fmt.Errorf("valueConverter: %w", err)
	}
	if c.Header, err = cfg.Header.Open(connect.RoleHeader); err != nil {
		return nil, fmt.Errorf("headerConverter: %w", err)
	}
	return c, nil
}

func openStep(i int, s Step) (Opened, error) {
	o := Opened{Name: s.Name, what: s.Do}
	if o.Name == "" {
		o.Name = "transforms[" + strconv.Itoa(i) + "]"
	}
	var err error
	if o.Apply, err = s.Do.Open(); err != nil {
		return o, fmt.Errorf("transform %s: %w", o.Name, err)
	}
	if s.When != nil {
		if o.when, err = s.When.Open(); err != nil {
			return o, fmt.Errorf("transform %s: when: %w", o.Name, err)
		}
	}
	if s.Unless != nil {
		if o.not, err = s.Unless.Open(); err != nil {
			return o, fmt.Errorf("transform %s: unless: %w", o.Name, err)
		}
	}
	return o, nil
}

// Transform takes r through the steps. It is false where one drops r. Steps
// that are joined are taken one by one where they do not go together, which is
// where one of them fails.
func (c *Chain) Transform(r *connect.Record, d *Doing) (keep bool, err error) {
	return c.TransformFrom(0, r, d)
}

// TransformFrom takes r through the steps behind the first ones.
func (c *Chain) TransformFrom(first int, r *connect.Record, d *Doing) (keep bool, err error) {
	for i := first; i < len(c.Steps); i++ {
		s := &c.Steps[i]
		d.Stage, d.Step = Transformation, s
		if s.joined != nil && s.joined(r) {
			i += s.more
			continue
		}
		if s.when != nil && !s.when(r) || s.not != nil && s.not(r) { // Holds, which Go does not inline
			continue
		}
		if keep, err = s.Apply(r); err != nil || !keep {
			return keep, err
		}
	}
	d.Step = nil
	return true, nil
}

// Component is what is at work.
func (c *Chain) Component(d Doing) any {
	switch d.Stage {
	case KeyConverter:
		return c.cfg.Key
	case ValueConverter:
		return c.cfg.Value
	case HeaderConverter:
		return c.cfg.Header
	case Transformation:
		if d.Step != nil {
			return d.Step.what
		}
	}
	return nil
}
