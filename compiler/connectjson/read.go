package connectjson

import (
	"errors"
	"fmt"
	"path"
	"strings"

	"kcgen.dev/compiler/diag"
)

// File is a file to import.
type File struct {
	Name string // as the user named it
	Text []byte
}

// Prop is the text of a property, and the line where it is said.
type Prop struct {
	Text string
	Line int
}

// Connector is a connector as a file has it.
type Connector struct {
	Name  string
	File  string
	Line  int
	State string // that it is asked to be: "", "RUNNING", "PAUSED", "STOPPED"
	Props map[string]Prop

	server bool // of Debezium Server, which has no worker
}

// Worker is the configuration of a worker.
type Worker struct {
	File  string
	Props map[string]Prop
}

// Input is what files say.
type Input struct {
	Connectors []Connector
	Worker     *Worker // nil: no file is one of a worker
}

// Read finds out what files are, by what is in them, and reads them.
func Read(files []File) (*Input, diag.List) {
	in := &Input{}
	var bad diag.List
	for _, f := range files {
		if err := in.file(f); err != nil {
			bad = append(bad, problem(f.Name, err))
		}
	}
	seen := map[string]Connector{}
	if len(in.Connectors) > maxConnectors {
		bad = append(bad, diag.Diag{Msg: fmt.Sprintf("more than %d connectors", maxConnectors)})
	}
	for _, c := range in.Connectors {
		if len(c.Props) > maxProps {
			bad = append(bad, diag.Diag{File: c.File, Line: c.Line, Path: c.Name, Msg: fmt.Sprintf("more than %d properties", maxProps)})
		}
		if first, twice := seen[c.Name]; twice {
			bad = append(bad, diag.Diag{File: c.File, Line: c.Line, Path: c.Name, Msg: fmt.Sprintf("there are two connectors of that name; the other is in %s", first.File)})
		}
		seen[c.Name] = c
	}
	if len(bad) == 0 && len(in.Connectors) == 0 && in.Worker == nil {
		bad = append(bad, diag.Diag{Msg: "no connector is in what was given"})
	}
	return in, bad
}

func problem(file string, err error) diag.Diag {
	d := diag.Diag{File: file, Msg: err.Error()}
	var at lineError
	if errors.As(err, &at) && at.line > 0 {
		d.Line, d.Col = at.line, 1
	}
	return d
}

func (in *Input) file(f File) error {
	if len(f.Text) > maxBytes {
		return fmt.Errorf("longer than %d MiB", maxBytes>>20)
	}
	switch ext := path.Ext(f.Name); {
	case ext == ".properties" || ext == ".conf" || ext == ".env":
		return in.properties(f)
	case ext == ".yaml" || ext == ".yml":
		return in.yaml(f)
	case ext == ".json":
		return in.json(f)
	}
	switch first := strings.TrimSpace(string(f.Text[:min(len(f.Text), 4096)])); {
	case strings.HasPrefix(first, "{") || strings.HasPrefix(first, "["):
		return in.json(f)
	case strings.HasPrefix(first, "apiVersion:") || strings.HasPrefix(first, "---") || strings.HasPrefix(first, "kind:"):
		return in.yaml(f)
	}
	return in.properties(f)
}

func (in *Input) properties(f File) error {
	props, err := parseProperties(string(f.Text))
	if err != nil {
		return err
	}
	switch {
	case isServer(props):
		return in.server(f, props)
	case props["connector.class"].Text != "":
		in.add(f, Connector{Name: props["name"].Text, Props: props, Line: 1})
		return nil
	case props["bootstrap.servers"].Text != "":
		return in.worker(&Worker{File: f.Name, Props: props})
	}
	return errors.New("neither a connector (connector.class) nor a worker (bootstrap.servers) nor Debezium Server (debezium.source.connector.class)")
}

