package timezone

import (
	"fmt"
	"strings"
)

// What is done to the fields of a struct.
type mode int

const (
	nothing mode = iota
	all
	only   // those that are named
	except // those that are not
)

// part is a part of an envelope.
type part int

const (
	before part = iota
	after
	source
	parts
)

var partNames = [parts]string{"before", "after", "source"}

// rule says what to do to the fields of records that a name matches.
type rule struct {
	mode   mode
	fields [parts]map[string]bool
}

// add names a field: in one part of the envelope, or in both rows.
func (r *rule) add(field string) {
	for p, name := range partNames {
		if rest, ok := strings.CutPrefix(field, name+"."); ok {
			r.put(part(p), rest)
			return
		}
	}
	r.put(before, field)
	r.put(after, field)
}

func (r *rule) put(p part, field string) {
	if r.fields[p] == nil {
		r.fields[p] = map[string]bool{}
	}
	r.fields[p][field] = true
}

// converts reports whether a field is to be converted. Those of source are only
// where some of them are named.
func (r *rule) converts(p part, field string) bool {
	if p == source && r.fields[source] == nil {
		return false
	}
	switch r.mode {
	case all:
		return true
	case only:
		return r.fields[p][field]
	case except:
		return !r.fields[p][field]
	}
	return false
}

// rules are all rules, by what they match.
type rules struct {
	topics, tables, either map[string]*rule
	other                  *rule // for what none matches
}

// readRules reads the lists, of which one may be given.
func readRules(include, exclude []string) (*rules, error) {
	named, whole := only, all
	list, option := include, "includeList"
	r := &rules{other: &rule{}}
	switch {
	case len(include) > 0 && len(exclude) > 0:
		return nil, fmt.Errorf("excludeList: it cannot be given beside includeList")
	case len(include) == 0:
		r.other = &rule{mode: all}
		named, whole, list, option = except, nothing, exclude, "excludeList"
	}
	prefix := ""
	for _, text := range list {
		names := strings.Split(text, ":")
		if names[0] == "source" || names[0] == "topic" {
			prefix, names = names[0], names[1:]
		}
		if !strings.Contains(text, ":") || len(names) == 0 || len(names) > 2 || names[0] == "" || names[len(names)-1] == "" {
			return nil, fmt.Errorf(`%s: %q is no rule: it is such as "source:table", "topic:name:field" or "name:field"`, option, text)
		}
		to := r.at(prefix, names[0], whole)
		if len(names) == 2 {
			to.mode = named
			to.add(names[1])
		}
	}
	return r, nil
}

// at is the rule of a name. A prefix counts for the rules behind it too, as in
// Debezium.
func (r *rules) at(prefix, name string, begin mode) *rule {
	of := &r.either
	switch prefix {
	case "topic":
		of = &r.topics
	case "source":
		of = &r.tables
	}
	if *of == nil {
		*of = map[string]*rule{}
	}
	if (*of)[name] == nil {
		(*of)[name] = &rule{mode: begin}
	}
	return (*of)[name]
}

// of is the rule for records of a topic and a table.
func (r *rules) of(topic, table string) *rule {
	for _, found := range []*rule{r.topics[topic], r.tables[table], r.either[topic], r.either[table]} {
		if found != nil {
			return found
		}
	}
	return r.other
}
