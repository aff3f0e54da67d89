package vectortest

import (
	"fmt"
	"strings"
	"testing"

	"kcgen.dev/runtime/connect"
)

// Config is the configuration of a case under Kafka Connect's own names.
// Values come without white space at their ends, as ConfigDef gives them.
type Config map[string]string

// Bool is the named boolean, or def where it is not set.
func (c Config) Bool(name string, def bool) (bool, error) {
	text, ok := c[name]
	if !ok {
		return def, nil
	}
	switch strings.ToLower(text) {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, fmt.Errorf("%s: %q is no boolean", name, text)
}

// Need is the named value, or an error where it is not set.
func (c Config) Need(name string) (string, error) {
	text, ok := c[name]
	if !ok {
		return "", fmt.Errorf("missing required configuration %q", name)
	}
	return text, nil
}

// Table says what stands for which Java class, by the class's simple name
// without $Key or $Value; those come as on ("key", "value", or "" for neither).
// An error of a constructor, as one of Open, is an error of the case: what the
// language refuses (a field without which a definition is not complete) is
// refused there.
type Table struct {
	Converters map[string]func(c Config) (connect.Converter, error)
	Transforms map[string]func(on string, c Config) (connect.Transform, error)
	Predicates map[string]func(c Config) (connect.Predicate, error)

	// Refused are the cases, by id, that Kafka answers and kcgen refuses with
	// an error, and why. They fail when they are answered.
	Refused map[string]string
	// Differs are the cases, by id, that kcgen answers otherwise on purpose, and
	// why. They fail when they are answered as Kafka does, or not at all.
	Differs map[string]string
}

// Run runs every case of a file as a subtest. A class that the table does not
// have fails.
func Run(t *testing.T, file string, table Table) {
	t.Helper()
	cases, err := Read(file)
	if err != nil {
		t.Fatal(err)
	}
	refused, differ := 0, 0
	for _, c := range cases {
		if table.Refused[c.ID] != "" {
			refused++
		}
		if table.Differs[c.ID] != "" {
			differ++
		}
		t.Run(c.ID, func(t *testing.T) {
			t.Log(&c)
			if err := table.Check(&c); err != nil {
				t.Error(err)
			}
		})
	}
	if refused != len(table.Refused) {
		t.Errorf("%d of the %d refused cases are in %s", refused, len(table.Refused), file)
	}
	if differ != len(table.Differs) {
		t.Errorf("%d of the %d cases that differ are in %s", differ, len(table.Differs), file)
	}
}
