package props

import (
	"reflect"
	"strings"

	"kcgen.dev/runtime/connect"
)

// Common are the options of every connector of a kind ("source" or "sink") in
// a pipeline (a runtime.Pipeline), under Kafka Connect's full names; those of
// the connector itself, of its converters and transforms are its components'
// own.
func Common(pipeline any, kind string) []connect.Option {
	list := fieldOf(reflect.ValueOf(pipeline), kind+"s")
	if !list.IsValid() {
		return nil // it is no kind of connector
	}
	connector := reflect.Zero(list.Type().Elem())
	own := []connect.Option{
		{Name: "name", Property: "name", Type: "STRING", Required: true, Doc: "The connector's name."},
		{Name: "connector", Property: "connector.class", Type: "STRING", Required: true, Doc: "The connector's component."},
	}
	for _, o := range flat(connector, "", 0) {
		if o.Name != "connector" {
			own = append(own, o)
		}
	}
	return append(own, connect.Option{Name: "transforms", Property: "predicates", Type: "LIST", Doc: "The names of the predicates that transforms have."})
}

// flat gives the options of a struct, those of the structs in it in their
// place.
func flat(v reflect.Value, prefix string, depth int) []connect.Option {
	if depth > maxDepth || v.Kind() != reflect.Struct {
		return nil
	}
	var out []connect.Option
	for _, o := range optionsOf(v) {
		if o.Name == "configs" {
			continue // whatever a topic may have
		}
		if o.Type != "" {
			o.Property = join(prefix, o.Property)
			out = append(out, o)
			continue
		}
		f := fieldOf(v, o.Name)
		if !f.IsValid() {
			continue
		}
		begins, several := strings.CutSuffix(o.Property, "*")
		switch t := f.Type(); {
		case t.Kind() == reflect.Slice:
			if head, _, grouped := strings.Cut(begins, "<group>"); grouped {
				out = append(out, connect.Option{Name: o.Name, Property: head + "groups", Type: "LIST", Doc: o.Doc})
			}
			continue
		case t.Kind() == reflect.Pointer:
			f = reflect.Zero(t.Elem())
		}
		if o.Property == "exactly.once.support" {
			out = append(out, connect.Option{Name: o.Name, Property: o.Property, Type: "STRING", Values: []string{"required"}, Doc: o.Doc})
		}
		if !several {
			begins = ""
		}
		for _, inner := range flat(f, join(prefix, begins), depth+1) {
			// What is required of a part is so where the part is given.
			inner.Required = inner.Required && alwaysThere(v, o)
			out = append(out, inner)
		}
	}
	return out
}

// alwaysThere says whether a part cannot be left out.
func alwaysThere(v reflect.Value, o connect.Option) bool {
	return fieldOf(v, o.Name).Kind() != reflect.Pointer
}
