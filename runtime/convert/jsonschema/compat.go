package jsonschema

import (
	"fmt"
	"slices"
)

// accepts is an error where theirs does not allow data that own allows. It
// compares types and properties; limits (minLength, pattern and the like) are
// for validation.
func accepts(theirs, own *node) error {
	return (&comparison{seen: map[[2]*node]error{}}).accepts(theirs, own, "")
}

type comparison struct {
	seen  map[[2]*node]error // what is compared is taken for good until it is known
	depth int
}

func (c *comparison) accepts(theirs, own *node, path string) (err error) {
	if c.depth++; c.depth > maxLevels {
		return errLevels
	}
	defer func() { c.depth-- }()
	pair := [2]*node{theirs, own}
	if err, ok := c.seen[pair]; ok {
		return err
	}
	c.seen[pair] = nil
	defer func() { c.seen[pair] = err }()
	switch {
	case theirs.form == formAny || theirs.form == formOther:
		return nil
	case theirs.form == formReference:
		return c.accepts(theirs.target.node, own, path)
	case own.form == formReference:
		return c.accepts(theirs, own.target.node, path)
	case own.form == formCombined && own.criterion != allOf:
		for _, part := range own.parts {
			if err := c.accepts(theirs, part, path); err != nil {
				return err
			}
		}
		return nil
	case theirs.form == formCombined:
		return c.combined(theirs, own, path)
	case own.form == formCombined:
		return c.anyPart(own, func(part *node) error { return c.accepts(theirs, part, path) }, path)
	}
	return c.simple(theirs, own, path)
}

// combined compares with a combination: all of it, or one of it.
func (c *comparison) combined(theirs, own *node, path string) error {
	if theirs.criterion != allOf {
		return c.anyPart(theirs, func(part *node) error { return c.accepts(part, own, path) }, path)
	}
	for _, part := range theirs.parts {
		if err := c.accepts(part, own, path); err != nil {
			return err
		}
	}
	return nil
}

// anyPart tries the parts of a combination until one is right.
func (c *comparison) anyPart(n *node, try func(*node) error, path string) (err error) {
	for _, part := range n.parts {
		if err = try(part); err == nil {
			return nil
		}
	}
	if len(n.parts) == 1 {
		return err
	}
	return fmt.Errorf("%s: none of its %d types allows it", placeOf(path), len(n.parts))
}

func (c *comparison) simple(theirs, own *node, path string) error {
	if theirs.form == formEnum || theirs.form == formConst {
		return enumAccepts(theirs, own, path)
	}
	if own.form == formEnum || own.form == formConst {
		return nil // validation compares values
	}
	if theirs.form != own.form {
		return fmt.Errorf("%s: it says %s, the record's schema %s", placeOf(path), theirs.name(), own.name())
	}
	switch theirs.form {
	case formNumber:
		if theirs.integer && !own.integer {
			return fmt.Errorf("%s: it says integer, the record's schema number", placeOf(path))
		}
	case formArray:
		if theirs.items != nil && own.items != nil {
			return c.accepts(theirs.items, own.items, path+"/items")
		}
	case formObject:
		return c.objects(theirs, own, path)
	}
	return nil
}

func enumAccepts(theirs, own *node, path string) error {
	if own.form != formEnum && own.form != formConst {
		return fmt.Errorf("%s: it lists values, the record's schema allows every %s", placeOf(path), own.name())
	}
	for _, v := range own.values {
		text := string(appendTree(nil, v))
		if !slices.ContainsFunc(theirs.values, func(t any) bool { return string(appendTree(nil, t)) == text }) {
			return fmt.Errorf("%s: its values do not include %s", placeOf(path), cutText(text))
		}
	}
	return nil
}

func (c *comparison) objects(theirs, own *node, path string) error {
	known := make(map[string]*node, len(theirs.properties))
	for _, f := range theirs.properties {
		known[f.name] = f.node
	}
	there := make(map[string]bool, len(own.properties))
	for _, f := range own.properties {
		there[f.name] = true
		place := path + "/" + escapePointer(f.name)
		want := known[f.name]
		if want == nil && theirs.closed {
			return fmt.Errorf("%s: it has no such property, and allows no others", place)
		}
		if want == nil {
			want = theirs.additional
		}
		if want == nil {
			continue
		}
		if err := c.accepts(want, f.node, place); err != nil {
			return err
		}
	}
	if own.additional != nil && theirs.additional != nil {
		if err := c.accepts(theirs.additional, own.additional, path+"/*"); err != nil {
			return err
		}
	}
	for _, name := range sortedNames(theirs.required) {
		if !there[name] {
			return fmt.Errorf("%s: it requires property %q, which the record's schema does not have", placeOf(path), cutText(name))
		}
	}
	return nil
}

func sortedNames(set map[string]bool) []string {
	names := make([]string, 0, len(set))
	for name := range set {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func placeOf(path string) string {
	if path == "" {
		return "the whole"
	}
	return path
}

// name is the type of a node for errors.
func (n *node) name() string {
	if n.integer {
		return "integer"
	}
	return formNames[n.form]
}
