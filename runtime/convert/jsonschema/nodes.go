package jsonschema

import (
	"fmt"
	"strconv"
	"strings"
)

// The keywords that belong to one type each.
var (
	numberKeywords = []string{"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"}
	stringKeywords = []string{"minLength", "maxLength", "pattern"}
	arrayKeywords  = []string{"items", "additionalItems", "minItems", "maxItems", "uniqueItems", "contains", "prefixItems", "unevaluatedItems", "minContains", "maxContains"}
	objectKeywords = []string{"properties", "required", "minProperties", "maxProperties", "dependencies", "patternProperties", "additionalProperties",
		"propertyNames", "dependentRequired", "dependentSchemas", "unevaluatedProperties"}
)

var keywordsOf = map[form][]string{formNumber: numberKeywords, formString: stringKeywords, formArray: arrayKeywords, formObject: objectKeywords}

// schema makes the node of a schema.
func (l *loader) schema(d *document, v any, place string) (*node, error) {
	if l.depth++; l.depth > maxLevels {
		return nil, errLevels
	}
	defer func() { l.depth-- }()
	if l.count++; l.count > maxNodes {
		return nil, fmt.Errorf("more than %d schemas", maxNodes)
	}
	switch v := v.(type) {
	case bool:
		if v {
			return &node{form: formAny, place: place}, nil
		}
		return &node{form: formFalse, place: place}, nil
	case *object:
		return l.object(d, v, place)
	}
	return nil, fmt.Errorf("%s: a schema is an object, or true or false", place)
}

func (l *loader) object(d *document, o *object, place string) (*node, error) {
	found, err := l.parts(d, o, place)
	if err != nil {
		return nil, err
	}
	n := &node{form: formAny, place: place}
	switch len(found) {
	case 0:
	case 1:
		n = found[0]
	default:
		n = &node{form: formCombined, place: place, criterion: allOf, parts: found}
	}
	n.keywords = o
	n.title, n.description = o.text("title"), o.text("description")
	n.defaultValue, n.hasDefault = o.get("default")
	return n, nil
}

// parts are the nodes of one type each that a schema's keywords make.
func (l *loader) parts(d *document, o *object, place string) (out []*node, err error) {
	if ref, ok := o.get("$ref"); ok {
		text, ok := ref.(string)
		if !ok {
			return nil, fmt.Errorf("%s: $ref is no string", place)
		}
		t := &target{ref: text, doc: d}
		l.pending = append(l.pending, t)
		out = append(out, &node{form: formReference, place: place, target: t})
		if !d.modern { // all else has no meaning
			return out, nil
		}
	}
	if values, ok := o.get("enum"); ok {
		list, ok := values.([]any)
		if !ok {
			return nil, fmt.Errorf("%s: enum is no array", place)
		}
		out = append(out, &node{form: formEnum, place: place, values: list})
	}
	if out, err = l.combinations(d, o, place, out); err != nil {
		return nil, err
	}
	if o.has("not") {
		out = append(out, &node{form: formOther, place: place})
	}
	if c, ok := o.get("const"); ok { // in draft 4 too, as Confluent reads it as draft 7
		out = append(out, &node{form: formConst, place: place, values: []any{c}})
	}
	if out, err = l.types(d, o, place, out); err != nil {
		return nil, err
	}
	if o.has("if") || o.has("then") || o.has("else") {
		out = append(out, &node{form: formOther, place: place})
	}
	return out, nil
}

func (l *loader) combinations(d *document, o *object, place string, out []*node) ([]*node, error) {
	for _, keyword := range []string{"allOf", "oneOf", "anyOf"} { // in Java's order: the last is the one that is meant
		v, ok := o.get(keyword)
		if !ok {
			continue
		}
		list, ok := v.([]any)
		if !ok {
			return nil, fmt.Errorf("%s: %s is no array", place, keyword)
		}
		n := &node{form: formCombined, place: place, criterion: criteria[keyword]}
		for i, e := range list {
			part, err := l.schema(d, e, place+"/"+keyword+"/"+strconv.Itoa(i))
			if err != nil {
				return nil, err
			}
			n.parts = append(n.parts, part)
		}
		out = append(out, n)
	}
	return out, nil
}

