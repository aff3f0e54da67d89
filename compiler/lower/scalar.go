package lower

import (
	"encoding/json"
	"errors"
	"math"
	"strconv"

	"cuelang.org/go/cue"

	"kcgen.dev/compiler/gotype"
	"kcgen.dev/compiler/plan"
)

// scalar lowers a string, number, bool, length, size, secret, file, or data.
func (l *lowerer) scalar(t *gotype.Type, v cue.Value, o origin) plan.Node {
	if d, ok := v.Default(); ok {
		v = d
	}
	lit := &plan.Lit{Pos: o.pos, Kind: t.Kind}
	var err error
	switch t.Kind {
	case plan.String, plan.Secret:
		lit.Str, err = v.String()
	case plan.Bool:
		lit.Bool, err = v.Bool()
	case plan.Int:
		if lit.Int, err = v.Int64(); err != nil && v.IncompleteKind() == cue.IntKind {
			return l.fail(v, "must be an integer of 64 bits")
		}
	case plan.Float:
		lit.Float, err = v.Float64()
		if err != nil && v.IncompleteKind()&cue.NumberKind != 0 || math.IsInf(lit.Float, 0) {
			return l.fail(v, "must be a number that 64 bits of floating point hold")
		}
	case plan.File:
		return l.file(lit, v)
	case plan.Data:
		var b []byte
		b, err = appendData(nil, v, 0)
		lit.Str = string(b)
	case plan.Schema:
		return l.schema(lit, v)
	case plan.Duration, plan.Bytes:
		var text string
		if text, err = v.String(); err == nil {
			lit.Int, err = parse(t.Kind, text)
		}
	}
	if err != nil {
		return l.fail(v, "%s", err)
	}
	return lit
}

// file reads a file that the spec names.
func (l *lowerer) file(lit *plan.Lit, v cue.Value) plan.Node {
	name, err := v.String()
	if err != nil {
		return l.fail(v, "%s", err)
	}
	text, err := l.spec.ReadFile(name)
	if err != nil {
		return l.fail(v, "%s: %s", strconv.Quote(name), err)
	}
	lit.Str, l.files[name] = name, string(text)
	return lit
}

// schema says a CUE type as Kafka Connect does.
func (l *lowerer) schema(lit *plan.Lit, v cue.Value) plan.Node {
	s, err := l.cueType(v, 0)
	if bad := (*typeError)(nil); errors.As(err, &bad) {
		return l.fail(bad.at, "%s", bad.msg)
	}
	b, err := json.Marshal(s)
	if err != nil {
		return l.fail(v, "%s", err)
	}
	lit.Str = string(b)
	return lit
}

func parse(k plan.Kind, text string) (int64, error) {
	if k == plan.Bytes {
		return gotype.Size(text)
	}
	return gotype.Length(text)
}
