package connectjson

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"kcgen.dev/compiler/gotype"
	"kcgen.dev/compiler/plan"
)

// component writes a connector, a converter or a database.
func (w *writer) component(pf *plan.Field, f gotype.Field, at place, path string) {
	s, ok := pf.Value.(*plan.Struct)
	if !ok {
		return
	}
	switch {
	case f.Name == "connection":
		w.database(pf, s, path)
	case f.Name == "connector":
		if d := w.class(pf, s, "connector.class", path); d != nil {
			w.structure(s, d, at, path)
		}
	case w.connector == "": // tracing
		w.none(pf, path)
	default:
		property := f.Property()
		if d := w.class(pf, s, property, path); d != nil {
			w.structure(s, d, place{base: property + "."}, path)
		}
	}
}

// class writes a component's class; it is nil where Kafka Connect has none.
func (w *writer) class(pf *plan.Field, s *plan.Struct, property, path string) *gotype.Def {
	d, bad := w.l.def(s.Type.Path, s.Type.Name)
	if len(bad) > 0 || len(d.Classes()) == 0 {
		w.say(pf, path, Failed, fmt.Sprintf("Kafka Connect has no %s.#%s", s.Type.Pkg, s.Type.Name))
		return nil
	}
	class := d.Classes()[0]
	if on := s.Text("on"); on != "" && d.Role == "transform" {
		class += "$" + strings.ToUpper(on[:1]) + on[1:]
	}
	w.config[property] = class
	return d
}

// steps writes transforms and their predicates. A step without a name is called
// by its number, as by the REST API, which import knows.
func (w *writer) steps(steps []*plan.Struct, path string) {
	var names, predicates []string
	for i, s := range steps {
		name := cmp.Or(s.Text("name"), strconv.Itoa(i))
		here := fmt.Sprintf("%s[%d]", path, i)
		base := "transforms." + name + "."
		names = append(names, name)
		if d := w.class(s.Get("do"), s.Struct("do"), base+"type", here+".do"); d != nil {
			w.structure(s.Struct("do"), d, place{base: base}, here+".do")
		}
		for _, when := range []string{"when", "unless"} {
			p := s.Struct(when)
			if p == nil {
				continue
			}
			predicates = append(predicates, name)
			w.config[base+"predicate"] = name
			if when == "unless" {
				w.config[base+"negate"] = "true"
			}
			if d := w.class(s.Get(when), p, "predicates."+name+".type", here+"."+when); d != nil {
				w.structure(p, d, place{base: "predicates." + name + "."}, here+"."+when)
			}
		}
	}
	if len(names) > 0 {
		w.config["transforms"] = strings.Join(names, ",")
	}
	if len(predicates) > 0 {
		w.config["predicates"] = strings.Join(predicates, ",")
	}
}
