package runtime

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"runtime"
	"strings"

	"kcgen.dev/runtime/about"
)

// specCommand prints the spec that a pipeline was built from: its file as it
// was, or where there are several, each below its name.
func specCommand(p Pipeline, args []string, stdout, stderr io.Writer) int {
	if code := noArgs(p.Name, "spec", args, stderr); code >= 0 {
		return code
	}
	rec, err := about.Find([]byte(about.Sealed))
	if err != nil {
		return noRecord(p.Name, err, stderr)
	}
	for _, q := range rec.Pipelines {
		if q.Name == p.Name {
			printSpec(stdout, q)
			return 0
		}
	}
	return noRecord(p.Name, about.ErrNone, stderr)
}

func printSpec(w io.Writer, p about.Pipeline) {
	for _, f := range p.Files {
		if len(p.Files) > 1 {
			fmt.Fprintf(w, "-- %s --\n", f.Name)
		}
		io.WriteString(w, f.Text)
		if len(p.Files) > 1 && len(f.Text) > 0 && f.Text[len(f.Text)-1] != '\n' {
			fmt.Fprintln(w)
		}
	}
}

// sbomCommand prints the program's bill of materials.
func sbomCommand(name string, args []string, stdout, stderr io.Writer) int {
	if code := noArgs(name, "sbom", args, stderr); code >= 0 {
		return code
	}
	rec, err := about.Find([]byte(about.Sealed))
	if err != nil {
		return noRecord(name, err, stderr)
	}
	var out bytes.Buffer
	if err := json.Indent(&out, rec.SBOM, "", "  "); err != nil {
		return noRecord(name, err, stderr)
	}
	out.WriteByte('\n')
	out.WriteTo(stdout)
	return 0
}

// noArgs parses the command line of a verb that takes nothing; the code is
// negative where it may go on.
func noArgs(name, verb string, args []string, stderr io.Writer) int {
	set := flag.NewFlagSet(name+" "+verb, flag.ContinueOnError)
	set.SetOutput(stderr)
	switch err := set.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	case set.NArg() > 0:
		fmt.Fprintf(stderr, "%s: %s: unexpected argument %q\n", name, verb, set.Arg(0))
		return 2
	}
	return -1
}

func noRecord(name string, err error, stderr io.Writer) int {
	fmt.Fprintf(stderr, "%s: %v\n", name, err)
	return 1
}

// builtBy is the version of kcgen that built the program; kcgen's build sets it.
var builtBy = "(devel)"

// versionCommand says what the program is, by its name and, in a pack, how many
// pipelines it has; as JSON with -json.
func versionCommand(name string, ms []Member, args []string, stdout, stderr io.Writer) int {
	program, _, _ := strings.Cut(name, ",")
	set := flag.NewFlagSet(program+" version", flag.ContinueOnError)
	set.SetOutput(stderr)
	asJSON := set.Bool("json", false, "write it as JSON, with the digests of what it was built from")
	switch err := set.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	case !*asJSON:
		fmt.Fprintf(stdout, "%s, built by kcgen %s with %s for %s/%s\n", name, builtBy, runtime.Version(), runtime.GOOS, runtime.GOARCH)
		return 0
	}
	v := versionOf(ms)
	out, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return noRecord(name, err, stderr)
	}
	fmt.Fprintf(stdout, "%s\n", out)
	return 0
}

// versions is what version -json says.
type versions struct {
	Kcgen     string          `json:"kcgen"`
	Runtime   string          `json:"runtime,omitempty"`
	Go        string          `json:"go"`
	Target    string          `json:"target"`
	Pipelines []versionedSpec `json:"pipelines"`
}

type versionedSpec struct {
	Name    string `json:"name"`
	Program string `json:"program,omitempty"`
}

func versionOf(ms []Member) versions {
	v := versions{Kcgen: builtBy, Go: runtime.Version(), Target: runtime.GOOS + "/" + runtime.GOARCH}
	digests := map[string]string{}
	if rec, err := about.Find([]byte(about.Sealed)); err == nil {
		v.Runtime = rec.Runtime
		for _, p := range rec.Pipelines {
			digests[p.Name] = p.Program
		}
	}
	for _, m := range ms {
		v.Pipelines = append(v.Pipelines, versionedSpec{m.Name, digests[m.Name]})
	}
	return v
}
