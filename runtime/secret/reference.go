package secret

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
)

// part is a piece of a string: literal text (kind ""), or one reference.
type part struct{ kind, path, key, text string }

// parse cuts s into text and references. "${" counts as a reference where a
// word and a colon follow it, as in Kafka Connect; anything else, such as the
// ${topic} of a connector's own templates, is text.
func parse(s string) ([]part, error) {
	var parts []part
	text := 0
	for i := 0; i < len(s); i++ {
		kind, ok := opens(s[i:])
		if !ok {
			continue
		}
		body, rest, closed := strings.Cut(s[i+len("${")+len(kind)+1:], "}")
		if !closed {
			return nil, fmt.Errorf("the reference %s has no closing brace", s[i:])
		}
		if strings.ContainsAny(body, "{") {
			return nil, fmt.Errorf("a reference inside the reference ${%s:%s}: references do not nest", kind, body)
		}
		p, err := reference(kind, body)
		if err != nil {
			return nil, err
		}
		if text < i {
			parts = append(parts, part{text: s[text:i]})
		}
		parts = append(parts, p)
		text = len(s) - len(rest)
		i = text - 1
	}
	if text < len(s) {
		parts = append(parts, part{text: s[text:]})
	}
	return parts, nil
}

// opens reports whether s begins with "${word:", and the word.
func opens(s string) (string, bool) {
	if !strings.HasPrefix(s, "${") {
		return "", false
	}
	for i := 2; i < len(s); i++ {
		switch c := s[i]; {
		case c == ':' && i > 2:
			return s[2:i], true
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '_', c == '-':
		default:
			return "", false
		}
	}
	return "", false
}

func reference(kind, body string) (part, error) {
	switch kind {
	case "env":
		if body == "" {
			return part{}, errors.New("${env:} names no variable")
		}
		return part{kind: kind, key: body}, nil
	case "file", "dir":
		i := strings.LastIndexByte(body, ':')
		if kind == "file" {
			i = strings.IndexByte(body, ':') // a key may hold colons, a path may not
		}
		if i <= 0 || i == len(body)-1 {
			return part{}, fmt.Errorf("${%s:%s} must be ${%s:PATH:%s}", kind, body, kind, map[string]string{"file": "KEY", "dir": "FILE"}[kind])
		}
		return part{kind: kind, path: body[:i], key: body[i+1:]}, nil
	}
	return part{}, fmt.Errorf("unknown reference ${%s:%s}; there are ${env:NAME}, ${file:PATH:KEY} and ${dir:PATH:FILE}", kind, body)
}

// maxFile is the most that is read of one file: what a reference names is a
// password or a short setting.
const maxFile = 1 << 20

// reader looks references up. Files are read once.
type reader struct {
	env   func(string) (string, bool)
	files map[string]map[string]string
}

// expand replaces every reference in s. Each fault names its variable.
func (r *reader) expand(s string) (string, []error) {
	if !strings.Contains(s, "${") {
		return s, nil
	}
	parts, err := parse(s)
	if err != nil {
		return "", []error{err}
	}
	var b strings.Builder
	var faults []error
	for _, p := range parts {
		v, err := r.lookup(p)
		if err != nil {
			faults = append(faults, err)
		}
		b.WriteString(v)
	}
	if b.Len() == 0 && len(faults) == 0 {
		return "", []error{fmt.Errorf("%s is empty, as if the field were left out; give it a value", s)}
	}
	return b.String(), faults
}

func (r *reader) lookup(p part) (string, error) {
	switch p.kind {
	case "env":
		if v, ok := r.env(p.key); ok {
			return v, nil
		}
		return "", fmt.Errorf("environment variable %s is not set", p.key)
	case "file":
		return r.property(p.path, p.key)
	case "dir":
		return inDir(p.path, p.key)
	}
	return p.text, nil
}

func (r *reader) property(path, key string) (string, error) {
	props, ok := r.files[path]
	if !ok {
		f, err := os.Open(path)
		if err != nil {
			return "", fmt.Errorf("cannot read the properties file: %w", err)
		}
		text, err := readAll(f)
		if err != nil {
			return "", fmt.Errorf("cannot read the properties file %s: %w", path, err)
		}
		if props, err = parseProperties(text); err != nil {
			return "", fmt.Errorf("the properties file %s: %w", path, err)
		}
		r.files[path] = props
	}
	v, ok := props[key]
	if !ok {
		return "", fmt.Errorf("key %s is not in the properties file %s", key, path)
	}
	return v, nil
}

// inDir reads a file of a directory, and only there: an os.Root follows
// neither ".." nor a symbolic link that leads out.
func inDir(dir, name string) (string, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return "", fmt.Errorf("cannot open the directory: %w", err)
	}
	defer root.Close()
	f, err := root.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("file %s is not in the directory %s", name, dir)
	}
	if err != nil {
		return "", fmt.Errorf("cannot read file %s of the directory %s: %w", name, dir, err)
	}
	return readAll(f)
}

func readAll(f *os.File) (string, error) {
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return "", err
	}
	if len(b) > maxFile {
		return "", fmt.Errorf("%s is larger than %d bytes", f.Name(), maxFile)
	}
	return string(b), nil
}
