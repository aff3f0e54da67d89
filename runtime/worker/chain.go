package worker

import (
	"fmt"
	"strconv"

	"kcgen.dev/runtime/connect"
)

// chain is a task's own copy of the steps and converters.
type chain struct {
	steps   []step
	key     connect.Codec
	value   connect.Codec
	header  connect.Codec
	keyC    connect.Converter
	valueC  connect.Converter
	headerC connect.Converter
}

type step struct {
	name  string
	what  connect.Transform
	apply connect.Apply
	when  connect.Test // nil: always
	not   connect.Test // nil: always
}

// doing says what a task does at the moment, so that an error or a panic can
// say where it came from. It costs two stores a stage.
type doing struct {
	stage Stage
	step  *step
}

func openChain(steps []Step, key, value, header connect.Converter) (*chain, error) {
	c := &chain{keyC: key, valueC: value, headerC: header}
	for i, s := range steps {
		o, err := openStep(i, s)
		if err != nil {
			return nil, err
		}
		c.steps = append(c.steps, o)
	}
	var err error
	if c.key, err = key.Open(connect.RoleKey); err != nil {
		return nil, fmt.Errorf("keyConverter: %w", err)
	}
	if c.value, err = value.Open(connect.RoleValue); err != nil {
		return nil, fmt.Errorf("valueConverter: %w", err)
	}
	if c.header, err = header.Open(connect.RoleHeader); err != nil {
		return nil, fmt.Errorf("headerConverter: %w", err)
	}
	return c, nil
}

func openStep(i int, s Step) (step, error) {
	o := step{name: s.Name, what: s.Do}
	if o.name == "" {
		o.name = "transforms[" + strconv.Itoa(i) + "]"
	}
	var err error
	if o.apply, err = s.Do.Open(); err != nil {
		return o, fmt.Errorf("transform %s: %w", o.name, err)
	}
	if s.When != nil {
		if o.when, err = s.When.Open(); err != nil {
			return o, fmt.Errorf("transform %s: when: %w", o.name, err)
		}
	}
	if s.Unless != nil {
		if o.not, err = s.Unless.Open(); err != nil {
			return o, fmt.Errorf("transform %s: unless: %w", o.name, err)
		}
	}
	return o, nil
}

// transform takes r through the steps. It is false where one drops r.
func (c *chain) transform(r *connect.Record, d *doing) (keep bool, err error) {
	for i := range c.steps {
		s := &c.steps[i]
		d.stage, d.step = stageTransform, s
		if s.when != nil && !s.when(r) || s.not != nil && s.not(r) {
			continue
		}
		if keep, err = s.apply(r); err != nil || !keep {
			return keep, err
		}
	}
	d.step = nil
	return true, nil
}

// component is what is at work.
func (c *chain) component(d doing) any {
	switch d.stage {
	case stageKey:
		return c.keyC
	case stageValue:
		return c.valueC
	case stageHeader:
		return c.headerC
	case stageTransform:
		if d.step != nil {
			return d.step.what
		}
	}
	return nil
}
