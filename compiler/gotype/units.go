package gotype

import (
	"fmt"
	"math/big"
	"regexp"

	"kcgen.dev/compiler/plan"
)

var (
	lengthPart = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?)(ns|us|ms|s|m|h)`)
	sizeForm   = regexp.MustCompile(`^([0-9]+)(B|KB|MB|GB|KiB|MiB|GiB)$`)
)

var nanoseconds = map[string]int64{"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9, "m": 60e9, "h": 3600e9}

var sizes = map[string]int64{"B": 1, "KB": 1e3, "MB": 1e6, "GB": 1e9, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}

// Length reads a #Duration or #Timeout, as "1h30m" or "forever", in
// nanoseconds: exactly, or not at all.
func Length(s string) (int64, error) {
	if s == "forever" {
		return plan.Forever, nil
	}
	sum := new(big.Rat)
	for rest := s; rest != "" || s == ""; {
		m := lengthPart.FindStringSubmatch(rest)
		if m == nil || len(m[1]) > 64 {
			return 0, fmt.Errorf("%q is no length of time such as 500ms, 5s or 1h30m", clip(s))
		}
		n, _ := new(big.Rat).SetString(m[1])
		sum.Add(sum, n.Mul(n, new(big.Rat).SetInt64(nanoseconds[m[2]])))
		rest = rest[len(m[0]):]
	}
	if !sum.IsInt() {
		return 0, fmt.Errorf("%q is no whole number of nanoseconds", clip(s))
	}
	if !sum.Num().IsInt64() {
		return 0, fmt.Errorf("%q is longer than 292 years; write \"forever\" where that is meant and allowed", clip(s))
	}
	return sum.Num().Int64(), nil
}

// Size reads a #Bytes, as "64MiB", in bytes.
func Size(s string) (int64, error) {
	m := sizeForm.FindStringSubmatch(s)
	if m == nil || len(m[1]) > 64 {
		return 0, fmt.Errorf("%q is no size such as 512KiB or 64MiB", clip(s))
	}
	n, _ := new(big.Int).SetString(m[1], 10)
	if n.Mul(n, big.NewInt(sizes[m[2]])); !n.IsInt64() {
		return 0, fmt.Errorf("%q is more than 8 EiB", clip(s))
	}
	return n.Int64(), nil
}

func clip(s string) string {
	if len(s) > 40 {
		return s[:40] + "…"
	}
	return s
}
