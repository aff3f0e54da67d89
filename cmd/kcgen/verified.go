package main

import (
	"fmt"
	"io"
	"strings"

	"kcgen.dev/compiler"
	"kcgen.dev/compiler/plan"
	"kcgen.dev/compiler/review"
	"kcgen.dev/runtime/about"
)

// verified is what kcgen verify says.
type verified struct {
	Binary  string             `json:"binary"`
	Specs   []string           `json:"specs"`
	Verdict verdict            `json:"verdict"`
	Rebuilt bool               `json:"rebuilt"` // the bytes were compared
	Built   origin             `json:"built"`
	Reasons []string           `json:"reasons"`           // why it is no other verdict
	Changes []*review.Pipeline `json:"changes,omitempty"` // what was changed since it was built
}

// origin is how a binary was built, as its record says.
type origin struct {
	Kcgen  string   `json:"kcgen"`
	Go     string   `json:"go"`
	Target string   `json:"target"`
	Tags   []string `json:"tags,omitempty"`
}

// verdict says whether a binary is a spec.
type verdict string

const (
	same   verdict = "same"
	other  verdict = "other"
	unsure verdict = "unsure" // it cannot be told here
)

// code is what kcgen ends with.
func (v verdict) code() int {
	switch v {
	case same:
		return exitGood
	case other:
		return exitFaults
	}
	return exitFailed
}

func verifiedAs(file string, specs []string, v *compiler.Verification, fast bool) *verified {
	d := &verified{Binary: file, Specs: specs, Verdict: same, Built: builtAs(v.Record), Reasons: append([]string{}, v.Others...)}
	if len(v.Changed) > 0 || len(v.Unsure) > 0 {
		d.Verdict = unsure
	}
	for _, c := range v.Changed {
		d.changed(c)
	}
	if len(v.Others) > 0 {
		d.Verdict = other
	}
	d.Reasons = append(d.Reasons, v.Unsure...)
	d.Rebuilt = d.Verdict == same && !fast
	for _, name := range v.Retold {
		d.Reasons = append(d.Reasons, fmt.Sprintf("the text of %s was changed since, in nothing that runs", name))
	}
	return d
}

// changed takes a spec that is another. Where it means the same, only the compiler
// is another, and that is no proof.
func (d *verified) changed(c compiler.Changed) {
	if c.Old == nil {
		d.Verdict = other
		d.Reasons = append(d.Reasons, fmt.Sprintf("the spec of %s was changed; what it was needs packages that the binary does not hold: compare what %s spec prints", c.New.Name, d.Binary))
		return
	}
	r := review.Compare(review.Side{Prefix: d.Binary + ":", Plans: []*plan.Pipeline{c.Old}}, review.Side{Plans: []*plan.Pipeline{c.New}})
	if len(r.Pipelines[0].Changes) == 0 {
		d.Reasons = append(d.Reasons, fmt.Sprintf("the spec of %s means what it meant, but this version of kcgen makes another program of it: verify it with the version that built it", c.New.Name))
		return
	}
	d.Verdict = other
	d.Changes = append(d.Changes, r.Pipelines...)
}

func builtAs(r *about.Record) origin { return origin{r.Kcgen, r.Go, r.Target, r.Tags} }

func (b origin) String() string {
	text := fmt.Sprintf("built by kcgen %s with %s for %s", b.Kcgen, b.Go, b.Target)
	if len(b.Tags) > 0 {
		text += ", -t " + strings.Join(b.Tags, " -t ")
	}
	return text
}

// text writes it for a terminal.
func (d *verified) text(w io.Writer) {
	specs := strings.Join(d.Specs, ", ")
	switch {
	case d.Verdict == other:
		fmt.Fprintf(w, "%s is not %s\n", d.Binary, specs)
	case d.Verdict == unsure:
		fmt.Fprintf(w, "%s says that it is %s, which cannot be proven here\n", d.Binary, specs)
	case d.Rebuilt:
		fmt.Fprintf(w, "%s is %s: rebuilt, it is the same byte for byte\n", d.Binary, specs)
	default:
		fmt.Fprintf(w, "%s is %s: so its record says; it was not rebuilt\n", d.Binary, specs)
	}
	for _, line := range append([]string{d.Built.String()}, d.Reasons...) {
		fmt.Fprintf(w, "  %s\n", printable(line))
	}
	(&review.Report{Pipelines: d.Changes}).Text(w)
}
