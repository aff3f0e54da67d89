package connectjson

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
)

// parseProperties reads java.util.Properties: comments of # and !, keys that
// end at '=', ':' or white space, lines that go on behind a backslash, and the
// escapes \t \n \r \f \uXXXX. The last of two equal keys wins, as there. Each
// value knows its line.
func parseProperties(text string) (map[string]Prop, error) {
	props := map[string]Prop{}
	lines := strings.Split(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text), "\n")
	for i := 0; i < len(lines); i++ {
		at := i + 1
		var logical strings.Builder
		line := trimBlank(lines[i])
		if line == "" || line[0] == '#' || line[0] == '!' {
			continue
		}
		for goesOn(line) && i+1 < len(lines) {
			logical.WriteString(line[:len(line)-1])
			i++
			line = trimBlank(lines[i])
		}
		if goesOn(line) {
			line = line[:len(line)-1]
		}
		logical.WriteString(line)
		key, value, err := property(logical.String())
		if err != nil {
			return nil, lineError{at, err}
		}
		props[key] = Prop{Text: value, Line: at}
	}
	return props, nil
}

// lineError is an error of a line.
type lineError struct {
	line int
	err  error
}

func (e lineError) Error() string { return e.err.Error() }

func trimBlank(s string) string { return strings.TrimLeft(s, " \t\f") }

// goesOn says whether a line ends in an odd number of backslashes.
func goesOn(line string) bool {
	return (len(line)-len(strings.TrimRight(line, `\`)))%2 == 1
}

// property divides a line where its key ends.
func property(line string) (key, value string, err error) {
	end := 0
	for end < len(line) && !strings.ContainsRune("=: \t\f", rune(line[end])) {
		if line[end] == '\\' {
			end++ // what is behind it belongs to the key
		}
		end++
	}
	end = min(end, len(line))
	rest := trimBlank(line[end:])
	if rest != "" && (rest[0] == '=' || rest[0] == ':') {
		rest = trimBlank(rest[1:])
	}
	if key, err = unescape(line[:end]); err != nil {
		return "", "", err
	}
	value, err = unescape(rest)
	return key, value, err
}

var escapes = map[byte]byte{'t': '\t', 'n': '\n', 'r': '\r', 'f': '\f'}

func unescape(s string) (string, error) {
	if !strings.Contains(s, `\`) {
		return s, nil
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			b.WriteByte(s[i])
			continue
		}
		if i++; i == len(s) {
			break
		}
		c, known := escapes[s[i]]
		switch {
		case known:
			b.WriteByte(c)
		case s[i] == 'u':
			r, n, err := codeUnits(s[i+1:])
			if err != nil {
				return "", err
			}
			b.WriteRune(r)
			i += n
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String(), nil
}

// codeUnits reads the digits behind \u, and a second \uXXXX where both are one
// character. n is how many bytes that took.
func codeUnits(s string) (r rune, n int, err error) {
	unit := func(s string) (rune, bool) {
		if len(s) < 4 {
			return 0, false
		}
		v, err := strconv.ParseUint(s[:4], 16, 16)
		return rune(v), err == nil
	}
	r, ok := unit(s)
	if !ok {
		return 0, 0, fmt.Errorf(`\u wants four hexadecimal digits behind it`)
	}
	if utf16.IsSurrogate(r) && strings.HasPrefix(s[4:], `\u`) {
		if low, ok := unit(s[6:]); ok && utf16.DecodeRune(r, low) != '�' {
			return utf16.DecodeRune(r, low), 10, nil
		}
	}
	return r, 4, nil
}

// writeProperty writes a property as java.util.Properties reads it.
func writeProperty(b *strings.Builder, key, value string) {
	b.WriteString(escape(key, true))
	b.WriteByte('=')
	b.WriteString(escape(value, false))
	b.WriteByte('\n')
}

// escape writes what means something to a reader as an escape. Within a value
// a blank does at its begin alone. What is not ASCII is written so too: older
// readers take the file for ISO-8859-1.
func escape(s string, isKey bool) string {
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\f':
			b.WriteString(`\f`)
		case r == '\\', isKey && strings.ContainsRune("=: #!", r), i == 0 && strings.ContainsRune(" #!", r):
			b.WriteByte('\\')
			b.WriteRune(r)
		case r >= 0x20 && r < 0x7f:
			b.WriteRune(r)
		default:
			for _, u := range utf16.Encode([]rune{r}) {
				fmt.Fprintf(&b, `\u%04X`, u)
			}
		}
	}
	return b.String()
}
