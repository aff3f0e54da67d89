package protobuf

import (
	"fmt"
	"strconv"

	"github.com/bufbuild/protocompile/ast"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
)

// field reads a field and the few options of it that matter.
func (r reading) field(f *file, fd *descriptorpb.FieldDescriptorProto) (*field, error) {
	out := &field{
		name: fd.GetName(), number: fd.GetNumber(), typeName: fd.GetTypeName(), oneof: -1,
		repeated: fd.GetLabel() == descriptorpb.FieldDescriptorProto_LABEL_REPEATED,
		required: fd.GetLabel() == descriptorpb.FieldDescriptorProto_LABEL_REQUIRED,
	}
	if fd.Type != nil {
		out.kind = protoreflect.Kind(fd.GetType())
	}
	if fd.OneofIndex != nil && !fd.GetProto3Optional() {
		out.oneof = int(fd.GetOneofIndex())
	}
	single := !out.repeated && !out.required && out.oneof < 0
	out.proto2 = f.syntax == "proto2"
	out.optional = single && (fd.GetProto3Optional() || out.proto2)
	for _, o := range fd.GetOptions().GetUninterpretedOption() {
		if err := r.option(out, o); err != nil {
			return nil, fmt.Errorf("field %s: %w", out.name, err)
		}
	}
	return out, nil
}

func (r reading) option(f *field, o *descriptorpb.UninterpretedOption) error {
	name := o.GetName()
	if len(name) == 0 {
		return nil
	}
	first := name[0].GetNamePart()
	switch {
	case !name[0].GetIsExtension() && first == "default" && len(name) == 1:
		f.def, f.hasDef = defaultText(o), true
	case name[0].GetIsExtension() && (first == "confluent.field_meta" || first == ".confluent.field_meta"):
		value := r.OptionNode(o).GetValue()
		if len(name) == 1 {
			f.readMeta(value)
		} else if len(name) == 2 && name[1].GetNamePart() == "params" {
			f.readParams(value)
		}
	}
	return nil
}

// defaultText is a proto2 default as a text, whatever it was written as.
func defaultText(o *descriptorpb.UninterpretedOption) string {
	switch {
	case o.StringValue != nil:
		return string(o.GetStringValue())
	case o.IdentifierValue != nil:
		return o.GetIdentifierValue()
	case o.PositiveIntValue != nil:
		return strconv.FormatUint(o.GetPositiveIntValue(), 10)
	case o.NegativeIntValue != nil:
		return strconv.FormatInt(o.GetNegativeIntValue(), 10)
	case o.DoubleValue != nil:
		return strconv.FormatFloat(o.GetDoubleValue(), 'g', -1, 64)
	}
	return ""
}

// readMeta reads the params of {doc: …, params: [{key: …, value: …}], …}.
func (f *field) readMeta(v ast.ValueNode) {
	for _, e := range literal(v) {
		if e.Name.Name != nil && e.Name.Name.AsIdentifier() == "params" {
			f.readParams(e.Val)
		}
	}
}

// readParams reads one {key: …, value: …}, or a list of them.
func (f *field) readParams(v ast.ValueNode) {
	if list, ok := v.(*ast.ArrayLiteralNode); ok {
		for _, e := range list.Elements {
			f.readParams(e)
		}
		return
	}
	var p param
	for _, e := range literal(v) {
		text, ok := e.Val.Value().(string)
		if !ok || e.Name.Name == nil {
			continue
		}
		switch e.Name.Name.AsIdentifier() {
		case "key":
			p.key = text
		case "value":
			p.value = text
		}
	}
	if p.key != "" {
		f.meta = append(f.meta, p)
	}
}

func literal(v ast.ValueNode) []*ast.MessageFieldNode {
	if m, ok := v.(*ast.MessageLiteralNode); ok {
		return m.Elements
	}
	return nil
}

// param is the named parameter of a field.
func (f *field) param(key string) (string, bool) {
	for _, p := range f.meta {
		if p.key == key {
			return p.value, true
		}
	}
	return "", false
}
