package review

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"kcgen.dev/compiler/plan"
)

// maxShown is how long a value is shown, in runes.
const maxShown = 80

// show is a value in a few words. A secret is shown as its reference, for the
// plan has no more of it.
func show(n plan.Node) string {
	text := []rune(words(n))
	if len(text) > maxShown {
		return string(text[:maxShown-1]) + "…"
	}
	return string(text)
}

// Words are a value as a spec has it.
func Words(n plan.Node) string { return words(n) }

func words(n plan.Node) string {
	switch n := n.(type) {
	case *plan.Struct:
		if do := n.Struct("do"); do != nil {
			return words(do)
		}
		if n.Component {
			return n.Type.Pkg + ".#" + n.Type.Name
		}
		return "{…}"
	case *plan.List:
		var all []string
		for i, e := range n.Elems {
			if i == maxShown {
				break
			}
			all = append(all, words(e))
		}
		return "[" + strings.Join(all, ", ") + "]"
	case *plan.Map:
		var all []string
		for i, k := range n.Keys {
			all = append(all, quote(k)+": "+words(n.Vals[i]))
		}
		return "{" + strings.Join(all, ", ") + "}"
	case *plan.Lit:
		return literal(n)
	}
	return ""
}

func literal(l *plan.Lit) string {
	switch l.Kind {
	case plan.Bool:
		return strconv.FormatBool(l.Bool)
	case plan.Float:
		return strconv.FormatFloat(l.Float, 'g', -1, 64)
	case plan.Int:
		return strconv.FormatInt(l.Int, 10)
	case plan.Duration:
		return duration(l.Int)
	case plan.Bytes:
		return size(l.Int)
	case plan.Data, plan.Schema:
		return l.Str
	}
	return quote(l.Str)
}

func quote(s string) string { return strconv.Quote(s) }

// duration is a length of time as a spec has it: 5m, not 5m0s.
func duration(n int64) string {
	if n == plan.Forever {
		return "forever"
	}
	s := time.Duration(n).String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// size is a number of bytes in the largest unit that holds it whole.
func size(n int64) string {
	units := []string{"B", "KiB", "MiB", "GiB", "TiB"}
	i := 0
	for ; n != 0 && n%1024 == 0 && i < len(units)-1; i++ {
		n /= 1024
	}
	return fmt.Sprintf("%d%s", n, units[i])
}
