package jsonschema

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"

	lib "github.com/santhosh-tekuri/jsonschema/v5"

	"kcgen.dev/runtime/internal/jsontext"
)

// rules are a schema made ready for validation.
type rules struct {
	schema *lib.Schema
	left   int // what the validation that goes on may still cost
}

// What a validation may cost, in schemas and values looked at: a few
// references to references may unfold to more than any time is enough for.
const (
	costFree    = 50000
	costOfToken = 2000
)

// tooMuch ends a validation from within.
type tooMuch struct{}

// check validates what the reader has scanned.
func (in *incoming) check(r *reader) error {
	if in.rules == nil && in.rulesErr == nil {
		in.rules, in.rulesErr = compileRules(in)
	}
	if in.rulesErr != nil {
		return fmt.Errorf("%s cannot be validated with: %w", in, in.rulesErr)
	}
	value, err := instance(r, 0)
	if err != nil {
		return fmt.Errorf("data of %s: %w", in, err)
	}
	if err := in.rules.validate(value, costFree+costOfToken*len(r.Nodes)); err != nil {
		return fmt.Errorf("data do not match %s: %w", in, err)
	}
	return nil
}

// validate runs the library, which panics where it meets what it did not
// think of.
func (r *rules) validate(value any, cost int) (err error) {
	defer func() {
		switch p := recover().(type) {
		case nil:
		case tooMuch:
			err = errors.New("the schema costs too much: its references unfold without an end")
		default:
			err = fmt.Errorf("the schema cannot be applied to them (%s)", cutText(fmt.Sprint(p)))
		}
	}()
	r.left = cost
	err = r.schema.Validate(value)
	if ve, ok := err.(*lib.ValidationError); ok {
		return report(ve)
	}
	return err
}

// instance is node n as the library wants it.
func instance(r *reader, n int) (any, error) {
	nd := r.Nodes[n]
	switch nd.Token {
	case jsontext.True, jsontext.False:
		return nd.Token == jsontext.True, nil
	case jsontext.Int, jsontext.Float:
		raw := r.Raw(n)
		if err := screen(raw); err != nil {
			return nil, fmt.Errorf("number at byte %d: %w", nd.Start, err)
		}
		return json.Number(raw), nil
	case jsontext.Special:
		return nil, fmt.Errorf("number at byte %d: %w", nd.Start, errSpecial)
	case jsontext.String:
		return r.Text(n), nil
	case jsontext.Array:
		out := make([]any, 0, nd.Count)
		for k := n + 1; k < r.Next(n); k = r.Next(k) {
			v, err := instance(r, k)
			if err != nil {
				return nil, err
			}
			out = append(out, v)
		}
		return out, nil
	case jsontext.Object:
		out := make(map[string]any, nd.Count)
		for k := n + 1; k < r.Next(n); k = r.Next(k + 1) {
			v, err := instance(r, k+1)
			if err != nil {
				return nil, err
			}
			out[r.Text(k)] = v
		}
		return out, nil
	}
	return nil, nil
}

// compileRules makes rules of a schema and its references. Nothing is fetched.
func compileRules(in *incoming) (_ *rules, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("bad JSON Schema (%s)", cutText(fmt.Sprint(p)))
		}
	}()
	out := &rules{}
	c := lib.NewCompiler()
	c.Draft = lib.Draft7
	if strings.Contains(in.found.Text, `"$ref":"#id`) {
		c.Draft = lib.Draft4 // JsonSchemaData's own ids are of this draft
	}
	c.LoadURL = func(u string) (io.ReadCloser, error) {
		return nil, fmt.Errorf("%s is not among the schema's references in the registry; nothing is fetched from elsewhere", cutText(u))
	}
	// Content is not looked into, by Confluent's converter neither.
	c.Decoders["base64"] = func(s string) ([]byte, error) { return []byte(s), nil }
	c.MediaTypes["application/json"] = func([]byte) error { return nil }
	c.RegisterExtension("steps", nil, counter{rules: out})
	c.RegisterExtension("uniqueItems", nil, uniqueItems{})

	base, err := addResources(c, in)
	if err != nil {
		return nil, err
	}
	if out.schema, err = c.Compile(base); err != nil {
		return nil, schemaError(err)
	}
	disarm(out.schema, map[*lib.Schema]bool{})
	return out, nil
}

// addResources gives the compiler the texts, under the names by which they are
// referred to, and returns that of the schema itself.
func addResources(c *lib.Compiler, in *incoming) (string, error) {
	l := loader{docs: map[string]*document{}, ignoreModern: in.ignoreModern}
	root, err := l.document("", in.found.Text, nil)
	if err != nil {
		return "", err
	}
	for _, i := range in.found.Imports {
		d, err := l.document(i.Name, i.Text, root.base)
		if err != nil {
			return "", fmt.Errorf("reference %q: %w", i.Name, err)
		}
		place, err := root.base.Parse(i.Name)
		if err != nil || place.Fragment != "" {
			return "", fmt.Errorf("reference %q: its name is no URL", cutText(i.Name))
		}
		if err := addResource(c, place, d, in.ignoreModern); err != nil {
			return "", err
		}
	}
	place, _ := url.Parse(baseURL)
	return place.String(), addResource(c, place, root, in.ignoreModern)
}

func addResource(c *lib.Compiler, place *url.URL, d *document, ignoreModern bool) error {
	root := d.root
	if o, ok := root.(*object); ok && ignoreModern {
		root = &object{}
		for _, m := range o.members {
			if m.name != "$schema" || d.draft4 {
				root.(*object).members = append(root.(*object).members, m)
			}
		}
	}
	return c.AddResource(place.String(), strings.NewReader(string(appendTree(nil, root))))
}

// schemaError is a line of what the compiler says.
func schemaError(err error) error {
	if se, ok := err.(*lib.SchemaError); ok {
		err = se.Err
	}
	if ve, ok := err.(*lib.ValidationError); ok {
		return fmt.Errorf("bad JSON Schema: %w", report(ve))
	}
	return fmt.Errorf("bad JSON Schema: %s", cutText(strings.TrimPrefix(err.Error(), "jsonschema: ")))
}
