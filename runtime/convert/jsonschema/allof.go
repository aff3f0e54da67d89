package jsonschema

import (
	"fmt"

	"kcgen.dev/runtime/connect"
)

// allOf is the struct of the properties of all the schemas, or, where there
// are none, the one of the schemas that says most, as JsonSchemaData has it. A
// title beside an allOf is lost there, and so it is here.
func (c *converter) allOf(n *node, version *int32, optional bool) (*connect.Schema, error) {
	all := properties{required: map[string]bool{}, places: map[string]int{}}
	all.collect(n, map[*node]bool{})
	if len(all.fields) > 0 {
		b := connect.NewStruct()
		if err := c.fields(b, all.fields, all.required); err != nil {
			return nil, err
		}
		if optional {
			b.Optional()
		}
		s, err := b.Build()
		if err == nil {
			c.structs[n] = s
		}
		return s, err
	}
	last := map[form]*node{}
	for _, part := range n.parts {
		last[part.form] = part
	}
	if best := meant(last); best != nil {
		return c.schema(best, version, optional)
	}
	return nil, fmt.Errorf("%s: this combination of schemas has no Connect schema", n.place)
}

// meant chooses among the schemas of an allOf.
func meant(last map[form]*node) *node {
	text, num := last[formString], last[formNumber]
	switch {
	case last[formCombined] != nil:
		return last[formCombined]
	case last[formConst] != nil && text != nil:
		return text
	case last[formConst] != nil:
		return num
	case last[formEnum] != nil && text != nil:
		return last[formEnum]
	case last[formEnum] != nil:
		return num
	case text != nil && num != nil: // a number with a format
		return num
	case text != nil:
		return text
	}
	return last[formReference]
}

// properties are those of several schemas, a later one in the place of an
// earlier one of its name.
type properties struct {
	fields   []field
	required map[string]bool
	places   map[string]int
}

func (p *properties) collect(n *node, visited map[*node]bool) {
	if n == nil || visited[n] {
		return
	}
	visited[n] = true
	switch n.form {
	case formCombined:
		if n.criterion == allOf {
			for _, part := range n.parts {
				p.collect(part, visited)
			}
		}
	case formObject:
		for _, f := range n.properties {
			p.put(f, n.required[f.name])
		}
	case formReference:
		p.collect(n.target.node, visited)
	}
}

func (p *properties) put(f field, required bool) {
	p.required[f.name] = required
	if i, ok := p.places[f.name]; ok {
		p.fields[i] = f
		return
	}
	p.places[f.name] = len(p.fields)
	p.fields = append(p.fields, f)
}
