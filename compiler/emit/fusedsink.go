package emit

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/dave/jennifer/jen"

	"kcgen.dev/compiler/plan"
	"kcgen.dev/runtime/fuse/recipe"
)

// sinkPartsOf names the converter and the first steps of a sink, which are in its
// function.
func sinkPartsOf(s *plan.Struct, steps int) string {
	var parts []string
	if c := s.Struct("valueConverter"); c != nil {
		parts = append(parts, c.Type.Name)
	}
	return strings.Join(append(parts, stepsOf(s, min(steps, len(s.List("transforms"))))...), ", ")
}

// sinkEntry is what the table says of a function.
//
//	{Do: fuseArchive, Steps: 2, Changes: fuse.Changes{{Step: 1, Field: "card"}}}
func sinkEntry(name string, r *recipe.Sink) jen.Code {
	fields := []jen.Code{jen.Id("Do").Op(":").Id(name), jen.Id("Steps").Op(":").Lit(r.Steps)}
	var changes []jen.Code
	for _, c := range r.Changes {
		changes = append(changes, jen.Values(jen.Id("Step").Op(":").Lit(c.Step), jen.Id("Field").Op(":").Add(text(c.Field))))
	}
	if len(changes) > 0 {
		fields = append(fields, jen.Id("Changes").Op(":").Qual(fusePkg.Path, "Changes").Values(changes...))
	}
	if len(r.Shape) > 0 {
		var steps []jen.Code
		for _, i := range r.Shape {
			steps = append(steps, jen.Lit(i))
		}
		fields = append(fields, jen.Id("Shape").Op(":").Qual(fusePkg.Path, "Shape").Values(steps...))
	}
	return jen.Values(fields...)
}

// sinkBody goes through a message's members.
//
//	if !m.Object() {
//		return false
//	}
//	for m.Next() {
//		switch m.Name() {
//		case "card":
//			m.Change("card", 0)
//		…
//		default:
//			m.Keep()
//		}
//	}
//	m.Add("site", fuse.String("eu"))
//	return m.End(r)
func sinkBody(r *recipe.Sink) ([]jen.Code, error) {
	if len(r.Shape) > 0 {
		return textBody(r)
	}
	loop, err := members(r)
	if err != nil {
		return nil, err
	}
	fail := jen.Return(jen.False())
	body := []jen.Code{jen.If(otherForm(r, jen.Op("!").Add(m("Object")))).Block(fail), jen.For(m("Next")).Block(loop)}
	for _, a := range r.Added {
		v, err := fixed(a.Value)
		if err != nil {
			return nil, err
		}
		body = append(body, m("Add", text(a.Name), v))
	}
	return append(body, routed(r, m("End", jen.Id("r")))...), nil
}

// routed ends a function with a call, and gives the record its topic.
func routed(r *recipe.Sink, end *jen.Statement) []jen.Code {
	if r.Topic == "" {
		return []jen.Code{jen.Return(end)}
	}
	return []jen.Code{
		jen.If(jen.Op("!").Add(end)).Block(jen.Return(jen.False())),
		jen.Id("r").Dot("Topic").Op("=").Add(text(r.Topic)),
		jen.Return(jen.True()),
	}
}

// textBody makes a struct of a text.
//
//	return m.Struct(r, m.Text(), fuse.String("eu"))
func textBody(r *recipe.Sink) ([]jen.Code, error) {
	args := []jen.Code{jen.Id("r")}
	for _, f := range r.Fields {
		switch f.Does {
		case recipe.Keep:
			args = append(args, m("Text"))
		case recipe.Fix:
			v, err := fixed(f.Value)
			if err != nil {
				return nil, err
			}
			args = append(args, v)
		default:
			return nil, fmt.Errorf("%q, of a field", f.Does)
		}
	}
	var body []jen.Code
	if r.When != "" || r.Time || r.Place {
		body = append(body, jen.If(otherForm(r)).Block(jen.Return(jen.False())))
	}
	return append(body, routed(r, m("Struct", args...))...), nil
}

// m is a call of a message's method.
func m(method string, args ...jen.Code) *jen.Statement {
	return jen.Id("m").Dot(method).Call(args...)
}

