package protobuf

import (
	"net/url"
	"strings"
)

// The names that Confluent's converter gives.
const (
	defaultName = "ConnectDefault"
	entrySuffix = "Entry"

	unionPrefix  = "io.confluent.connect.protobuf.Union."
	unionName    = "io.confluent.connect.protobuf.Union"
	enumParam    = "io.confluent.connect.protobuf.Enum"
	tagParam     = "io.confluent.connect.protobuf.Tag"
	typeParam    = "io.confluent.connect.protobuf.Type"
	wrapperParam = "io.confluent.connect.protobuf.Wrapper"

	// These are of all of Confluent's converters (generalizedSumTypeSupport).
	anyUnionParam = "org.apache.kafka.connect.data.Union"
	anyEnumParam  = "org.apache.kafka.connect.data.Enum"

	precisionParam = "connect.decimal.precision"
	connectType    = "connect.type"
)

func hasSuffix(s, suffix string) bool { return strings.HasSuffix(s, suffix) }

// lastName is a name without its package.
func lastName(name string) string { return name[strings.LastIndexByte(name, '.')+1:] }

// splitName divides a full name into the package and the rest.
func splitName(full string) (pkg, name string) {
	if i := strings.LastIndexByte(full, '.'); i >= 0 {
		return full[:i], full[i+1:]
	}
	return "", full
}

func letter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
func digit(c byte) bool  { return c >= '0' && c <= '9' }

// isName reports whether Protobuf allows a name.
func isName(s string) bool {
	for i := 0; i < len(s); i++ {
		if !letter(s[i]) && s[i] != '_' && (i == 0 || !digit(s[i])) {
			return false
		}
	}
	return s != ""
}

// scrub makes a name that Protobuf allows, as Confluent does: encoded as in a
// URL, with _ for every character that is not allowed. A name that is good
// stays, unless it begins with _.
func scrub(s string) string {
	if s == "" || isName(s) && s[0] != '_' {
		return s
	}
	b := []byte(javaURL(s))
	if digit(b[0]) || b[0] == '_' {
		b = append([]byte("x"), b...)
	}
	for i, c := range b {
		if !letter(c) && !digit(c) {
			b[i] = '_'
		}
	}
	return string(b)
}

// javaURL is java.net.URLEncoder: Go's form of it, but for * and ~.
func javaURL(s string) string {
	s = strings.ReplaceAll(url.QueryEscape(s), "%2A", "*")
	return strings.ReplaceAll(s, "~", "%7E")
}

// entryName is the name of the message of a map's entries: my_tags becomes
// MyTagsEntry, and myTags myTagsEntry.
func entryName(s string) string {
	if !strings.Contains(s, "_") {
		return s + entrySuffix
	}
	var b strings.Builder
	for word := range strings.SplitSeq(s, "_") {
		if word != "" {
			b.WriteString(upperASCII(word[:1]))
			b.WriteString(lowerASCII(word[1:]))
		}
	}
	return b.String() + entrySuffix
}

// mapName is the name of a map's schema, from that of its entries: MyTagsEntry
// becomes my_tags.
func mapName(full string) string {
	pkg, name := splitName(full)
	name = snake(strings.TrimSuffix(name, entrySuffix))
	if pkg != "" {
		return pkg + "." + name
	}
	return name
}

// snake puts _ before each capital but the first letter, and writes small.
func snake(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if i > 0 && s[i] >= 'A' && s[i] <= 'Z' {
			b.WriteByte('_')
		}
		b.WriteByte(s[i])
	}
	return lowerASCII(b.String())
}

func upperASCII(s string) string { return mapASCII(s, 'a', 'z') }
func lowerASCII(s string) string { return mapASCII(s, 'A', 'Z') }

// mapASCII changes the case of the letters from first to last.
func mapASCII(s string, first, last byte) string {
	b := []byte(s)
	for i, c := range b {
		if c >= first && c <= last {
			b[i] = c ^ 0x20
		}
	}
	return string(b)
}
