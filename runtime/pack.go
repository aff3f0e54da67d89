package runtime

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// MainOf runs one of several pipelines as a program, or some in one process,
// and does not return: it is all that the main of a pack calls. The command line
// is
//
//	NAME PIPELINE [run] [flags]      as Main has it, and all its other verbs
//	NAME PIPELINE,PIPELINE… [flags]  run these in one process
//	NAME all [flags]                 run all of them in one process
//	NAME list                        the names of the pipelines
//	NAME version                     what this program is
//	NAME help
//
// A program that is called by the name of a pipeline, as through a link, is
// that pipeline. Of several in one process one that ends, or fails, leaves the
// others running; the exit code is then that of the worst. Nothing runs by
// itself: without a pipeline's name it is wrong usage.
func MainOf(ps ...Pipeline) {
	os.Exit(packCommand(ps, os.Args, os.Stdout, os.Stderr))
}

func packCommand(ps []Pipeline, args []string, stdout, stderr *os.File) int {
	called := strings.TrimSuffix(filepath.Base(args[0]), ".exe")
	args = args[1:]
	if p := named(ps, called); p != nil {
		return command(*p, nil, args, stdout, stderr)
	}
	if len(args) == 0 {
		packUsage(stderr, called, ps)
		return 2
	}
	switch args[0] {
	case "list":
		for _, p := range ps {
			fmt.Fprintln(stdout, p.Name)
		}
		return 0
	case "version":
		fmt.Fprintf(stdout, "%s, %d pipelines, built by kcgen %s with %s for %s/%s\n", called, len(ps), builtBy, runtime.Version(), runtime.GOOS, runtime.GOARCH)
		return 0
	case "help", "-h", "-help", "--help":
		packUsage(stdout, called, ps)
		return 0
	case "all":
		return severalCommand(called, ps, args[1:], stderr)
	}
	chosen, err := choose(ps, args[0])
	if err != nil {
		fmt.Fprintf(stderr, "%s: %v\n", called, err)
		return 2
	}
	if len(chosen) == 1 {
		return command(chosen[0], nil, args[1:], stdout, stderr)
	}
	return severalCommand(called, chosen, args[1:], stderr)
}

func named(ps []Pipeline, name string) *Pipeline {
	if i := slices.IndexFunc(ps, func(p Pipeline) bool { return p.Name == name }); i >= 0 {
		return &ps[i]
	}
	return nil
}

// choose finds the pipelines of a list of names.
func choose(ps []Pipeline, list string) ([]Pipeline, error) {
	var out []Pipeline
	for name := range strings.SplitSeq(list, ",") {
		p := named(ps, name)
		if p == nil {
			return nil, fmt.Errorf("there is no pipeline %q; there are %s", name, strings.Join(namesOf(ps), ", "))
		}
		if named(out, name) != nil {
			return nil, fmt.Errorf("the pipeline %s is named twice", name)
		}
		out = append(out, *p)
	}
	return out, nil
}

func namesOf(ps []Pipeline) []string {
	var out []string
	for _, p := range ps {
		out = append(out, p.Name)
	}
	return out
}

// severalCommand runs pipelines in one process. The verbs but run are of one.
func severalCommand(program string, ps []Pipeline, args []string, stderr *os.File) int {
	if len(args) > 0 && args[0] == "run" {
		args = args[1:]
	}
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		fmt.Fprintf(stderr, "%s: several pipelines can only be run together; name one for %s\n", program, args[0])
		return 2
	}
	f := parse(Pipeline{Name: program}, args, stderr)
	if f == nil {
		return 2
	}
	if f.set == nil {
		return 0 // -h
	}
	return run(ps, nil, f, stderr)
}

func packUsage(w io.Writer, program string, ps []Pipeline) {
	fmt.Fprintf(w, `Usage:
  %[1]s PIPELINE [run] [flags]      run a pipeline
  %[1]s PIPELINE VERB [flags]       its other verbs: %[1]s PIPELINE help
  %[1]s PIPELINE,PIPELINE… [flags]  run these in one process
  %[1]s all [flags]                 run all in one process
  %[1]s list | version | help

A link to this program that is called like a pipeline is that pipeline.

Pipelines:
`, program)
	for _, name := range namesOf(ps) {
		fmt.Fprintf(w, "  %s\n", name)
	}
}