// otherForm is whether a record is of another form than the function's.
func otherForm(r *recipe.Sink, more ...jen.Code) *jen.Statement {
	var tests []jen.Code
	if r.When != "" {
		tests = append(tests, jen.Id("r").Dot("Topic").Op("!=").Add(text(r.When)))
	}
	if r.Time {
		tests = append(tests, jen.Op("!").Qual(fusePkg.Path, "HasTime").Call(jen.Id("r")))
	}
	if r.Place {
		tests = append(tests, jen.Op("!").Qual(fusePkg.Path, "HasPlace").Call(jen.Id("r")))
	}
	out := jen.Null()
	for i, t := range append(tests, more...) {
		if i > 0 {
			out.Op("||")
		}
		out.Add(t)
	}
	return out
}

// members is what is done with each member.
func members(r *recipe.Sink) (jen.Code, error) {
	if r.Rest != recipe.Keep && r.Rest != recipe.Pass {
		return nil, fmt.Errorf("%q, of members of other names", r.Rest)
	}
	rest := m(string(r.Rest))
	if len(r.Members) == 0 {
		return rest, nil
	}
	var cases []jen.Code
	for i := 0; i < len(r.Members); {
		names := []jen.Code{text(r.Members[i].Name)}
		what, err := member(r, r.Members[i])
		if err != nil {
			return nil, err
		}
		does := r.Members[i].Does
		for i++; i < len(r.Members) && r.Members[i].Does == does && plain[does]; i++ {
			names = append(names, text(r.Members[i].Name))
		}
		cases = append(cases, jen.Case(names...).Block(what))
	}
	return jen.Switch(m("Name")).Block(append(cases, jen.Default().Block(rest))...), nil
}

// plain is what becomes of members whatever their names are.
var plain = map[recipe.Does]bool{recipe.Keep: true, recipe.Pass: true, recipe.Leave: true}

// member is what is done with one.
func member(r *recipe.Sink, of recipe.Member) (jen.Code, error) {
	switch of.Does {
	case recipe.Keep, recipe.Pass:
		return m(string(of.Does)), nil
	case recipe.Leave:
		return jen.Return(jen.False()), nil
	case recipe.Rename:
		return m("As", text(of.As)), nil
	case recipe.Fix:
		v, err := fixed(of.Value)
		return m("Is", text(of.As), v), err
	case recipe.Alter:
		args := []jen.Code{text(of.As)}
		for _, i := range of.Changes {
			if i < 0 || i >= len(r.Changes) {
				return nil, fmt.Errorf("the change %d of %d", i, len(r.Changes))
			}
			args = append(args, jen.Lit(i))
		}
		return m("Change", args...), nil
	}
	return nil, fmt.Errorf("%q, of a member", of.Does)
}

// partTypes are the parts of a record that are values, by what makes them so.
var partTypes = map[string]string{
	recipe.RecordTopic: "String", recipe.RecordPartition: "Int32", recipe.RecordOffset: "Int64", recipe.RecordTime: "Int64",
}

// fixed is a value that is not from the message.
func fixed(v recipe.Value) (jen.Code, error) {
	connect := func(name string) *jen.Statement { return jen.Qual(connectPkg.Path, name) }
	if make, ok := partTypes[v.Kind]; ok {
		return connect(make).Call(jen.Id("r").Dot(v.Kind)), nil
	}
	switch v.Kind {
	case recipe.RecordInstant:
		return connect("InstantMilli").Call(jen.Id("r").Dot("Timestamp")), nil
	case "Null":
		return connect("Null"), nil
	case "String":
		return jen.Qual(fusePkg.Path, "String").Call(text(v.Text)), nil
	case "Bool":
		b, err := strconv.ParseBool(v.Text)
		return connect("Bool").Call(jen.Lit(b)), err
	case "Int8", "Int16", "Int32", "Int64":
		n, err := strconv.ParseInt(v.Text, 10, 64)
		return connect(v.Kind).Call(jen.Lit(int(n))), err
	case "Float32", "Float64":
		f, err := strconv.ParseFloat(v.Text, 64)
		if err == nil && (math.IsNaN(f) || math.IsInf(f, 0)) {
			err = fmt.Errorf("the number %s has no literal", v.Text)
		}
		return connect(v.Kind).Call(jen.Lit(f)), err
	}
	return nil, fmt.Errorf("the value %q", v.Kind)
}
