package load

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/token"
	cuejson "cuelang.org/go/encoding/json"
	cueyaml "cuelang.org/go/encoding/yaml"
	"go.yaml.in/yaml/v3"

	"kcgen.dev/compiler/diag"
)

// What YAML and JSON may be: an honest spec nests 10 deep.
const (
	maxDepth      = 100
	maxAliasNodes = 10000
)

// parseYAML reads a spec from YAML as CUE, positions and comments kept.
func parseYAML(name string, b []byte) (*ast.File, diag.List) {
	dec := yaml.NewDecoder(bytes.NewReader(b))
	var root yaml.Node
	switch err := dec.Decode(&root); {
	case err == io.EOF:
		return &ast.File{Filename: name}, nil
	case err != nil:
		return nil, diag.List{yamlSyntax(name, b, err)}
	}
	var second yaml.Node
	if err := dec.Decode(&second); err == nil {
		return nil, diag.List{{File: name, Line: second.Line, Col: second.Column, Msg: "a spec is one YAML document; here begins a second"}}
	} else if err != io.EOF {
		return nil, diag.List{yamlSyntax(name, b, err)}
	}
	y := &yamlCheck{name: name}
	y.node(&root, 0)
	if len(y.ds) > 0 {
		return nil, y.ds
	}
	if len(root.Content) == 1 && root.Content[0].Tag == "!!null" {
		return &ast.File{Filename: name}, nil
	}
	f, err := cueyaml.Extract(name, b)
	if err != nil {
		return nil, diag.List{yamlSyntax(name, b, err)}
	}
	return dataFile(name, f)
}

// yamlCheck finds what YAML itself lets pass.
type yamlCheck struct {
	name  string
	ds    diag.List
	alias int // nodes that aliases stand for
}

func (y *yamlCheck) say(n *yaml.Node, format string, args ...any) {
	y.ds = append(y.ds, diag.Diag{File: y.name, Line: n.Line, Col: n.Column, Msg: fmt.Sprintf(format, args...)})
}

func (y *yamlCheck) node(n *yaml.Node, depth int) {
	switch {
	case depth > maxDepth:
		y.say(n, "nested more than %d deep", maxDepth)
	case n.Kind == yaml.AliasNode:
		before := y.alias
		y.count(n.Alias, 0)
		if before <= maxAliasNodes && y.alias > maxAliasNodes {
			y.say(n, "the file's aliases stand for more than %d values", maxAliasNodes)
		}
	case n.Kind == yaml.MappingNode:
		y.mapping(n, depth)
	default:
		for _, c := range n.Content {
			y.node(c, depth+1)
		}
	}
}

func (y *yamlCheck) mapping(n *yaml.Node, depth int) {
	seen := map[string]*yaml.Node{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k := n.Content[i]
		switch first := seen[k.Value]; {
		case k.Kind != yaml.ScalarNode:
			y.say(k, "a key is a word")
		case k.Tag == "!!merge":
			y.say(k, "the merge key << is not supported; write the fields out, or the spec in CUE")
		case first != nil:
			y.say(k, "%s is given twice; first at %s:%d:%d", diag.Label(k.Value), y.name, first.Line, first.Column)
		default:
			seen[k.Value] = k
		}
		y.node(n.Content[i+1], depth+1)
	}
}

// count adds up what an alias stands for, and gives up early: nine lines of
// YAML can stand for 10^9 values.
func (y *yamlCheck) count(n *yaml.Node, depth int) {
	if y.alias++; y.alias > maxAliasNodes || n == nil {
		return
	}
	if depth > maxDepth {
		y.alias = maxAliasNodes + 1
		return
	}
	if n.Kind == yaml.AliasNode {
		y.count(n.Alias, depth+1)
	}
	for _, c := range n.Content {
		y.count(c, depth+1)
	}
}

var yamlLine = regexp.MustCompile(`(?:line |:)(\d+): (.*)`)

// yamlSyntax gives a YAML error its place: the parser knows the line at most.
func yamlSyntax(name string, b []byte, err error) diag.Diag {
	msg := strings.TrimPrefix(strings.ReplaceAll(err.Error(), "\n", " "), "yaml: ")
	d := diag.Diag{File: name, Msg: "not YAML: " + msg}
	m := yamlLine.FindStringSubmatch(err.Error())
	if m == nil {
		return d
	}
	line, convErr := strconv.Atoi(m[1])
	lines := bytes.Split(b, []byte("\n"))
	if convErr != nil || line < 1 || line > len(lines) {
		return d
	}
	d.Line, d.Col, d.Msg = line, 1, "not YAML: "+m[2]
	text := lines[line-1]
	d.Col += len(text) - len(bytes.TrimLeft(text, " \t"))
	if strings.Contains(m[2], "did not find expected") && line < len(lines) && strayIndent(lines[:line], lines[line]) {
		d.Line, d.Col = line+1, len(lines[line])-len(bytes.TrimLeft(lines[line], " "))+1
		d.Msg = "not YAML: the indentation is that of no line above"
		return d
	}
	// The parser names the line before, at times, when it meets a tab.
	for _, l := range []int{line, line + 1} {
		if l <= len(lines) {
			indent := lines[l-1][:len(lines[l-1])-len(bytes.TrimLeft(lines[l-1], " \t"))]
			if i := bytes.IndexByte(indent, '\t'); i >= 0 {
				d.Line, d.Col, d.Msg = l, i+1, "not YAML: a tab cannot indent; use spaces"
				break
			}
		}
	}
	return d
}

