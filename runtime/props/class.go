package props

import (
	"maps"
	"path"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"kcgen.dev/runtime/connect"
)

// builtin is where kcgen's own components are.
const builtin = "kcgen.dev/runtime/"

// Class is what a component is called: as use: calls it in YAML, one of
// kcgen's own by its package and name ("filestream.Source"), any other by its
// import path and name, which is the second result for all.
func Class(component any) (class, full string) {
	pkg, name := named(component)
	full = pkg + "." + name
	if strings.HasPrefix(pkg, builtin) {
		return path.Base(pkg) + "." + name, full
	}
	return full, full
}

// named is a component's package and name; a transform that is a function has
// the function's.
func named(component any) (pkg, name string) {
	t := reflect.TypeOf(component)
	if f, is := component.(connect.TransformFunc); is {
		if fn := runtime.FuncForPC(reflect.ValueOf(f).Pointer()); fn != nil {
			slash := strings.LastIndexByte(fn.Name(), '/') + 1
			pkg, name, _ := strings.Cut(fn.Name()[slash:], ".")
			return fn.Name()[:slash] + pkg, name
		}
	}
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.PkgPath(), t.Name()
}

// Component is a component of a pipeline.
type Component struct {
	Class   string
	Path    string           // import path and name
	Type    string           // Kafka Connect's: "source", "sink", "transformation", "predicate", "converter", "header_converter"
	Options []connect.Option // what it may be given
}

// Components are those that a pipeline (a runtime.Pipeline) uses, connectors
// first.
func Components(pipeline any) []Component {
	f := finder{found: map[string]Component{}}
	f.walk(reflect.ValueOf(pipeline), "", 0)
	var out []Component
	for _, key := range slices.Sorted(maps.Keys(f.found)) {
		out = append(out, f.found[key])
	}
	return out
}

// types are Kafka Connect's kinds of component, in the order of a list.
var types = []string{"sink", "source", "transformation", "predicate", "converter", "header_converter"}

// finder keeps components under texts that put them in order.
type finder struct{ found map[string]Component }

// walk looks for components in interfaces; field is the one that it is in.
func (f finder) walk(v reflect.Value, field string, depth int) {
	if depth > maxDepth || !v.IsValid() {
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		f.walk(v.Elem(), field, depth)
	case reflect.Interface:
		if !v.IsNil() {
			f.component(v.Elem(), field, depth)
		}
	case reflect.Slice:
		for i := range v.Len() {
			f.walk(v.Index(i), field, depth+1)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if sf := v.Type().Field(i); sf.IsExported() {
				name, _, _ := strings.Cut(sf.Tag.Get("json"), ",")
				f.walk(v.Field(i), name, depth+1)
			}
		}
	}
}

func (f finder) component(v reflect.Value, field string, depth int) {
	c := v.Interface()
	kind := ""
	switch c.(type) {
	case connect.Source:
		kind = "source"
	case connect.Sink:
		kind = "sink"
	case connect.Transform:
		kind = "transformation"
	case connect.Predicate:
		kind = "predicate"
	case connect.Converter:
		if kind = "converter"; field == "headerConverter" {
			kind = "header_converter"
		}
	default:
		return
	}
	class, full := Class(c)
	key := strconv.Itoa(slices.Index(types, kind)) + " " + class + " " + full
	if _, is := f.found[key]; !is {
		f.found[key] = Component{class, full, kind, flat(indirect(v), "", depth)}
	}
	f.walk(indirect(v), "", depth+1) // a component may hold components
}
