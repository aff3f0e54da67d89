package connectjson

import (
	"fmt"
	"strconv"
	"strings"

	"kcgen.dev/compiler/gotype"
	"kcgen.dev/compiler/plan"
)

// list is a field's value, of which a list may have a separator of its own.
func (w *writer) list(n plan.Node, f gotype.Field, property string) (string, error) {
	l, ok := n.(*plan.List)
	if !ok || f.Separator() == "," {
		return w.text(n, property)
	}
	var parts []string
	for _, e := range l.Elems {
		s, err := w.text(e, property)
		if err == nil && strings.Contains(s, f.Separator()) {
			err = fmt.Errorf("an element has %q in it, which divides the list there", f.Separator())
		}
		if err != nil {
			return "", err
		}
		parts = append(parts, s)
	}
	return strings.Join(parts, f.Separator()), nil
}

// text is a value as a property's.
func (w *writer) text(n plan.Node, property string) (string, error) {
	switch n := n.(type) {
	case *plan.List:
		var parts []string
		for _, e := range n.Elems {
			s, err := w.text(e, property)
			if err != nil {
				return "", err
			}
			if strings.Contains(s, ",") && n.Elem.Kind == plan.String && property != "bootstrap.servers" && !strings.HasSuffix(property, "schema.registry.url") {
				return "", fmt.Errorf("an element has a comma in it, with which Kafka Connect divides lists")
			}
			parts = append(parts, s)
		}
		return strings.Join(parts, ","), nil
	case *plan.Map:
		var parts []string
		for i, k := range n.Keys {
			s, err := w.text(n.Vals[i], property)
			if err != nil {
				return "", err
			}
			parts = append(parts, k+":"+s)
		}
		return strings.Join(parts, ","), nil
	case *plan.Lit:
		return scalarText(n, property)
	}
	return "", fmt.Errorf("cannot be said by a property")
}

func scalarText(l *plan.Lit, property string) (string, error) {
	switch l.Kind {
	case plan.Bool:
		return strconv.FormatBool(l.Bool), nil
	case plan.Int, plan.Bytes:
		return strconv.FormatInt(l.Int, 10), nil
	case plan.Float:
		return strconv.FormatFloat(l.Float, 'f', -1, 64), nil
	case plan.Duration:
		unit, word := int64(1e6), "milliseconds"
		if strings.HasSuffix(property, ".sec") {
			unit, word = 1e9, "seconds"
		}
		switch {
		case l.Int == plan.Forever:
			return "-1", nil
		case l.Int%unit != 0:
			return "", fmt.Errorf("is no whole number of %s, as which Kafka Connect has it", word)
		}
		return strconv.FormatInt(l.Int/unit, 10), nil
	case plan.String, plan.Secret, plan.File:
		return l.Str, nil
	}
	return "", fmt.Errorf("cannot be said by a property")
}
