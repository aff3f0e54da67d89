package transform

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"kcgen.dev/runtime/connect"
)

var _ connect.Transform = ExtractTopic{}

// Open gives the function that routes.
func (x ExtractTopic) Open() (connect.Apply, error) {
	path, err := x.path()
	var find func(*connect.Record) (connect.Value, error)
	switch {
	case err != nil:
	case x.On == "header":
		find = x.inHeaders
	default:
		var p part
		p, err = partOf(x.On)
		find = func(r *connect.Record) (connect.Value, error) { return in(path, p(r)) }
	}
	if err != nil {
		return nil, fmt.Errorf("transform: open ExtractTopic: %w", err)
	}
	return func(r *connect.Record) (bool, error) {
		v, err := find(r)
		if err == nil {
			err = x.route(r, v)
		}
		if err != nil {
			return false, fmt.Errorf("transform: ExtractTopic from the %s: %w", x.On, err)
		}
		return true, nil
	}, nil
}

// path is the way to the field; none for all of the key or value.
func (x ExtractTopic) path() (path fieldPath, err error) {
	switch {
	case x.Field == "" && x.On == "header":
		return nil, connect.OptionErrorf("field", "the header's name is needed")
	case x.Field == "":
		return nil, nil
	case x.FieldFormat == "JSON_PATH":
		path, err = parseJSONPath(x.Field)
	case x.FieldFormat == "PLAIN" || x.FieldFormat == "":
		path, err = parseFieldPath(x.Field, x.FieldSyntaxVersion)
	default:
		return nil, connect.OptionErrorf("fieldFormat", `%q is none: there are "PLAIN" and "JSON_PATH"`, x.FieldFormat)
	}
	return path, ofOption("field", err)
}

// jsonPathStep is one name of a JSONPath.
var jsonPathStep = regexp.MustCompile(`^(?:\.([^.\[\]'"*()@?]+)|\['([^'\\]+)'\]|\["([^"\\]+)"\])`)

// parseJSONPath reads a JSONPath that has names alone.
func parseJSONPath(text string) (path fieldPath, err error) {
	rest, ok := strings.CutPrefix(text, "$")
	if !ok || rest == "" {
		return nil, fmt.Errorf("JSONPath %q: it begins with $, and names follow", text)
	}
	for rest != "" {
		m := jsonPathStep.FindStringSubmatch(rest)
		if m == nil {
			return nil, fmt.Errorf("JSONPath %q: at byte %d: only names are read, as in $[\"f1\"][\"f2\"] or $.f1.f2", text, len(text)-len(rest)+1)
		}
		path = append(path, m[1]+m[2]+m[3])
		rest = rest[len(m[0]):]
	}
	return path, nil
}

// in is what is at a path of a datum; null where there is nothing.
func in(path fieldPath, d *connect.Datum) (connect.Value, error) {
	switch {
	case len(path) == 0 || d.Value.IsNull():
		return d.Value, nil
	case d.Schema == nil:
		m, err := mapOf(d.Value)
		if err != nil {
			return connect.Null, err
		}
		return path.inMap(m)
	}
	st, err := structOf(d.Value)
	if err != nil {
		return connect.Null, err
	}
	return path.inStruct(st, true)
}

func (x ExtractTopic) inHeaders(r *connect.Record) (connect.Value, error) {
	for i := len(r.Headers) - 1; i >= 0; i-- {
		if r.Headers[i].Key == x.Field {
			return r.Headers[i].Value, nil
		}
	}
	return connect.Null, nil
}

// route gives the record its topic.
func (x ExtractTopic) route(r *connect.Record, v connect.Value) error {
	switch {
	case v.IsNull() && x.SkipMissingOrNull:
		return nil
	case v.IsNull() && x.Field != "":
		return fmt.Errorf("%q is missing or null; skipMissingOrNull keeps the topic", x.Field)
	case v.IsNull():
		return errors.New("it is null; skipMissingOrNull keeps the topic")
	case v.Kind() != connect.KindString:
		return fmt.Errorf("a topic is a string, and this is %v", v.Kind())
	case v.Str() == "":
		return errors.New("a topic has a name, and this is empty")
	}
	r.Topic = v.Str()
	return nil
}

// Flow makes the topic unknown. Where the schema is known, the field has to be
// in it, and a string.
func (x ExtractTopic) Flow(s *connect.Shape) error {
	s.Topic = ""
	path, err := x.path()
	if err != nil || x.On == "header" {
		return err
	}
	f := formOf(x.On, s)
	known := *f
	if !x.SkipMissingOrNull {
		err = noNulls(x.On, f)
	}
	if !known.Known || known.Schema == nil || known.Nulls == connect.NullsAlways {
		return err
	}
	return errors.Join(err, ofOption("field", x.fits(path, known.Schema)))
}

// fits is why no value of the schema gives a topic.
func (x ExtractTopic) fits(path fieldPath, in *connect.Schema) error {
	found, err := path.schema(in)
	switch {
	case err != nil:
		return err
	case found == nil && x.SkipMissingOrNull:
		return nil
	case found == nil:
		return path.missing(in)
	case found.ValueKind() != connect.KindString:
		return fmt.Errorf("a topic is a string, and this is %v", found)
	}
	return nil
}
