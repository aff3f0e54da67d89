package protobuf

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/bufbuild/protocompile/parser"
	"github.com/bufbuild/protocompile/reporter"
	"google.golang.org/protobuf/types/descriptorpb"

	"kcgen.dev/runtime/registry"
)

// parse reads a .proto text and what it imports. Like the original it passes
// over options that it does not know and imports that nothing is used of.
func parse(text string, imports []registry.Import) (*file, error) {
	p := parsing{texts: map[string]string{}, done: map[string]*file{}, missing: map[string]bool{}}
	for _, i := range imports {
		p.texts[i.Name] = i.Text
	}
	f, err := p.file("", text)
	if err != nil {
		return nil, err
	}
	if len(f.messages) == 0 {
		return p.behind(f)
	}
	return f, nil
}

// parsing is the reading of a text and its imports.
type parsing struct {
	texts   map[string]string // what may be imported
	done    map[string]*file  // nil: it is being read
	missing map[string]bool
	size    int
	types   types
}

// file reads one text, its imports first.
func (p *parsing) file(name, text string) (*file, error) {
	if p.size += len(text); p.size > maxText || len(p.done) >= maxFiles {
		return nil, fmt.Errorf("the schema and its imports are more than %d bytes or %d files", maxText, maxFiles)
	}
	if err := checkText(text); err != nil {
		return nil, err
	}
	p.done[name] = nil
	f, err := parseOne(name, text)
	if err != nil {
		return nil, err
	}
	for _, i := range f.imports {
		if err := p.load(i); err != nil {
			return nil, err
		}
	}
	if err := p.types.add(f); err != nil {
		return nil, err
	}
	if err := p.types.link(f, p.missing); err != nil {
		return nil, err
	}
	p.done[name] = f
	return f, nil
}

// load reads an import, once.
func (p *parsing) load(name string) error {
	f, begun := p.done[name]
	if f != nil {
		return nil
	}
	if begun {
		return fmt.Errorf("import %q: the file imports itself", name)
	}
	text, ok := p.texts[name]
	if !ok {
		text, ok = known[name]
	}
	if !ok {
		p.missing[name] = true // it matters only where a type of it is used
		return nil
	}
	if _, err := p.file(name, text); err != nil {
		return fmt.Errorf("import %q: %w", name, err)
	}
	return nil
}

// behind is the file whose messages a file has that declares none: the one
// that it imports publicly.
func (p *parsing) behind(f *file) (*file, error) {
	if len(f.enums) == 0 && len(f.imports) == 1 {
		if g := p.done[f.imports[0]]; g != nil && len(g.messages) > 0 {
			return g, nil
		}
	}
	return nil, errors.New("the schema declares no message")
}

// parseOne reads one text alone; the types of its fields are names still.
func parseOne(name, text string) (f *file, err error) {
	defer func() {
		if r := recover(); r != nil { // the parser is not ours, and the text is anyone's
			err = fmt.Errorf("cannot be parsed: %v", r)
		}
	}()
	handler := reporter.NewHandler(nil)
	tree, err := parser.Parse(name, strings.NewReader(text), handler)
	if err != nil {
		return nil, plain(err)
	}
	result, err := parser.ResultFromAST(tree, false, handler)
	if err != nil {
		return nil, plain(err)
	}
	return reading{result}.file()
}

// plain is a parser's error as line:column and message.
func plain(err error) error {
	var at reporter.ErrorWithPos
	if errors.As(err, &at) {
		pos := at.GetPosition()
		return fmt.Errorf("line %d:%d: %w", pos.Line, pos.Col, at.Unwrap())
	}
	return err
}

// reading makes a file of what the parser gives.
type reading struct{ parser.Result }

func (r reading) file() (*file, error) {
	d := r.FileDescriptorProto()
	f := &file{pkg: d.GetPackage(), syntax: d.GetSyntax(), imports: slices.Clone(d.GetDependency())}
	switch f.syntax {
	case "":
		f.syntax = "proto2"
	case "proto2", "proto3":
	default:
		return nil, errors.New("the schema uses an edition; proto2 and proto3 are read")
	}
	for _, m := range d.GetMessageType() {
		made, err := r.message(f, f.pkg, m)
		if err != nil {
			return nil, err
		}
		f.messages = append(f.messages, made)
	}
	for _, e := range d.GetEnumType() {
		made, err := r.enum(f, f.pkg, e)
		if err != nil {
			return nil, err
		}
		f.enums = append(f.enums, made)
	}
	return f, nil
}

