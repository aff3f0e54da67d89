package deploy

import (
	"cmp"
	"fmt"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"time"
	"unicode"

	"kcgen.dev/compiler/lock"
	"kcgen.dev/compiler/plan"
)

// Pipeline is what a template sees of a spec.
type Pipeline struct {
	Name    string // of the pipeline, and of its binary
	Object  string // the same as a DNS label
	About   string // the first sentence of the spec's comment
	Spec    string // its path below the root
	Lock    string // where its kcgen.lock is, or would be
	Tags    []string
	Version string // of kcgen, as go install takes it
	Modules bool   // it needs modules beside kcgen.dev
	GoMod   string // the folder below the root with their go.mod

	State  string // the working directory, and what the program writes
	Input  string // the folder of what it reads, and others write
	Config string // the folder of what a person gives

	Variables  []*Variable
	Data       []*Folder // what the program reads and writes
	Given      []*Folder // what a person puts there
	Relative   bool      // a file has a name relative to the working directory
	REST       *REST     // nil: nobody reaches it
	PlainKafka bool      // any broker without security will do
	Group      bool      // instances share the tasks
	Letters    bool      // it has a dead letter queue
	Tasks      int
	Sources    []string
	Sinks      []string
	Grace      int // seconds for an end in good order
	Memory     int // the most that the program should be given, in MiB

	notes []noteOn

	Chart bool // what is written is Helm's
}

// noteOn is what a person should know, and of what of the spec.
type noteOn struct {
	of   about
	text string
}

// Options are what a spec does not know.
type Options struct {
	Root    string   // the folder to which files are written
	Tags    []string // with which the spec is built
	Version string   // of kcgen, as go install takes it
}

var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// Of is what templates see of a plan. It fails for what no system could set.
func Of(of *plan.Pipeline, o Options) (*Pipeline, error) {
	p := &Pipeline{Name: of.Name, Object: label(of.Name), Tags: o.Tags, Version: o.Version}
	p.State, p.Input, p.Config = path.Join("/var/lib", p.Object), path.Join("/srv", p.Object), path.Join("/etc", p.Object)
	p.About = cmp.Or(firstSentence(of.Doc), "The pipeline "+of.Name)
	if err := p.locate(of, o.Root); err != nil {
		return nil, err
	}
	p.connectors(of.Root)
	p.cluster(of.Root)
	return p, p.needs(of.Root)
}

// locate finds the spec and its go.mod, as seen from the root.
func (p *Pipeline) locate(of *plan.Pipeline, root string) (err error) {
	if p.Spec, err = relative(root, of.Spec); err != nil {
		return err
	}
	if p.Lock, err = relative(root, lock.Beside("", of.Spec)); err != nil {
		return err
	}
	if p.Modules = len(of.Modules) > 0; p.Modules {
		p.GoMod, err = relative(root, of.GoModDir)
	}
	return err
}

// cluster is how the program works, and with which Kafka.
func (p *Pipeline) cluster(root *plan.Struct) {
	kafka, worker := root.Struct("kafka"), root.Struct("worker")
	p.PlainKafka = kafka.Struct("tls") == nil && kafka.Struct("sasl") == nil
	p.Group = worker.Struct("group") != nil
	p.Grace = spareGrace
	if l := worker.Lit("taskShutdownGracefulTimeout"); l != nil {
		p.Grace += int(time.Duration(l.Int) / time.Second)
	}
}

// needs is what has to be there where the program runs.
func (p *Pipeline) needs(root *plan.Struct) error {
	n := needsOf(root)
	for _, v := range n.variables {
		if !variableName.MatchString(v.Name) {
			return fmt.Errorf("deploy: %s: no variable of an environment can be called %q", v.UsedFor[0], v.Name)
		}
	}
	p.Memory = n.memory(p.Tasks)
	answers, note := n.restOf(root.Struct("worker"))
	if note != "" {
		p.notes = append(p.notes, noteOn{rest, note})
	}
	n.place(p)
	p.REST, p.Variables = answers, n.variables
	return nil
}

// spareGrace is what an end may take beside the tasks'.
const spareGrace = 10

func (p *Pipeline) connectors(root *plan.Struct) {
	for _, kind := range []struct {
		field string
		names *[]string
	}{{"sources", &p.Sources}, {"sinks", &p.Sinks}} {
		for _, c := range root.Structs(kind.field) {
			*kind.names = append(*kind.names, c.Key())
			p.Letters = p.Letters || c.Struct("errors").Struct("deadLetterQueue") != nil
			if l := c.Lit("tasksMax"); l != nil {
				p.Tasks += int(l.Int)
			}
		}
	}
}

// inside refuses a spec that is not below the root: what is built from the root
// would not find it.
func (p *Pipeline) inside() error {
	if !filepath.IsLocal(p.Spec) {
		return fmt.Errorf("deploy: the spec is %s, outside the folder that is built from; give -o a folder above it", p.Spec)
	}
	if p.Modules && !filepath.IsLocal(p.GoMod) {
		return fmt.Errorf("deploy: the spec's go.mod is in %s, outside the folder that is built from; give -o a folder above it", p.GoMod)
	}
	return nil
}

// relative is where the spec is, as seen from the root.
func relative(root, spec string) (string, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return "", fmt.Errorf("deploy: %w", err)
	}
	if spec, err = filepath.Abs(filepath.FromSlash(spec)); err != nil {
		return "", fmt.Errorf("deploy: %w", err)
	}
	if spec, err = filepath.Rel(root, spec); err != nil {
		return "", fmt.Errorf("deploy: %w", err)
	}
	return filepath.ToSlash(spec), nil
}

// firstSentence is the first of a comment, on one line.
func firstSentence(doc []string) string {
	text := strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, strings.Join(doc, " "))
	first, _, _ := strings.Cut(strings.Join(strings.Fields(text), " ")+" ", ". ")
	return tame(strings.TrimRight(first, ` .\`)) // a backslash would go on with the next line
}

// tame keeps Helm and GitHub from taking text for words of theirs.
func tame(text string) string { return strings.ReplaceAll(text, "{{", "{ {") }

// Stateful says whether the program needs a disk that stays.
func (p *Pipeline) Stateful() bool { return len(p.Kept()) > 0 }

// TagArgs are the tags as arguments of kcgen, each with a space before it.
func (p *Pipeline) TagArgs() string {
	var b strings.Builder
	for _, t := range p.Tags {
		b.WriteString(" -t " + shell(t))
	}
	return b.String()
}

// Args are the tags and the spec as arguments of kcgen.
func (p *Pipeline) Args() string { return p.TagArgs() + " " + shell(p.Spec) }

// EnvFile is where systemd finds the variables; one that is not there is no
// fault where there are none.
func (p *Pipeline) EnvFile() string {
	file := path.Join(p.Config, p.Object+".env")
	if len(p.Variables) == 0 {
		return "-" + file
	}
	return file
}
