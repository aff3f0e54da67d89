// Package props shows a compiled pipeline as Kafka Connect would: connectors
// with properties, components with options. It knows the pipeline by what its
// types say of themselves ([connect.Described]) and asks their fields by their
// json tags, as package secret does; what it is given should be the pipeline
// before its references were resolved, so that secrets stay references.
//
//	props.go   Connectors: their properties
//	text.go    values as properties' texts
//	class.go   what components are called, and which there are
//	option.go  Common: the options that every connector of a kind has
package props

import (
	"cmp"
	"reflect"
	"strconv"
	"strings"

	"kcgen.dev/runtime/connect"
)

// Connector is a connector of a pipeline.
type Connector struct {
	Name     string
	Kind     string // "source" or "sink"
	Config   map[string]string
	Defaults map[string]bool
}

// Connectors are those of a pipeline (a runtime.Pipeline), in its order.
func Connectors(pipeline any) []Connector {
	var out []Connector
	for _, kind := range []string{"source", "sink"} {
		list := fieldOf(reflect.ValueOf(pipeline), kind+"s")
		for i := range list.Len() {
			config, defaults := Config(list.Index(i).Interface())
			out = append(out, Connector{config["name"], kind, config, defaults})
		}
	}
	return out
}

// Config is the configuration of a connector (a runtime.Source or
// runtime.Sink) under Kafka Connect's names: what the spec says, and defaults,
// but nothing of what was left out. The second result has the properties that
// are as if they had been left out.
func Config(connector any) (config map[string]string, defaults map[string]bool) {
	w := &walker{config: map[string]string{}, defaults: map[string]bool{}}
	w.fields(reflect.ValueOf(connector), "", 0)
	w.set("name", nameOf(reflect.ValueOf(connector)), false)
	return w.config, w.defaults
}

type walker struct {
	config   map[string]string
	defaults map[string]bool
}

func (w *walker) set(property, text string, isDefault bool) {
	w.config[property] = text
	if isDefault {
		w.defaults[property] = true
	}
}

// maxDepth ends a walk over what no spec can say.
const maxDepth = 20

// fields adds what a struct's options say, each under the prefix.
func (w *walker) fields(v reflect.Value, prefix string, depth int) {
	v = indirect(v)
	if !v.IsValid() || v.Kind() != reflect.Struct || depth > maxDepth {
		return
	}
	for _, o := range optionsOf(v) {
		if f := fieldOf(v, o.Name); f.IsValid() {
			w.option(o, f, prefix, depth)
		}
	}
}

// option adds one option.
func (w *walker) option(o connect.Option, f reflect.Value, prefix string, depth int) {
	switch {
	case o.Name == "transforms" && f.Kind() == reflect.Slice:
		w.steps(f, depth)
	case o.Type == "CLASS":
		w.component(o, f, prefix, depth)
	case o.Type == "":
		w.part(o, f, prefix, depth)
	case f.Kind() == reflect.Map && o.Name == "configs": // topic settings under their own names
		for it := f.MapRange(); it.Next(); {
			w.set(prefix+it.Key().String(), it.Value().String(), false)
		}
	default:
		text, given := textOf(o, f)
		if given || o.Required || o.Default != "" && text != "" {
			w.set(join(prefix, o.Property), text, !o.Required && text == o.Default)
		}
	}
}

// component adds a component's class, and its options under it. A connector's
// stand among those of the pipeline.
func (w *walker) component(o connect.Option, f reflect.Value, prefix string, depth int) {
	f = indirect(f)
	if !f.IsValid() {
		return
	}
	class, _ := Class(f.Interface())
	if o.Name == "connector" {
		w.set("connector.class", class, false)
		w.fields(f, "", depth+1)
		return
	}
	base := join(prefix, o.Property)
	w.set(base, class, false)
	w.fields(f, base+".", depth+1)
}

// part adds the options of a struct or of a list of named structs.
func (w *walker) part(o connect.Option, f reflect.Value, prefix string, depth int) {
	if f.Kind() == reflect.Pointer && f.IsNil() {
		return
	}
	if o.Property == "exactly.once.support" {
		w.set(o.Property, "required", false)
	}
	begins, several := strings.CutSuffix(o.Property, "*")
	if !several {
		begins = ""
	}
	if f.Kind() != reflect.Slice {
		w.fields(f, join(prefix, begins), depth+1)
		return
	}
	var names []string
	for i := range f.Len() {
		name := nameOf(f.Index(i))
		names = append(names, name)
		head, tail, _ := strings.Cut(begins, "<group>")
		w.fields(f.Index(i), head+name+tail, depth+1)
	}
	if head, _, grouped := strings.Cut(begins, "<group>"); grouped && len(names) > 0 {
		w.set(head+"groups", strings.Join(names, ","), false)
	}
}

// steps adds the transforms and their predicates, which have their names.
func (w *walker) steps(list reflect.Value, depth int) {
	var names, predicates []string
	for i := range list.Len() {
		s := list.Index(i)
		name := cmp.Or(nameOf(s), strconv.Itoa(i))
		names = append(names, name)
		base := "transforms." + name + "."
		if do := indirect(fieldOf(s, "do")); do.IsValid() {
			class, _ := Class(do.Interface())
			w.set(base+"type", class, false)
			w.fields(do, base, depth+1)
		}
		for _, field := range []string{"when", "unless"} {
			p := indirect(fieldOf(s, field))
			if !p.IsValid() {
				continue
			}
			predicates = append(predicates, name)
			w.set(base+"predicate", name, false)
			w.set(base+"negate", strconv.FormatBool(field == "unless"), false)
			class, _ := Class(p.Interface())
			w.set("predicates."+name+".type", class, false)
			w.fields(p, "predicates."+name+".", depth+1)
		}
	}
	if len(names) > 0 {
		w.set("transforms", strings.Join(names, ","), false)
	}
	if len(predicates) > 0 {
		w.set("predicates", strings.Join(predicates, ","), false)
	}
}

// join puts a prefix before a property. What a converter's option is called is
// taken as it is, but that "key." is "value." for values. Elsewhere a property
// that names its family in full is not named twice: errors. and
// errors.tolerance, schema.registry.ssl. and ssl.key.password.
func join(prefix, property string) string {
	first, _, several := strings.Cut(property, ".")
	switch {
	case prefix == "":
		return property
	case prefix == "value.converter." && first == "key":
		return prefix + "value." + strings.TrimPrefix(property, "key.")
	case strings.HasSuffix(prefix, ".converter.") || !several:
		return prefix + property
	}
	segs := strings.Split(strings.TrimSuffix(prefix, "."), ".")
	switch {
	case segs[0] == first:
		return property
	case segs[len(segs)-1] == first:
		return strings.TrimSuffix(prefix, first+".") + property
	}
	return prefix + property
}

// optionsOf are what a struct says of its options.
func optionsOf(v reflect.Value) []connect.Option {
	if d, is := reflect.TypeAssert[connect.Described](v); is {
		return d.ConfigDef()
	}
	return nil
}

// fieldOf is the field with a json tag.
func fieldOf(v reflect.Value, name string) reflect.Value {
	for i := range v.NumField() {
		if tag, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ","); tag == name {
			return v.Field(i)
		}
	}
	return reflect.Value{}
}

// indirect follows pointers and interfaces; it is not valid behind a nil.
func indirect(v reflect.Value) reflect.Value {
	for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	return v
}

// nameOf is the name that the spec gives a connector, step or group.
func nameOf(v reflect.Value) string {
	if f := fieldOf(indirect(v), "name"); f.IsValid() && f.Kind() == reflect.String {
		return f.String()
	}
	return ""
}