// within is a name in a scope.
func within(scope, name string) string {
	if scope == "" {
		return name
	}
	return scope + "." + name
}

func (r reading) message(f *file, scope string, d *descriptorpb.DescriptorProto) (*message, error) {
	m := &message{name: d.GetName(), full: within(scope, d.GetName()), implied: d.GetOptions().GetMapEntry()}
	for _, o := range d.GetOptions().GetUninterpretedOption() {
		if n := o.GetName(); len(n) == 1 && n[0].GetNamePart() == "map_entry" {
			m.mapEntry = o.GetIdentifierValue() == "true"
		}
	}
	groups := map[string]bool{}
	for _, fd := range d.GetField() {
		if fd.GetType() == descriptorpb.FieldDescriptorProto_TYPE_GROUP {
			groups[fd.GetTypeName()] = true // skipped, as in the original
			continue
		}
		made, err := r.field(f, fd)
		if err != nil {
			return nil, fmt.Errorf("message %s: %w", m.full, err)
		}
		m.fields = append(m.fields, made)
	}
	for _, o := range d.GetOneofDecl() {
		m.oneofs = append(m.oneofs, o.GetName())
	}
	m.dropSynthetic(d)
	for _, n := range d.GetNestedType() {
		made, err := r.message(f, m.full, n)
		if err != nil {
			return nil, err
		}
		if groups[n.GetName()] {
			made.implied = true
		}
		m.messages = append(m.messages, made)
	}
	for _, e := range d.GetEnumType() {
		made, err := r.enum(f, m.full, e)
		if err != nil {
			return nil, err
		}
		m.enums = append(m.enums, made)
	}
	m.nameEntries()
	return m, m.check()
}

// dropSynthetic takes away the oneofs that stand for proto3's optional, which
// come last.
func (m *message) dropSynthetic(d *descriptorpb.DescriptorProto) {
	for _, fd := range d.GetField() {
		if fd.GetProto3Optional() && fd.OneofIndex != nil {
			m.oneofs = m.oneofs[:min(len(m.oneofs), int(fd.GetOneofIndex()))]
		}
	}
}

// nameEntries names the entries of each map<> as Confluent does it, which is
// not quite as protoc does.
func (m *message) nameEntries() {
	for _, f := range m.fields {
		for _, n := range m.messages {
			if n.implied && f.typeName == n.name {
				f.message, n.name = n, entryName(f.name)
				n.full, f.typeName = within(m.full, n.name), n.name
				break
			}
		}
	}
}

// check finds what the numbers and names of fields may not be.
func (m *message) check() error {
	numbers, names := map[int32]string{}, map[string]bool{}
	for _, f := range m.fields {
		if f.number < 1 || f.number > maxNumber {
			return fmt.Errorf("message %s: field %s has the number %d, not one from 1 to %d", m.full, f.name, f.number, maxNumber)
		}
		if other, twice := numbers[f.number]; twice {
			return fmt.Errorf("message %s: fields %s and %s have the number %d both", m.full, other, f.name, f.number)
		}
		if names[f.name] {
			return fmt.Errorf("message %s: field %s twice", m.full, f.name)
		}
		numbers[f.number], names[f.name] = f.name, true
	}
	return nil
}

// maxNumber is the highest number of a field.
const maxNumber = 1<<29 - 1

func (r reading) enum(f *file, scope string, d *descriptorpb.EnumDescriptorProto) (*enum, error) {
	e := &enum{name: d.GetName(), full: within(scope, d.GetName()), closed: f.syntax == "proto2"}
	for _, v := range d.GetValue() {
		e.values = append(e.values, enumValue{v.GetName(), v.GetNumber()})
	}
	if len(e.values) == 0 {
		return nil, fmt.Errorf("enum %s has no values", e.full)
	}
	if len(e.values) > maxValues {
		return nil, fmt.Errorf("enum %s has more than %d values", e.full, maxValues)
	}
	return e, nil
}
