package connect

import (
	"errors"
	"strings"
	"unicode"
)

// maxFields is how many fields an error lists.
const maxFields = 12

// NoField is the error of a field that a struct of schema in does not have. It
// says which there are, and which may have been meant: "no field customer;
// there are id, customerId; did you mean customerId?"
func NoField(name string, in *Schema) error {
	w := bounded{max: 4 * maxText}
	w.add("no field " + Word(name))
	in = in.Whole()
	if in == nil || len(in.fields) == 0 {
		w.add("; there is none")
		return errors.New(w.String())
	}
	there := "; there are "
	if len(in.fields) == 1 {
		there = "; there is "
	}
	w.add(there)
	for i, f := range in.fields {
		if i == maxFields {
			w.add(" and others")
			break
		}
		if i > 0 {
			w.add(", ")
		}
		w.add(Word(f.Name))
	}
	if near := nearest(name, in.fields); near != "" && !w.full() {
		w.add("; did you mean " + Word(near) + "?")
	}
	return errors.New(w.String())
}

// Word is a name as it stands in a sentence: quoted where it would not read as
// one.
func Word(name string) string {
	odd := func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("_-.$@", r)
	}
	if name == "" || len(name) > 64 || strings.ContainsFunc(name, odd) {
		return quote(name)
	}
	return name
}

// nearest is the field that was most likely meant: one that differs in upper and
// lower case, by a slip in three letters at the most, or at its end; "" where
// none does.
func nearest(name string, fields []Field) string {
	best, least := "", min(len(name)/3, 4)+1
	for _, f := range fields[:min(len(fields), 1000)] {
		if len(f.Name) > 64 || len(name) > 64 {
			continue
		}
		d := distance(strings.ToLower(name), strings.ToLower(f.Name))
		if len(name) >= 3 && (strings.HasPrefix(f.Name, name) || strings.HasPrefix(name, f.Name) && len(f.Name) >= 3) {
			d = min(d, 1)
		}
		if d < least {
			best, least = f.Name, d
		}
	}
	return best
}

// distance is how many bytes have to be changed, put in or taken out to make b
// of a; two neighbours that changed places count as one.
func distance(a, b string) int {
	before, last := []int(nil), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		row := make([]int, len(b)+1)
		row[0] = i + 1
		for j := range len(b) {
			same := 1
			if a[i] == b[j] {
				same = 0
			}
			row[j+1] = min(last[j+1]+1, row[j]+1, last[j]+same)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}
