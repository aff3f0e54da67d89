package dryrun

import (
	"errors"
	"fmt"
	"strings"

	"kcgen.dev/runtime/dryrun/wire"
)

// test tries one test of the spec, on a chain of its own.
func (d *dry) test(t *wire.Test) wire.Result {
	res := wire.Result{Name: t.Name}
	key := "sources." + t.Source
	if t.Sink != "" {
		key = "sinks." + t.Sink
	}
	err := guard(func() error { return d.try(t, key, &res) })
	if err != nil {
		res.Message, res.Diff, res.Untried = err.Error(), nil, errors.Is(err, errUnread)
	}
	res.Passed = res.Message == ""
	return res
}

// try judges a test: an error is of the test itself.
func (d *dry) try(t *wire.Test, key string, res *wire.Result) error {
	target, err := d.target(key)
	if err != nil {
		return err
	}
	o, err := target.open()
	if err != nil && strings.Contains(err.Error(), "${") {
		return fmt.Errorf("%w; a reference has no value in a test", err)
	}
	if err != nil {
		return err
	}
	got, err := d.follow(o, &t.In, nil)
	if err != nil {
		return err
	}
	res.Message, res.Diff, err = judge(t, &got, target.source != nil)
	return err
}

// judge says what is wrong with an outcome; nothing where it is as it must be.
func judge(t *wire.Test, got *outcome, source bool) (msg string, lines []string, err error) {
	switch {
	case t.Error != "" && got.err == nil && got.dropped:
		return fmt.Sprintf("the record is dropped; it must fail with %q", t.Error), nil, nil
	case t.Error != "" && got.err == nil:
		return fmt.Sprintf("the record passes; it must fail with %q", t.Error), []string{"it is " + showRecord(got)}, nil
	case t.Error != "" && !strings.Contains(got.err.Error(), t.Error):
		return "the record fails with another error", []string{"got " + got.err.Error(), "want " + t.Error}, nil
	case t.Error != "":
		return "", nil, nil
	case got.err != nil:
		return "the record fails: " + got.err.Error(), nil, nil
	case t.Dropped && !got.dropped:
		return "the record passes; it must be dropped", []string{"it is " + showRecord(got)}, nil
	case t.Dropped:
		return "", nil, nil
	case got.dropped:
		return "the record is dropped; something must come out", nil, nil
	}
	diff, err := compare(t.Out, got, source)
	if err != nil || len(diff.lines) == 0 {
		return "", nil, err
	}
	return "what comes out differs", diff.lines, nil
}

// showRecord is what came out, on one line.
func showRecord(o *outcome) string {
	r := &o.record
	return shorten(fmt.Sprintf("{topic: %q, key: %s, value: %s}", r.Topic, show(r.Key.Value, r.Key.Schema), show(r.Value.Value, r.Value.Schema)))
}
