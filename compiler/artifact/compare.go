package artifact

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// Differences are the modules in which two bills of materials differ, in words. A
// bill that cannot be read has none.
func Differences(old, now []byte) []string {
	a, b := modulesOf(old), modulesOf(now)
	all := maps.Clone(a)
	maps.Copy(all, b)
	var out []string
	for _, name := range slices.Sorted(maps.Keys(all)) {
		x, inOld := a[name]
		y, inNow := b[name]
		switch {
		case !inOld:
			out = append(out, fmt.Sprintf("%s %s more", name, y.Version))
		case !inNow:
			out = append(out, fmt.Sprintf("%s %s no more", name, x.Version))
		case x.Version != y.Version:
			out = append(out, fmt.Sprintf("%s %s instead of %s", name, y.Version, x.Version))
		case !slices.Equal(x.Hashes, y.Hashes):
			out = append(out, fmt.Sprintf("%s with other files", name))
		}
	}
	return out
}

// modulesOf are the libraries of a bill by their names.
func modulesOf(doc []byte) map[string]component {
	out := map[string]component{}
	var b bom
	if json.Unmarshal(doc, &b) != nil {
		return out
	}
	for _, c := range b.Components {
		out[c.Name] = c
	}
	return out
}
