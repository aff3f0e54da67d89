package vuln

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"kcgen.dev/compiler/emit/safe"
)

// most is how many functions of a vulnerability are named.
const most = 5

// Text writes the report for a terminal.
func (r *Report) Text(w io.Writer) {
	var linked, aside []Finding
	for _, f := range r.Findings {
		if f.Linked() {
			linked = append(linked, f)
		} else {
			aside = append(aside, f)
		}
	}
	fmt.Fprintf(w, "%s: %s\n", r.Binary, count(len(linked), r.Precise))
	for _, f := range linked {
		f.text(w, r.Precise)
	}
	if len(aside) > 0 {
		var ids []string
		for _, f := range aside {
			ids = append(ids, f.ID+" ("+f.Module+" "+f.Version+")")
		}
		fmt.Fprintf(w, "  of modules of which other parts are linked: %s\n", safe.Text(strings.Join(ids, ", ")))
	}
}

func count(n int, precise bool) string {
	where := "in what is linked"
	if !precise {
		where = "in the modules of which something is linked; name the spec to know which functions are"
	}
	switch n {
	case 0:
		return "no known vulnerability " + where
	case 1:
		return "1 known vulnerability " + where
	}
	return fmt.Sprintf("%d known vulnerabilities %s", n, where)
}

func (f Finding) text(w io.Writer, precise bool) {
	accepted := ""
	if f.Accepted {
		accepted = "  (accepted)"
	}
	fmt.Fprintf(w, "  %s  %s%s\n", safe.Text(strings.Join(append([]string{f.ID}, f.Aliases...), " ")), safe.Text(f.Summary), accepted)
	fmt.Fprintf(w, "    %s %s, fixed in %s\n", safe.Text(f.Module), safe.Text(f.Version), safe.Text(cmp.Or(f.Fixed, "no version yet")))
	if precise {
		names, more := f.Symbols, ""
		if len(names) > most {
			names, more = names[:most], fmt.Sprintf(" and %d more", len(names)-most)
		}
		fmt.Fprintf(w, "    %s%s\n", safe.Text(strings.Join(names, ", ")), more)
	}
}
