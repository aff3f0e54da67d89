package load

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"cuelang.org/go/cue/ast"
	cueerrors "cuelang.org/go/cue/errors"
	"cuelang.org/go/cue/parser"

	"kcgen.dev/compiler/diag"
)

// What a spec may be, before anything of it is parsed. An honest spec of 2,000
// connectors is 0.6 MiB.
const (
	maxFileBytes = 4 << 20
	maxFiles     = 1000
)

// source is a spec as read: its syntax, and where it lies on the disk.
type source struct {
	name   string // as the user named it
	dir    string // the absolute folder of its files
	root   string // the absolute folder of its module; no file outside is read
	module string // the CUE module's path; empty where there is no cue.mod
	files  []*ast.File
	texts  map[string]string // of the files, by their names in dir
}

// read finds and parses the files of a spec, with every syntax error.
func read(cfg Config, arg string) (*source, diag.List) {
	name := filepath.ToSlash(filepath.Clean(arg))
	abs, err := absolute(cfg.Dir, arg)
	if err != nil {
		return nil, diag.List{{File: name, Msg: err.Error()}}
	}
	info, err := os.Stat(abs)
	switch {
	case arg == "":
		return nil, diag.List{{Msg: "no spec is named: give a CUE, YAML or JSON file, or a folder"}}
	case errors.Is(err, fs.ErrNotExist):
		return nil, diag.List{{File: name, Msg: "no such file or folder" + nearFile(abs)}}
	case err != nil:
		return nil, diag.List{{File: name, Msg: plainFileError(err)}}
	}

	src := &source{name: name, dir: abs, texts: map[string]string{}}
	names := []string{name}
	if info.IsDir() {
		var ds diag.List
		if names, ds = packageFiles(abs, name); len(ds) > 0 {
			return nil, ds
		}
	} else {
		src.dir = filepath.Dir(abs)
	}
	src.root = ModuleRoot(src.dir)
	var ds diag.List
	if src.module, err = cueModule(src.root); err != nil {
		return nil, diag.List{{File: name, Msg: err.Error()}}
	}
	for _, n := range names {
		f, found := src.parse(filepath.Join(src.dir, path.Base(n)), n)
		ds = append(ds, found...)
		if f != nil {
			src.files = append(src.files, f)
		}
	}
	if len(ds) == 0 {
		ds = src.onePackage()
	}
	if len(ds) == 0 {
		ds = src.notEmpty()
	}
	return src, ds
}

func absolute(dir, arg string) (string, error) {
	if strings.ContainsRune(arg, 0) {
		return "", errors.New("a file name cannot hold a NUL byte")
	}
	if !filepath.IsAbs(arg) {
		arg = filepath.Join(dir, arg)
	}
	return filepath.Abs(arg)
}

// packageFiles lists the CUE files of a folder as cue does: not those that
// begin with "_" or ".", nor tests and tools.
func packageFiles(abs, name string) ([]string, diag.List) {
	entries, err := os.ReadDir(abs)
	if err != nil {
		return nil, diag.List{{File: name, Msg: plainFileError(err)}}
	}
	var names []string
	for _, e := range entries {
		if isPackageFile(e.Name()) && !e.IsDir() {
			names = append(names, path.Join(name, e.Name()))
		}
	}
	switch {
	case len(names) == 0:
		return nil, diag.List{{File: name, Msg: "the folder holds no CUE file; a YAML or JSON spec is named itself" + inside(abs, name)}}
	case len(names) > maxFiles:
		return nil, diag.List{{File: name, Msg: fmt.Sprintf("the folder holds %d CUE files; a spec may have %d", len(names), maxFiles)}}
	}
	return names, nil
}

func isPackageFile(name string) bool {
	return strings.HasSuffix(name, ".cue") && !strings.HasPrefix(name, "_") && !strings.HasPrefix(name, ".") &&
		!strings.HasSuffix(name, "_test.cue") && !strings.HasSuffix(name, "_tool.cue")
}

// parse reads one file by its ending.
func (src *source) parse(abs, name string) (*ast.File, diag.List) {
	b, err := readFile(src.root, abs)
	if err != nil {
		return nil, diag.List{{File: name, Msg: err.Error()}}
	}
	src.texts[path.Base(name)] = string(b)
	switch ext := strings.ToLower(path.Ext(name)); ext {
	case ".yaml", ".yml":
		return parseYAML(name, b)
	case ".json":
		return parseJSON(name, b)
	case ".cue":
		return parseCUE(name, b)
	default:
		return nil, diag.List{{File: name, Msg: fmt.Sprintf("a spec is a .cue, .yaml, .yml or .json file or a folder; %q is none of them", path.Base(name))}}
	}
}

func parseCUE(name string, b []byte) (*ast.File, diag.List) {
	f, err := parser.ParseFile(name, b, parser.ParseComments, parser.AllErrors)
	if err == nil {
		return f, nil
	}
	var ds diag.List
	for _, e := range cueerrors.Errors(err) {
		ds = append(ds, at(e.Position(), syntaxMessage(e, b)))
	}
	return nil, firstOfLines(ds)
}

