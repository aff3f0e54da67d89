package check

import (
	"kcgen.dev/compiler/plan"
	"kcgen.dev/compiler/wiring"
)

// idle: a transform that is told nothing to do, and a converter where it
// cannot be, would be found out when the program starts.
func idle(c *checker) {
	for _, s := range c.connectors() {
		s.Steps(func(path string, step *plan.Struct) {
			do := step.Struct("do")
			if do == nil {
				return
			}
			switch do.Type.Path + "." + do.Type.Name {
			case "kcgen.dev/runtime/transform.SetSchemaMetadata":
				if do.Get("schemaName") == nil && !do.On("removeName") && version(do) == -1 {
					c.say(path+".do", "changes nothing: give schemaName, removeName or schemaVersion", do.Pos, step.Pos, s.Pos)
				}
			case "kcgen.dev/runtime/transform.InsertField":
				if !anyOf(do, "topicField", "partitionField", "offsetField", "timestampField", "staticField") {
					c.say(path+".do", "inserts nothing: give topicField, partitionField, offsetField, timestampField or staticField", do.Pos, step.Pos, s.Pos)
				}
			}
		})
		for _, name := range []string{"keyConverter", "valueConverter"} {
			f := s.Get(name)
			if conv := s.Struct.Struct(name); wiring.Is(conv, "kcgen.dev/runtime/convert.SimpleHeader") {
				c.say(s.Path+"."+name, "#SimpleHeader is for headers alone", f.Pos, conv.Pos, s.Pos)
			}
		}
	}
}

// version is the schemaVersion; -1 for none.
func version(s *plan.Struct) int64 {
	if l := s.Lit("schemaVersion"); l != nil {
		return l.Int
	}
	return -1
}

// anyOf reports whether one of the fields is there.
func anyOf(s *plan.Struct, names ...string) bool {
	for _, name := range names {
		if s.Get(name) != nil {
			return true
		}
	}
	return false
}
