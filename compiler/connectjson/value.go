package connectjson

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"kcgen.dev/compiler/gotype"
	"kcgen.dev/compiler/plan"
)

// value reads a property's text as a field's type. Text goes through clean,
// which takes passwords out.
func value(t *gotype.Type, property, text string, clean func(string) (string, error)) (*tree, error) {
	switch t.Form {
	case gotype.List:
		out := &tree{list: true}
		for _, e := range splitList(text) {
			v, err := value(t.Elem, property, e, clean)
			if err != nil {
				return nil, err
			}
			out.elems = append(out.elems, v)
		}
		return out, nil
	case gotype.Map:
		return pairs(t, property, text, clean)
	case gotype.Scalar:
	default:
		return nil, errors.New("is no text")
	}
	trimmed := strings.TrimSpace(text)
	switch t.Kind {
	case plan.Int:
		n, err := strconv.ParseInt(trimmed, 10, 64)
		if err != nil {
			return nil, errors.New("must be an integer")
		}
		return &tree{text: strconv.FormatInt(n, 10)}, nil
	case plan.Float:
		n, err := strconv.ParseFloat(trimmed, 64)
		if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
			return nil, errors.New("must be a number")
		}
		return &tree{text: strconv.FormatFloat(n, 'f', -1, 64)}, nil
	case plan.Bool:
		switch strings.ToLower(trimmed) {
		case "true", "false":
			return &tree{text: strings.ToLower(trimmed)}, nil
		}
		return nil, errors.New("must be true or false")
	case plan.Duration:
		return duration(property, trimmed)
	case plan.Bytes:
		return size(trimmed)
	case plan.String, plan.File:
		if len(t.Enum) > 0 {
			return quote(enum(t.Enum, trimmed)), nil
		}
		s, err := clean(text)
		return quote(s), err
	}
	return nil, errors.New("cannot be said by a property")
}

// fieldValue reads a property's text as a field, whose list may have a separator
// of its own.
func fieldValue(f gotype.Field, property, text string, clean func(string) (string, error)) (*tree, error) {
	if f.Type.Form != gotype.List || f.Separator() == "," {
		return value(f.Type, property, text, clean)
	}
	out := &tree{list: true}
	for _, e := range splitBy(text, f.Separator()) {
		if e == "" { // Debezium's lists may end in one
			continue
		}
		v, err := value(f.Type.Elem, property, e, clean)
		if err != nil {
			return nil, err
		}
		out.elems = append(out.elems, v)
	}
	return out, nil
}

// splitList divides a list as Kafka does.
func splitList(text string) []string { return splitBy(text, ",") }

func splitBy(text, separator string) []string {
	text = strings.TrimSpace(text)
	if text == "" {
		return nil
	}
	parts := strings.Split(text, separator)
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	return parts
}

// pairs reads a:b,c:d.
func pairs(t *gotype.Type, property, text string, clean func(string) (string, error)) (*tree, error) {
	out := &tree{}
	for _, e := range splitList(text) {
		k, v, ok := strings.Cut(e, ":")
		if !ok || out.field(strings.TrimSpace(k)) != nil {
			return nil, errors.New("must be pairs such as a:b,c:d, of different names")
		}
		val, err := value(t.Elem, property, strings.TrimSpace(v), clean)
		if err != nil {
			return nil, err
		}
		out.add(strings.TrimSpace(k), val, "")
	}
	return out, nil
}

// enum is the word of a list that a text means: as it is, in other letters, or
// behind a class's package (io.confluent…TopicNameStrategy). What is none of
// them stays, for vet to refuse.
func enum(words []string, text string) string {
	last := text[strings.LastIndexAny(text, ".$")+1:]
	for _, same := range []func(string) bool{
		func(w string) bool { return w == text },
		func(w string) bool { return strings.EqualFold(w, text) },
		func(w string) bool { return w == last },
	} {
		for _, w := range words {
			if same(w) {
				return w
			}
		}
	}
	return text
}

// units of lengths of time, the longest first.
var units = []struct {
	name string
	size time.Duration
}{{"h", time.Hour}, {"m", time.Minute}, {"s", time.Second}, {"ms", time.Millisecond}}

// duration reads milliseconds, or seconds where the property says so.
func duration(property, text string) (*tree, error) {
	unit, word := time.Millisecond, "milliseconds"
	if strings.HasSuffix(property, ".sec") || strings.HasSuffix(property, ".seconds") {
		unit, word = time.Second, "seconds"
	}
	n, err := strconv.ParseInt(text, 10, 64)
	switch {
	case err != nil:
		return nil, fmt.Errorf("must be a number of %s", word)
	case n == -1:
		return quote("forever"), nil
	case n < 0:
		return nil, fmt.Errorf("must be a number of %s that is not negative", word)
	case n > int64(math.MaxInt64/unit):
		return quote("forever"), nil // 292 years and more
	}
	return quote(length(time.Duration(n) * unit)), nil
}

// length is 90s, 5m or 1500ms: the longest unit of which it is a whole number,
// but seconds up to two minutes.
func length(d time.Duration) string {
	for _, u := range units {
		if d%u.size == 0 && (d >= 2*u.size || d == u.size && u.size != time.Minute || u.size <= time.Second && d > 0) {
			return strconv.FormatInt(int64(d/u.size), 10) + u.name
		}
	}
	return "0s"
}

// size reads bytes.
func size(text string) (*tree, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return nil, errors.New("must be a number of bytes")
	}
	for _, u := range []struct {
		name string
		size int64
	}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}} {
		if n >= u.size && n%u.size == 0 {
			return quote(strconv.FormatInt(n/u.size, 10) + u.name), nil
		}
	}
	return quote(strconv.FormatInt(n, 10) + "B"), nil
}
