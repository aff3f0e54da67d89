package templates_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kcgen.dev/runtime/servertest"
)

// board is what is looked at of a dashboard.
type board struct {
	Title      string
	Templating struct{ List []struct{ Name string } }
	Panels     []panel
}

type panel struct {
	ID         int
	Type       string
	Title      string
	GridPos    struct{ X, Y, W, H int }
	Datasource struct{ UID string }
	Targets    []struct{ RefID, Expr string }
}

func boards(t *testing.T) map[string]board {
	t.Helper()
	files, err := filepath.Glob("testdata/*/want/grafana/*.json")
	if err != nil || len(files) != len(specs) {
		t.Fatalf("%d dashboards, %v", len(files), err)
	}
	all := map[string]board{}
	for _, file := range files {
		var b board
		if err := json.Unmarshal([]byte(read(t, file)), &b); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		all[file] = b
	}
	return all
}

// TestDashboard: panels have numbers of their own, lie beside each other, and
// ask something.
func TestDashboard(t *testing.T) {
	for file, b := range boards(t) {
		if b.Title == "" || len(b.Panels) < 10 || len(b.Templating.List) != 2 {
			t.Errorf("%s: title %q, %d panels, %d variables", file, b.Title, len(b.Panels), len(b.Templating.List))
		}
		ids, taken := map[int]bool{}, map[[2]int]string{}
		for _, p := range b.Panels {
			if ids[p.ID] || p.ID == 0 {
				t.Errorf("%s: %s: the number %d is taken", file, p.Title, p.ID)
			}
			ids[p.ID] = true
			overlaps(t, taken, p)
			if p.Type == "row" {
				continue
			}
			if p.Datasource.UID != "${datasource}" || len(p.Targets) == 0 {
				t.Errorf("%s: %s asks %d questions of %q", file, p.Title, len(p.Targets), p.Datasource.UID)
			}
			refs := map[string]bool{}
			for _, q := range p.Targets {
				if q.Expr == "" || refs[q.RefID] || q.RefID == "" {
					t.Errorf("%s: %s: query %q is %q", file, p.Title, q.RefID, q.Expr)
				}
				refs[q.RefID] = true
			}
		}
	}
}

func overlaps(t *testing.T, taken map[[2]int]string, p panel) {
	t.Helper()
	g := p.GridPos
	if g.W < 1 || g.H < 1 || g.X < 0 || g.X+g.W > 24 {
		t.Errorf("%s is at %+v", p.Title, g)
	}
	for x := g.X; x < g.X+g.W; x++ {
		for y := g.Y; y < g.Y+g.H; y++ {
			if other := taken[[2]int{x, y}]; other != "" {
				t.Fatalf("%s lies over %s", p.Title, other)
			}
			taken[[2]int{x, y}] = p.Title
		}
	}
}

// asked puts values into Grafana's own variables, so that PromQL is left.
var asked = strings.NewReplacer("$__rate_interval", "5m", "$job", ".*")

// TestDashboardQueries: promtool reads every query.
func TestDashboardQueries(t *testing.T) {
	for file, b := range boards(t) {
		var rules strings.Builder
		rules.WriteString("groups:\n- name: dashboard\n  rules:\n")
		n := 0
		for _, p := range b.Panels {
			for _, q := range p.Targets {
				n++
				fmt.Fprintf(&rules, "  - {record: q%d, expr: %q}\n", n, asked.Replace(q.Expr))
			}
		}
		if said, good := promtool(t, rules.String()); !good || !strings.Contains(said, fmt.Sprintf("%d rules found", n)) {
			t.Errorf("%s: %s", file, said)
		}
		if said, good := promtool(t, rules.String()+"  - {record: bad, expr: 'sum by (('}\n"); good {
			t.Errorf("a bad query was taken: %s", said)
		}
	}
}

func promtool(t *testing.T, rules string) (string, bool) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "rules.yml")
	if err := os.WriteFile(file, []byte(rules), 0o644); err != nil {
		t.Fatal(err)
	}
	return servertest.Judge(t, nil, "promtool", "check", "rules", file)
}
