package jsonschema

import (
	"errors"
	"fmt"
	"math"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/internal/jsontext"
)

// reader reads data as JsonSchemaData does, or, under strict, without the
// losses that it passes over.
type reader struct {
	jsontext.Tape
	slab    connect.Slab
	members []int32 // where the fields of the structs that are being read stand
	depth   int     // of structs, arrays and maps
}

func newReader(strict bool) *reader {
	r := &reader{}
	r.Strict, r.Specials = strict, !strict
	return r
}

// parse reads a whole text.
func (r *reader) parse(s *connect.Schema, data []byte) (connect.Value, error) {
	if err := r.scan(data); err != nil {
		return connect.Null, err
	}
	return r.data(s)
}

// scan reads the text into tokens.
func (r *reader) scan(data []byte) error {
	if err := r.Reset(data); err != nil {
		return err
	}
	ok, err := r.Root()
	if err == nil && !ok {
		err = errors.New("there is no JSON")
	}
	return err
}

// data makes a value of the tokens.
func (r *reader) data(s *connect.Schema) (connect.Value, error) {
	r.members, r.depth = r.members[:0], 0
	return r.value(s, 0)
}

// absent is the node of what is not there.
const absent = -1

// value reads node n as a value of schema s.
func (r *reader) value(s *connect.Schema, n int) (connect.Value, error) {
	if n == absent || r.Nodes[n].Token == jsontext.Null {
		return r.null(s, n)
	}
	if s.Logical() != connect.NotLogical {
		return r.Logical(s, n)
	}
	switch s.Kind() {
	case connect.KindBool:
		if t := r.Nodes[n].Token; r.Strict && t != jsontext.True && t != jsontext.False {
			return connect.Null, r.Unfit(s, n)
		}
		return connect.Bool(r.Is(n, jsontext.True)), nil
	case connect.KindInt8, connect.KindInt16, connect.KindInt32, connect.KindInt64:
		return r.int(s, n)
	case connect.KindFloat32, connect.KindFloat64:
		return r.float(s, n)
	case connect.KindString:
		if !r.Is(n, jsontext.String) {
			return r.lose(s, n)
		}
		return r.Whole(n)
	case connect.KindBytes:
		if !r.Is(n, jsontext.String) {
			return connect.Null, r.Unfit(s, n)
		}
		b, err := r.Base64(n)
		return connect.Bytes(b), err
	case connect.KindArray:
		return r.array(s, n)
	case connect.KindMap:
		return r.mapping(s, n)
	}
	if isUnion(s) {
		return r.union(s, n)
	}
	return r.structure(s, n)
}

// null is what null, or nothing, is under a schema. A required field that is
// not there is null in the outermost struct alone, as in Kafka Connect, where
// structs are looked at when they become part of another.
func (r *reader) null(s *connect.Schema, n int) (connect.Value, error) {
	if def, ok := s.Default(); ok {
		return def, nil
	}
	if s.IsOptional() || n == absent && r.depth <= 1 && !r.Strict {
		return connect.Null, nil
	}
	if n == absent {
		return connect.Null, fmt.Errorf("is missing, but %v is required", s)
	}
	return connect.Null, fmt.Errorf("null, but %v is required", s)
}

// lose gives null for a value of the wrong type, as if it was missing.
func (r *reader) lose(s *connect.Schema, n int) (connect.Value, error) {
	if r.Strict || !s.IsOptional() && r.depth > 1 {
		return connect.Null, r.Unfit(s, n)
	}
	return connect.Null, nil
}

func (r *reader) int(s *connect.Schema, n int) (connect.Value, error) {
	t := r.Nodes[n].Token
	switch {
	case t == jsontext.Special || r.Strict && t != jsontext.Int:
		return connect.Null, r.Unfit(s, n)
	case t != jsontext.Int && t != jsontext.Float:
		return connect.IntOf(s.Kind(), 0), nil
	}
	i := r.Integer(n)
	v := connect.IntOf(s.Kind(), i)
	if r.Strict && (v.Int() != i || !r.InRange(n)) {
		return connect.Null, fmt.Errorf("number at byte %d is no %v", r.Nodes[n].Start, s.Kind())
	}
	return v, nil
}

func (r *reader) float(s *connect.Schema, n int) (connect.Value, error) {
	bits := 64
	if s.Kind() == connect.KindFloat32 {
		bits = 32
	}
	var f float64
	switch t := r.Nodes[n].Token; {
	case t == jsontext.Int || t == jsontext.Float:
		var err error
		if f, err = r.Float(n, bits); err != nil {
			return connect.Null, err
		}
		if r.Strict && math.IsInf(f, 0) {
			return connect.Null, fmt.Errorf("number at byte %d is no %v", r.Nodes[n].Start, s.Kind())
		}
	case t == jsontext.Special:
		f = special(string(r.Raw(n)))
	case r.Strict: // what is written for NaN and the infinities is read again
		if t != jsontext.String {
			return connect.Null, r.Unfit(s, n)
		}
		word := r.Text(n)
		if word != "NaN" && word != "Infinity" && word != "-Infinity" {
			return connect.Null, r.Unfit(s, n)
		}
		f = special(word)
	}
	if bits == 32 {
		return connect.Float32(float32(f)), nil
	}
	return connect.Float64(f), nil
}

func special(word string) float64 {
	switch word[0] {
	case 'N':
		return math.NaN()
	case '-':
		return math.Inf(-1)
	}
	return math.Inf(1)
}