// strayIndent says whether a line's indentation is that of none above it.
func strayIndent(above [][]byte, line []byte) bool {
	indent := len(line) - len(bytes.TrimLeft(line, " "))
	for _, a := range above {
		if text := bytes.TrimLeft(a, " "); len(text) > 0 && len(a)-len(text) == indent {
			return false
		}
	}
	return true
}

// parseJSON reads a spec from JSON as CUE, positions kept.
func parseJSON(name string, b []byte) (*ast.File, diag.List) {
	if len(bytes.TrimSpace(b)) == 0 {
		return &ast.File{Filename: name}, nil
	}
	j := &jsonCheck{name: name, text: b, dec: json.NewDecoder(bytes.NewReader(b))}
	j.dec.UseNumber()
	err := j.value(0)
	if err == nil {
		if _, more := j.dec.Token(); more != io.EOF {
			err = errors.New("there is text after the value")
		}
	}
	if err != nil {
		at := j.dec.InputOffset()
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			at = syntax.Offset - 1
		}
		return nil, diag.List{j.diag(at, "not JSON: "+err.Error())}
	}
	if len(j.ds) > 0 {
		return nil, j.ds
	}
	x, err := cuejson.Extract(name, b)
	if err != nil {
		return nil, diag.List{{File: name, Msg: "not JSON: " + err.Error()}}
	}
	return dataFile(name, &ast.File{Filename: name, Decls: []ast.Decl{&ast.EmbedDecl{Expr: x}}})
}

// jsonCheck walks the tokens once, for keys given twice and for depth.
type jsonCheck struct {
	name string
	text []byte
	dec  *json.Decoder
	ds   diag.List
}

func (j *jsonCheck) value(depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("nested more than %d deep", maxDepth)
	}
	t, err := j.dec.Token()
	if err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return err
	}
	switch t {
	case json.Delim('{'):
		seen := map[string]int64{}
		for j.dec.More() {
			k, err := j.dec.Token()
			if err != nil {
				return err
			}
			key := k.(string) // a decoder gives nothing else here
			end := j.dec.InputOffset()
			start := int64(max(0, bytes.LastIndexByte(j.text[:end-1], '"'))) // the key's first quote, unless it holds one
			if first, ok := seen[key]; ok {
				q := j.diag(first, "")
				j.ds = append(j.ds, j.diag(start, fmt.Sprintf("%s is given twice; first at %s:%d:%d", diag.Label(key), j.name, q.Line, q.Col)))
			}
			seen[key] = start
			if err := j.value(depth + 1); err != nil {
				return err
			}
		}
		_, err = j.dec.Token()
	case json.Delim('['):
		for j.dec.More() {
			if err := j.value(depth + 1); err != nil {
				return err
			}
		}
		_, err = j.dec.Token()
	}
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return err
}

func (j *jsonCheck) diag(offset int64, msg string) diag.Diag {
	offset = max(0, min(offset, int64(len(j.text))))
	before := j.text[:offset]
	line := bytes.Count(before, []byte("\n")) + 1
	col := len(before) - bytes.LastIndexByte(before, '\n')
	return diag.Diag{File: j.name, Line: line, Col: col, Msg: msg}
}

// dataFile makes a CUE file of data: a struct at its top, and nothing else.
func dataFile(name string, f *ast.File) (*ast.File, diag.List) {
	f.Filename = name
	for _, d := range f.Decls {
		e, ok := d.(*ast.EmbedDecl)
		if !ok {
			continue
		}
		if s, isStruct := e.Expr.(*ast.StructLit); !isStruct {
			p := e.Expr.Pos()
			return nil, diag.List{{File: name, Line: max(1, p.Line()), Col: max(1, p.Column()), Msg: "a spec is a mapping with name, kafka, sources and sinks"}}
		} else if len(s.Elts) == 0 {
			return &ast.File{Filename: name}, nil
		}
	}
	quoteLabels(f)
	return f, nil
}

// quoteLabels keeps the words of data data: a key "_x" or "#x" is a name, not
// a hidden field or a definition of CUE.
func quoteLabels(f *ast.File) {
	ast.Walk(f, func(n ast.Node) bool {
		if field, ok := n.(*ast.Field); ok {
			if id, ok := field.Label.(*ast.Ident); ok && strings.HasPrefix(strings.TrimPrefix(id.Name, "_"), "#") {
				field.Label = &ast.BasicLit{ValuePos: id.NamePos, Kind: token.STRING, Value: strconv.Quote(id.Name)}
			}
		}
		return true
	}, nil)
}
