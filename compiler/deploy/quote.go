package deploy

import (
	"encoding/json"
	"regexp"
	"strings"
	"text/template"
)

// functions are what the templates can call.
var functions = template.FuncMap{
	"quote":    quote,
	"unit":     unit,
	"shell":    shell,
	"compose":  compose,
	"indent":   indent,
	"join":     strings.Join,
	"unitText": unitText,
	"yaml":     yaml,
	"upper":    strings.ToUpper,
	"settings": func(all []*Variable) []*Variable { return some(all, false) },
	"secrets":  func(all []*Variable) []*Variable { return some(all, true) },
}

// indent puts text before every line that is not empty.
func indent(by, text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if line != "\n" {
			b.WriteString(by)
		}
		b.WriteString(line)
	}
	return b.String()
}

func some(all []*Variable, secret bool) []*Variable {
	var out []*Variable
	for _, v := range all {
		if v.Secret == secret {
			out = append(out, v)
		}
	}
	return out
}

// quote is a word in JSON, and so in YAML, in a Dockerfile's lists and in PromQL.
func quote(s string) (string, error) {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(s)
	return strings.TrimSuffix(b.String(), "\n"), err
}

// compose is a word in a file of Compose, which puts variables in.
func compose(s string) (string, error) { return quote(strings.ReplaceAll(s, "$", "$$")) }

var plain = regexp.MustCompile(`^[A-Za-z0-9_./:@%+,=-]+$`)

// shell is a word of a command line.
func shell(s string) string {
	if plain.MatchString(s) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// unit is a word of a systemd unit.
func unit(s string) (string, error) {
	s = strings.ReplaceAll(s, "%", "%%")
	if plain.MatchString(s) {
		return s, nil
	}
	return quote(s)
}

// unitText is text of a systemd unit that no program reads.
func unitText(s string) string { return strings.ReplaceAll(s, "%", "%%") }

var plainYAML = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_./= -]*$`)

// yaml is a string in YAML: as it is where it reads well and means itself.
func yaml(s string) (string, error) {
	if plainYAML.MatchString(s) {
		return s, nil
	}
	return quote(s)
}

var notLabel = regexp.MustCompile(`[^a-z0-9]+`)

// label is a word as a DNS label that begins with a letter, which Kubernetes
// wants for a name.
func label(s string) string {
	s = strings.Trim(notLabel.ReplaceAllString(strings.ToLower(s), "-"), "-")
	if s == "" || s[0] <= '9' {
		s = "p" + s
	}
	return strings.Trim(s[:min(len(s), 50)], "-")
}
