package review

import (
	"fmt"
	"io"
	"strings"

	"kcgen.dev/compiler/diag"
	"kcgen.dev/compiler/emit/safe"
)

// noChange is said of pipelines whose plans are the same.
const noChange = "no change"

// Text writes the report for a terminal.
func (r *Report) Text(w io.Writer) {
	for i, p := range r.Pipelines {
		if i > 0 {
			fmt.Fprintln(w)
		}
		fmt.Fprintf(w, "%s  %s\n", safe.Text(p.Name), p.about())
		for _, c := range p.Changes {
			fmt.Fprintf(w, "  %-12s  %s%s\n", c.Kind, safe.Text(c.what()), c.at())
			fmt.Fprintf(w, "  %-12s  %s\n", "", safe.Text(c.Text))
		}
	}
}

func (p *Pipeline) about() string {
	if len(p.Changes) == 0 {
		return noChange
	}
	worst := p.Changes[0].Kind // they are sorted
	if n := len(p.Changes); n > 1 {
		return fmt.Sprintf("%d changes, at worst: %s", n, worst)
	}
	return "1 change: " + worst.String()
}

// what is the difference on one line.
func (c Change) what() string {
	switch {
	case c.Old == "" && c.New == "":
		return c.Path
	case c.Old == "":
		return c.Path + ": + " + c.New
	case c.New == "":
		return c.Path + ": - " + c.Old
	}
	return c.Path + ": " + c.Old + " -> " + c.New
}

func (c Change) at() string {
	if c.Line == 0 {
		return ""
	}
	return fmt.Sprintf("  (%s:%d)", safe.Text(c.File), c.Line)
}

// Markdown writes the report as a comment on a pull request.
func (r *Report) Markdown(w io.Writer) {
	fmt.Fprintf(w, "### What this change means: %s\n", mark(r.Worst()))
	for _, p := range r.Pipelines {
		fmt.Fprintf(w, "\n**%s**: %s\n", cell(p.Name), p.about())
		if len(p.Changes) == 0 {
			continue
		}
		fmt.Fprintf(w, "\n| | what | consequence |\n| --- | --- | --- |\n")
		for _, c := range p.Changes {
			fmt.Fprintf(w, "| %s | %s | %s |\n", mark(c.Kind), code(c.what()), cell(c.Text))
		}
	}
}

// mark is a kind that the eye finds.
func mark(k Kind) string {
	switch {
	case k >= Incompatible:
		return "🔴 **" + k.String() + "**"
	case k >= Duplicates:
		return "🟡 " + k.String()
	}
	return "🟢 " + k.String()
}

var markdown = strings.NewReplacer("|", `\|`, "<", "&lt;", ">", "&gt;", "*", `\*`, "_", `\_`, "`", "\\`", "[", `\[`, "@", "@\u200b")

// cell is text in a table, of which nothing is obeyed.
func cell(s string) string { return markdown.Replace(safe.Text(s)) }

// code is text as it stands, in a table.
func code(s string) string {
	s = strings.ReplaceAll(safe.Text(s), "|", `\|`)
	fence := "`"
	for strings.Contains(s, fence) {
		fence += "`"
	}
	if len(fence) > 1 {
		s = " " + s + " "
	}
	return fence + s + fence
}

// JSON writes the report for programs.
func (r *Report) JSON(w io.Writer) error {
	return diag.WriteJSON(w, struct {
		Worst Kind `json:"worst"`
		*Report
	}{r.Worst(), r})
}
