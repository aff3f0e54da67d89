package postgres

import (
	"encoding/hex"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/database"
)

// A parameter is a text that the server reads as the column's type, whatever
// that is: an enum, a uuid, a range. Only where it is the same do numbers,
// booleans and bytes go as they are, which is faster.

// Binder goes by the column's type.
func (dialect) Binder(s *connect.Schema, c database.Column, w database.Writing) (database.Bind, error) {
	if s != nil && (s.Kind() == connect.KindStruct || s.Kind() == connect.KindMap) {
		return nil, fmt.Errorf("postgres: column %s: a %v has no column in a table: take it apart (Flatten), or leave it out", c.Name, s.Kind())
	}
	b := binding{schema: s, zones: zones{time: w.Zone, date: w.DateZone, offset: hasZone(c.Type), logical: logicalOf(c.Type)}}
	name, width := baseType(c.Type)
	switch name {
	case "smallint":
		return b.integer(math.MaxInt16), nil
	case "integer":
		return b.integer(math.MaxInt32), nil
	case "bigint":
		return b.integer(math.MaxInt64), nil
	case "real":
		return b.float(math.MaxFloat32), nil
	case "double precision":
		return b.float(math.MaxFloat64), nil
	case "boolean":
		return b.boolean, nil
	case "bytea":
		return b.bytes, nil
	case "bit", "bit varying":
		return b.bits(width), nil
	case "uuid":
		return b.uuid, nil
	}
	return b.text, nil
}

// hasZone reports whether a type keeps moments and not clocks.
func hasZone(typ string) bool { return strings.Contains(typ, " with time zone") }

// logicalOf is what an instant is for a column, where no schema says so.
func logicalOf(typ string) connect.Logical {
	switch name, _ := baseType(strings.TrimSuffix(typ, "[]")); {
	case name == "date":
		return connect.LogicalDate
	case strings.HasPrefix(name, "time "):
		return connect.LogicalTime
	}
	return connect.LogicalTimestamp
}

// baseType parts a type as format_type prints it from its modifier, of which it
// gives the first number: "bit(5)", "timestamp(3) with time zone".
func baseType(typ string) (name string, width int) {
	before, rest, ok := strings.Cut(typ, "(")
	if !ok || strings.Contains(typ, `"`) {
		return typ, 0
	}
	modifier, after, _ := strings.Cut(rest, ")")
	first, _, _ := strings.Cut(modifier, ",")
	width, _ = strconv.Atoi(first)
	return before + after, width
}

// binding is how data of a schema go to a column.
type binding struct {
	schema *connect.Schema
	zones  zones
}

// text is the way that every type takes.
func (b binding) text(v connect.Value) (any, error) {
	switch v.Kind() {
	case connect.KindNull:
		return nil, nil
	case connect.KindString:
		return v.Str(), nil
	case connect.KindBytes:
		if !utf8.Valid(v.Raw()) {
			return nil, fmt.Errorf("bytes that are no text do not go into the column: its type should be bytea")
		}
		return string(v.Raw()), nil
	}
	var room [64]byte
	text, err := appendText(room[:0], v, b.zones, b.schema)
	return string(text), err
}

// integer rounds what is no integer, as the server does where it casts.
func (b binding) integer(limit int64) database.Bind {
	return func(v connect.Value) (any, error) {
		i := v.Int()
		switch v.Kind() {
		case connect.KindInt8, connect.KindInt16, connect.KindInt32, connect.KindInt64:
		case connect.KindFloat32, connect.KindFloat64:
			f := math.RoundToEven(v.Float())
			if !(f >= -0x1p63 && f < 0x1p63) {
				return nil, errRange(limit)
			}
			i = int64(f)
		case connect.KindDecimal:
			whole := round(v.Decimal())
			if whole == nil || !whole.IsInt64() {
				return nil, errRange(limit)
			}
			i = whole.Int64()
		default:
			return b.text(v)
		}
		if i > limit || i < -limit-1 {
			return nil, errRange(limit)
		}
		return i, nil
	}
}

func errRange(limit int64) error {
	return fmt.Errorf("the number is out of the column's range (%d to %d)", -limit-1, limit)
}

// round is the nearest integer, halves away from zero; nil where there is no
// sense in working it out.
func round(d *connect.Decimal) *big.Int {
	if d.Unscaled == nil {
		return new(big.Int)
	}
	if d.Scale <= 0 {
		if d.Scale < -19 {
			return nil
		}
		return new(big.Int).Mul(d.Unscaled, database.PowerOfTen(-int64(d.Scale)))
	}
	if int(d.Scale) > d.Unscaled.BitLen() { // less than a tenth
		return new(big.Int)
	}
	one := database.PowerOfTen(int64(d.Scale))
	half := new(big.Int).Quo(one, big.NewInt(2))
	if d.Unscaled.Sign() < 0 {
		half.Neg(half)
	}
	return half.Quo(half.Add(half, d.Unscaled), one)
}

func (b binding) float(limit float64) database.Bind {
	return func(v connect.Value) (any, error) {
		switch v.Kind() {
		case connect.KindFloat64:
			if f := v.Float(); math.Abs(f) <= limit || math.IsInf(f, 0) || math.IsNaN(f) {
				return f, nil
			}
		case connect.KindFloat32:
			if limit == math.MaxFloat32 {
				return v.Float(), nil
			}
		}
		return b.text(v) // a float32 as its own digits: 0.1, and not 0.10000000149
	}
}

func (b binding) boolean(v connect.Value) (any, error) {
	if v.Kind() == connect.KindBool {
		return v.Bool(), nil
	}
	return b.text(v)
}

func (b binding) bytes(v connect.Value) (any, error) {
	if v.Kind() == connect.KindBytes {
		return v.Raw(), nil
	}
	return b.text(v)
}

// uuid takes 16 bytes too.
func (b binding) uuid(v connect.Value) (any, error) {
	if raw := v.Raw(); v.Kind() == connect.KindBytes && len(raw) == 16 {
		return hex.EncodeToString(raw), nil
	}
	return b.text(v)
}

// bits writes what a source makes of a bit string; the reverse of bitType.
func (b binding) bits(width int) database.Bind {
	return func(v connect.Value) (any, error) {
		switch v.Kind() {
		case connect.KindBool:
			return string('0' + rune(map[bool]int{true: 1}[v.Bool()])), nil
		case connect.KindInt8, connect.KindInt16, connect.KindInt32, connect.KindInt64:
			n := uint64(v.Int())
			if width > 0 && width < 64 {
				n &= 1<<width - 1
			}
			return fmt.Sprintf("%0*b", width, n), nil
		case connect.KindBytes:
			var text strings.Builder
			for _, x := range v.Raw() {
				fmt.Fprintf(&text, "%08b", x)
			}
			if s := text.String(); width > 0 && width < len(s) && len(s)-width < 8 {
				return s[:width], nil // what is left was filled up
			}
			return text.String(), nil
		}
		return b.text(v)
	}
}
