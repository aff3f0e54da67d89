// Package deploy fills in what a pipeline is run with: the image, Kubernetes'
// manifests, a systemd unit, jobs of CI, a dashboard, alert rules. What a spec
// knows is filled in: the variables and files that it names, where it listens,
// whether its instances share the work. The texts are those of
// templates/deploy, and a person owns them once they are written.
//
//	deploy.go    the templates, and filling one in
//	pipeline.go  what a template sees of a spec
//	needs.go     the walk that finds variables and files
//	place.go     where files and volumes are
//	memory.go    how much it takes
//	rest.go      where the pipeline answers
//	dashboard.go the pictures of a dashboard
//	quote.go     words in the syntaxes of the files
package deploy

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"text/template"

	"kcgen.dev/templates"
)

// A Template is a set of files that belong together.
type Template struct {
	Name, About string
	names       about // what of the spec its files name
}

// about is a set of what a spec says.
type about int

const (
	itself about = 1 << iota // where the spec is
	places                   // folders
	rest                     // where the pipeline answers
)

// Templates are all there are, in the order of their use.
var Templates = []Template{
	{"dockerfile", "an image of the one binary: Dockerfile, .dockerignore", itself},
	{"compose", "the pipeline beside a broker, on one machine: compose.yaml for Docker", itself | places | rest},
	{"kubernetes", "manifests for Kubernetes, as a base of Kustomize", places | rest},
	{"helm", "a chart for Helm", places | rest},
	{"systemd", "a hardened unit of systemd, and its settings", places},
	{"github", "a workflow of GitHub Actions: vet, test, what a change means, image", itself},
	{"gitlab", "jobs of GitLab CI: vet, test, what a change means, image", itself},
	{"prometheus", "rules for Prometheus: figures worth keeping, and alerts", rest},
	{"grafana", "a dashboard for Grafana", rest},
}

// Names are the names of the templates.
func Names() []string {
	var names []string
	for _, t := range Templates {
		names = append(names, t.Name)
	}
	return names
}

func find(name string) (Template, bool) {
	i := slices.IndexFunc(Templates, func(t Template) bool { return t.Name == name })
	if i < 0 {
		return Template{}, false
	}
	return Templates[i], true
}

// Notes are what a person should know of the files of some templates.
func (p *Pipeline) Notes(names ...string) []string {
	var told about
	for _, name := range names {
		t, _ := find(name)
		told |= t.names
	}
	var out []string
	for _, n := range p.notes {
		if n.of&told != 0 {
			out = append(out, n.text)
		}
	}
	return out
}

// A File is a file to be written, by its name below the folder that is the root.
type File struct{ Name, Text string }

// Fill fills in a template. A file about which there is nothing to say is left
// out.
func Fill(name string, p *Pipeline) ([]File, error) {
	t, known := find(name)
	if !known {
		return nil, fmt.Errorf("deploy: no template %q", name)
	}
	if err := p.inside(); err != nil && t.names&itself != 0 {
		return nil, err
	}
	root := path.Join("deploy", name)
	seen := *p
	seen.Chart = name == "helm"
	var files []File
	err := fs.WalkDir(templates.Deploy, root, func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fill(file, &seen)
		if text = strings.TrimSpace(text); err == nil && text != "" {
			files = append(files, File{target(strings.TrimPrefix(file, root+"/"), p), text + "\n"})
		}
		return err
	})
	return files, err
}

// target is the name of a file that is written, of its template's.
func target(file string, p *Pipeline) string {
	file = strings.ReplaceAll("/"+file, "/dot-", "/.")[1:]
	return strings.ReplaceAll(file, "NAME", p.Object)
}

// fill fills in one file. The words of a template stand in [[ ]], as GitHub,
// Helm, Prometheus and Grafana have {{ }} for themselves.
func fill(file string, p *Pipeline) (string, error) {
	t := template.New(path.Base(file)).Delims("[[", "]]").Funcs(functions).Option("missingkey=error")
	include := func(name string, data any) (string, error) {
		var b strings.Builder
		err := t.ExecuteTemplate(&b, name, data)
		return b.String(), err
	}
	if _, err := t.Funcs(template.FuncMap{"include": include}).ParseFS(templates.Deploy, file, "deploy/_*"); err != nil {
		return "", fmt.Errorf("deploy: %w", err)
	}
	text, err := include(t.Name(), p)
	if err != nil {
		return "", fmt.Errorf("deploy: fill in %s: %w", file, err)
	}
	return text, nil
}
