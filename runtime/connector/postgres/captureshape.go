package postgres

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"math"
	"strconv"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/cdc"
)

// Shapes become the well-known binary form of geometries (WKB), as Debezium has
// them since 3.7.

func circleSchema() *connect.SchemaBuilder {
	return connect.NewStruct().Name("io.debezium.data.geometry.Circle").Version(1).Doc("Geometry (CIRCLE)").Optional().
		Field("center", cdc.NewPoint().MustBuild()).Field("radius", connect.Float64Schema)
}

func lineSchema() *connect.SchemaBuilder {
	return connect.NewStruct().Name("io.debezium.data.geometry.Line").Version(1).Doc("Geometry (LINE)").Optional().
		Field("a", connect.Float64Schema).Field("b", connect.Float64Schema).Field("c", connect.Float64Schema)
}

// shapeOf maps one of PostgreSQL's own shapes.
func shapeOf(oid uint32) mapping {
	switch oid {
	case oidPoint:
		return mapping{schema: cdc.NewPoint, decodeAs: textPoint}
	case oidCircle:
		return mapping{schema: circleSchema, decodeAs: textCircle}
	case oidLine:
		return mapping{schema: lineSchema, decodeAs: textLine}
	}
	return mapping{schema: cdc.NewGeometry, decodeAs: func(as *connect.Schema) decoder { return textGeometry(oid, as) }}
}

// numbers reads all numbers of a shape, whatever stands between them.
func numbers(b []byte) ([]float64, error) {
	var out []float64
	for len(b) > 0 {
		n := bytes.IndexAny(b, "(){}[]<>, ")
		switch n {
		case 0:
			b = b[1:]
			continue
		case -1:
			n = len(b)
		}
		f, err := strconv.ParseFloat(string(b[:n]), 64)
		if err != nil {
			return nil, errText
		}
		out, b = append(out, f), b[n:]
	}
	return out, nil
}

func exactly(b []byte, n int) ([]float64, error) {
	f, err := numbers(b)
	if err == nil && len(f) != n {
		err = errText
	}
	return f, err
}

// wkb begins a geometry: little-endian, and its type.
func wkb(kind uint32) []byte {
	return binary.LittleEndian.AppendUint32([]byte{1}, kind)
}

func appendFloats(dst []byte, f ...float64) []byte {
	for _, x := range f {
		dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(x))
	}
	return dst
}

func pointValue(s *connect.Struct, x, y float64) connect.Value {
	s.Slots[0], s.Slots[1] = connect.Float64(x), connect.Float64(y)
	s.Slots[2] = connect.Bytes(appendFloats(wkb(1), x, y))
	return s.Value()
}

func textPoint(as *connect.Schema) decoder {
	return func(_ *state, b []byte) (connect.Value, error) {
		f, err := exactly(b, 2)
		if err != nil {
			return connect.Null, err
		}
		return pointValue(newStruct(as), f[0], f[1]), nil
	}
}

func textCircle(as *connect.Schema) decoder {
	point := as.Fields()[0].Schema
	return func(_ *state, b []byte) (connect.Value, error) {
		f, err := exactly(b, 3)
		if err != nil {
			return connect.Null, err
		}
		c := newStruct(as)
		c.Slots[0], c.Slots[1] = pointValue(newStruct(point), f[0], f[1]), connect.Float64(f[2])
		return c.Value(), nil
	}
}

func textLine(as *connect.Schema) decoder {
	return func(_ *state, b []byte) (connect.Value, error) {
		f, err := exactly(b, 3)
		if err != nil {
			return connect.Null, err
		}
		l := newStruct(as)
		l.Slots[0], l.Slots[1], l.Slots[2] = connect.Float64(f[0]), connect.Float64(f[1]), connect.Float64(f[2])
		return l.Value(), nil
	}
}

// textGeometry reads a box, a segment, a path or a polygon.
func textGeometry(oid uint32, as *connect.Schema) decoder {
	return func(_ *state, b []byte) (connect.Value, error) {
		f, err := numbers(b)
		if err != nil || len(f)%2 != 0 || len(f) == 0 || (oid == oidBox || oid == oidLseg) && len(f) != 4 {
			return connect.Null, errText
		}
		extensions := []string{"type", map[uint32]string{oidBox: "box", oidLseg: "lseg", oidPath: "path", oidPolygon: "polygon"}[oid]}
		data := shapeWKB(oid, f)
		if oid == oidPath {
			extensions = append(extensions, "closed", strconv.FormatBool(b[0] == '('))
		}
		g := newStruct(as)
		g.Slots[0], g.Slots[2] = connect.Bytes(data), stringMap(extensions)
		return g.Value(), nil
	}
}

// shapeWKB writes lines as they are, and areas as closed rings.
func shapeWKB(oid uint32, f []float64) []byte {
	switch oid {
	case oidBox:
		f = []float64{f[0], f[1], f[0], f[3], f[2], f[3], f[2], f[1], f[0], f[1]}
	case oidPolygon:
		if n := len(f); n >= 4 && (f[0] != f[n-2] || f[1] != f[n-1]) {
			f = append(f, f[0], f[1])
		}
	default:
		return appendFloats(binary.LittleEndian.AppendUint32(wkb(2), uint32(len(f)/2)), f...)
	}
	ring := binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(wkb(3), 1), uint32(len(f)/2))
	return appendFloats(ring, f...)
}

func stringMap(pairs []string) connect.Value {
	m := &connect.Map{}
	for i := 0; i+1 < len(pairs); i += 2 {
		m.Keys = append(m.Keys, connect.String(pairs[i]))
		m.Vals = append(m.Vals, connect.String(pairs[i+1]))
	}
	return m.Value()
}

// textEWKB reads what PostGIS prints: hexadecimal digits of WKB with the number of
// its reference system, which is told beside it too.
func textEWKB(as *connect.Schema) decoder {
	return func(s *state, b []byte) (connect.Value, error) {
		data, err := hex.AppendDecode(s.buffer.Start(), b)
		if err != nil || len(data) < 9 {
			return connect.Null, errText
		}
		data = s.buffer.Finish(data)
		order := binary.ByteOrder(binary.LittleEndian)
		if data[0] == 0 {
			order = binary.BigEndian
		}
		g := newStruct(as)
		g.Slots[0] = connect.Bytes(data)
		if order.Uint32(data[1:])&0x20000000 != 0 {
			g.Slots[1] = connect.Int32(int32(order.Uint32(data[5:])))
		}
		return g.Value(), nil
	}
}
