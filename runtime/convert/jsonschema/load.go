package jsonschema

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"kcgen.dev/runtime/registry"
)

// A JSON Schema says what it says by keywords side by side. Confluent's
// converter takes it apart into nodes of one type each, and goes by these; so
// does this.

// form is the type of a node.
type form uint8

const (
	formAny form = iota
	formFalse
	formNull
	formBool
	formNumber
	formString
	formArray
	formObject
	formEnum // const too
	formConst
	formCombined
	formReference
	formOther // not; if, then, else
)

var formNames = [...]string{
	"a schema without a type", "false", "null", "boolean", "number", "string", "array", "object", "enum", "const", "a combination", "$ref", "not, or if",
}

// criterion is how a combination's schemas are meant.
type criterion uint8

const (
	oneOf criterion = iota
	anyOf
	allOf
)

var criteria = map[string]criterion{"oneOf": oneOf, "anyOf": anyOf, "allOf": allOf}

// node is one type of a JSON Schema.
type node struct {
	form  form
	place string // where it stands, for errors: #/properties/a

	// What any of them may have.
	title, description string
	defaultValue       any
	hasDefault         bool
	keywords           *object // the whole of the schema, for Connect's own keywords; nil where they belong to another node

	integer    bool            // formNumber
	values     []any           // formEnum, formConst
	items      *node           // formArray; nil where there is none, or a list
	properties []field         // formObject, in Java's order
	required   map[string]bool // formObject
	additional *node           // formObject: the schema of properties that have none
	closed     bool            // formObject: there are no other properties
	criterion  criterion
	parts      []*node // formCombined
	target     *target // formReference
}

// field is one property.
type field struct {
	name string
	node *node
}

// target is what a $ref refers to.
type target struct {
	ref  string
	doc  *document
	node *node
}

// document is one text with schemas: the schema itself, or one of its
// references.
type document struct {
	name   string
	root   any
	base   *url.URL // what its references are relative to
	modern bool     // draft 2019-09 or later
	draft4 bool
}

// loader makes nodes of a schema's text.
type loader struct {
	ignoreModern bool
	docs         map[string]*document // by all names that they may be called
	nodes        map[*object]*node    // of what is referred to
	pending      []*target
	count        int // of nodes
	steps        int // of searches
	depth        int
}

// maxNodes bounds the nodes of one schema.
const maxNodes = 100000

// baseURL is what relative references are relative to where a schema has no
// $id: Confluent's own.
const baseURL = "mem://input"

// load makes the nodes of a schema and of what it refers to.
func (l *loader) load(text string, imports []registry.Import) (*node, error) {
	l.docs, l.nodes = map[string]*document{}, map[*object]*node{}
	root, err := l.document("", text, nil)
	if err != nil {
		return nil, err
	}
	for _, i := range imports {
		if _, err := l.document(i.Name, i.Text, root.base); err != nil {
			return nil, fmt.Errorf("reference %q: %w", i.Name, err)
		}
	}
	n, err := l.schema(root, root.root, "#")
	if err != nil {
		return nil, err
	}
	for len(l.pending) > 0 { // what is referred to, and what that refers to
		t := l.pending[len(l.pending)-1]
		l.pending = l.pending[:len(l.pending)-1]
		if t.node, err = l.referred(t); err != nil {
			return nil, fmt.Errorf("$ref %q: %w", t.ref, err)
		}
	}
	return n, nil
}

func (l *loader) document(name, text string, base *url.URL) (*document, error) {
	root, err := parseTree(text)
	if err != nil {
		return nil, err
	}
	d := &document{name: name, root: root, base: base}
	if base == nil {
		d.base, _ = url.Parse(baseURL)
	} else if u, err := base.Parse(name); err == nil {
		d.base = u
		l.docs[u.String()] = d
	}
	l.docs[name], l.docs["./"+name] = d, d
	o, ok := root.(*object)
	if _, isBool := root.(bool); !ok && !isBool {
		return nil, errors.New("a JSON Schema is an object, or true or false")
	}
	if !ok {
		return d, nil
	}
	l.dialect(d, o.text("$schema"))
	bridge(o)
	idKeyword := "$id"
	if d.draft4 {
		idKeyword = "id"
	}
	if u, err := d.base.Parse(o.text(idKeyword)); err == nil && o.text(idKeyword) != "" {
		u.Fragment = ""
		d.base = u
		l.docs[u.String()] = d
	}
	return d, nil
}

