package vectortest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"kcgen.dev/runtime/connect"
)

// Case is one recorded case.
type Case struct {
	ID   string `json:"id"`
	Note string `json:"note"`
	Op   string `json:"op"`
	step
	Chain  []step          `json:"chain"`
	Record json.RawMessage `json:"record"`
	Data   json.RawMessage `json:"data"`
	Bytes  *[]byte         `json:"bytes"`
	Text   *string         `json:"text"`
	IsKey  bool            `json:"is_key"`
	Topic  string          `json:"topic"`
	Expect struct {
		Result json.RawMessage `json:"result"`
		Error  string          `json:"error"`
	} `json:"expect"`
}

type step struct {
	Class     string            `json:"class"`
	Config    map[string]string `json:"config"`
	Predicate *struct {
		Class  string            `json:"class"`
		Config map[string]string `json:"config"`
		Negate bool              `json:"negate"`
	} `json:"predicate"`
}

// String says what is done.
func (c *Case) String() string {
	return fmt.Sprintf("%s %s %v: %s", c.Op, c.Class, c.Config, c.Note)
}

// Read reads the cases of a file; one without any is an error.
func Read(file string) (cases []Case, err error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		var c Case
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			return nil, fmt.Errorf("%s: case %d: %w", file, len(cases)+1, err)
		}
		cases = append(cases, c)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if len(cases) == 0 {
		return nil, fmt.Errorf("%s: no cases", file)
	}
	return cases, nil
}

// ErrNoClass is in Check's error where the table lacks a class.
var ErrNoClass = errors.New("not in the table")

// unusable is an error of the case itself or of the table, and never the one
// that a case expects.
type unusable struct{ error }

func (u unusable) Unwrap() error { return u.error }

func bad(what string, err error) error {
	return unusable{fmt.Errorf("read the case's %s: %w", what, err)}
}

func noClass(kind, class string) error {
	return unusable{fmt.Errorf("%s %s: %w", kind, class, ErrNoClass)}
}

// Check runs one case. The error says how the answer differs.
func (tab *Table) Check(c *Case) error {
	diff, err := tab.try(c)
	var broken unusable
	why := tab.Refused[c.ID]
	switch {
	case errors.As(err, &broken):
		return err
	case why != "" && err == nil:
		return fmt.Errorf("answered, but %s", why)
	case why != "":
		return nil
	case tab.Differs[c.ID] != "" && err != nil:
		return err
	case tab.Differs[c.ID] != "" && diff == "":
		return fmt.Errorf("answered as Kafka does, but %s", tab.Differs[c.ID])
	case tab.Differs[c.ID] != "":
		return nil
	case c.Expect.Error != "" && err == nil:
		return fmt.Errorf("no error, want %s", c.Expect.Error)
	case c.Expect.Error == "" && err != nil:
		return fmt.Errorf("error %w, want %s", err, c.Expect.Result)
	case c.Expect.Error == "" && diff != "":
		return errors.New(diff)
	}
	return nil
}

// try does the operation: how its answer differs, or its error.
func (tab *Table) try(c *Case) (diff string, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = unusable{fmt.Errorf("panic: %v", p)}
		}
	}()
	switch c.Op {
	case "transform":
		return tab.transform(c)
	case "validate":
		return tab.validate(c)
	case "predicate":
		return tab.predicate(c)
	case "to_connect", "header_to_connect":
		return tab.decode(c)
	case "from_connect", "header_from_connect":
		return tab.encode(c)
	}
	return "", unusable{fmt.Errorf("unknown operation %q", c.Op)}
}

func (tab *Table) transform(c *Case) (string, error) {
	r, err := readRecord(c.Record)
	if err != nil {
		return "", bad("record", err)
	}
	for _, s := range c.steps() {
		keep, err := tab.apply(s, r)
		if err != nil {
			return "", err
		}
		if !keep {
			if !isNull(c.Expect.Result) {
				return "the record was dropped", nil
			}
			return "", nil
		}
	}
	if c.Expect.Error != "" {
		return "", nil
	}
	if isNull(c.Expect.Result) {
		return "the record was not dropped", nil
	}
	want, err := readRecord(c.Expect.Result)
	if err != nil {
		return "", bad("expected record", err)
	}
	return diffRecord(r, want), nil
}

// validate checks a transform's configuration, which Kafka answers with a list
// of what is wrong.
func (tab *Table) validate(c *Case) (string, error) {
	class, on := simple(c.Class)
	make, ok := tab.Transforms[class]
	if !ok {
		return "", noClass("transform", class)
	}
	var wrong []json.RawMessage
	if err := json.Unmarshal(c.Expect.Result, &wrong); err != nil {
		return "", bad("expected result", err)
	}
	tr, err := make(on, trimmed(c.Config))
	if err == nil {
		_, err = tr.Open()
	}
	if (err != nil) != (len(wrong) > 0) {
		return fmt.Sprintf("configuration: %v, want %s", err, c.Expect.Result), nil
	}
	return "", nil
}

