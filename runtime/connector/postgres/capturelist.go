package postgres

import (
	"encoding/json"
	"errors"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/cdc"
	"kcgen.dev/runtime/internal/jsontext"
)

var errNested = errors.New("an array of several dimensions, which no schema of an array says")

var errNullElement = errors.New("an array with a null, which its schema does not allow")

// textArray reads the text of an array: {1,NULL,"a \"b\""}, with the bounds of
// its dimension before it where they are not the usual ones.
func textArray(elem decoder, comma byte, required bool) decoder {
	return func(s *state, b []byte) (connect.Value, error) {
		l := list{b: b, comma: comma}
		l.bounds()
		if !l.take('{') {
			return connect.Null, errText
		}
		array := &connect.Array{}
		if l.take('}') {
			return array.Value(), l.end()
		}
		for {
			text, null, err := l.element()
			if err != nil {
				return connect.Null, err
			}
			v := connect.Null
			switch {
			case !null:
				if v, err = elem(s, text); err != nil {
					return connect.Null, err
				}
			case required:
				return connect.Null, errNullElement
			}
			array.Elems = append(array.Elems, v)
			if l.take('}') {
				return array.Value(), l.end()
			}
			if !l.take(comma) {
				return connect.Null, errText
			}
		}
	}
}

// list reads a list of texts.
type list struct {
	b       []byte
	comma   byte   // between elements: a semicolon where these are boxes
	scratch []byte // of an element that is quoted
}

func (l *list) take(c byte) bool {
	if len(l.b) > 0 && l.b[0] == c {
		l.b = l.b[1:]
		return true
	}
	return false
}

func (l *list) end() error {
	if len(l.b) != 0 {
		return errText
	}
	return nil
}

// bounds leaves out what stands before an "=".
func (l *list) bounds() {
	if len(l.b) == 0 || l.b[0] != '[' {
		return
	}
	for i, c := range l.b {
		if c == '=' {
			l.b = l.b[i+1:]
			return
		}
	}
}

// element reads up to a comma or a brace. The text holds until the next call.
func (l *list) element() (text []byte, null bool, err error) {
	if len(l.b) > 0 && l.b[0] == '{' {
		return nil, false, errNested
	}
	if l.take('"') {
		text, err = l.quoted()
		return text, false, err
	}
	for i, c := range l.b {
		switch c {
		case l.comma, '}':
			text, l.b = l.b[:i], l.b[i:]
			return text, string(text) == "NULL", nil
		case '\\':
			return l.escaped()
		}
	}
	return nil, false, errText
}

// escaped reads an element without quotes that has backslashes.
func (l *list) escaped() (text []byte, null bool, err error) {
	l.scratch = l.scratch[:0]
	for i := 0; i < len(l.b); i++ {
		switch c := l.b[i]; c {
		case l.comma, '}':
			l.b = l.b[i:]
			return l.scratch, false, nil
		case '\\':
			if i++; i == len(l.b) {
				return nil, false, errText
			}
			l.scratch = append(l.scratch, l.b[i])
		default:
			l.scratch = append(l.scratch, c)
		}
	}
	return nil, false, errText
}

// quoted reads up to the quote that ends.
func (l *list) quoted() ([]byte, error) {
	plain := true
	l.scratch = l.scratch[:0]
	for i := 0; i < len(l.b); i++ {
		switch c := l.b[i]; c {
		case '"':
			text := l.b[:i]
			if !plain {
				text = l.scratch
			}
			l.b = l.b[i+1:]
			return text, nil
		case '\\':
			if plain {
				plain, l.scratch = false, append(l.scratch, l.b[:i]...)
			}
			if i++; i == len(l.b) {
				return nil, errText
			}
			l.scratch = append(l.scratch, l.b[i])
		default:
			if !plain {
				l.scratch = append(l.scratch, c)
			}
		}
	}
	return nil, errText
}

// hstoreType maps keys and values, as JSON or as a map.
func (m *modes) hstoreType() mapping {
	if m.hstore == "map" {
		schema := func() *connect.SchemaBuilder {
			return connect.NewMap(connect.StringSchema, connect.OptionalStringSchema)
		}
		return mapping{schema: schema, decode: textHstoreMap, absent: stringMap([]string{m.placeholder, m.placeholder})}
	}
	absent, _ := json.Marshal(map[string]string{m.placeholder: m.placeholder})
	return mapping{schema: logicalType(cdc.JSONName), decode: textHstoreJSON, absent: connect.Text(absent)}
}

// pairs reads "key"=>"value", "key"=>NULL.
func pairs(b []byte, each func(key, value []byte, null bool)) error {
	l := list{b: b}
	for len(l.b) > 0 {
		if !l.take('"') {
			return errText
		}
		key, err := l.quoted()
		if err != nil {
			return err
		}
		key = append([]byte(nil), key...)
		if !l.take('=') || !l.take('>') {
			return errText
		}
		if l.take('"') {
			value, err := l.quoted()
			if err != nil {
				return err
			}
			each(key, append([]byte(nil), value...), false)
		} else if len(l.b) >= 4 && string(l.b[:4]) == "NULL" {
			l.b = l.b[4:]
			each(key, nil, true)
		} else {
			return errText
		}
		if l.take(',') {
			l.take(' ')
		}
	}
	return nil
}

func textHstoreMap(_ *state, b []byte) (connect.Value, error) {
	m := &connect.Map{}
	err := pairs(b, func(key, value []byte, null bool) {
		v := connect.Null
		if !null {
			v = connect.Text(value)
		}
		m.Keys, m.Vals = append(m.Keys, connect.Text(key)), append(m.Vals, v)
	})
	if err != nil {
		return connect.Null, err
	}
	return m.Value(), nil
}

func textHstoreJSON(s *state, b []byte) (connect.Value, error) {
	dst := append(s.buffer.Start(), '{')
	err := pairs(b, func(key, value []byte, null bool) {
		if len(dst) > 1 {
			dst = append(dst, ',')
		}
		dst = append(jsontext.AppendText(dst, key), ':')
		if null {
			dst = append(dst, "null"...)
		} else {
			dst = jsontext.AppendText(dst, value)
		}
	})
	if err != nil {
		return connect.Null, err
	}
	return connect.Text(s.buffer.Finish(append(dst, '}'))), nil
}
