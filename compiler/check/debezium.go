package check

import (
	"strings"

	"kcgen.dev/compiler/plan"
)

// changeEvents: Debezium's transforms know a change event by the name of its
// schema. Behind a converter that reads none they would pass every record by,
// without a word.
func changeEvents(c *checker) {
	for _, s := range c.connectors() {
		conv := s.Struct.Struct("valueConverter")
		if !s.Sink || conv == nil || !readsNoStruct(conv) {
			continue
		}
		own := true // up to a step of another's, which may make change events
		s.Steps(func(path string, step *plan.Struct) {
			do := step.Struct("do")
			own = own && do != nil && strings.HasPrefix(do.Type.Path, "kcgen.dev/runtime/transform")
			if !own || do.Type.Path != "kcgen.dev/runtime/transform/debezium" || do.Type.Name == "ByLogicalTableRouter" {
				return
			}
			c.say(path+".do", "never sees a change event: it knows one by the name of its schema, and valueConverter reads data without one; "+
				"take convert.#JSON with schemasEnable, or a converter with a Schema Registry, on both sides of the topic", do.Pos, step.Pos, s.Pos)
		})
	}
}

// readsNoStruct is whether a converter is one of kcgen's own that read no
// schemas of structs.
func readsNoStruct(conv *plan.Struct) bool {
	if conv.Type.Path != "kcgen.dev/runtime/convert" {
		return false
	}
	schemas := conv.Lit("schemasEnable")
	return conv.Type.Name != "JSON" || schemas != nil && !schemas.Bool && conv.Get("schemaContent") == nil
}
