package emit

import (
	"strconv"
	"time"

	"github.com/dave/jennifer/jen"

	"kcgen.dev/compiler/plan"
)

func (w *writer) lit(l *plan.Lit) *jen.Statement {
	switch l.Kind {
	case plan.String:
		return jen.Lit(l.Str)
	case plan.Secret:
		return jen.Qual(secretPkg.Path, "Ref").Call(jen.Lit(l.Str))
	case plan.Bool:
		return jen.Lit(l.Bool)
	case plan.Float:
		return jen.Lit(l.Float)
	case plan.Duration:
		return duration(l.Int)
	case plan.Bytes:
		return size(l.Int)
	}
	return jen.Lit(int(l.Int))
}

// units are time's names for lengths, the longest first.
var units = []struct {
	name string
	size time.Duration
}{
	{"Hour", time.Hour}, {"Minute", time.Minute}, {"Second", time.Second},
	{"Millisecond", time.Millisecond}, {"Microsecond", time.Microsecond}, {"Nanosecond", time.Nanosecond},
}

// duration is 10 * time.Minute, time.Second, connect.Forever or 0.
func duration(ns int64) *jen.Statement {
	switch ns {
	case 0:
		return jen.Lit(0)
	case plan.Forever:
		return jen.Qual(connectPkg.Path, "Forever")
	}
	n, unit := inUnits(ns)
	q := jen.Qual(timePkg.Path, unit)
	if n == 1 {
		return q
	}
	return jen.Lit(int(n)).Op("*").Add(q)
}

// inUnits is a length in the longest unit of which it is a whole number.
func inUnits(ns int64) (int64, string) {
	for _, u := range units {
		if ns%int64(u.size) == 0 {
			return ns / int64(u.size), u.name
		}
	}
	return ns, "Nanosecond"
}

// size is 64 << 20, or the number itself where no power of 1,024 says it
// shorter (16MB is 16000000, not 15625 << 10).
func size(n int64) *jen.Statement {
	m, shift := inPowers(n)
	if shift == 0 {
		return jen.Lit(int(n))
	}
	return jen.Lit(int(m)).Op("<<").Lit(shift)
}

func inPowers(n int64) (int64, int) {
	for _, shift := range []int{30, 20, 10} {
		if n > 0 && n%(1<<shift) == 0 && n>>shift < 10_000 {
			return n >> shift, shift
		}
	}
	return n, 0
}

// scalarWidth is the number of columns that a scalar takes.
func scalarWidth(l *plan.Lit) int {
	switch l.Kind {
	case plan.String:
		return len(strconv.Quote(l.Str))
	case plan.Secret:
		return len("secret.Ref()") + len(strconv.Quote(l.Str))
	case plan.Bool:
		return len("false")
	case plan.Float:
		return len(strconv.FormatFloat(l.Float, 'g', -1, 64))
	case plan.Duration:
		n, unit := inUnits(l.Int)
		return len(strconv.FormatInt(n, 10)) + len(" * time.") + len(unit)
	case plan.Bytes:
		n, _ := inPowers(l.Int)
		return len(strconv.FormatInt(n, 10)) + len(" << 20")
	}
	return len(strconv.FormatInt(l.Int, 10))
}
