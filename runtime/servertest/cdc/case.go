package cdc

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/tools/txtar"
)

// Case is a workload: what is in a database before a connector starts, and what
// happens afterwards.
type Case struct {
	Database   string // "postgres", "mariadb", "mysql"
	Name       string
	Properties map[string]string // Debezium's, over those that each case has
	Setup      string            // SQL
	Steps      []Step
}

// Step is something that happens while a connector streams. The next one happens
// when the connector has caught up.
type Step struct {
	Kind string // the ending of its name: "sql", "signal", "wait", "restart"
	Text string
}

// Wait is what a step of kind "wait" waits for: a topic (behind the prefix and a
// dot) to have so many records.
type Wait struct {
	Topic   string
	Records int
}

// ReadCases reads the cases of a file. Its sections are:
//
//	-- properties --          Debezium's, one key=value in a line
//	-- properties.VARIANT --  more of them, for a case of its own
//	-- setup.sql --           what is there before
//	-- NAME.sql --            statements; nothing of them is left to read when the next step comes
//	-- NAME.signal --         "KEY VALUE" for Debezium's signal topic, one in a line
//	-- NAME.wait --           "TOPIC RECORDS"
//	-- NAME.restart --        the connector is stopped; the text is SQL to run before it goes on
//
// In all of them $PREFIX stands for the topic prefix, $DB for the database.
func ReadCases(file string) ([]Case, error) {
	ar, err := txtar.ParseFile(file)
	if err != nil {
		return nil, fmt.Errorf("cdc: read a case: %w", err)
	}
	base := Case{Database: filepath.Base(filepath.Dir(file)), Name: strings.TrimSuffix(filepath.Base(file), ".txtar"), Properties: map[string]string{}}
	variants := map[string]map[string]string{}
	var order []string
	for _, f := range ar.Files {
		text := string(f.Data)
		if variant, is := strings.CutPrefix(f.Name, "properties."); is {
			order = append(order, variant)
			variants[variant] = map[string]string{}
			err = properties(text, variants[variant])
		} else if f.Name == "properties" {
			err = properties(text, base.Properties)
		} else if f.Name == "setup.sql" {
			base.Setup = text
		} else {
			err = base.add(f.Name, text)
		}
		if err != nil {
			return nil, fmt.Errorf("cdc: %s: section %s: %w", file, f.Name, err)
		}
	}
	if len(order) == 0 {
		return []Case{base}, nil
	}
	var out []Case
	for _, v := range order {
		out = append(out, base.variant(v, variants[v]))
	}
	return out, nil
}

// add adds a step.
func (c *Case) add(name, text string) error {
	kind := strings.TrimPrefix(filepath.Ext(name), ".")
	switch kind {
	case "sql", "signal", "restart":
	case "wait":
		if _, err := parseWait(text); err != nil {
			return err
		}
	default:
		return fmt.Errorf("must end in .sql, .signal, .wait or .restart")
	}
	c.Steps = append(c.Steps, Step{kind, text})
	return nil
}

// variant is the case with further properties.
func (c Case) variant(name string, more map[string]string) Case {
	all := map[string]string{}
	for _, m := range []map[string]string{c.Properties, more} {
		for k, v := range m {
			all[k] = v
		}
	}
	if name != "default" {
		c.Name += "-" + name
	}
	c.Properties = all
	return c
}

// properties reads lines of key=value.
func properties(text string, into map[string]string) error {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		k, v, ok := strings.Cut(line, "=")
		if !ok {
			return fmt.Errorf("%q has no =", line)
		}
		into[k] = v
	}
	return nil
}

func parseWait(text string) (Wait, error) {
	f := strings.Fields(text)
	if len(f) != 2 {
		return Wait{}, fmt.Errorf("want a topic and a number of records, have %q", text)
	}
	n, err := strconv.Atoi(f[1])
	return Wait{f[0], n}, err
}

// fill puts the prefix and the database into a text of the case.
func fill(text, prefix, db string) string {
	return strings.NewReplacer("$PREFIX", prefix, "$DB", db).Replace(text)
}
