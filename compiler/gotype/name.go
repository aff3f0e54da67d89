package gotype

import (
	"regexp"
	"strings"
	"unicode"
)

// initialisms are the words that Go writes in capitals.
var initialisms = map[string]string{
	"api": "API", "ca": "CA", "http": "HTTP", "id": "ID", "ip": "IP", "json": "JSON", "sasl": "SASL", "sql": "SQL",
	"tls": "TLS", "ttl": "TTL", "uri": "URI", "url": "URL", "utf": "UTF", "uuid": "UUID",
}

// fieldName is what a field of a definition may be called: camelCase, so that
// its Go name is a valid, exported identifier.
var fieldName = regexp.MustCompile(`^[a-z][a-zA-Z0-9]*$`)

var definitionName = regexp.MustCompile(`^#[A-Z][a-zA-Z0-9]*$`)

// IsName says whether a definition may be called so: #Name, as it becomes a Go
// type.
func IsName(name string) bool { return definitionName.MatchString(name) }

// GoName is the Go name of a CUE field: tasksMax → TasksMax, caFile → CAFile,
// brokerUrls → BrokerURLs, utf8 → UTF8.
func GoName(cue string) string {
	var b strings.Builder
	for _, w := range words(cue) {
		b.WriteString(goWord(w))
	}
	return b.String()
}

func goWord(w string) string {
	lower := strings.ToLower(w)
	stem := strings.TrimRight(lower, "0123456789")
	if s, ok := initialisms[stem]; ok {
		return s + lower[len(stem):]
	}
	if s, ok := initialisms[strings.TrimSuffix(lower, "s")]; ok && strings.HasSuffix(lower, "s") {
		return s + "s"
	}
	return strings.ToUpper(w[:1]) + w[1:]
}

// words divides camelCase; a run of capitals is one word, and its last capital
// belongs to the word behind it (HTTPPort: HTTP, Port).
func words(s string) []string {
	var out []string
	start := 0
	for i := 1; i < len(s); i++ {
		up := unicode.IsUpper(rune(s[i]))
		if up && (!unicode.IsUpper(rune(s[i-1])) || i+1 < len(s) && unicode.IsLower(rune(s[i+1]))) {
			out = append(out, s[start:i])
			start = i
		}
	}
	return append(out, s[start:])
}
