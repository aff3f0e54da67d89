package main

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"kcgen.dev/compiler/diag"
	"kcgen.dev/compiler/reference"
	"kcgen.dev/templates"
)

// A textFile is a file to be written.
type textFile struct{ name, text string }

// templateNames are the templates of kcgen init.
func templateNames() []string {
	var names []string
	entries, _ := templates.Init.ReadDir("init") // embedded: it is there
	for _, e := range entries {
		if e.Name() != "common" {
			names = append(names, e.Name())
		}
	}
	return names
}

var notName = regexp.MustCompile(`[^a-zA-Z0-9._-]+`)

// scaffold fills in a template for a folder of the given name.
func scaffold(template, folder string) ([]textFile, error) {
	name := strings.Trim(notName.ReplaceAllString(folder, "-"), "._-")
	if name == "" {
		name = "pipeline"
	}
	dir := path.Join("init", template)
	part := func(file string) string {
		b, _ := fs.ReadFile(templates.Init, path.Join(dir, file))
		return string(b)
	}
	fill := strings.NewReplacer(
		"{{name}}", name,
		"{{package}}", reference.PackageName(name),
		"{{version}}", installVersion(),
		"{{variables}}\n", part("variables")+"\n",
		"{{try}}", strings.TrimSpace(part("try")),
	)
	files := []textFile{{"pipeline.cue", fill.Replace(part("pipeline.cue"))}}
	const common = "init/common"
	err := fs.WalkDir(templates.Init, common, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(templates.Init, p)
		target := strings.TrimPrefix(p, common+"/")
		target = strings.ReplaceAll("/"+target, "/dot-", "/.")[1:]
		files = append(files, textFile{filepath.FromSlash(target), fill.Replace(string(b))})
		return err
	})
	return files, err
}

// installVersion is what CI is to install: this version, if it is one.
func installVersion() string {
	if v := version(); regexp.MustCompile(`^v\d+\.\d+\.\d+$`).MatchString(v) {
		return v
	}
	return "latest"
}

// writeNew writes files below dir if none of them is there yet.
func writeNew(dir string, files []textFile) error {
	for _, f := range files {
		if _, err := os.Lstat(filepath.Join(dir, f.name)); err == nil {
			return fmt.Errorf("%s is there already; nothing was written", filepath.Join(dir, f.name))
		}
	}
	for _, f := range files {
		file := filepath.Join(dir, f.name)
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			return err
		}
		if err := os.WriteFile(file, []byte(f.text), 0o666); err != nil {
			return err
		}
	}
	return nil
}

// oneOf refuses a word that is none of a list's.
func oneOf(what, word string, words []string) error {
	if slices.Contains(words, word) {
		return nil
	}
	return fmt.Errorf("unknown %s %q%s (there are %s)", what, word, diag.DidYouMean(word, words), strings.Join(words, ", "))
}
