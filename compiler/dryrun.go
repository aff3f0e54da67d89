package compiler

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"kcgen.dev/compiler/diag"
	"kcgen.dev/compiler/emit/safe"
	"kcgen.dev/compiler/plan"
	"kcgen.dev/compiler/sandbox"
	"kcgen.dev/compiler/wiring"
	"kcgen.dev/runtime/dryrun/wire"
)

// A dry run may take this long and this much memory; package dryrun keeps the
// second itself.
var dryLimits = sandbox.Limits{CPU: 30 * time.Second, Wall: 30 * time.Second, Memory: 1 << 30}

// DryOptions say what a dry run is for.
type DryOptions struct {
	Tests func(name string) bool // which tests are tried; nil: all
	Trace *wire.Trace            // a record to be followed

	judge func(*plan.Pipeline, []wire.Flow) diag.List // Config.Judge
}

// dry are the options of a try before a build.
func (c Config) dry() DryOptions { return DryOptions{judge: c.Judge} }

// DryReport is what a dry run found.
type DryReport struct {
	Faults diag.List // what cannot work
	Tests  []TestResult
	Flows  []wire.Flow

	Trace      string
	TraceError string // why the record did not come through
}

// TestResult is how one of the spec's tests ended.
type TestResult struct {
	Name   string
	Passed bool
	Fault  *diag.Diag // why it failed; nil where that is among the report's faults
}

// Bad is all that is wrong: faults, and tests that fail.
func (r *DryReport) Bad() diag.List {
	bad := slices.Clone(r.Faults)
	for _, t := range r.Tests {
		if t.Fault != nil {
			bad = append(bad, *t.Fault)
		}
	}
	return bad.Sorted()
}

// NeedsDryRun says whether a dry run could find anything: the spec has tests,
// declares a schema, or has a transform, or asks for exactly-once delivery, or
// has a sink that needs more of records than their converters may give.
func NeedsDryRun(p *plan.Pipeline) bool {
	if hasAside(p.Root) {
		return true
	}
	for _, s := range connectors(p) {
		if hasAside(s) || len(s.List("transforms")) > 0 || s.Get("exactlyOnce") != nil || wiring.Is(s.Struct("connector"), accepting) {
			return true
		}
	}
	return false
}

// accepting is kcgen's own sink that says what records it needs (connect.Accepts).
const accepting = "kcgen.dev/runtime/connector/sql.Sink"

// hasAside says whether there is something to be tried: what is accepted of
// warnings is not.
func hasAside(s *plan.Struct) bool {
	return slices.ContainsFunc(s.Aside, func(f plan.Field) bool { return f.Name != "accept" })
}

func connectors(p *plan.Pipeline) []*plan.Struct {
	return append(p.Root.Structs("sources"), p.Root.Structs("sinks")...)
}

// Tried is how a dry run of a plan ended.
type Tried struct {
	Report *DryReport
	Err    error // a diag.List where the spec, or the user's Go, is to blame
}

// DryRun compiles a plan for this machine with the main of package dryrun, and
// has it try what the spec says. Mistakes in the user's Go packages are in the
// list as well.
func DryRun(ctx context.Context, cfg Config, p *plan.Pipeline, o DryOptions) (*DryReport, error) {
	t := dryRuns(ctx, cfg, []*plan.Pipeline{p}, o)[0]
	return t.Report, t.Err
}

// DryRuns is DryRun of several plans, side by side. They share a program, so
// that one is linked, and not one for each. A plan of which nothing can be found
// has an empty report.
func DryRuns(ctx context.Context, cfg Config, plans []*plan.Pipeline, o DryOptions) []Tried {
	out := make([]Tried, len(plans))
	var needy []*plan.Pipeline
	var at []int
	for i, p := range plans {
		if out[i].Report = new(DryReport); NeedsDryRun(p) {
			needy, at = append(needy, p), append(at, i)
		}
	}
	for i, t := range dryRuns(ctx, cfg, needy, o) {
		out[at[i]] = t
	}
	return out
}

