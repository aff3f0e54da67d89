package fuse

import (
	"fmt"
	"math"
	"strconv"

	"kcgen.dev/runtime/connect"
)

// Layout is a schema as a text that no other schema has: struct{"id":int64
// "note":string?}. A bare one leaves out what bytes without a schema do not hang
// on: names, versions, docs and parameters. An error names what has no text.
func Layout(s *connect.Schema, bare bool) (string, error) {
	w := layoutWriter{bare: bare}
	err := w.schema(s)
	return string(w.dst), err
}

// layoutWriter writes a layout.
type layoutWriter struct {
	dst  []byte
	bare bool
}

func (w *layoutWriter) add(s string) { w.dst = append(w.dst, s...) }

func (w *layoutWriter) schema(s *connect.Schema) (err error) {
	if s == nil {
		w.add("any")
		return nil
	}
	w.add(s.Kind().String())
	switch s.Kind() {
	case connect.KindStruct:
		err = w.fields(s)
	case connect.KindArray, connect.KindMap:
		err = w.elems(s)
	}
	if s.IsOptional() {
		w.add("?")
	}
	if err == nil {
		err = w.def(s)
	}
	w.about(s)
	return err
}

func (w *layoutWriter) fields(s *connect.Schema) error {
	w.add("{")
	for i, f := range s.Fields() {
		if i > 0 {
			w.add(" ")
		}
		w.dst = append(strconv.AppendQuote(w.dst, f.Name), ':')
		if err := w.schema(f.Schema); err != nil {
			return fmt.Errorf("field %q: %w", f.Name, err)
		}
	}
	w.add("}")
	return nil
}

func (w *layoutWriter) elems(s *connect.Schema) error {
	w.add("[")
	if s.Kind() == connect.KindMap {
		if err := w.schema(s.Key()); err != nil {
			return err
		}
		w.add(" ")
	}
	err := w.schema(s.Elem())
	w.add("]")
	return err
}

// def is the default, as its bits.
func (w *layoutWriter) def(s *connect.Schema) error {
	v, ok := s.Default()
	if !ok {
		return nil
	}
	w.add("=")
	switch v.Kind() {
	case connect.KindBool:
		w.dst = strconv.AppendBool(w.dst, v.Bool())
	case connect.KindInt8, connect.KindInt16, connect.KindInt32, connect.KindInt64:
		w.dst = strconv.AppendInt(w.dst, v.Int(), 10)
	case connect.KindFloat32, connect.KindFloat64:
		w.dst = strconv.AppendUint(append(w.dst, "0x"...), math.Float64bits(v.Float()), 16)
	case connect.KindString, connect.KindBytes:
		w.dst = strconv.AppendQuote(w.dst, string(v.Raw()))
	case connect.KindDecimal:
		w.dst = append(v.Decimal().Append(w.dst), 'e')
		w.dst = strconv.AppendInt(w.dst, int64(v.Decimal().Scale), 10)
	case connect.KindInstant:
		w.dst = strconv.AppendInt(w.dst, v.Instant().Unix(), 10)
		w.dst = strconv.AppendInt(append(w.dst, '.'), int64(v.Instant().Nanosecond()), 10)
	default:
		return fmt.Errorf("its default is %v", v.Kind())
	}
	return nil
}

// about is what else a schema says of its data.
func (w *layoutWriter) about(s *connect.Schema) {
	if w.bare {
		if s.Logical() != connect.NotLogical {
			w.dst = strconv.AppendQuote(append(w.dst, ' '), s.Name())
		}
		if scale, ok := s.Scale(); ok {
			w.dst = strconv.AppendInt(append(w.dst, " scale "...), int64(scale), 10)
		}
		return
	}
	if s.Name() != "" {
		w.dst = strconv.AppendQuote(append(w.dst, ' '), s.Name())
	}
	if version, ok := s.Version(); ok {
		w.dst = strconv.AppendInt(append(w.dst, " v"...), int64(version), 10)
	}
	if s.Doc() != "" {
		w.dst = strconv.AppendQuote(append(w.dst, " doc "...), s.Doc())
	}
	for _, p := range s.Params() {
		w.dst = strconv.AppendQuote(append(w.dst, " with "...), p.Key)
		w.dst = strconv.AppendQuote(append(w.dst, '='), p.Value)
	}
}
