package database

import (
	"fmt"
	"strings"
)

// Quotes are pairs of characters that enclose a name: "`", `"`, "[]". The
// closing one twice is itself.
type Quotes []string

// Split takes a name apart at its dots, those in quotes excepted.
func (q Quotes) Split(name string) ([]string, error) {
	var parts []string
	for rest := name; ; {
		part, after, err := q.first(rest)
		if err != nil {
			return nil, fmt.Errorf("%q is no name of a table: %w", name, err)
		}
		parts = append(parts, part)
		if after == "" {
			return parts, nil
		}
		rest = after[1:]
	}
}

// first takes one part off; what is left is empty or begins with a dot.
func (q Quotes) first(s string) (part, rest string, err error) {
	for _, pair := range q {
		if s != "" && s[0] == pair[0] {
			return quoted(s[1:], pair[len(pair)-1])
		}
	}
	part, _, _ = strings.Cut(s, ".")
	if part == "" {
		return "", "", fmt.Errorf("a part of it is empty")
	}
	return part, s[len(part):], nil
}

func quoted(s string, end byte) (part, rest string, err error) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != end {
			b.WriteByte(s[i])
			continue
		}
		if i+1 < len(s) && s[i+1] == end {
			b.WriteByte(end)
			i++
			continue
		}
		rest = s[i+1:]
		if b.Len() == 0 || rest != "" && (rest[0] != '.' || len(rest) == 1) {
			return "", "", fmt.Errorf("after a quote there is a dot and another part, or nothing")
		}
		return b.String(), rest, nil
	}
	return "", "", fmt.Errorf("a quote has no end")
}

// ParseTable reads a name of at most so many parts.
func (q Quotes) ParseTable(name string, most int) (Table, error) {
	parts, err := q.Split(name)
	if err != nil {
		return Table{}, err
	}
	if len(parts) > most {
		return Table{}, fmt.Errorf("%q is no name of a table: it has %d parts, and at most %d are possible; quote a name with a dot in it", name, len(parts), most)
	}
	t := Table{Name: parts[len(parts)-1]}
	if len(parts) > 1 {
		t.Schema = parts[len(parts)-2]
	}
	if len(parts) > 2 {
		t.Catalog = parts[len(parts)-3]
	}
	return t, nil
}

// AppendQuoted appends a name between quotes, the closing one doubled.
func AppendQuoted(dst []byte, name string, open, end byte) []byte {
	dst = append(dst, open)
	for i := range len(name) {
		if name[i] == end {
			dst = append(dst, end)
		}
		dst = append(dst, name[i])
	}
	return append(dst, end)
}
