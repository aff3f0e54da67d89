package build

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// Linked is what goes into a program beside its own files.
type Linked struct {
	Go       string   // its version: go1.26.0
	Target   string   // linux/amd64
	Runtime  string   // the digest of the source of kcgen.dev
	Modules  []Module // all but kcgen.dev, by their paths
	Packages []string // those of kcgen.dev, sorted
	Needs    []string // the modules of which these import something
	Direct   []string // the modules of which the program itself does
	GoMod    []byte   // of the module in which the program is built
	GoSum    []byte
}

// Module is a Go module of which a program links something.
type Module struct {
	Path    string   // what it is imported by
	From    string   // the module that stands for it, where go.mod replaces it
	Version string   // empty: it is a folder
	Sum     string   // as go.sum has it; of a folder, that of the packages that are linked
	Dir     string   // where its source is
	Needs   []string // the paths of the modules of which it imports something, kcgen.dev among them
}

// recordFile is the file of a program that holds its record.
const recordFile = "record.go"

// noRecord is that file before the record is known.
const noRecord = "package main\n"

// seal asks what programs link, and gives each its record.
func (r *run) seal(ctx context.Context, programs []Program) error {
	programs = slices.DeleteFunc(slices.Clone(programs), func(p Program) bool { return p.Record == nil })
	if len(programs) == 0 {
		return nil
	}
	all, err := r.packages(ctx, programs)
	if err != nil {
		return err
	}
	digest := r.m.digest()
	for _, p := range programs {
		l, err := r.linked(all, p, digest)
		if err != nil {
			return err
		}
		record, err := p.Record(l)
		if err != nil {
			return err
		}
		file := filepath.Join(r.m.tmp, "module", filepath.FromSlash(r.m.prefix), p.Name, recordFile)
		if err := writeFile(file, recordSource(record)); err != nil {
			return fmt.Errorf("build: %w", err)
		}
	}
	return nil
}

// recordSource is the file of a record, which sets the program's.
func recordSource(record string) []byte {
	return []byte(noRecord + "\nimport \"kcgen.dev/runtime/about\"\n\nfunc init() { about.Sealed = " + strconv.Quote(record) + " }\n")
}

// listed is a package as go list says.
type listed struct {
	ImportPath, Dir             string
	Imports                     []string
	GoFiles, SFiles, EmbedFiles []string
	Module                      *listedModule
}

type listedModule struct {
	Path, Version, Sum, Dir string
	Replace                 *listedModule
}

// packages are those of programs, and all that they need. What cannot be loaded
// is left out: the build tells why.
func (r *run) packages(ctx context.Context, programs []Program) (map[string]listed, error) {
	args := append([]string{"list", "-e", "-deps", "-mod=readonly", "-json=ImportPath,Dir,Imports,GoFiles,SFiles,EmbedFiles,Module"}, r.m.flags...)
	for _, p := range programs {
		args = append(args, "./"+r.m.prefix+p.Name)
	}
	text, err := r.tool.output(ctx, r.m.dir, r.goos, r.goarch, args)
	if err != nil {
		return nil, r.m.explain(ctx, text, err)
	}
	all := map[string]listed{}
	for dec := json.NewDecoder(strings.NewReader(text)); ; {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, fmt.Errorf("build: go list: %w", err)
		}
		all[p.ImportPath] = p
	}
}

// linked is what one program needs of all packages.
func (r *run) linked(all map[string]listed, p Program, runtimes string) (Linked, error) {
	g := follow(all, r.m.path+"/"+r.m.prefix+p.Name)
	modules, err := g.sorted()
	return Linked{
		Go: r.tool.version, Target: cmp.Or(r.goos, runtime.GOOS) + "/" + cmp.Or(r.goarch, runtime.GOARCH),
		Runtime: runtimes, GoMod: r.m.goMod, GoSum: r.m.goSum,
		Modules: modules, Packages: slices.Sorted(slices.Values(g.own)), Direct: g.needsOf(""), Needs: g.needsOf(kcgen),
	}, err
}

// RuntimeDigest tells the runtimes of module kcgen.dev apart; see Linked.
func RuntimeDigest(builtin fs.FS) (string, error) {
	m, err := newModule(Job{Builtin: builtin}, "")
	if err != nil {
		return "", err
	}
	return m.digest(), nil
}

// GoVersion is that of the go command that builds.
func GoVersion(ctx context.Context) (string, error) {
	tool, err := findGo(ctx)
	if err != nil {
		return "", err
	}
	return tool.version, nil
}

// digest is that of the runtime's source: the files that a build of any program
// has, whichever of them it links.
func (m *module) digest() string {
	prefix := m.prefix + kcgen + "/"
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(m.files)) {
		if rel, ok := strings.CutPrefix(name, prefix); ok {
			fmt.Fprintf(h, "%x %s\n", sha256.Sum256(m.files[name]), rel)
		}
	}
	return fmt.Sprintf("sha256:%x", h.Sum(nil))
}
