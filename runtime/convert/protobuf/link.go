package protobuf

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// types are the messages and enums of a schema and its imports, by full name.
type types struct {
	messages map[string]*message
	enums    map[string]*enum
}

// add makes the types of a file known.
func (t *types) add(f *file) error {
	if t.messages == nil {
		t.messages, t.enums = map[string]*message{}, map[string]*enum{}
	}
	return t.addAll(f.messages, f.enums, 0)
}

func (t *types) addAll(messages []*message, enums []*enum, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("messages are more than %d deep in messages", maxDepth)
	}
	for _, e := range enums {
		if len(e.full) > maxFullName {
			return fmt.Errorf("enum %.40s… has a name of more than %d bytes", e.full, maxFullName)
		}
		if t.has(e.full) {
			return fmt.Errorf("type %s is declared twice", e.full)
		}
		t.enums[e.full] = e
	}
	for _, m := range messages {
		if len(m.full) > maxFullName {
			return fmt.Errorf("message %.40s… has a name of more than %d bytes", m.full, maxFullName)
		}
		if t.has(m.full) {
			return fmt.Errorf("type %s is declared twice", m.full)
		}
		t.messages[m.full] = m
		if err := t.addAll(m.messages, m.enums, depth+1); err != nil {
			return err
		}
	}
	return nil
}

func (t *types) has(full string) bool { return t.messages[full] != nil || t.enums[full] != nil }

// link gives the fields of a file their types.
func (t *types) link(f *file, missing map[string]bool) error {
	for _, m := range f.messages {
		if err := t.linkMessage(m, missing); err != nil {
			return err
		}
	}
	return nil
}

func (t *types) linkMessage(m *message, missing map[string]bool) error {
	same := map[string]*field{} // so that each name is looked for once
	for _, f := range m.fields {
		switch seen := same[f.typeName]; {
		case f.typeName == "":
		case f.message != nil: // of a map<>
			f.kind = protoreflect.MessageKind
		case seen != nil:
			f.message, f.enum, f.kind = seen.message, seen.enum, seen.kind
		case t.resolve(f, m.full):
			same[f.typeName] = f
		default:
			return fmt.Errorf("message %s: field %s: there is no type %s%s", m.full, f.name, f.typeName, among(missing))
		}
	}
	for _, n := range m.messages {
		if err := t.linkMessage(n, missing); err != nil {
			return err
		}
	}
	return nil
}

// among says which imports a missing type may be of.
func among(missing map[string]bool) string {
	if len(missing) == 0 {
		return ""
	}
	return "; the schema has no reference for its import " + strings.Join(slices.Sorted(maps.Keys(missing)), ", ")
}

// resolve finds the type of a field, from the innermost scope outwards.
func (t *types) resolve(f *field, scope string) bool {
	if name, absolute := strings.CutPrefix(f.typeName, "."); absolute {
		return t.set(f, name)
	}
	for {
		if t.set(f, within(scope, f.typeName)) {
			return true
		}
		if scope == "" {
			return false
		}
		scope, _ = splitName(scope)
	}
}

func (t *types) set(f *field, full string) bool {
	if m := t.messages[full]; m != nil {
		f.message, f.kind = m, protoreflect.MessageKind
		return true
	}
	if e := t.enums[full]; e != nil {
		f.enum, f.kind = e, protoreflect.EnumKind
		return true
	}
	return false
}
