package jsonschema

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	lib "github.com/santhosh-tekuri/jsonschema/v5"
)

// cause is one reason why data do not match: where in the data, which keyword
// of the schema, and what it says. It never holds the data themselves.
type cause struct{ place, keyword, text string }

func (c cause) String() string {
	place := c.place
	if place == "" {
		place = "the whole"
	}
	return fmt.Sprintf("%s: %s: %s", cutText(place), c.keyword, cutText(c.text))
}

// maxCauses bounds a report.
const maxCauses = 10

// report makes an error with a line for each cause.
func report(ve *lib.ValidationError) error {
	causes := causesOf(ve)
	slices.SortStableFunc(causes, func(a, b cause) int {
		return cmp.Or(cmp.Compare(a.place, b.place), cmp.Compare(a.keyword, b.keyword), cmp.Compare(a.text, b.text))
	})
	causes = slices.Compact(causes)
	var lines []string
	for i, c := range causes {
		if i == maxCauses {
			lines = append(lines, fmt.Sprintf("and %d more", len(causes)-i))
			break
		}
		lines = append(lines, c.String())
	}
	return errors.New(strings.Join(lines, "\n"))
}

// causesOf are the leaves of the library's tree.
func causesOf(ve *lib.ValidationError) []cause {
	keyword := lastStep(ve.KeywordLocation)
	if len(ve.Causes) == 0 {
		return []cause{{ve.InstanceLocation, keyword, wording(keyword, ve.Message)}}
	}
	if keyword == "oneOf" || keyword == "anyOf" {
		return alternatives(ve, keyword)
	}
	var out []cause
	for _, c := range ve.Causes {
		out = append(out, causesOf(c)...)
	}
	return out
}

// alternatives are the causes of the one alternative that was meant, if only
// one has the value's type; else it is one cause.
func alternatives(ve *lib.ValidationError, keyword string) []cause {
	var meant [][]cause
	var wanted []string
	for _, c := range ve.Causes {
		branch := causesOf(c)
		if len(branch) == 1 && branch[0].keyword == "type" && branch[0].place == ve.InstanceLocation {
			want, _, _ := strings.Cut(strings.TrimPrefix(branch[0].text, "expected "), ",")
			wanted = append(wanted, want)
			continue
		}
		meant = append(meant, branch)
	}
	switch {
	case len(meant) == 1:
		return meant[0]
	case len(meant) == 0 && len(wanted) > 0:
		return []cause{{ve.InstanceLocation, keyword, "expected " + strings.Join(wanted, " or ")}}
	}
	return []cause{{ve.InstanceLocation, keyword, fmt.Sprintf("matches none of the %d schemas", len(ve.Causes))}}
}

// lastStep is the keyword at the end of a location; an index is not one.
func lastStep(location string) string {
	steps := strings.Split(location, "/")
	for i := len(steps) - 1; i > 0; i-- {
		if steps[i] != "" && (steps[i][0] < '0' || steps[i][0] > '9') {
			return steps[i]
		}
	}
	return "schema"
}

// wording is the library's message without the data in it.
func wording(keyword, message string) string {
	switch keyword {
	case "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum":
		message, _, _ = strings.Cut(message, " but found")
	case "multipleOf":
		if i := strings.Index(message, "not multipleOf"); i >= 0 {
			message = "must be a multiple of" + message[i+len("not multipleOf"):]
		}
	case "format":
		if i := strings.LastIndex(message, "is not valid"); i >= 0 {
			message = message[i:]
		}
	}
	return message
}