func dryRuns(ctx context.Context, cfg Config, plans []*plan.Pipeline, o DryOptions) []Tried {
	out := make([]Tried, len(plans))
	if len(plans) == 0 {
		return out
	}
	dir, err := os.MkdirTemp("", "kcgen-dry-")
	if err != nil {
		for i := range out {
			out[i].Err = fmt.Errorf("compiler: %w", err)
		}
		return out
	}
	defer os.RemoveAll(dir)
	cfg.tell("compile what tries " + several(plans))
	programs := dryPrograms(ctx, cfg, plans, dir)
	cfg.tell("try " + several(plans))
	parallel(len(plans), func(i int) { out[i] = tryOut(ctx, programs[i], o) })
	return out
}

// tryOut asks a program to try its plan.
func tryOut(ctx context.Context, d *program, o DryOptions) Tried {
	if d.Err != nil {
		return Tried{Err: d.Err}
	}
	in, err := request(d.plan, d.index, o)
	if err != nil {
		return Tried{Err: err}
	}
	out, err := sandbox.Exec(ctx, dryLimits, d.File, in)
	if err != nil {
		return Tried{Err: dryError(d.plan, err)}
	}
	var rep wire.Report
	out = bytes.TrimSpace(out)
	out = out[bytes.LastIndexByte(out, '\n')+1:] // behind what a package's init printed
	if err := json.Unmarshal(out, &rep); err != nil {
		return Tried{Err: endsItself(d.plan, "")}
	}
	found := report(d.plan, &rep)
	if o.judge != nil {
		found.Faults = append(found.Faults, o.judge(d.plan, found.Flows)...)
	}
	return Tried{Report: found}
}

// dryError says why a dry run gave no answer.
func dryError(p *plan.Pipeline, err error) error {
	var limit *sandbox.LimitError
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.Exited() {
		return endsItself(p, " ("+strings.TrimPrefix(err.Error(), "sandbox: evaluate: ")+")")
	}
	if !errors.As(err, &limit) {
		return fmt.Errorf("compiler: the dry run of %s failed: %w", p.Name, err)
	}
	long := fmt.Sprintf("trying the pipeline took more than %v", limit.Limits.Wall)
	msg := map[sandbox.Kind]string{
		sandbox.Time:   long,
		sandbox.Wall:   long,
		sandbox.Memory: fmt.Sprintf("trying the pipeline needed more than %d MiB", limit.Limits.Memory>>20),
		sandbox.Depth:  "trying the pipeline went too deep",
		sandbox.Output: fmt.Sprintf("trying the pipeline gave more than %d MiB of text", limit.Limits.Output>>20),
	}[limit.Kind]
	return atTests(p, msg+"; is there a transform that does not end, or grows?")
}

// endsItself is said of a dry run that ends without an answer. Package dryrun
// catches panics, but not what a panic in another goroutine or os.Exit does.
func endsItself(p *plan.Pipeline, said string) error {
	return atTests(p, "the program ended while it was tried"+said+"; is there a transform or a converter that calls os.Exit, or panics in a goroutine?")
}

// atTests is a mistake at the spec's tests, or where it has none, at its top.
func atTests(p *plan.Pipeline, msg string) diag.List {
	at := p.Root.Pos
	if f := p.Root.Get("tests"); f != nil {
		at = f.Pos
	}
	return diag.List{{File: at.File, Line: at.Line, Col: at.Column, Path: "tests", Msg: msg}}
}

// languages are the schema languages of a plan that need a parser.
func languages(p *plan.Pipeline) map[string]bool {
	out := map[string]bool{}
	add := func(s *plan.Struct) {
		for _, part := range []string{"key", "value"} {
			for _, l := range []string{"avro", "jsonSchema", "protobuf"} {
				if s.Struct(part).Get(l) != nil {
					out[l] = true
				}
			}
		}
	}
	for _, s := range append(connectors(p), p.Root.Structs("topics")...) {
		add(s.Struct("schema"))
	}
	return out
}

