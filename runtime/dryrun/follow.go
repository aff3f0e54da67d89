package dryrun

import (
	"fmt"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/dryrun/wire"
)

// outcome is what came of a record.
type outcome struct {
	record  connect.Record
	bytes   bytes // of a source's record
	dropped bool
	err     error
}

// watcher sees a record on its way; see trace.
type watcher interface {
	at(stage string, r *connect.Record)
	step(name, what string, r *connect.Record)
	bytes(b bytes)
}

// follow takes a record through a chain. The error is for a record that
// cannot be what the spec says; what the chain says is in the outcome.
func (d *dry) follow(o *opened, in *wire.Record, w watcher) (got outcome, err error) {
	r := &got.record
	if err := d.fill(o, in, r); err != nil {
		return got, err
	}
	if o.sink != nil {
		if got.bytes, err = d.topicBytes(o, in, r); err != nil {
			return got, err
		}
		if w != nil {
			w.bytes(got.bytes)
		}
		if got.err = o.decode(got.bytes, r); got.err != nil {
			return got, nil
		}
	}
	if w != nil {
		w.at("in", r)
	}
	keep, err := d.steps(o, r, w)
	if got.err, got.dropped = err, err == nil && !keep; err != nil || !keep || o.sink != nil {
		return got, nil
	}
	if got.bytes, got.err = o.encode(r); got.err != nil {
		return got, nil
	}
	if w != nil {
		w.bytes(got.bytes)
		return got, nil
	}
	if err := o.decode(got.bytes, r); err != nil {
		return got, fmt.Errorf("what the converter wrote it cannot read, so give keyBytes and valueBytes instead: %w", err)
	}
	return got, nil
}

// steps takes a record through the steps, one by one where somebody watches.
func (d *dry) steps(o *opened, r *connect.Record, w watcher) (bool, error) {
	if w == nil {
		return o.transform(r)
	}
	for i := range o.Steps {
		s := &o.Steps[i]
		if !s.Holds(r) {
			w.step(s.Name, "passed over", r)
			continue
		}
		var keep bool
		err := guard(func() (err error) { keep, err = s.Apply(r); return err })
		switch {
		case err != nil:
			return false, fmt.Errorf("%s: %w", s.Name, err)
		case !keep:
			w.step(s.Name, "dropped", nil)
			return false, nil
		}
		w.step(s.Name, "", r)
	}
	return true, nil
}
