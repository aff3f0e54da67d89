// Package planted plants bugs into copies of a module's files, to see that a
// test finds them: a checker that finds nothing in broken code says nothing
// about sound code. The build takes the copies in the files' place (go build
// -overlay), so the tree itself is never touched.
//
// All bugs of a list are in one binary. Which of them is alive is said when it
// starts: by [Env], which the edited code asks for with planted(name).
package planted

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Env is the variable of the environment that names the bug that is alive.
const Env = "KCGEN_PLANTED"

// Bug is a fault, and the edits that make it.
type Bug struct {
	Name  string
	Edits []Edit
}

// Edit puts a text in the place of another one, which the file has once. The
// new text may call planted(name).
type Edit struct{ File, Old, New string }

// Overlay writes copies of the files below root with the bugs in them into dir,
// and gives the path of the file that go build -overlay wants.
func Overlay(root, dir string, bugs ...Bug) (string, error) {
	o := overlay{root: root, dir: dir, texts: map[string]string{}, Replace: map[string]string{}}
	for _, b := range bugs {
		for _, e := range b.Edits {
			if err := o.edit(e); err != nil {
				return "", fmt.Errorf("planted: %s: %w", b.Name, err)
			}
		}
	}
	if err := o.write(); err != nil {
		return "", fmt.Errorf("planted: %w", err)
	}
	return filepath.Join(dir, "overlay.json"), nil
}

// overlay is what is put in the place of what.
type overlay struct {
	root, dir string
	texts     map[string]string // of files, by their paths below root
	Replace   map[string]string // by their full paths
}

func (o *overlay) edit(e Edit) error {
	text, ok := o.texts[e.File]
	if !ok {
		b, err := os.ReadFile(filepath.Join(o.root, e.File))
		if err != nil {
			return err
		}
		text = string(b)
	}
	if n := strings.Count(text, e.Old); n != 1 {
		return fmt.Errorf("the text to be edited is in %s %d times; plant it elsewhere:\n%s", e.File, n, e.Old)
	}
	o.texts[e.File] = strings.Replace(text, e.Old, e.New, 1)
	return nil
}

// write writes the copies, and into each of their packages what asks for the
// bug that is alive.
func (o *overlay) write() error {
	var errs []error
	asks := map[string]bool{}
	for file, text := range o.texts {
		errs = append(errs, o.add(file, text))
		asks[filepath.Dir(file)] = true
	}
	for pkg := range asks {
		errs = append(errs, o.add(filepath.Join(pkg, "planted.go"), fmt.Sprintf(ask, filepath.Base(pkg), Env)))
	}
	b, err := json.Marshal(o)
	if err == nil {
		err = os.WriteFile(filepath.Join(o.dir, "overlay.json"), b, 0o600)
	}
	return errors.Join(append(errs, err)...)
}

const ask = `package %s

import "os"

var alive = os.Getenv(%q)

func planted(name string) bool { return name == alive }
`

func (o *overlay) add(file, text string) error {
	full, err := filepath.Abs(filepath.Join(o.root, file))
	if err != nil {
		return err
	}
	at := filepath.Join(o.dir, strconv.Itoa(len(o.Replace))+".go")
	o.Replace[full] = at
	return os.WriteFile(at, []byte(text), 0o600)
}
