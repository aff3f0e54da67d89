package main

import (
	"fmt"
	"io"
	"maps"
	"strings"

	"kcgen.dev/compiler/plan"
	"kcgen.dev/runtime/chain"
	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/convert"
	"kcgen.dev/runtime/transform"
)

// telling are the components that say what they do together, or read.
var telling = func() components {
	m := componentsOf(
		transform.DropHeaders{}, transform.ExtractField{}, transform.ExtractTopic{}, transform.Filter{}, transform.HeaderFrom{},
		transform.InsertHeader{}, transform.MessageTimestampRouter{}, transform.SetSchemaMetadata{}, transform.TimestampRouter{},
		transform.TombstoneHandler{}, transform.ValueToKey{},
	)
	maps.Copy(m, fusable)
	return m
}()

// sparing are the types of the converters that need not make what nobody reads
// and that are no part of kcgen.
var sparing = map[plan.Type]bool{
	{Path: "kcgen.dev/runtime/convert/avro", Pkg: "avro", Name: "Converter"}: true,
}

// standIn stands for one of them.
type standIn struct{ foreignConverter }

var _ connect.Projects = standIn{}

func (c standIn) Open(connect.Role) (connect.Codec, error) { return c, nil }
func (standIn) Project(connect.Reading)                    {}

// printSavings says what of a chain that is no function is done at once, or not
// at all.
func printSavings(w io.Writer, s *plan.Struct, sink bool) {
	c := opened(s)
	if c == nil {
		return
	}
	for _, run := range c.Together() {
		fmt.Fprintf(w, "  %s are done together\n", strings.Join(run, ", "))
	}
	for _, role := range []connect.Role{connect.RoleKey, connect.RoleValue} {
		if _, r, ok := c.Projection(role); ok && sink {
			fmt.Fprintf(w, "  %-15s reads %s\n", role.String()+"Converter", read(r))
		}
	}
}

// read says which fields are read.
func read(r connect.Reading) string {
	of, fields := "only", r.Only
	switch {
	case fields == nil:
		of, fields = "all but", r.Except
	case len(fields) == 0:
		return "nothing"
	}
	for _, f := range fields {
		of += " " + printable(f)
	}
	return of
}

// opened is a connector's chain as a task has it; nil where it does not open.
func opened(s *plan.Struct) *chain.Chain {
	ch := telling.chain(s)
	cfg := chain.Config{Key: spares(ch.Key, s.Struct("keyConverter")), Value: spares(ch.Value, s.Struct("valueConverter")), Header: foreignConverter{}}
	for _, step := range ch.Steps {
		cfg.Steps = append(cfg.Steps, chain.Step{Do: step.Do, When: step.When, Unless: step.Unless})
	}
	c, err := chain.Open(cfg)
	if err != nil {
		return nil
	}
	return c
}

// spares is a converter that says of itself whether it can do with less; s is
// what the plan says of it.
func spares(c connect.Converter, s *plan.Struct) connect.Converter {
	if j, ok := c.(convert.JSON); ok && j.Strict {
		return foreignConverter{} // it makes all
	}
	if s != nil && sparing[s.Type] {
		return standIn{}
	}
	return c
}
