package connectjson

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// providers are kcgen's config providers, by Kafka's classes of the same.
var providers = map[string]string{
	"org.apache.kafka.common.config.provider.FileConfigProvider":      "file",
	"org.apache.kafka.common.config.provider.DirectoryConfigProvider": "dir",
	"org.apache.kafka.common.config.provider.EnvVarConfigProvider":    "env",
	"io.strimzi.kafka.EnvVarConfigProvider":                           "env",
}

// reference is what Kafka Connect takes for one: ${alias:path:key}. Braces
// do not nest.
var referenceForm = regexp.MustCompile(`\$\{([A-Za-z0-9_-]+):([^{}]*)\}`)

// one is exactly one reference that kcgen can read.
var one = regexp.MustCompile(`^\$\{(env:[A-Za-z_][A-Za-z0-9_]*|file:[^:{}]+:[^{}]+|dir:[^:{}]+:[^{}/]+)\}$`)

// aliases are the names of a worker's config providers, with kcgen's for them.
// Without a worker, and in a worker without any, they are called as usual.
func aliases(w *Worker) map[string]string {
	out := map[string]string{"file": "file", "dir": "dir", "env": "env"}
	if w == nil {
		return out
	}
	for _, alias := range splitList(w.Props["config.providers"].Text) {
		out[alias] = providers[w.Props["config.providers."+alias+".class"].Text]
	}
	return out
}

// references gives references the names of kcgen's providers. One of a provider
// that kcgen does not have is an error.
func (r *reader) references(text string) (string, error) {
	var bad error
	text = referenceForm.ReplaceAllStringFunc(text, func(ref string) string {
		m := referenceForm.FindStringSubmatch(ref)
		kind := r.aliases[m[1]]
		if kind == "" {
			bad = fmt.Errorf("the config provider %q is none of env, file and dir: give the value by one of these", m[1])
			return ref
		}
		return "${" + kind + ":" + m[2] + "}"
	})
	return text, bad
}

// login is a password within a URL.
var login = regexp.MustCompile(`://([^/?#@\s:]*):([^/@\s]+)@`)

// clean is a text for the spec: references as kcgen has them, and no password
// in URLs.
func (r *reader) clean(property string) func(string) (string, error) {
	return func(text string) (string, error) {
		text, err := r.references(text)
		if err != nil {
			return "", err
		}
		return login.ReplaceAllStringFunc(text, func(at string) string {
			m := login.FindStringSubmatch(at)
			if one.MatchString(m[2]) {
				return at
			}
			return "://" + m[1] + ":" + r.variable(property+".password") + "@"
		}), nil
	}
}

// secret is the reference that a secret becomes, and the variable that has to
// be set: a reference stays, anything else never gets into the spec.
func (r *reader) secret(property, text string) (ref, variable, note string) {
	switch named, err := r.references(text); {
	case err == nil && one.MatchString(named):
		return named, "", ""
	case err != nil:
		note = err.Error()
	}
	ref = r.variable(property)
	return ref, strings.TrimSuffix(strings.TrimPrefix(ref, "${env:"), "}"), note
}

var notName = regexp.MustCompile(`[^A-Z0-9]+`)

// variable is a reference to the environment variable of a property:
// ${env:ORDERS_CONNECTION_PASSWORD}.
func (r *reader) variable(property string) string {
	name := property
	if r.connector != "" {
		name = r.connector + "_" + name
	} else {
		name = "kafka_" + name
	}
	name = strings.Trim(notName.ReplaceAllString(strings.ToUpper(name), "_"), "_")
	if name[0] >= '0' && name[0] <= '9' {
		name = "_" + name
	}
	name = r.own(name, property)
	ref := "${env:" + name + "}"
	r.variables[ref] = name
	return ref
}

// own is the name, or one with a number where another property has it: a-b and
// a_b are one to a variable.
func (r *reader) own(name, property string) string {
	owner := r.connector + "\x00" + property
	for free, i := name, 2; ; free, i = fmt.Sprintf("%s_%d", name, i), i+1 {
		if of, taken := r.names[free]; !taken || of == owner {
			r.names[free] = owner
			return free
		}
	}
}

// sensitive says whether what a property holds must not be shown, whatever its
// type.
func sensitive(property string) bool {
	p := strings.ToLower(property)
	for _, word := range []string{"password", "secret", "token", "jaas", "credential", "user.info", "private", ".key", "passphrase"} {
		if strings.Contains(p, word) {
			return true
		}
	}
	return false
}

// jaas reads a line of JAAS: module required k="v" k='v' …;
func jaas(text string) (module string, options map[string]string, err error) {
	wrong := errors.New("must be: Module required name=\"…\" password=\"…\";")
	text = strings.TrimSuffix(strings.TrimSpace(text), ";")
	words := strings.Fields(text)
	if len(words) < 2 {
		return "", nil, wrong
	}
	rest := strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(strings.TrimPrefix(text, words[0])), words[1]))
	options = map[string]string{}
	for rest != "" {
		key, value, ok := strings.Cut(rest, "=")
		if key = strings.TrimSpace(key); !ok || key == "" {
			return "", nil, wrong
		}
		value = strings.TrimLeft(value, " \t\r\n")
		if value != "" && (value[0] == '"' || value[0] == '\'') {
			end := closing(value)
			if end < 0 {
				return "", nil, wrong
			}
			options[key], rest = strings.ReplaceAll(value[1:end], `\`+value[:1], value[:1]), value[end+1:]
		} else {
			end := strings.IndexAny(value+" ", " \t\r\n")
			options[key], rest = value[:end], value[end:]
		}
		rest = strings.TrimSpace(rest)
	}
	return words[0], options, nil
}

// closing is where the quote ends with which a text begins.
func closing(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case s[0]:
			return i
		}
	}
	return -1
}
