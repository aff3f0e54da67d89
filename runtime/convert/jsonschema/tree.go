package jsonschema

import (
	"errors"
	"fmt"
	"strconv"

	"kcgen.dev/runtime/internal/jsontext"
)

// tree is JSON as a schema's text is read into: nil, bool, number, string,
// []any or *object.

// number is a number as it is written.
type number string

// object is a JSON object whose members keep their order; a name is there
// once.
type object struct{ members []member }

type member struct {
	name  string
	value any
}

func memberName(m member) string { return m.name }

// get is the value of a member, and whether there is one.
func (o *object) get(name string) (any, bool) {
	for i := range o.members {
		if o.members[i].name == name {
			return o.members[i].value, true
		}
	}
	return nil, false
}

func (o *object) has(name string) bool {
	_, ok := o.get(name)
	return ok
}

// text is the member's string; "" where there is none.
func (o *object) text(name string) string {
	v, _ := o.get(name)
	s, _ := v.(string)
	return s
}

// object is the member's object, or nil.
func (o *object) object(name string) *object {
	v, _ := o.get(name)
	c, _ := v.(*object)
	return c
}

// set gives a member a value; a new one is the last.
func (o *object) set(name string, v any) {
	for i := range o.members {
		if o.members[i].name == name {
			o.members[i].value = v
			return
		}
	}
	o.members = append(o.members, member{name, v})
}

// parseTree reads a schema's text. Its numbers are screened, as they are
// calculated with when data are validated.
func parseTree(text string) (any, error) {
	var t jsontext.Tape
	if err := t.Reset([]byte(text)); err != nil {
		return nil, err
	}
	if ok, err := t.Root(); err != nil {
		return nil, err
	} else if !ok {
		return nil, errors.New("the schema's text is empty")
	}
	return grow(&t, 0)
}

func grow(t *jsontext.Tape, n int) (any, error) {
	switch t.Nodes[n].Token {
	case jsontext.False, jsontext.True:
		return t.Is(n, jsontext.True), nil
	case jsontext.Int, jsontext.Float:
		if err := screen(t.Raw(n)); err != nil {
			return nil, fmt.Errorf("number at byte %d: %w", t.Nodes[n].Start, err)
		}
		return number(t.Raw(n)), nil
	case jsontext.String:
		return string(t.String(n).Raw()), nil
	case jsontext.Array:
		return growArray(t, n)
	case jsontext.Object:
		return growObject(t, n)
	}
	return nil, nil
}

func growArray(t *jsontext.Tape, n int) (any, error) {
	out := make([]any, 0, t.Nodes[n].Count)
	for k := n + 1; k < t.Next(n); k = t.Next(k) {
		v, err := grow(t, k)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

func growObject(t *jsontext.Tape, n int) (any, error) {
	out := &object{members: make([]member, 0, t.Nodes[n].Count)}
	places := make(map[string]int, t.Nodes[n].Count)
	for k := n + 1; k < t.Next(n); k = t.Next(k + 1) {
		v, err := grow(t, k+1)
		if err != nil {
			return nil, err
		}
		name := string(t.String(k).Raw())
		if i, twice := places[name]; twice {
			out.members[i].value = v
			continue
		}
		places[name] = len(out.members)
		out.members = append(out.members, member{name, v})
	}
	return out, nil
}

// appendTree writes a tree as JSON.
func appendTree(dst []byte, v any) []byte {
	switch v := v.(type) {
	case bool:
		return strconv.AppendBool(dst, v)
	case number:
		return append(dst, v...)
	case string:
		return jsontext.AppendText(dst, []byte(v))
	case []any:
		dst = append(dst, '[')
		for i, e := range v {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendTree(dst, e)
		}
		return append(dst, ']')
	case *object:
		dst = append(dst, '{')
		for i, m := range v.members {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(jsontext.AppendText(dst, []byte(m.name)), ':')
			dst = appendTree(dst, m.value)
		}
		return append(dst, '}')
	}
	return append(dst, "null"...)
}
