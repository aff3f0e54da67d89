package deploy

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// A Folder is one that has to be there where the program runs.
type Folder struct {
	Name    string // as part of other names: var-log
	Path    string
	Write   bool     // the program writes there
	Files   []string // in it, of those that a person gives
	UsedFor []string // fields of the spec
}

// File is a file in the folder.
func (d *Folder) File(name string) string { return path.Join(d.Path, name) }

// in says whether a folder is another, or in it.
func (d *Folder) in(other string) bool { return strings.HasPrefix(d.Path+"/", other+"/") }

// systems are folders with files of the image's own: certificates above all.
var systems = []string{"/etc/ssl", "/etc/pki", "/usr"}

// Mountable says whether a folder of what is given can be a volume. It cannot
// where other files are, which it would hide: those of the program, and the
// system's.
func (p *Pipeline) Mountable(d *Folder) bool {
	return strings.Count(d.Path, "/") > 1 && d.Path != p.State && !slices.ContainsFunc(systems, d.in) &&
		!slices.ContainsFunc(p.Data, func(data *Folder) bool { return data.Path == d.Path })
}

// Outside says whether a folder is none of those that systemd makes.
func (p *Pipeline) Outside(d *Folder) bool { return !d.in(p.State) }

// Temporary says whether /tmp is there for what is to be forgotten.
func (p *Pipeline) Temporary() bool {
	return !slices.ContainsFunc(p.Data, func(d *Folder) bool { return d.Path == "/tmp" })
}

// Home says whether something is in a person's folder.
func (p *Pipeline) Home() bool {
	return slices.ContainsFunc(append(slices.Clone(p.Data), p.Given...), func(d *Folder) bool {
		return d.in("/home") || d.in("/root")
	})
}

// Kept are the folders that the program writes.
func (p *Pipeline) Kept() []*Folder {
	return slices.DeleteFunc(slices.Clone(p.Data), func(d *Folder) bool { return !d.Write })
}

// place finds the folders of files. A variable with which a file's name begins
// gets a value that suits.
func (n *needs) place(p *Pipeline) {
	for _, f := range n.files {
		base, list := p.State, &p.Data
		switch f.kind {
		case "given":
			base, list = p.Config, &p.Given
		case "read", "read folder":
			base = p.Input
		}
		n.begin(f.name, base)
		dir, file, problem := n.folder(p, f)
		if problem != "" {
			p.notes = append(p.notes, noteOn{places, f.path + ": " + problem})
			continue
		}
		add(list, dir, f, file)
	}
}

// folder is where a file is, or why that cannot be said.
func (n *needs) folder(p *Pipeline, f found) (dir, file, problem string) {
	file, known := n.expand(f.name)
	switch {
	case !known:
		return "", "", "which file it is hangs on the environment; give it a place yourself"
	case strings.Contains(file, "{{"):
		return "", "", "a file with {{ in its name is left out: Helm would take it for words of its own"
	case !path.IsAbs(file):
		p.Relative = true
		file = path.Join(p.State, file)
	}
	dir = path.Clean(file)
	if !strings.HasSuffix(f.kind, " folder") {
		dir = path.Dir(dir)
	}
	if dir == "/" {
		return "", "", file + " is the root folder, or in it, which can be no volume; name another"
	}
	return dir, path.Base(file), ""
}

func add(list *[]*Folder, dir string, f found, file string) {
	i := slices.IndexFunc(*list, func(d *Folder) bool { return d.Path == dir })
	if i < 0 {
		i = len(*list)
		*list = append(*list, &Folder{Path: dir, Name: unused(label(dir), *list)})
	}
	d := (*list)[i]
	d.Write = d.Write || strings.HasPrefix(f.kind, "write")
	if f.kind == "given" && !slices.Contains(d.Files, file) {
		d.Files = append(d.Files, file)
	}
	if !slices.Contains(d.UsedFor, f.path) {
		d.UsedFor = append(d.UsedFor, f.path)
	}
}

// unused is the name, or one with a number where another folder has it.
func unused(name string, list []*Folder) string {
	free := name
	for i := 2; slices.ContainsFunc(list, func(d *Folder) bool { return d.Name == free }); i++ {
		free = fmt.Sprintf("%s-%d", name, i)
	}
	return free
}

// begin gives the variable with which a file's name begins a value: the base
// itself where a path follows, else a file in it.
func (n *needs) begin(name, base string) {
	at := reference.FindStringSubmatchIndex(name)
	if at == nil || at[0] != 0 || name[at[2]:at[3]] != "env" {
		return
	}
	for _, v := range n.variables {
		if v.Name != name[at[4]:at[5]] || v.Value != "" || v.Secret {
			continue
		}
		v.Value = path.Join(base, strings.ReplaceAll(strings.ToLower(v.Name), "_", "-"))
		if strings.HasPrefix(name[at[1]:], "/") {
			v.Value = base
		}
	}
}

// expand puts the values of variables into a text, if all are known.
func (n *needs) expand(text string) (string, bool) {
	known := true
	text = reference.ReplaceAllStringFunc(text, func(ref string) string {
		for _, v := range n.variables {
			if ref == "${env:"+v.Name+"}" && v.Value != "" {
				return v.Value
			}
		}
		known = false
		return ref
	})
	return text, known
}
