package protobuf

import (
	"fmt"

	"google.golang.org/protobuf/reflect/protoreflect"

	"kcgen.dev/runtime/registry"
)

// fits checks that data of a message can be written under another schema: its
// message of that name has each field under the same number, with a type that
// reads what is written. It asks for the same names too, which Confluent does
// not: there, a schema whose numbers go by another order takes the data in the
// wrong fields.
func fits(own *message, f *file) error {
	other := f.named(own.full)
	if other == nil {
		return fmt.Errorf("it has no message %s", own.full)
	}
	return fitsMessage(own, other, map[[2]*message]bool{})
}

// differs says where a writer's schema does not fit one of the registry.
func (w *writer) differs(latest registry.Schema) error {
	f, err := parse(latest.Text, latest.Imports)
	if err != nil {
		return nil // it is not the schema that was refused
	}
	return fits(w.made.root, f)
}

func fitsMessage(own, other *message, done map[[2]*message]bool) error {
	if done[[2]*message{own, other}] {
		return nil
	}
	done[[2]*message{own, other}] = true
	for _, f := range own.fields {
		o := other.numbered(f.number)
		named := other.fieldNamed(f.name)
		switch {
		case o == nil && named == nil:
			continue // unknown there, and passed over
		case o == nil || o.name != f.name:
			return fmt.Errorf("message %s: field %s has the number %d in the one and not in the other", own.full, f.name, f.number)
		case o.repeated != f.repeated || group(o.kind) != group(f.kind):
			return fmt.Errorf("message %s: field %s is %s in the one and %s in the other", own.full, f.name, f.typeText(), o.typeText())
		case f.message == nil:
			continue
		}
		if err := fitsMessage(f.message, o.message, done); err != nil {
			return err
		}
	}
	for _, o := range other.fields {
		if o.required && own.numbered(o.number) == nil {
			return fmt.Errorf("message %s: field %s is required, and not written", own.full, o.name)
		}
	}
	return nil
}

func (f *field) typeText() string {
	name := f.typeName
	if name == "" {
		name = f.kind.String()
	}
	if f.repeated {
		return "repeated " + name
	}
	return name
}

// group is a kind that stands for those that read each other's bytes.
func group(k protoreflect.Kind) protoreflect.Kind {
	switch k {
	case protoreflect.Uint32Kind, protoreflect.Int64Kind, protoreflect.Uint64Kind, protoreflect.BoolKind, protoreflect.EnumKind:
		return protoreflect.Int32Kind
	case protoreflect.Sint64Kind:
		return protoreflect.Sint32Kind
	case protoreflect.Sfixed32Kind:
		return protoreflect.Fixed32Kind
	case protoreflect.Sfixed64Kind:
		return protoreflect.Fixed64Kind
	case protoreflect.BytesKind:
		return protoreflect.StringKind
	}
	return k
}

func (m *message) numbered(n int32) *field {
	for _, f := range m.fields {
		if f.number == n {
			return f
		}
	}
	return nil
}

func (m *message) fieldNamed(name string) *field {
	for _, f := range m.fields {
		if f.name == name {
			return f
		}
	}
	return nil
}

// named is the message of a full name.
func (f *file) named(full string) *message { return namedIn(f.messages, full) }

func namedIn(all []*message, full string) *message {
	for _, m := range all {
		if m.full == full {
			return m
		}
		if found := namedIn(m.messages, full); found != nil {
			return found
		}
	}
	return nil
}