// types makes the nodes of the types that a schema names, and of those that
// it has keywords of without naming them.
func (l *loader) types(d *document, o *object, place string, out []*node) ([]*node, error) {
	named := map[form]bool{}
	switch t := typeOf(o).(type) {
	case nil:
	case string:
		n, err := l.typed(d, o, place, t)
		if err != nil {
			return nil, err
		}
		named[n.form] = true
		out = append(out, n)
	case []any:
		any := &node{form: formCombined, place: place, criterion: anyOf}
		for _, e := range t {
			name, _ := e.(string)
			n, err := l.typed(d, o, place, name)
			if err != nil {
				return nil, err
			}
			named[n.form] = true
			any.parts = append(any.parts, n)
		}
		out = append(out, any)
	default:
		return nil, fmt.Errorf("%s: type is neither a string nor an array", place)
	}
	for _, f := range []form{formArray, formObject, formNumber, formString} {
		if named[f] || !hasAny(o, keywordsOf[f]) && !(f == formString && !d.modern && o.has("format")) {
			continue
		}
		n := &node{form: f, place: place}
		if err := l.fill(d, o, n); err != nil {
			return nil, err
		}
		out = append(out, n)
	}
	return out, nil
}

func typeOf(o *object) any {
	t, _ := o.get("type")
	return t
}

func hasAny(o *object, names []string) bool {
	for _, name := range names {
		if o.has(name) {
			return true
		}
	}
	return false
}

var formsOfTypes = map[string]form{
	"null": formNull, "boolean": formBool, "integer": formNumber, "number": formNumber, "string": formString, "array": formArray, "object": formObject,
}

func (l *loader) typed(d *document, o *object, place, name string) (*node, error) {
	f, ok := formsOfTypes[name]
	if !ok {
		return nil, fmt.Errorf("%s: unknown type %q", place, cutText(name))
	}
	n := &node{form: f, place: place, integer: name == "integer"}
	return n, l.fill(d, o, n)
}

// fill reads the keywords of arrays and objects.
func (l *loader) fill(d *document, o *object, n *node) (err error) {
	switch n.form {
	case formArray:
		return l.fillArray(d, o, n)
	case formObject:
		return l.fillObject(d, o, n)
	}
	return nil
}

func (l *loader) fillArray(d *document, o *object, n *node) (err error) {
	items, ok := o.get("items")
	if _, list := items.([]any); !ok || list || items == true && d.modern || o.has("prefixItems") {
		return nil
	}
	n.items, err = l.schema(d, items, n.place+"/items")
	return err
}

func (l *loader) fillObject(d *document, o *object, n *node) error {
	if list, ok := o.get("required"); ok {
		names, _ := list.([]any)
		n.required = make(map[string]bool, len(names))
		for _, e := range names {
			if name, ok := e.(string); ok {
				n.required[name] = true
			}
		}
	}
	switch v, _ := o.get("additionalProperties"); v := v.(type) {
	case bool:
		n.closed = !v
	case *object:
		a, err := l.schema(d, v, n.place+"/additionalProperties")
		if err != nil {
			return err
		}
		n.additional = a
	}
	if p, ok := o.get("properties"); ok {
		props, ok := p.(*object)
		if !ok {
			return fmt.Errorf("%s: properties is no object", n.place)
		}
		return l.properties(d, props, n)
	}
	return nil
}

// properties reads properties into the order of the two maps that they pass
// in Java: that of the text's object, and that of the schema's.
func (l *loader) properties(d *document, props *object, n *node) error {
	for _, m := range hashOrder(props.members, memberName, defaultRoom) {
		s, err := l.schema(d, m.value, n.place+"/properties/"+escapePointer(m.name))
		if err != nil {
			return err
		}
		n.properties = append(n.properties, field{m.name, s})
	}
	return nil
}

var pointerEscapes = strings.NewReplacer("~", "~0", "/", "~1")

func escapePointer(name string) string { return pointerEscapes.Replace(cutText(name)) }

// cutText shortens what comes from outside for an error.
func cutText(s string) string {
	const most = 100
	if len(s) > most {
		return strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}
