package lint

import (
	"embed"
	"fmt"
	"io"
	"strings"

	"golang.org/x/tools/txtar"
)

//go:embed texts
var texts embed.FS

// Lint is what is told of a lint.
type Lint struct {
	ID    string
	Title string
	Text  string // why it makes trouble, and how to mend it
	Bad   []string
	Good  []string // the specs that show it, and those that are mended
}

// IDs are the ids of all lints.
func IDs() []string {
	var out []string
	for _, r := range rules {
		out = append(out, r.id)
	}
	return out
}

// Find is the lint of an id.
func Find(id string) (Lint, bool) {
	r, ok := find(strings.ToUpper(id))
	if !ok {
		return Lint{}, false
	}
	b, err := texts.ReadFile("texts/" + r.id + ".txtar")
	if err != nil {
		return Lint{ID: r.id, Title: r.title}, true // a test holds that there is one
	}
	ar := txtar.Parse(b)
	l := Lint{ID: r.id, Title: r.title, Text: strings.TrimSpace(string(ar.Comment))}
	for _, f := range ar.Files {
		switch text := strings.TrimSpace(string(f.Data)); {
		case strings.HasPrefix(f.Name, "bad"):
			l.Bad = append(l.Bad, text)
		case strings.HasPrefix(f.Name, "good"):
			l.Good = append(l.Good, text)
		}
	}
	return l, true
}

func find(id string) (rule, bool) {
	for _, r := range rules {
		if r.id == id {
			return r, true
		}
	}
	return rule{}, false
}

// Print writes all that is to be said of a lint.
func (l Lint) Print(w io.Writer) {
	fmt.Fprintf(w, "%s: %s\n\n%s\n", l.ID, l.Title, l.Text)
	for _, part := range []struct {
		name  string
		specs []string
	}{{"Bad", l.Bad}, {"Good", l.Good}} {
		for i, text := range part.specs {
			head := part.name
			if len(part.specs) > 1 {
				head = fmt.Sprintf("%s, spec %d", part.name, i+1)
			}
			fmt.Fprintf(w, "\n%s:\n\n\t%s\n", head, strings.ReplaceAll(text, "\n", "\n\t"))
		}
	}
	if l.ID != unusedID {
		fmt.Fprintf(w, "\nWhere it is meant, the spec says why, on the pipeline or on a connector:\n\n\taccept: %s: \"the reason\"\n", l.ID)
	}
}

// List writes a line for each lint.
func List(w io.Writer) {
	for _, r := range rules {
		fmt.Fprintf(w, "%s  %s\n", r.id, r.title)
	}
}
