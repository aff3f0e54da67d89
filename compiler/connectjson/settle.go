package connectjson

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"kcgen.dev/compiler/diag"
)

// news are the faults of a spec that are not what comes of a failure that is
// known.
func news(known, faults Report) Report {
	failed := known.Failed()
	return slices.DeleteFunc(faults, func(e Entry) bool {
		return slices.ContainsFunc(failed, func(k Entry) bool {
			return e.Field == "" || k.Connector == e.Connector && k.Property == e.Property
		})
	})
}

// once leaves out what several specs have said of one worker.
func once(r Report) Report {
	seen := map[Entry]bool{}
	return slices.DeleteFunc(r, func(e Entry) bool {
		twice := seen[e]
		seen[e] = true
		return twice
	})
}

// settle checks the spec. A field that changes nothing goes, as it would not
// have changed anything there; any other fault is one of its property.
func (s *Spec) settle(ctx context.Context, o Options) (Report, error) {
	if o.Check == nil {
		return nil, nil
	}
	for range 100 { // each round takes a field away
		faults, err := o.Check(ctx, s.Text)
		if err != nil {
			return nil, err
		}
		faults = faults.Faults()
		gone := 0
		for _, f := range faults {
			from, known := s.path[f.Path]
			if known && changesNothing(f.Msg) && s.root.drop(f.Path, "") {
				gone++
				from.reader.renounce(from.property, f)
			}
		}
		if gone == 0 {
			return s.faults(faults), nil
		}
		if err := s.render(); err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("connectjson: the spec of %s does not settle", s.Name)
}

// changesNothing says whether a fault is that of a field that is not read.
func changesNothing(msg string) bool {
	return strings.HasPrefix(msg, "changes nothing") || strings.HasPrefix(msg, "must be left out") || strings.Contains(msg, "it changes nothing")
}

// renounce notes that a property was left out after all.
func (r *reader) renounce(property string, f diag.Diag) {
	for i := range r.report {
		if e := &r.report[i]; e.Property == property && e.Field == f.Path {
			e.Outcome, e.Field, e.Variable, e.Note = Needless, "", "", f.Msg
		}
	}
	r.report = slices.DeleteFunc(r.report, func(e Entry) bool {
		_, given := r.props[property]
		return e.Property == property && e.Outcome == Needless && !given
	})
}

// faults are those of the spec as failures of the properties.
func (s *Spec) faults(list diag.List) Report {
	var out Report
	for _, f := range list {
		e := Entry{Outcome: Failed, Field: f.Path, Note: f.Msg, Property: f.Path}
		for at := f.Path; at != ""; at = at[:max(0, strings.LastIndexAny(at, ".["))] {
			if from, known := s.path[at]; known {
				e.File, e.Connector = from.reader.file, from.reader.connector
				if at == f.Path || from.property != "name" && from.property != "" {
					e.Property = from.property
				}
				e.Line = from.reader.props[e.Property].Line
				break
			}
		}
		out = append(out, e)
	}
	return out
}