func (in *Input) worker(w *Worker) error {
	if len(w.Props) > maxProps {
		return fmt.Errorf("more than %d properties", maxProps)
	}
	if in.Worker != nil {
		return fmt.Errorf("a second worker; the first is in %s", in.Worker.File)
	}
	in.Worker = w
	return nil
}

// add takes a connector; one without a name is called as its file.
func (in *Input) add(f File, c Connector) {
	if c.Name == "" {
		c.Name = strings.TrimSuffix(path.Base(strings.ReplaceAll(f.Name, `\`, "/")), path.Ext(f.Name))
	}
	c.File = f.Name
	in.Connectors = append(in.Connectors, c)
}

func (in *Input) yaml(f File) error {
	docs, err := parseYAML(f.Text)
	if err != nil {
		return err
	}
	for _, d := range docs {
		if err := in.document(f, d); err != nil {
			return err
		}
	}
	return nil
}

func (in *Input) json(f File) error {
	d, err := parseJSON(f.Text)
	if err != nil {
		return err
	}
	return in.document(f, d)
}

// document takes what Kafka Connect's REST API takes and answers, lists of
// those, and Strimzi's resources.
func (in *Input) document(f File, d *datum) error {
	switch {
	case d.form == array:
		for _, e := range d.values {
			if err := in.document(f, e); err != nil {
				return err
			}
		}
		return nil
	case d.form != object:
		return lineError{d.line, errors.New("a connector is an object")}
	case d.has("kind") && d.has("apiVersion"):
		return in.resource(f, d)
	case d.has("connector.class"):
		props, err := configOf(d)
		in.add(f, Connector{Name: props["name"].Text, Line: d.line, Props: props})
		return err
	case d.get("config").form == object:
		return in.connector(f, d, d.get("initial_state").text)
	}
	return in.expanded(f, d)
}

// connector takes {"name": …, "config": {…}}.
func (in *Input) connector(f File, d *datum, state string) error {
	props, err := configOf(d.get("config"))
	if err != nil {
		return err
	}
	name := d.get("name").text
	if inner, has := props["name"]; name == "" {
		name = inner.Text
	} else if has && inner.Text != name {
		return lineError{inner.Line, fmt.Errorf("the connector is called %q, and %q in its config", clip(name), clip(inner.Text))}
	}
	in.add(f, Connector{Name: name, Line: d.line, State: strings.ToUpper(state), Props: props})
	return nil
}

// expanded takes the answer to GET /connectors?expand=info, or of that and
// expand=status.
func (in *Input) expanded(f File, d *datum) error {
	if len(d.keys) == 0 {
		return nil
	}
	for i, key := range d.keys {
		e := d.values[i]
		info := e.get("info")
		if info.get("config").form != object {
			if e.get("status").form == object {
				return lineError{e.line, fmt.Errorf("%q has a status and no config: ask for /connectors?expand=info too", clip(key))}
			}
			return lineError{d.line, errors.New("neither a connector ({\"name\": …, \"config\": {…}}), nor its config, nor the answer to /connectors?expand=info")}
		}
		if err := in.connector(f, info, e.get("status").get("connector").get("state").text); err != nil {
			return err
		}
	}
	return nil
}

// configOf are the properties of an object. As for Kafka Connect numbers and
// booleans are texts; a list, which Strimzi takes, is its elements with commas.
func configOf(d *datum) (map[string]Prop, error) {
	props := map[string]Prop{}
	for i, key := range d.keys {
		v := d.values[i]
		switch v.form {
		case object:
			return nil, lineError{v.line, fmt.Errorf("%s: a property is a text, a number or a boolean", clip(key))}
		case array:
			var texts []string
			for _, e := range v.values {
				if e.form != scalar {
					return nil, lineError{e.line, fmt.Errorf("%s: an element of a list is a text, a number or a boolean", clip(key))}
				}
				texts = append(texts, e.text)
			}
			props[key] = Prop{strings.Join(texts, ","), v.line}
		case scalar:
			props[key] = Prop{v.text, v.line}
		}
	}
	return props, nil
}
