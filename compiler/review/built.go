package review

import (
	"fmt"
	"slices"
	"strings"

	"kcgen.dev/compiler/plan"
	"kcgen.dev/runtime/dryrun/wire"
)

// Built is what a program says of itself.
type Built struct {
	Flows []wire.Flow
	Size  int64 // in bytes
	Grants
}

// Grants is what a program says with "grants -json".
type Grants struct {
	ACLs []struct {
		ResourceType, ResourceName, PatternType, Operation string
	}
	Statements []struct {
		Connector  string
		Statements []string
	}
}

// Both gives the two plans of a pipeline that was neither added nor removed.
func (p *Pipeline) Both() (before, after *plan.Pipeline, ok bool) {
	return p.plans[0], p.plans[1], p.plans[0] != nil && p.plans[1] != nil
}

// Built adds what differs between the two programs.
func (p *Pipeline) Built(before, after *Built) {
	p.Flows(before.Flows, after.Flows)
	p.rights("acls", before.acls(), after.acls())
	p.rights("statements", before.statements(), after.statements())
	if before.Size != after.Size {
		p.add(1, Change{Kind: Size, Path: "binary", Old: mebibytes(before.Size), New: mebibytes(after.Size),
			Text: fmt.Sprintf("the binary has %+.1f %% of bytes", 100*float64(after.Size-before.Size)/float64(max(before.Size, 1)))}, plan.Pos{})
	}
	p.sort()
}

func mebibytes(n int64) string { return fmt.Sprintf("%.1fMiB", float64(n)/(1<<20)) }

// rights compares rights, a line each.
func (p *Pipeline) rights(path string, before, after []string) {
	for _, r := range before {
		if !slices.Contains(after, r) {
			p.add(0, Change{Kind: Rights, Path: path, Old: r, Text: "is needed no more: take it away once the old one has stopped"}, plan.Pos{})
		}
	}
	for _, r := range after {
		if !slices.Contains(before, r) {
			p.add(1, Change{Kind: Rights, Path: path, New: r, Text: "is needed: give it before the new one starts"}, plan.Pos{})
		}
	}
}

func (b *Built) acls() (out []string) {
	for _, a := range b.ACLs {
		out = append(out, fmt.Sprintf("%s %s %s %q", a.Operation, strings.ToLower(a.PatternType), a.ResourceType, a.ResourceName))
	}
	return out
}

// statements are those that give rights: comments between them do not.
func (b *Built) statements() (out []string) {
	for _, c := range b.Statements {
		for _, s := range c.Statements {
			if !strings.HasPrefix(s, "--") {
				out = append(out, c.Connector+": "+s)
			}
		}
	}
	return out
}

// Flows compares what is known of the records that sources write. Readers have
// the old schema; what they cannot read is incompatible.
func (p *Pipeline) Flows(before, after []wire.Flow) {
	for _, g := range after {
		i := slices.IndexFunc(before, func(f wire.Flow) bool { return f.Connector == g.Connector })
		if i < 0 || !strings.HasPrefix(g.Connector, "sources.") {
			continue
		}
		for _, part := range []string{"key", "value"} {
			p.fields(g.Connector, part, partOf(before[i].End, part), partOf(g.End, part))
		}
	}
}

// partOf are the fields of the key or of the value.
func partOf(all []wire.Field, part string) (out []wire.Field) {
	for _, f := range all {
		if f.Path == part || strings.HasPrefix(f.Path, part+".") || strings.HasPrefix(f.Path, part+"[") {
			out = append(out, f)
		}
	}
	return out
}

// fields compares the parts of keys or values; of what is unknown on one side
// nothing is said.
func (p *Pipeline) fields(connector, part string, before, after []wire.Field) {
	if len(before) == 0 || len(after) == 0 {
		return
	}
	if f, g := before[0], after[0]; f.Type != g.Type {
		p.schema(Incompatible, connector+" "+part, f.Type, g.Type, "a reader of the old schema cannot read it")
		return
	}
	for _, f := range before {
		switch g := find(after, f.Path); {
		case g == nil && f.Optional:
			p.schema(Output, connector+" "+f.Path, typed(f), "", "readers of the old schema do without it")
		case g == nil:
			p.schema(Incompatible, connector+" "+f.Path, typed(f), "", "a reader of the old schema cannot do without it")
		case f.Type != g.Type:
			p.schema(Incompatible, connector+" "+f.Path, typed(f), typed(*g), "a reader of the old schema cannot read it")
		case g.Optional && !f.Optional:
			p.schema(Incompatible, connector+" "+f.Path, typed(f), typed(*g), "a reader of the old schema cannot read a null")
		case f.Optional && !g.Optional:
			p.schema(Incompatible, connector+" "+f.Path, typed(f), typed(*g), "a reader of the new schema cannot read the nulls that are there: a registry of compatibility BACKWARD refuses it")
		}
	}
	for _, g := range after {
		switch {
		case find(before, g.Path) != nil:
		case g.Optional:
			p.schema(Output, connector+" "+g.Path, "", typed(g), "readers of the old schema pass it over")
		default:
			p.schema(Incompatible, connector+" "+g.Path, "", typed(g), "a reader of the new schema misses it in the records that are there: a registry of compatibility BACKWARD refuses it")
		}
	}
}

func (p *Pipeline) schema(k Kind, path, before, after, text string) {
	p.add(1, Change{Kind: k, Path: path, Old: before, New: after, Text: text}, plan.Pos{})
}

func find(all []wire.Field, path string) *wire.Field {
	for i := range all {
		if all[i].Path == path {
			return &all[i]
		}
	}
	return nil
}

func typed(f wire.Field) string {
	if f.Optional {
		return f.Type + "?"
	}
	return f.Type
}
