package connectjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// What files may be: an honest one of a thousand connectors nests 6 deep, and a
// connector with many transforms has a hundred properties.
const (
	maxConnectors = 5000
	maxProps      = 2000
	maxBytes      = 16 << 20
	maxDepth      = 50
	maxNodes      = 1 << 20 // what YAML's aliases stand for included
)

// datum is a value of JSON or YAML, and where it begins.
type datum struct {
	line   int
	form   form
	text   string   // of a scalar, as Kafka Connect takes it: numbers as written
	keys   []string // of an object
	values []*datum // of an object or array
}

type form int

const (
	null form = iota
	scalar
	object
	array
)

// get is the value of a key; a null one where there is none.
func (d *datum) get(key string) *datum {
	for i, k := range d.keys {
		if k == key {
			return d.values[i]
		}
	}
	return &datum{line: d.line}
}

func (d *datum) has(key string) bool { return slices.Contains(d.keys, key) }

// parseJSON reads one JSON value.
func parseJSON(text []byte) (*datum, error) {
	r := &jsonReader{text: text, dec: json.NewDecoder(bytes.NewReader(text)), line: 1}
	r.dec.UseNumber()
	d, err := r.value(0)
	if err == nil {
		if _, more := r.dec.Token(); more != io.EOF {
			err = errors.New("there is text behind the value")
		}
	}
	if err != nil {
		at := r.dec.InputOffset()
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			at = syntax.Offset - 1
		}
		at = max(0, min(at, int64(len(text))))
		return nil, lineError{1 + bytes.Count(text[:at], []byte("\n")), fmt.Errorf("not JSON: %w", err)}
	}
	return d, nil
}

// jsonReader reads tokens, and counts lines as it goes.
type jsonReader struct {
	text []byte
	dec  *json.Decoder
	at   int64
	line int
}

func (r *jsonReader) token() (json.Token, int, error) {
	t, err := r.dec.Token()
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	to := r.dec.InputOffset()
	r.line += bytes.Count(r.text[r.at:to], []byte("\n"))
	r.at = to
	return t, r.line, err
}

func (r *jsonReader) value(depth int) (*datum, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("nested more than %d deep", maxDepth)
	}
	t, line, err := r.token()
	if err != nil {
		return nil, err
	}
	d := &datum{line: line, form: scalar}
	switch t := t.(type) {
	case json.Delim:
		return d, r.inside(d, t, depth)
	case nil:
		d.form = null
	default:
		d.text = fmt.Sprint(t)
	}
	return d, nil
}

// inside reads an object or array to its end.
func (r *jsonReader) inside(d *datum, open json.Delim, depth int) error {
	d.form = array
	if open == '{' {
		d.form = object
	}
	seen := map[string]bool{}
	for r.dec.More() {
		if d.form == object {
			t, _, err := r.token()
			if err != nil {
				return err
			}
			key, _ := t.(string) // a decoder gives nothing else here
			if seen[key] {
				return fmt.Errorf("%q is given twice", clip(key))
			}
			seen[key] = true
			d.keys = append(d.keys, key)
		}
		v, err := r.value(depth + 1)
		if err != nil {
			return err
		}
		d.values = append(d.values, v)
	}
	_, _, err := r.token()
	return err
}

// parseYAML reads the documents of a YAML file.
func parseYAML(text []byte) ([]*datum, error) {
	dec := yaml.NewDecoder(bytes.NewReader(text))
	r := &yamlReader{}
	var docs []*datum
	for {
		var n yaml.Node
		switch err := dec.Decode(&n); {
		case errors.Is(err, io.EOF):
			return docs, nil
		case err != nil:
			return nil, yamlError(err)
		}
		d, err := r.node(&n, 0)
		if err != nil {
			return nil, err
		}
		if d.form != null {
			docs = append(docs, d)
		}
	}
}

var yamlLine = regexp.MustCompile(`^(?:yaml: )?line (\d+): `)

// yamlError takes the line out of an error's text.
func yamlError(err error) error {
	text := err.Error()
	wrong := fmt.Errorf("not YAML: %s", strings.TrimPrefix(yamlLine.ReplaceAllString(text, ""), "yaml: "))
	if m := yamlLine.FindStringSubmatch(text); m != nil {
		if line, err := strconv.Atoi(m[1]); err == nil {
			return lineError{line, wrong}
		}
	}
	return wrong
}

// yamlReader counts nodes: nine lines of YAML can stand for 10^9.
type yamlReader struct{ nodes int }

func (r *yamlReader) node(n *yaml.Node, depth int) (*datum, error) {
	r.nodes++
	switch {
	case depth > maxDepth:
		return nil, lineError{n.Line, fmt.Errorf("nested more than %d deep", maxDepth)}
	case r.nodes > maxNodes:
		return nil, lineError{n.Line, fmt.Errorf("more than %d values", maxNodes)}
	case n.Kind == yaml.DocumentNode && len(n.Content) == 1:
		return r.node(n.Content[0], depth+1)
	case n.Kind == yaml.AliasNode:
		return r.node(n.Alias, depth+1)
	}
	d := &datum{line: n.Line}
	switch n.Kind {
	case yaml.ScalarNode:
		if n.ShortTag() != "!!null" {
			d.form, d.text = scalar, n.Value
		}
	case yaml.SequenceNode:
		d.form = array
		for _, c := range n.Content {
			v, err := r.node(c, depth+1)
			if err != nil {
				return nil, err
			}
			d.values = append(d.values, v)
		}
	case yaml.MappingNode:
		d.form = object
		seen := map[string]bool{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			k := n.Content[i]
			switch {
			case k.Kind != yaml.ScalarNode || k.ShortTag() == "!!merge":
				return nil, lineError{k.Line, errors.New("a key is a word")}
			case seen[k.Value]:
				return nil, lineError{k.Line, fmt.Errorf("%q is given twice", clip(k.Value))}
			}
			seen[k.Value] = true
			v, err := r.node(n.Content[i+1], depth+1)
			if err != nil {
				return nil, err
			}
			d.keys, d.values = append(d.keys, k.Value), append(d.values, v)
		}
	}
	return d, nil
}

// clip cuts what a file holds to what an error may show.
func clip(s string) string {
	if len(s) > 60 {
		return strings.ToValidUTF8(s[:60], "") + "…"
	}
	return s
}
