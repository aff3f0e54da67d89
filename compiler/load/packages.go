package load

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/build"
	"cuelang.org/go/cue/cuecontext"
	cueerrors "cuelang.org/go/cue/errors"
	"cuelang.org/go/cue/parser"
	"cuelang.org/go/cue/token"

	"kcgen.dev/compiler/diag"
)

// kcgenModule is the module that kcgen carries.
const kcgenModule = "kcgen.dev"

// packages are the CUE packages that one spec imports.
type packages struct {
	builtin fs.FS
	src     *source
	context *build.Context
	cue     *cue.Context
	insts   map[string]*build.Instance
	errs    map[string]error
	loading []string        // what is being loaded, outermost first
	users   map[string]bool // files that the user wrote
	goMod   goModule
	third   []string // packages of Go modules

	builtinPaths []string // by builtins
}

func newPackages(cfg Config, src *source) *packages {
	p := &packages{
		builtin: cfg.Builtin,
		src:     src,
		cue:     cuecontext.New(),
		insts:   map[string]*build.Instance{},
		errs:    map[string]error{},
		users:   map[string]bool{},
		goMod:   goModule{dir: src.dir},
	}
	p.context = build.NewContext(build.Loader(func(_ token.Pos, path string) *build.Instance { return p.insts[path] }))
	for _, f := range src.files {
		p.users[f.Filename] = true
	}
	return p
}

func (p *packages) isUser(pos token.Pos) bool {
	return pos.IsValid() && p.users[pos.Filename()]
}

func (p *packages) value(importPath string) (cue.Value, bool) {
	inst, err := p.load(importPath)
	if err != nil {
		return cue.Value{}, false
	}
	v := p.cue.BuildInstance(inst)
	return v, v.Err() == nil
}

// load gives the package of an import path, with all that it imports.
func (p *packages) load(importPath string) (*build.Instance, error) {
	if inst, ok := p.insts[importPath]; ok {
		return inst, nil
	}
	if err, ok := p.errs[importPath]; ok {
		return nil, err
	}
	if i := slices.Index(p.loading, importPath); i >= 0 {
		return nil, fmt.Errorf("import cycle: %s", strings.Join(append(slices.Clone(p.loading[i:]), importPath), " imports "))
	}
	p.loading = append(p.loading, importPath)
	inst, err := p.read(importPath)
	p.loading = p.loading[:len(p.loading)-1]
	if err != nil {
		p.errs[importPath] = err
		return nil, err
	}
	p.insts[importPath] = inst
	return inst, nil
}

// file is one file of a package: where a mistake in it is told, and its text.
type file struct {
	name string
	text []byte
	user bool
}

func (p *packages) read(importPath string) (*build.Instance, error) {
	files, err := p.find(importPath)
	if err != nil {
		return nil, err
	}
	want := ast.ParseImportPath(importPath).Qualifier
	inst := p.context.NewInstance("", nil)
	inst.ImportPath = importPath
	for _, f := range files {
		syntax, err := parser.ParseFile(f.name, f.text, parser.ParseComments)
		if err != nil {
			return nil, fmt.Errorf("package %s: %s", importPath, firstError(err))
		}
		if syntax.PackageName() != want {
			continue
		}
		if f.user {
			p.users[f.name] = true
		}
		if err := p.loadImports(importPath, syntax); err != nil {
			return nil, err
		}
		if err := inst.AddSyntax(syntax); err != nil {
			return nil, fmt.Errorf("package %s: %s", importPath, firstError(err))
		}
	}
	if len(inst.Files) == 0 {
		return nil, fmt.Errorf("package %s: no file has package %s; import it as %q", importPath, want, path.Join(path.Dir(importPath), path.Base(importPath))+":NAME")
	}
	if err := inst.Complete(); err != nil {
		return nil, fmt.Errorf("package %s: %s", importPath, firstError(err))
	}
	return inst, nil
}

func (p *packages) loadImports(importPath string, f *ast.File) error {
	for spec := range f.ImportSpecs() {
		dep, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return fmt.Errorf("package %s: an import is a quoted path", importPath)
		}
		if isStd(dep) {
			if problem := stdProblem(dep); problem != "" {
				return fmt.Errorf("package %s: %s", importPath, problem)
			}
			continue
		}
		if _, err := p.load(dep); err != nil {
			if strings.HasPrefix(err.Error(), "import cycle") {
				return err
			}
			return fmt.Errorf("package %s: %w", importPath, err)
		}
	}
	return nil
}

func firstError(err error) string {
	all := cueerrors.Errors(err)
	if len(all) == 0 {
		return err.Error()
	}
	if pos := all[0].Position(); pos.IsValid() {
		return pos.String() + ": " + diag.Message(all[0])
	}
	return diag.Message(all[0])
}

// find reads the files of a package: kcgen's own, the user's CUE module, what
// its cue.mod holds, and the user's Go modules.
func (p *packages) find(importPath string) ([]file, error) {
	clean := ast.ParseImportPath(importPath).Path
	if clean == "" || strings.HasPrefix(clean, ".") || strings.HasPrefix(clean, "/") || path.Clean(clean) != clean {
		return nil, fmt.Errorf("%q is not an import path; relative paths are not allowed", importPath)
	}
	if rest, ok := under(kcgenModule, clean); ok {
		return p.findBuiltin(importPath, rest)
	}
	if p.src.module != "" {
		if rest, ok := under(p.src.module, clean); ok {
			if p.goMod.has(clean) {
				return p.findGo(importPath, clean)
			}
			files, err := p.readDir(filepath.Join(p.src.root, filepath.FromSlash(rest)), p.src.root, clean)
			if err != nil || len(files) == 0 {
				return nil, fmt.Errorf("no package %q in the module %s: %s holds no CUE file", importPath, p.src.module, rest)
			}
			return p.asUser(files, rest), nil
		}
		var all []file
		for _, sub := range []string{"gen", "usr", "pkg"} {
			dir := filepath.Join(p.src.root, "cue.mod", sub, filepath.FromSlash(clean))
			files, err := p.readDir(dir, p.src.root, clean)
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return nil, fmt.Errorf("package %s: %w", importPath, err)
			}
			all = append(all, files...)
		}
		if len(all) > 0 && !p.goMod.requires(clean) {
			return all, nil
		}
	}
	return p.findGo(importPath, clean)
}

