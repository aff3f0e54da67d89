package avro

import (
	"strconv"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/internal/avrobin"
)

// append writes a default of a, which JSON gives, as data.
func (d *defaults) append(dst []byte, a *schema, v *jsonValue) (_ []byte, err error) {
	if v == nil || !d.valid(a, v) {
		return dst, errDefault(a, v)
	}
	switch a.kind {
	case kindBoolean:
		return avrobin.AppendBool(dst, v.text == "true"), nil
	case kindInt, kindLong:
		n, _ := v.integer()
		return avrobin.AppendLong(dst, n), nil
	case kindFloat, kindDouble:
		f, err := strconv.ParseFloat(v.text, 64)
		if a.kind == kindFloat {
			return avrobin.AppendFloat(dst, float32(f)), err
		}
		return avrobin.AppendDouble(dst, f), err
	case kindString:
		return avrobin.AppendString(dst, connect.String(v.text)), nil
	case kindBytes, kindFixed:
		return appendDefaultBytes(dst, a, v)
	case kindEnum:
		for i, symbol := range a.symbols {
			if symbol == v.text {
				return avrobin.AppendLong(dst, int64(i)), nil
			}
		}
		return dst, errDefault(a, v)
	case kindUnion:
		for i, b := range a.branches {
			if d.valid(b, v) {
				return d.append(avrobin.AppendLong(dst, int64(i)), b, v)
			}
		}
	case kindRecord:
		for _, f := range a.fields {
			e := v.member(f.name)
			if e == nil {
				e = f.def
			}
			if dst, err = d.append(dst, f.schema, e); err != nil {
				return dst, err
			}
		}
	case kindArray, kindMap:
		return d.appendAll(dst, a, v)
	}
	return dst, nil
}

func appendDefaultBytes(dst []byte, a *schema, v *jsonValue) ([]byte, error) {
	raw, ok := fromLatin1(v.text)
	if !ok || a.kind == kindFixed && len(raw) != a.size {
		return dst, errDefault(a, v)
	}
	if a.kind == kindBytes {
		dst = avrobin.AppendLong(dst, int64(len(raw)))
	}
	return append(dst, raw...), nil
}

func (d *defaults) appendAll(dst []byte, a *schema, v *jsonValue) (_ []byte, err error) {
	if len(v.elems) > 0 {
		dst = avrobin.AppendLong(dst, int64(len(v.elems)))
	}
	for i, e := range v.elems {
		if a.kind == kindMap {
			dst = avrobin.AppendString(dst, connect.String(v.names[i]))
		}
		if dst, err = d.append(dst, a.elem, e); err != nil {
			return dst, err
		}
	}
	return append(dst, 0), nil
}
