package transform_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connect/vectortest"
	"kcgen.dev/runtime/javatest"
)

// TestSharedKeys: transforms do the same with maps that share their keys, for
// which they plan, as with maps that do not, for which they look at each entry.
func TestSharedKeys(t *testing.T) {
	files, err := filepath.Glob("testdata/*.jsonl")
	if err != nil || len(files) < 15 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	maps := 0
	for _, file := range files {
		cases, err := vectortest.Read(file)
		if err != nil {
			t.Fatal(err)
		}
		for i := range cases {
			c := &cases[i]
			if c.Op != "transform" {
				continue
			}
			plain, plainErr := applied(c, func(v connect.Value) connect.Value { return v })
			s := sharer{sets: map[string]*connect.KeySet{}}
			shared, sharedErr := applied(c, s.value)
			if plain != shared || fmt.Sprint(plainErr) != fmt.Sprint(sharedErr) {
				t.Errorf("%s: with shared keys %s, %v\nwithout %s, %v", c, shared, sharedErr, plain, plainErr)
			}
			maps += len(s.sets)
		}
	}
	if maps < 200 {
		t.Errorf("only %d maps were tried", maps)
	}
}

// applied is what becomes of a case's record, the second time that its
// transforms see it.
func applied(c *vectortest.Case, change func(connect.Value) connect.Value) (out string, err error) {
	steps, err := javatest.Table.Steps(c)
	if err != nil {
		return "", nil // a configuration that is refused
	}
	var applies []connect.Apply
	for _, s := range steps {
		apply, err := s.Do.Open()
		if err != nil {
			return "", nil
		}
		applies = append(applies, apply)
	}
	for range 2 {
		r, err := c.In()
		if err != nil {
			return "", nil
		}
		r.Key.Value, r.Value.Value = change(r.Key.Value), change(r.Value.Value)
		for _, apply := range applies {
			keep, err := apply(r)
			if err != nil || !keep {
				return fmt.Sprint(keep), err
			}
		}
		out = fmt.Sprint(r.Topic, r.Key.Schema, r.Key.Value, r.Value.Schema, r.Value.Value, r.Headers)
	}
	return out, nil
}

// sharer gives maps with the same keys one set of keys.
type sharer struct{ sets map[string]*connect.KeySet }

func (s sharer) value(v connect.Value) connect.Value {
	switch v.Kind() {
	case connect.KindArray:
		out := &connect.Array{}
		for _, e := range v.Array().Elems {
			out.Elems = append(out.Elems, s.value(e))
		}
		return out.Value()
	case connect.KindMap:
		m := v.Map()
		name := fmt.Sprint(m.Keys)
		set := s.sets[name]
		if set == nil {
			set = connect.NewKeySet(m.Keys)
			s.sets[name] = set
		}
		out := &connect.Map{Keys: set.Keys(), Shared: set}
		for _, e := range m.Vals {
			out.Vals = append(out.Vals, s.value(e))
		}
		return out.Value()
	}
	return v
}