func under(module, importPath string) (rest string, ok bool) {
	if importPath == module {
		return ".", true
	}
	return strings.CutPrefix(importPath, module+"/")
}

func (p *packages) findBuiltin(importPath, rest string) ([]file, error) {
	entries, err := fs.ReadDir(p.builtin, rest)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("package %s: %w", importPath, err)
	}
	var files []file
	for _, e := range entries {
		if e.IsDir() || !isPackageFile(e.Name()) {
			continue
		}
		b, err := fs.ReadFile(p.builtin, path.Join(rest, e.Name()))
		if err != nil {
			return nil, fmt.Errorf("package %s: %w", importPath, err)
		}
		files = append(files, file{name: path.Join(importPath, e.Name()), text: b})
	}
	if len(files) == 0 {
		return nil, errors.New(p.noBuiltin(importPath))
	}
	return files, nil
}

// noBuiltin says which built-in packages there are.
func (p *packages) noBuiltin(importPath string) string {
	msg := fmt.Sprintf("no package %q", importPath)
	all := p.builtins()
	var bases []string
	for _, k := range all {
		bases = append(bases, path.Base(k))
	}
	last := path.Base(importPath)
	for _, k := range all {
		if base := path.Base(k); base == last || base == diag.Nearest(last, bases) {
			return msg + "; did you mean " + strconv.Quote(k) + "?"
		}
	}
	return msg + "; there are " + strings.Join(all, ", ")
}

// builtins lists the built-in packages, schema first.
func (p *packages) builtins() []string {
	if p.builtinPaths != nil {
		return p.builtinPaths
	}
	seen := map[string]bool{}
	for _, root := range []string{"schema", "runtime"} {
		// A tree that cannot be read lists nothing; the import itself tells why.
		_ = fs.WalkDir(p.builtin, root, func(name string, e fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return nil
			case e.IsDir() && e.Name() == "testdata":
				return fs.SkipDir
			case !e.IsDir() && isPackageFile(e.Name()):
				if dir := path.Join(kcgenModule, path.Dir(name)); !seen[dir] {
					seen[dir] = true
					p.builtinPaths = append(p.builtinPaths, dir)
				}
			}
			return nil
		})
	}
	return p.builtinPaths
}

// readDir reads a package's files from the disk. They are told as
// import-path/file.
func (p *packages) readDir(dir, root, importPath string) ([]file, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var files []file
	for _, e := range entries {
		if e.IsDir() || !isPackageFile(e.Name()) {
			continue
		}
		if len(files) == maxFiles {
			return nil, fmt.Errorf("the package has more than %d files", maxFiles)
		}
		b, err := readFile(root, filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", e.Name(), err)
		}
		files = append(files, file{name: path.Join(importPath, e.Name()), text: b})
	}
	return files, nil
}

// asUser tells the files of the user's own CUE module as the spec is named:
// relative to where the spec is.
func (p *packages) asUser(files []file, rest string) []file {
	specDir := p.src.name
	if filepath.Ext(specDir) != "" {
		specDir = path.Dir(specDir)
	}
	up, err := filepath.Rel(p.src.dir, filepath.Join(p.src.root, filepath.FromSlash(rest)))
	if err != nil {
		return files
	}
	for i := range files {
		files[i].name = path.Join(specDir, filepath.ToSlash(up), path.Base(files[i].name))
		files[i].user = true
	}
	return files
}

// ModuleRoot is the nearest folder upwards that has a cue.mod, else the
// nearest that has a go.mod, else the folder itself, which is an absolute path.
func ModuleRoot(dir string) string {
	for _, mark := range []string{"cue.mod", "go.mod"} {
		for d := dir; ; d = filepath.Dir(d) {
			if _, err := os.Stat(filepath.Join(d, mark)); err == nil {
				return d
			}
			if d == filepath.Dir(d) {
				break
			}
		}
	}
	return dir
}

// cueModule reads the name of the CUE module at root.
func cueModule(root string) (string, error) {
	name := filepath.Join(root, "cue.mod", "module.cue")
	if _, err := os.Stat(name); err != nil {
		return "", nil
	}
	b, err := readFile(root, name)
	if err != nil {
		return "", fmt.Errorf("cue.mod/module.cue: %w", err)
	}
	f, err := parser.ParseFile("cue.mod/module.cue", b)
	if err != nil {
		return "", errors.New(firstError(err))
	}
	for _, d := range f.Decls {
		field, ok := d.(*ast.Field)
		if !ok {
			continue
		}
		if n, _, err := ast.LabelName(field.Label); err != nil || n != "module" {
			continue
		}
		if lit, ok := field.Value.(*ast.BasicLit); ok {
			if m, err := strconv.Unquote(lit.Value); err == nil {
				m, _, _ = strings.Cut(m, "@")
				return m, nil
			}
		}
	}
	return "", errors.New("cue.mod/module.cue: it has no module: \"NAME\"")
}
