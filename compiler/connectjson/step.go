package connectjson

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// steps reads the transforms, each with its predicate.
func (r *reader) steps(t *tree, path string) {
	list, given := r.take("transforms")
	names, _ := r.take("predicates")
	if !given {
		return
	}
	out := &tree{list: true}
	for _, alias := range splitList(list) {
		if step := r.step(alias, fmt.Sprintf("%s[%d]", path, len(out.elems)), splitList(names)); step != nil {
			if alias == strconv.Itoa(len(out.elems)) { // export's name of a step that has none
				step.fields = step.fields[1:]
			}
			out.elems = append(out.elems, step)
		}
	}
	if len(out.elems) == 0 {
		r.entry("transforms", Default, "", "empty")
		return
	}
	r.entry("transforms", Mapped, path, "")
	t.add("transforms", out, "transforms")
	switch {
	case names == "":
	case slices.ContainsFunc(out.elems, func(e *tree) bool { return e.field("when") != nil || e.field("unless") != nil }):
		r.entry("predicates", Mapped, path, "when and unless")
	default:
		r.entry("predicates", Needless, "", "no transform has one of them")
	}
}

func (r *reader) step(alias, path string, predicates []string) *tree {
	base := "transforms." + alias + "."
	do := r.typed("transform", base, path+".do")
	if do == nil {
		return nil
	}
	step := &tree{}
	step.add("name", quote(alias), base+"type")
	step.add("do", do, base+"type")
	name, given := r.take(base + "predicate")
	negate, negated := r.take(base + "negate")
	listed := slices.Contains(predicates, name)
	if negated && !listed {
		r.entry(base+"negate", Needless, "", "there is no predicate")
	}
	switch {
	case !given:
		return step
	case !listed:
		r.fail(base+"predicate", "%spredicates does not list it", quoted(base+"predicate", name))
		return step
	}
	field := "when"
	if strings.EqualFold(strings.TrimSpace(negate), "true") {
		field = "unless"
	}
	if p := r.typed("predicate", "predicates."+name+".", path+"."+field); p != nil {
		step.add(field, p, base+"predicate")
		r.entry(base+"predicate", Mapped, path+"."+field, "")
		if negated {
			r.entry(base+"negate", Mapped, path+"."+field, "")
		}
	}
	return step
}

// typed reads a transform or a predicate: its type, and what it is given.
func (r *reader) typed(role, base, path string) *tree {
	property := base + "type"
	class, given := r.take(property)
	if !given {
		r.fail(property, "is missing")
		return nil
	}
	comp, on := r.l.component(role, class)
	if comp == nil {
		r.fail(property, "kcgen has no %s %s%s", role, clip(class), r.l.nearest(role, class))
		for p := range r.props {
			if strings.HasPrefix(p, base) {
				r.used[p] = true // one line is enough
			}
		}
		return nil
	}
	r.entry(property, Mapped, path, comp.CUE())
	t := r.component(comp, place{base: base}, path)
	if where := r.where(comp.Full(), on, base, property); where != nil {
		t.fields = slices.Insert(t.fields, 0, &leaf{name: "on", val: where, prop: property})
	}
	return t
}

// where is what a transform is on, key or value, if it can be on either.
func (r *reader) where(full, on, base, property string) *tree {
	i := strings.LastIndexByte(full, '.')
	d, bad := r.l.def(full[:i], full[i+1:])
	if len(bad) > 0 {
		return nil
	}
	for _, f := range d.Fields {
		if f.Name != "on" {
			continue
		}
		if text, given := r.take(base + "on"); on == "" && given { // as kcgen's own REST API says it
			r.entry(base+"on", Mapped, "", "")
			on = text
		}
		if !slices.Contains(f.Type.Enum, on) {
			r.fail(property, "says not on what: add $Key or $Value")
			return nil
		}
		return quote(on)
	}
	if on != "" {
		r.fail(property, "the transform has no $%s", clip(on))
	}
	return nil
}
