package lower

import (
	"math"

	"cuelang.org/go/cue"

	"kcgen.dev/compiler/gotype"
	"kcgen.dev/compiler/plan"
)

// scalar lowers a string, number, bool, length, size or secret.
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

func parse(k plan.Kind, text string) (int64, error) {
	if k == plan.Bytes {
		return Size(text)
	}
	return Length(text)
}
