package graph

import (
	"fmt"
	"strings"

	"kcgen.dev/runtime/dryrun/wire"
)

// flow is what a dry run knows of a connector's records.
type flow wire.Flow

// flowOf is what is known of a connector, of one topic where that is named.
func flowOf(flows []wire.Flow, connector, topic string) *flow {
	for i, f := range flows {
		if f.Connector == connector && (topic == "" || strings.HasPrefix(f.Text, "topic "+topic+"\n")) {
			return (*flow)(&flows[i])
		}
	}
	return nil
}

// behind is what is known behind a step, as kcgen explain -flow prints it.
func (f *flow) behind(step int) string {
	if f == nil {
		return ""
	}
	name := fmt.Sprintf("transforms[%d]\n", step)
	for _, block := range strings.Split(f.Text, "\n\n") {
		if _, known, ok := strings.Cut("\n"+block, "\n"+name); ok {
			return strings.TrimRight(known, "\n")
		}
	}
	return ""
}

// The most fields of a schema that a box names.
const shapeFields = 6

// describeShape says in a box what is known of records: the fields of key and
// value, a few by name and the others by number; all of them in the tip.
func describeShape(n *Node, fields []wire.Field) {
	n.Tip = shapeTip(fields)
	for _, part := range []string{"key", "value"} {
		if rows := shapeRows(part, fields); len(rows) > 0 {
			n.Parts = append(n.Parts, rows)
		}
	}
}

// shapeTip is all that is known, a line a field.
func shapeTip(fields []wire.Field) string {
	var tip []string
	for _, f := range fields {
		tip = append(tip, f.Path+" "+typeOf(f))
	}
	return strings.Join(tip, "\n")
}

// shapeRows are the rows of key or value: the whole, and its fields.
func shapeRows(part string, fields []wire.Field) (rows []Row) {
	more := 0
	for _, f := range fields {
		name, below := strings.CutPrefix(f.Path, part+".")
		switch {
		case f.Path == part:
			rows = append(rows, Row{Text: part + " " + typeOf(f)})
		case !below || strings.ContainsAny(name, ".["):
		case len(rows) > shapeFields:
			more++
		default:
			rows = append(rows, Row{Text: "    " + name + " " + typeOf(f), Faint: true})
		}
	}
	if more > 0 {
		rows = append(rows, Row{Text: fmt.Sprintf("    and %d more", more), Faint: true})
	}
	return rows
}

func typeOf(f wire.Field) string {
	if f.Optional {
		return f.Type + "?"
	}
	return f.Type
}