func (l *loader) dialect(d *document, schema string) {
	schema = strings.TrimSuffix(schema, "#")
	schema = strings.TrimPrefix(strings.TrimPrefix(schema, "https://"), "http://")
	switch schema {
	case "json-schema.org/draft/2019-09/schema", "json-schema.org/draft/2020-12/schema":
		d.modern = !l.ignoreModern
	case "json-schema.org/draft-04/schema", "json-schema.org/schema":
		d.draft4 = true
	}
}

// bridge lets #/$defs/X find what stands in definitions, as Confluent does.
func bridge(o *object) {
	from := o.object("definitions")
	if from == nil || len(from.members) == 0 {
		return
	}
	defs, there := o.get("$defs")
	to, ok := defs.(*object)
	if there && !ok {
		return
	}
	merged := &object{}
	if to != nil {
		merged.members = slices.Clone(to.members)
	}
	for _, m := range from.members {
		if !merged.has(m.name) {
			merged.members = append(merged.members, m)
		}
	}
	o.set("$defs", merged)
}

// referred is the node that a reference means.
func (l *loader) referred(t *target) (*node, error) {
	v, doc, place, err := l.resolve(t)
	if err != nil {
		return nil, err
	}
	o, ok := v.(*object)
	if !ok {
		return l.schema(doc, v, place)
	}
	if n, ok := l.nodes[o]; ok {
		return n, nil
	}
	n, err := l.schema(doc, o, place)
	l.nodes[o] = n
	return n, err
}

// resolve finds what a reference means. Nothing is fetched.
func (l *loader) resolve(t *target) (v any, doc *document, place string, err error) {
	name, fragment, _ := strings.Cut(t.ref, "#")
	doc = t.doc
	if name != "" {
		if doc = l.find(t.doc, name); doc == nil {
			if v := l.embedded(t.doc, name); v != nil {
				doc = &document{name: name, root: v, base: t.doc.base, modern: t.doc.modern, draft4: t.doc.draft4}
			} else {
				return nil, nil, "", errors.New("is not among the schema's references in the registry; nothing is fetched from elsewhere")
			}
		}
	}
	if fragment, err = url.PathUnescape(fragment); err != nil {
		return nil, nil, "", errors.New("bad escapes")
	}
	place = doc.name + "#" + fragment
	switch {
	case fragment == "":
		return doc.root, doc, place, nil
	case fragment[0] == '/':
		v, err = pointer(doc.root, fragment)
		return v, doc, place, err
	}
	if v := l.anchor(doc.root, fragment); v != nil {
		return v, doc, place, nil
	}
	return nil, nil, "", errors.New("no such anchor")
}

func (l *loader) find(from *document, name string) *document {
	if d, ok := l.docs[name]; ok {
		return d
	}
	if u, err := from.base.Parse(name); err == nil {
		return l.docs[u.String()]
	}
	return nil
}

// pointer follows a JSON pointer.
func pointer(v any, path string) (any, error) {
	unescape := strings.NewReplacer("~1", "/", "~0", "~")
	for _, step := range strings.Split(path[1:], "/") {
		step = unescape.Replace(step)
		found := false
		switch c := v.(type) {
		case *object:
			v, found = c.get(step)
		case []any:
			if i, err := strconv.Atoi(step); err == nil && i >= 0 && i < len(c) {
				v, found = c[i], true
			}
		}
		if !found {
			return nil, errors.New("there is nothing")
		}
	}
	return v, nil
}

// anchor finds the schema with this $anchor, or with "#anchor" as its id.
func (l *loader) anchor(v any, name string) *object {
	return l.search(v, func(o *object) bool {
		return o.text("$anchor") == name || o.text("$dynamicAnchor") == name || o.text("$id") == "#"+name || o.text("id") == "#"+name
	})
}

// embedded finds the schema within a document that has this URL as its id.
func (l *loader) embedded(d *document, name string) *object {
	want, err := d.base.Parse(name)
	if err != nil {
		return nil
	}
	return l.search(d.root, func(o *object) bool {
		for _, id := range []string{o.text("$id"), o.text("id")} {
			if u, err := d.base.Parse(id); id != "" && err == nil && u.String() == want.String() {
				return true
			}
		}
		return false
	})
}

// maxSteps bounds all searches together.
const maxSteps = 1000000

func (l *loader) search(v any, hit func(*object) bool) *object {
	if l.steps++; l.steps > maxSteps {
		return nil
	}
	switch v := v.(type) {
	case *object:
		if hit(v) {
			return v
		}
		for _, m := range v.members {
			if o := l.search(m.value, hit); o != nil {
				return o
			}
		}
	case []any:
		for _, e := range v {
			if o := l.search(e, hit); o != nil {
				return o
			}
		}
	}
	return nil
}
