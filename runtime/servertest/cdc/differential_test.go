package cdc_test

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"kcgen.dev/runtime/servertest"
	"kcgen.dev/runtime/servertest/cdc"
)

var (
	onlyCases = flag.String("cases", "", "a regular expression: the cases (DATABASE/NAME) that TestDifferential compares, instead of defaultCases")
	masksOf   = flag.String("masks", "postgres", "the database with which TestMasks checks the masks")
	reports   = flag.String("report", "", "a folder for reports of what differs, diff-DATABASE.md, newest first")
)

// defaultCases are those that most of the others are variants of.
const defaultCases = `^(postgres/(changes|ddl|toast|partitioned|signals)|m(ariadb|ysql)/(types|changes|ddl))$`

func TestMain(m *testing.M) { servertest.Main(m) }

// Debezium and our connectors capture the same database at once, and write the
// same records.
func TestDifferential(t *testing.T) {
	broker := servertest.Kafka(t)
	group := servertest.Unique("debezium")
	worker := servertest.Debezium(t, broker, group, map[string]string{"offset.flush.interval.ms": "50"})
	for _, name := range slices.Sorted(maps.Keys(sources)) {
		t.Run(name, func(t *testing.T) {
			var lab *cdc.Lab
			for _, c := range cases(t, name) {
				if lab == nil { // only now is it known that the server is needed
					server, stop, err := cdc.StartServer(t.Context(), name)
					if err != nil {
						t.Fatal(err)
					}
					defer stop()
					lab = &cdc.Lab{Broker: broker, Server: server}
				}
				t.Run(c.Name, func(t *testing.T) {
					d := &cdc.Debezium{Connect: worker, Broker: broker, Group: group}
					found, err := differences(t, lab, c, d)
					report := &report{database: name}
					report.add(c, found, err)
					if err := report.write(*reports); err != nil {
						t.Error(err)
					}
					switch why := cdc.Fails(c); {
					case why == "" && err != nil:
						t.Error(err)
					case why != "" && err == nil:
						t.Errorf("it was captured to its end, though %s", why)
					}
					for _, f := range found {
						if why := cdc.Deviation(c, f); why != "" {
							t.Logf("%s\nwhich is so because %s", f, why)
						} else {
							t.Error(f)
						}
					}
				})
			}
		})
	}
}

// Two of Debezium's connectors beside each other differ in what is masked alone.
func TestMasks(t *testing.T) {
	broker := servertest.Kafka(t)
	group := servertest.Unique("debezium")
	worker := servertest.Debezium(t, broker, group, nil)
	server, stop, err := cdc.StartServer(t.Context(), *masksOf)
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	lab := &cdc.Lab{Broker: broker, Server: server}
	for _, c := range cases(t, *masksOf) {
		if *onlyCases == "" && c.Name != "changes" {
			continue
		}
		one, two := &cdc.Debezium{Connect: worker, Broker: broker, Group: group}, &cdc.Debezium{Connect: worker, Broker: broker, Group: group}
		got, err := lab.Run(t.Context(), c, strings.ReplaceAll(c.Name, "-", "_"), []string{"first_one", "second_one"}, one, two)
		if err = errors.Join(err, one.Delete(t.Context()), two.Delete(t.Context())); err != nil {
			t.Fatal(err)
		}
		for _, d := range cdc.Compare(got[0], got[1]) {
			t.Errorf("%s: %s", c.Name, d)
		}
	}
}

// cases are those of a database that are to be compared.
func cases(t *testing.T, database string) []cdc.Case {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", database, "*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	if database == "mysql" && *onlyCases == "" && !servertest.WithMySQL() {
		return nil
	}
	only, err := regexp.Compile(cmp.Or(*onlyCases, defaultCases))
	if err != nil {
		t.Fatal(err)
	}
	var out []cdc.Case
	for _, file := range files {
		all, err := cdc.ReadCases(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range all {
			if only.MatchString(database + "/" + c.Name) {
				out = append(out, c)
			}
		}
	}
	return out
}

// differences runs a case with both.
func differences(t *testing.T, lab *cdc.Lab, c cdc.Case, d *cdc.Debezium) ([]cdc.Difference, error) {
	db := strings.ReplaceAll(c.Name, "-", "_")
	name := strings.ReplaceAll(servertest.Unique("x"), "-", "")
	p := &cdc.Pipeline{Broker: lab.Broker, Make: sources[c.Database]}
	got, err := lab.Run(t.Context(), c, db, []string{"dbz" + name, "kcg" + name}, d, p)
	err = errors.Join(err, d.Delete(t.Context()))
	if err != nil {
		return nil, fmt.Errorf("%w\n%s", err, p.Log())
	}
	return cdc.Compare(got[0], got[1]), nil
}

// report collects what differs in a database's cases.
type report struct {
	database    string
	same        []string
	text        strings.Builder
	differences int
}

func (r *report) add(c cdc.Case, found []cdc.Difference, err error) {
	if err == nil && len(found) == 0 {
		r.same = append(r.same, c.Name)
		return
	}
	r.differences += len(found)
	fmt.Fprintf(&r.text, "### %s: %d differences\n", c.Name, len(found))
	if err != nil {
		fmt.Fprintf(&r.text, "FAILED: %v\n", err)
	}
	for _, f := range found {
		fmt.Fprintf(&r.text, "- %s\n", f)
		if why := cdc.Deviation(c, f); why != "" {
			fmt.Fprintf(&r.text, "\tknown: %s\n", why)
		}
	}
	r.text.WriteString("\n")
}

// write puts the report in front of those that are there.
func (r *report) write(dir string) error {
	if dir == "" || len(r.same) == 0 && r.text.Len() == 0 {
		return nil
	}
	file := filepath.Join(dir, "diff-"+r.database+".md")
	before, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	head := fmt.Sprintf("# %s: %d differences; the same: %s\n\n", time.Now().UTC().Format("15:04:05"), r.differences, strings.Join(r.same, ", "))
	return os.WriteFile(file, append([]byte(head+r.text.String()), before...), 0o644)
}