// syntaxMessage is the parser's message; of a name that it refuses, such as
// Debezium's __op, what to write instead.
func syntaxMessage(e cueerrors.Error, text []byte) string {
	from, msg := e.Position().Offset(), diag.Message(e)
	if !strings.Contains(msg, "'__'") || from < 0 || from >= len(text) {
		return msg
	}
	name := text[from:]
	if end := bytes.IndexFunc(name, func(c rune) bool { return c != '_' && !unicode.IsLetter(c) && !unicode.IsDigit(c) }); end >= 0 {
		name = name[:end]
	}
	return fmt.Sprintf("%s; a field of such a name stands in quotes: %q", msg, name)
}

// firstOfLines keeps one syntax error a line: the parser stumbles on.
func firstOfLines(ds diag.List) diag.List {
	ds = ds.Sorted()
	return slices.CompactFunc(ds, func(a, b diag.Diag) bool { return a.File == b.File && a.Line == b.Line && a.Line > 0 })
}

// readFile reads a regular file that lies, links followed, inside root.
func readFile(root, abs string) ([]byte, error) {
	real, err := filepath.EvalSymlinks(abs)
	if err != nil {
		return nil, errors.New(plainFileError(err))
	}
	realRoot, err := filepath.EvalSymlinks(root)
	if err != nil {
		return nil, errors.New(plainFileError(err))
	}
	if leaves(realRoot, real) {
		return nil, errors.New("a link that leaves the spec's folder or module is not followed")
	}
	info, err := os.Stat(real)
	switch {
	case err != nil:
		return nil, errors.New(plainFileError(err))
	case !info.Mode().IsRegular():
		return nil, errors.New("not a regular file")
	case info.Size() > maxFileBytes:
		return nil, fmt.Errorf("the file has %d bytes; a spec's file may have %d MiB", info.Size(), maxFileBytes>>20)
	}
	b, err := os.ReadFile(real)
	if err != nil {
		return nil, errors.New(plainFileError(err))
	}
	return b, nil
}

// leaves says whether a file lies outside a folder.
func leaves(root, file string) bool {
	rel, err := filepath.Rel(root, file)
	return err != nil || rel == ".." || strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

// beside reads a file that the spec names: relative, and inside the module.
func (src *source) beside(name string) ([]byte, error) {
	switch {
	case strings.ContainsRune(name, 0):
		return nil, errors.New("a file name cannot hold a NUL byte")
	case filepath.IsAbs(name) || path.IsAbs(name):
		return nil, errors.New("must be relative to the spec")
	}
	abs := filepath.Join(src.dir, filepath.FromSlash(name))
	if leaves(src.root, abs) {
		return nil, errors.New("must lie in the spec's folder or module")
	}
	b, err := readFile(src.root, abs)
	if err != nil && errors.Is(statError(abs), fs.ErrNotExist) {
		return nil, errors.New("no such file" + nearFile(abs))
	}
	return b, err
}

func statError(abs string) error {
	_, err := os.Stat(abs)
	return err
}

// plainFileError is the cause alone: the line begins with the file's name.
func plainFileError(err error) string {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err.Error()
	}
	return err.Error()
}

// onePackage refuses files of several packages.
func (src *source) onePackage() diag.List {
	first := src.files[0]
	for _, f := range src.files[1:] {
		if f.PackageName() != first.PackageName() {
			return diag.List{{File: src.name, Msg: fmt.Sprintf("the folder holds several packages: %s in %s, %s in %s; name one file, or give each package a folder",
				packageWord(first), path.Base(first.Filename), packageWord(f), path.Base(f.Filename))}}
		}
	}
	return nil
}

func packageWord(f *ast.File) string {
	if n := f.PackageName(); n != "" {
		return n
	}
	return "no package"
}

// notEmpty refuses a spec without a single field.
func (src *source) notEmpty() diag.List {
	for _, f := range src.files {
		for _, d := range f.Decls {
			switch d.(type) {
			case *ast.Package, *ast.ImportDecl, *ast.CommentGroup, *ast.Attribute:
			default:
				return nil
			}
		}
	}
	return diag.List{{File: src.name, Msg: "the spec is empty; it begins with schema.#Pipeline & {name: …, kafka: …}, and kcgen init writes one"}}
}

// nearFile looks for what the user may have meant.
func nearFile(abs string) string {
	entries, err := os.ReadDir(filepath.Dir(abs))
	if err != nil {
		return ""
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return diag.DidYouMean(filepath.Base(abs), names)
}

// inside names a spec one folder down or of another kind.
func inside(abs, name string) string {
	for _, pattern := range []string{"*.yaml", "*.yml", "*.json", filepath.Join("*", "*.cue")} {
		if hits, _ := filepath.Glob(filepath.Join(abs, pattern)); len(hits) > 0 {
			rel, err := filepath.Rel(abs, hits[0])
			if err == nil {
				return "; there is " + path.Join(name, filepath.ToSlash(rel))
			}
		}
	}
	return ""
}
