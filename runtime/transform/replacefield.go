package transform

import (
	"fmt"

	"kcgen.dev/runtime/connect"
)

var _ connect.Transform = ReplaceField{}

// Open gives the function that does it.
func (f ReplaceField) Open() (connect.Apply, error) {
	part, err := partOf(f.On)
	var w *rewriter
	if err == nil {
		w, err = f.rewriter()
	}
	if err != nil {
		return nil, fmt.Errorf("transform: open ReplaceField: %w", err)
	}
	return func(r *connect.Record) (bool, error) {
		d := part(r)
		if d.Value.IsNull() {
			return true, nil
		}
		if err := w.rewrite(d); err != nil {
			return false, fmt.Errorf("transform: ReplaceField on the %s: %w", f.On, err)
		}
		return true, nil
	}, nil
}

// Flow leaves out and renames fields of the schema. Null stays null, with the
// schema that it has.
func (f ReplaceField) Flow(s *connect.Shape) error {
	w, err := f.rewriter()
	if err != nil {
		return err
	}
	return pastNulls(formOf(f.On, s), w.becomes)
}

func (f ReplaceField) rewriter() (*rewriter, error) {
	root, err := f.tree()
	if err != nil {
		return nil, err
	}
	return (&rewriter{root: root, replaceNull: f.ReplaceNullWithDefault, textKeys: true}).open(), nil
}

// tree is what to do with which field.
func (f ReplaceField) tree() (*branch, error) {
	root := &branch{}
	include, err := parseFieldPaths(f.Include, f.FieldSyntaxVersion)
	if err != nil {
		return nil, fmt.Errorf("include: %w", err)
	}
	for _, path := range include {
		root.include(path)
	}
	for _, old := range sortedKeys(f.Renames) {
		path, err := parseFieldPath(old, f.FieldSyntaxVersion)
		if err != nil {
			return nil, fmt.Errorf("renames: %w", err)
		}
		if f.Renames[old] == "" {
			return nil, fmt.Errorf("renames: %q gets no name", old)
		}
		root.renameAt(path, f.Renames[old])
	}
	exclude, err := parseFieldPaths(f.Exclude, f.FieldSyntaxVersion)
	if err != nil {
		return nil, fmt.Errorf("exclude: %w", err)
	}
	for _, path := range exclude {
		root.at(path).drop = true
	}
	return root, nil
}
