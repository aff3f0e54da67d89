package gotype

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"cuelang.org/go/cue"
)

// connectAttr is the attribute that says what docs do not say of Kafka Connect.
// Behind a component's marker it names its classes there:
//
//	#source: "kcgen.dev/runtime/connector/filestream.Source" @connect(org.apache.kafka.connect.file.FileStreamSourceConnector)
//
// and behind a field, other names of its property, what it is there where it is
// left out, if that is not the field's own default, or that it is kcgen's own:
//
//	file!: string @connect(connection.url)
//	topicReplicationFactor: *-1 | int @connect(default=3)
//	fieldSyntaxVersion: *"V1" | "V2" @connect(-)
//
// A default may have where=NAME, of a property without which there is none; a
// parameter of a driver unit=s, true=WORD and false=WORD; a property
// with="NAME=VALUE", of one that Kafka Connect wants beside it; and words
// prefix="…", which stands before them there. A list may have separator=";", and
// a database dbname=NAME, with which it is connected where none is named.
const connectAttr = "connect"

// Classes are the definition's classes in Kafka Connect, the usual one first;
// of a database, what its URLs begin with and what its dialects are called.
func (d *Def) Classes() []string {
	if d.Role == "" {
		return nil
	}
	marker := d.Value.LookupPath(cue.MakePath(cue.Def("#" + d.Role)))
	return bare(ofConnect(marker.Attributes(cue.FieldAttr)))
}

// Fixed is a property of Kafka Connect that no field stands for. A package
// lists them by definition:
//
//	_connect: Sink: {
//		"quote.sql.identifiers": is: "always"
//		"trim.sensitive.log": why:   "values are never logged"
//		"max.retries": decided:      "what is away is tried again without an end"
//		"query.masked": refused:     "a query shows in the spec"
//		"numeric.precision.mapping": {is: "false", instead: "numeric.mapping=precision_only"}
//	}
type Fixed struct {
	Property string // may end in ".*"
	Is       string // the values, parted by |, that mean what is done anyway
	Instead  string // NAME=VALUE, a property that says the same as any other value
	Why      string // why any may be left out
	Decided  string // what is done instead, which is not the same
	Refused  string // what to do instead, by hand
}

// Fixed are the definition's: those in its package's _connect.
func (d *Def) Fixed() []Fixed {
	inst := d.pkg.BuildInstance()
	if inst == nil {
		return nil
	}
	table := d.pkg.LookupPath(cue.MakePath(cue.Hid("_connect", inst.ImportPath), cue.Str(strings.TrimPrefix(d.Name, "#"))))
	it, err := table.Fields()
	if err != nil {
		return nil
	}
	var out []Fixed
	for it.Next() {
		f := Fixed{Property: it.Selector().Unquoted()}
		for name, into := range map[string]*string{"is": &f.Is, "instead": &f.Instead, "why": &f.Why, "decided": &f.Decided, "refused": &f.Refused} {
			*into, _ = it.Value().LookupPath(cue.ParsePath(name)).String()
		}
		out = append(out, f)
	}
	return out
}

// Names are what the property of a field is called: in Kafka Connect first, if
// it has one.
func (f Field) Names() []string {
	own := f.Property()
	names := slices.DeleteFunc(bare(f.connect), func(n string) bool { return n == "-" })
	if slices.Contains(names, own) {
		return names
	}
	return append(names, own)
}

// InConnect says whether Kafka Connect has a property for the field.
func (f Field) InConnect() bool {
	if names := bare(f.connect); len(names) > 0 {
		return names[0] != "-"
	}
	return f.documented() != ""
}

// ConnectsDefault is what the property is in Kafka Connect where it is left
// out, if that is not what the field is then.
func (f Field) ConnectsDefault() (string, bool) {
	s := f.keyed("default")
	return s, s != ""
}

// Prefix is what stands before the field's words in Kafka Connect, such as a
// class's package.
func (f Field) Prefix() string { return f.keyed("prefix") }

// Separator is what parts the elements of the field's list there.
func (f Field) Separator() string { return cmp.Or(f.keyed("separator"), ",") }

// Database is the database that a connection begins with where Kafka Connect's
// connector names a server alone; empty where it names the database too.
func (f Field) Database() string { return f.keyed("dbname") }

// Where is the property without which Kafka Connect has no use for the field's,
// nor for its default; empty: it always has.
func (f Field) Where() string { return f.keyed("where") }

// PropertyDefault is the field's default as a property's text; empty where it
// has none.
func (f Field) PropertyDefault() string {
	text, _ := f.connectDefault() // kcgen types has shown that there is no error
	return text
}

// Unit is the unit of a driver's parameter, if it is not the usual one: "s".
func (f Field) Unit() string { return f.keyed("unit") }

// With is the property, as NAME=VALUE, that Kafka Connect wants beside the
// field's; empty where there is none.
func (f Field) With() string { return f.keyed("with") }

// Means is what a driver's word for true or false is, and empty for any other.
func (f Field) Means(word string) string {
	for _, b := range []string{"true", "false"} {
		if theirs := f.keyed(b); theirs != "" && theirs == word {
			return b
		}
	}
	return ""
}

// Says is a driver's word for true or false; by default the same.
func (f Field) Says(word string) string { return cmp.Or(f.keyed(word), word) }

var parameterName = regexp.MustCompile(`^[A-Za-z][A-Za-z_]*$`)

// Parameter is what drivers call the field of a database: what the attribute
// names, or the doc in parentheses; empty where they have none.
func (f Field) Parameter() string {
	for _, name := range bare(f.connect) {
		if parameterName.MatchString(name) {
			return name
		}
	}
	for _, m := range parentheses.FindAllStringSubmatch(strings.Join(f.Doc, " "), -1) {
		if parameterName.MatchString(m[1]) {
			return m[1]
		}
	}
	return ""
}

func (f Field) keyed(key string) string {
	for _, a := range f.connect {
		if s, ok, _ := a.Lookup(0, key); ok {
			return s
		}
	}
	return ""
}

// ofConnect are the attributes @connect.
func ofConnect(all []cue.Attribute) []cue.Attribute {
	var out []cue.Attribute
	for _, a := range all {
		if a.Name() == connectAttr {
			out = append(out, a)
		}
	}
	return out
}

// bare are what attributes hold that has no key.
func bare(list []cue.Attribute) []string {
	var out []string
	for _, a := range list {
		for i := range a.NumArgs() {
			if key, value := a.Arg(i); value == "" && key != "" {
				out = append(out, strings.TrimSpace(key))
			}
		}
	}
	return out
}