// request is a wire.Request as JSON. What the spec says goes from the plan as
// it is, so that what it leaves out stays left out.
func request(p *plan.Pipeline, index int, o DryOptions) ([]byte, error) {
	about := map[string]any{}
	for _, s := range p.Root.Structs("sources") {
		about["sources."+s.Key()] = aboutConnector(s, s.Struct("connector").Text("topic"))
	}
	for _, s := range p.Root.Structs("sinks") {
		topic := ""
		if all := s.List("topics"); len(all) == 1 {
			topic = all[0].(*plan.Lit).Str
		}
		about["sinks."+s.Key()] = aboutConnector(s, topic)
	}
	var topics, tests []any
	for _, t := range p.Root.Structs("topics") {
		topics = append(topics, plan.JSON(t))
	}
	for _, t := range p.Root.Structs("tests") {
		if o.Tests == nil || o.Tests(t.Key()) {
			tests = append(tests, plan.JSON(t))
		}
	}
	b, err := json.Marshal(map[string]any{
		"pipeline": index, "files": p.Files, "connectors": about, "topics": topics, "tests": tests, "flow": true, "trace": o.Trace,
	})
	if err != nil {
		return nil, fmt.Errorf("compiler: write the request of the dry run: %w", err)
	}
	return b, nil
}

func aboutConnector(s *plan.Struct, topic string) map[string]any {
	if strings.Contains(topic, "${") {
		topic = "" // read only at start
	}
	out := map[string]any{"topic": topic}
	if schema := s.Struct("schema"); schema != nil {
		out["schema"] = plan.JSON(schema)
	}
	return out
}

// Connectors are the names of a plan's connectors as a dry run knows them:
// sources.orders.
func Connectors(p *plan.Pipeline) []string {
	var out []string
	for _, kind := range []string{"sources", "sinks"} {
		for _, s := range p.Root.Structs(kind) {
			out = append(out, kind+"."+s.Key())
		}
	}
	return out
}

// report says a dry run's findings at the spec's lines.
func report(p *plan.Pipeline, rep *wire.Report) *DryReport {
	out := &DryReport{Flows: rep.Flows, Trace: rep.Trace, TraceError: oneLine(rep.TraceError)}
	for _, f := range rep.Faults {
		out.Faults = append(out.Faults, faultAt(p, f))
	}
	out.Faults = out.Faults.Sorted()
	tests := map[string]*plan.Struct{}
	for _, t := range p.Root.Structs("tests") {
		tests[t.Key()] = t
	}
	for _, r := range rep.Results {
		t := TestResult{Name: r.Name, Passed: r.Passed}
		if !r.Passed && !r.Untried {
			t.Fault = &diag.Diag{Path: "tests." + diag.Label(r.Name), Msg: oneLine(r.Message)}
			for _, l := range r.Diff {
				t.Fault.Diff = append(t.Fault.Diff, oneLine(l))
			}
			if s := tests[r.Name]; s != nil {
				place(t.Fault, s.Pos)
			}
		}
		out.Tests = append(out.Tests, t)
	}
	return out
}

// oneLine is what a component said, on one line, and without what a terminal
// would obey.
func oneLine(s string) string { return safe.Text(strings.ReplaceAll(s, "\n", " ")) }

func place(d *diag.Diag, at plan.Pos) { d.File, d.Line, d.Col = at.File, at.Line, at.Column }

// faultAt finds the line of a fault: that of the innermost field on its path
// that the user wrote.
func faultAt(p *plan.Pipeline, f wire.Fault) diag.Diag {
	kind, name, _ := strings.Cut(f.Connector, ".")
	d := diag.Diag{Path: kind + "." + diag.Label(name), Msg: oneLine(f.Message), File: p.Spec}
	if f.Path != "" {
		d.Path += "." + f.Path
	}
	for _, s := range p.Root.Structs(kind) {
		if s.Key() == name {
			place(&d, s.At(f.Path))
		}
	}
	return d
}
