// Command vectors runs recorded cases of Kafka Connect's transforms, predicates
// and converters:
//
//	vectors [-v] DIR|FILE…
//
// For each file (*.jsonl of a folder) it prints how many cases matched, and the
// ids of those that did not, with -v and why. The last line is the total. It
// exits with 1 if any case differs, and with 2 if nothing could be run. A class
// that does not exist counts as differing, and is named.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"kcgen.dev/runtime/connect/vectortest"
	"kcgen.dev/runtime/javatest"
)

func main() {
	verbose := flag.Bool("v", false, "say how each case differs")
	flag.Parse()
	total, err := run(os.Stdout, &javatest.Table, flag.Args(), *verbose)
	switch {
	case err != nil:
		fmt.Fprintln(os.Stderr, "vectors:", err)
		os.Exit(2)
	case total.matched < total.cases:
		os.Exit(1)
	}
}

type tally struct{ matched, cases int }

func (t tally) String() string { return fmt.Sprintf("%d of %d matched", t.matched, t.cases) }

// run runs all files. Those that cannot be read are the error, and do not keep
// the others from being run.
func run(w io.Writer, table *vectortest.Table, paths []string, verbose bool) (total tally, err error) {
	files, err := expand(paths)
	if err != nil {
		return total, err
	}
	var unread []error
	for _, file := range files {
		cases, err := vectortest.Read(file)
		if err != nil {
			unread = append(unread, err)
			continue
		}
		t := runFile(w, table, filepath.Base(file), cases, verbose)
		total.matched += t.matched
		total.cases += t.cases
	}
	fmt.Fprintf(w, "total: %v\n", total)
	return total, errors.Join(unread...)
}

// expand gives the files themselves.
func expand(paths []string) (files []string, err error) {
	for _, p := range paths {
		info, err := os.Stat(p)
		if err != nil {
			return nil, err
		}
		if !info.IsDir() {
			files = append(files, p)
			continue
		}
		in, err := filepath.Glob(filepath.Join(p, "*.jsonl"))
		if err != nil {
			return nil, err
		}
		files = append(files, in...)
	}
	if len(files) == 0 {
		return nil, errors.New("no *.jsonl files: name a folder of them, or a file")
	}
	return files, nil
}

func runFile(w io.Writer, table *vectortest.Table, name string, cases []vectortest.Case, verbose bool) tally {
	t := tally{cases: len(cases)}
	var differ, why, missing []string
	for i := range cases {
		c := &cases[i]
		err := table.Check(c)
		if err == nil {
			t.matched++
			continue
		}
		differ = append(differ, c.ID)
		if errors.Is(err, vectortest.ErrNoClass) {
			if m := err.Error(); !slices.Contains(missing, m) {
				missing = append(missing, m)
			}
			continue
		}
		why = append(why, fmt.Sprintf("\t%s: %v\n\t\t%v\n", c.ID, c, err))
	}
	fmt.Fprintf(w, "%s: %v", name, t)
	if len(differ) > 0 {
		fmt.Fprintf(w, "; differ: %s", strings.Join(differ, " "))
	}
	fmt.Fprintln(w)
	for _, m := range missing {
		fmt.Fprintf(w, "\t%s\n", m)
	}
	if verbose {
		fmt.Fprint(w, strings.Join(why, ""))
	}
	return t
}
