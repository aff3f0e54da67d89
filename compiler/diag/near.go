package diag

import (
	"slices"
	"strings"
)

// DidYouMean is "; did you mean X?", or nothing where no word of known is near
// the one given.
func DidYouMean(word string, known []string) string {
	if best := Nearest(word, known); best != "" {
		return "; did you mean " + best + "?"
	}
	return ""
}

// Nearest is the word of known that differs from word by the fewest typing
// slips, at most one in three letters; case and separators alone are none.
func Nearest(word string, known []string) string {
	best, bestAt := "", 1+max(1, min(len(word)/3, 4))
	for _, k := range slices.Sorted(slices.Values(known)) {
		if k == word {
			continue
		}
		d := distance(fold(word), fold(k))
		if d < bestAt {
			best, bestAt = k, d
		}
	}
	return best
}

// fold takes out what people forget: flush.size and flush_size are flushSize.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune("._-# ", r) {
			return -1
		}
		return r
	}, strings.ToLower(s))
}

// distance is Damerau and Levenshtein's, neighbours swapped counting as one.
// Long words are cut: a spec is hostile input.
func distance(a, b string) int {
	const longest = 64
	x, y := []rune(a), []rune(b)
	x, y = x[:min(len(x), longest)], y[:min(len(y), longest)]
	prev2 := make([]int, len(y)+1)
	prev := make([]int, len(y)+1)
	cur := make([]int, len(y)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(x); i++ {
		cur[0] = i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				cur[j] = min(cur[j], prev2[j-2]+1)
			}
		}
		prev2, prev, cur = prev, cur, prev2
	}
	return prev[len(y)]
}
