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
	"join":     strings.Join,
	"unitText": unitText,
	"upper":    strings.ToUpper,
	"settings": func(all []*Variable) []*Variable { return some(all, false) },
	"secrets":  func(all []*Variable) []*Variable { return some(all, true) },
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
	s = strings.NewReplacer("%", "%%", "$", "$$").Replace(s)
	if plain.MatchString(s) {
		return s, nil
	}
	return quote(s)
}

// unitText is text of a systemd unit that no program reads.
func unitText(name, about string) string {
	return strings.ReplaceAll(strings.TrimSuffix(name+": "+about, `\`), "%", "%%")
}

var notLabel = regexp.MustCompile(`[^a-z0-9]+`)

// label is a word as a DNS label, which Kubernetes wants for a name.
func label(s string) string {
	s = notLabel.ReplaceAllString(strings.ToLower(s), "-")
	return strings.Trim(s[:min(len(s), 50)], "-")
}
