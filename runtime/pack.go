package runtime

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"kcgen.dev/runtime/fuse"
)

// Member is a pipeline of a program, with those of its chains that kcgen made
// functions of.
type Member struct {
	Pipeline
	Fused fuse.Functions
}

// MainOf runs one of several pipelines as a program, or some in one process,
// and does not return: it is all that the main of a pack calls. The command line
// is
//
//	NAME PIPELINE [run] [flags]      as Main has it, and all its other verbs
//	NAME PIPELINE,PIPELINE… [flags]  run these in one process
//	NAME all [flags]                 run all of them in one process
//	NAME list                        the names of the pipelines
//	NAME sbom                        what is linked in it, as CycloneDX
//	NAME version [-json]             what this program is
//	NAME help
//
// A program that is called by the name of a pipeline, as through a link, is
// that pipeline. Of several in one process one that ends, or fails, leaves the
// others running; the exit code is then that of the worst. Nothing runs by
// itself: without a pipeline's name it is wrong usage.
func MainOf(ms ...Member) {
	os.Exit(packCommand(ms, os.Args, os.Stdout, os.Stderr))
}

func packCommand(ms []Member, args []string, stdout, stderr *os.File) int {
	called := strings.TrimSuffix(filepath.Base(args[0]), ".exe")
	args = args[1:]
	if p := named(ms, called); p != nil {
		return command(*p, args, stdout, stderr)
	}
	if len(args) == 0 {
		packUsage(stderr, called, ms)
		return 2
	}
	switch args[0] {
	case "list":
		for _, m := range ms {
			fmt.Fprintln(stdout, m.Name)
		}
		return 0
	case "version":
		return versionCommand(fmt.Sprintf("%s, %d pipelines", called, len(ms)), ms, args[1:], stdout, stderr)
	case "sbom":
		return sbomCommand(called, args[1:], stdout, stderr)
	case "help", "-h", "-help", "--help":
		packUsage(stdout, called, ms)
		return 0
	case "all":
		return severalCommand(called, ms, args[1:], stderr)
	}
	chosen, err := choose(ms, args[0])
	if err != nil {
		fmt.Fprintf(stderr, "%s: %v\n", called, err)
		return 2
	}
	if len(chosen) == 1 {
		return command(chosen[0], args[1:], stdout, stderr)
	}
	return severalCommand(called, chosen, args[1:], stderr)
}

func named(ms []Member, name string) *Member {
	if i := slices.IndexFunc(ms, func(m Member) bool { return m.Name == name }); i >= 0 {
		return &ms[i]
	}
	return nil
}

// choose finds the pipelines of a list of names.
func choose(ms []Member, list string) ([]Member, error) {
	var out []Member
	for name := range strings.SplitSeq(list, ",") {
		m := named(ms, name)
		if m == nil {
			return nil, fmt.Errorf("there is no pipeline %q; there are %s", name, strings.Join(namesOf(ms), ", "))
		}
		if named(out, name) != nil {
			return nil, fmt.Errorf("the pipeline %s is named twice", name)
		}
		out = append(out, *m)
	}
	return out, nil
}

func namesOf(ms []Member) []string {
	var out []string
	for _, m := range ms {
		out = append(out, m.Name)
	}
	return out
}

// severalCommand runs pipelines in one process. The verbs but run are of one.
func severalCommand(program string, ms []Member, args []string, stderr *os.File) int {
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
	return run(ms, f, stderr)
}

func packUsage(w io.Writer, program string, ms []Member) {
	fmt.Fprintf(w, `Usage:
  %[1]s PIPELINE [run] [flags]      run a pipeline
  %[1]s PIPELINE VERB [flags]       its other verbs: %[1]s PIPELINE help
  %[1]s PIPELINE,PIPELINE… [flags]  run these in one process
  %[1]s all [flags]                 run all in one process
  %[1]s list | sbom | version [-json] | help

A link to this program that is called like a pipeline is that pipeline.

Pipelines:
`, program)
	for _, name := range namesOf(ms) {
		fmt.Fprintf(w, "  %s\n", name)
	}
}
