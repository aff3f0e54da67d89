package flow

import (
	"errors"
	"fmt"
	"strings"

	"kcgen.dev/runtime/connect"
)

// Fault is what cannot work. Path is relative to the connector in the spec:
// "transforms[1].do.field", "transforms[1].when", "valueConverter", "connector".
type Fault struct {
	Path string
	Err  error
}

// guard calls a component, and is whether it did without an error. A panic is
// one too: third parties' code is asked.
func (w *walk) guard(path string, call func() error) (ok bool) {
	defer func() {
		if p := recover(); p != nil {
			w.fault(path, fmt.Errorf("it panics: %v", p))
			ok = false
		}
	}()
	err := call()
	if err != nil {
		w.fault(path, err)
	}
	return err == nil
}

// fault notes an error, or each of those that it joins, at the option that it
// names.
func (w *walk) fault(path string, err error) {
	if of, ok := err.(*connect.OptionError); ok && of != nil && of.Err != nil {
		w.fault(path+"."+of.Option, of.Err)
		return
	}
	if errs := joined(err); errs != nil {
		for _, err := range errs {
			w.fault(path, err)
		}
		return
	}
	var of *connect.OptionError
	if errors.As(err, &of) {
		path += "." + of.Option
	}
	w.faults = append(w.faults, Fault{path, err})
}

// joined is the errors that errors.Join made one of; nil for any other.
func joined(err error) []error {
	many, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return nil
	}
	var texts []string
	errs := many.Unwrap()
	for _, e := range errs {
		if e == nil {
			return nil
		}
		texts = append(texts, e.Error())
	}
	if err.Error() != strings.Join(texts, "\n") {
		return nil
	}
	return errs
}