func (tab *Table) apply(s step, r *connect.Record) (keep bool, err error) {
	tr, err := tab.newTransform(s)
	if err != nil {
		return false, err
	}
	apply, err := tr.Open()
	if err != nil {
		return false, err
	}
	if p := s.Predicate; p != nil {
		test, err := tab.test(p.Class, p.Config)
		if err != nil {
			return false, err
		}
		if test(r) == p.Negate {
			return true, nil
		}
	}
	return apply(r)
}

func (tab *Table) newTransform(s step) (connect.Transform, error) {
	class, on := simple(s.Class)
	make, ok := tab.Transforms[class]
	if !ok {
		return nil, noClass("transform", class)
	}
	return make(on, trimmed(s.Config))
}

func (tab *Table) newPredicate(class string, c map[string]string) (connect.Predicate, error) {
	name, _ := simple(class)
	make, ok := tab.Predicates[name]
	if !ok {
		return nil, noClass("predicate", name)
	}
	return make(trimmed(c))
}

func (tab *Table) test(class string, c map[string]string) (connect.Test, error) {
	p, err := tab.newPredicate(class, c)
	if err != nil {
		return nil, err
	}
	return p.Open()
}

func (tab *Table) predicate(c *Case) (string, error) {
	r, err := readRecord(c.Record)
	if err != nil {
		return "", bad("record", err)
	}
	test, err := tab.test(c.Class, c.Config)
	if err != nil {
		return "", err
	}
	if got := fmt.Sprint(test(r)); got != string(c.Expect.Result) {
		return fmt.Sprintf("%s, want %s", got, c.Expect.Result), nil
	}
	return "", nil
}

func (tab *Table) codec(c *Case) (connect.Codec, error) {
	conv, role, err := tab.Converter(c)
	if err != nil {
		return nil, err
	}
	return conv.Open(role)
}

// Converter is a case's converter, and what it is for. An error is one of its
// configuration.
func (tab *Table) Converter(c *Case) (connect.Converter, connect.Role, error) {
	role := connect.RoleValue
	if strings.HasPrefix(c.Op, "header_") {
		role = connect.RoleHeader
	} else if c.IsKey {
		role = connect.RoleKey
	}
	class, _ := simple(c.Class)
	make, ok := tab.Converters[class]
	if !ok {
		return nil, role, noClass("converter", class)
	}
	conv, err := make(trimmed(c.Config))
	return conv, role, err
}

func (tab *Table) decode(c *Case) (string, error) {
	var in []byte
	switch {
	case c.Bytes != nil:
		in = *c.Bytes
	case c.Text != nil:
		in = []byte(*c.Text)
	}
	codec, err := tab.codec(c)
	if err != nil {
		return "", err
	}
	got, err := codec.Decode(topicOf(c), in)
	if err != nil || c.Expect.Error != "" {
		return "", err
	}
	want, err := readDatum(c.Expect.Result)
	if err != nil {
		return "", bad("expected datum", err)
	}
	return diffDatum(got, want), nil
}

func (tab *Table) encode(c *Case) (string, error) {
	d, err := readDatum(c.Data)
	if err != nil {
		return "", bad("datum", err)
	}
	codec, err := tab.codec(c)
	if err != nil {
		return "", err
	}
	var buf connect.Buffer
	got, err := codec.Encode(&buf, topicOf(c), d)
	if err != nil || c.Expect.Error != "" {
		return "", err
	}
	var want struct {
		Bytes []byte `json:"bytes"`
	}
	if !isNull(c.Expect.Result) {
		if err := json.Unmarshal(c.Expect.Result, &want); err != nil {
			return "", bad("expected bytes", err)
		}
		if want.Bytes == nil {
			want.Bytes = []byte{}
		}
	}
	if !sameBytes(got, want.Bytes) {
		return fmt.Sprintf("wrote %q, want %q", got, want.Bytes), nil
	}
	return "", nil
}

func topicOf(c *Case) string {
	if c.Topic == "" {
		return "t"
	}
	return c.Topic
}

// simple is the simple name of a Java class, and "key" or "value" where it is
// its nested Key or Value.
func simple(class string) (name, on string) {
	name = class[strings.LastIndexByte(class, '.')+1:]
	name, on, _ = strings.Cut(name, "$")
	return name, strings.ToLower(on)
}

func trimmed(in map[string]string) Config {
	c := Config{}
	for k, v := range in {
		c[k] = strings.TrimSpace(v)
	}
	return c
}
