package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"kcgen.dev/compiler/docs"
)

func docsCommand() *cobra.Command {
	var dir string
	var site, check bool
	cmd := &cobra.Command{
		Use:   "docs [-site] [-check] [-o DIR]",
		Short: "Write the reference of all components, as Markdown or as a site",
		Long: `Docs writes a page for each package of components, with every field, its type,
its default and its meaning, from the CUE that validates specs: the built-in
components, and those of the Go modules that the go.mod of this folder requires.
Further pages have the verbs of kcgen, and what it warns of.

Pages are Markdown, with links between them that GitHub follows. With -site they
are a static site with search, which needs no server and fetches nothing. Pages
of Markdown in the folder that docs made before and makes no more are removed.
With -check it changes nothing, says what it would change, and ends with 1 if
there is anything.`,
		Example: "  kcgen docs -o docs\n  kcgen docs -site -o public",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			files, err := docFiles(cmd, dir, site)
			if err != nil {
				return err
			}
			gone, err := madeBefore(dir, files)
			if err != nil {
				return err
			}
			return writeDocs(cmd, files, gone, check)
		},
	}
	cmd.Flags().StringVarP(&dir, "o", "o", "docs", "the `folder` to write to")
	cmd.Flags().BoolVar(&site, "site", false, "write a static site instead of Markdown")
	cmd.Flags().BoolVar(&check, "check", false, "only say what would change")
	return cmd
}

// docFiles are all files of the reference, as they are to be.
func docFiles(cmd *cobra.Command, dir string, site bool) (map[string][]byte, error) {
	lib, err := library(cmd.Context())
	if err != nil {
		return nil, err
	}
	pages := docs.Pages(lib, commandsPage(cmd.Root()), lintsPage())
	named := docs.Markdown(pages)
	if site {
		if named, err = docs.Site(pages); err != nil {
			return nil, err
		}
	}
	files := map[string][]byte{}
	for name, text := range named {
		files[filepath.Join(dir, filepath.FromSlash(name))] = text
	}
	return files, nil
}

// commandsPage is the help of all verbs.
func commandsPage(root *cobra.Command) *docs.Page {
	p := &docs.Page{Path: "commands", Title: "Commands", Group: "More"}
	for _, c := range root.Commands() {
		if !c.IsAvailableCommand() {
			continue
		}
		var b bytes.Buffer
		out := c.OutOrStdout()
		c.SetOut(&b)
		help(c, nil)
		c.SetOut(out)
		about, usage, _ := strings.Cut(b.String(), "\n\nUsage:\n")
		p.Blocks = append(p.Blocks, docs.Heading{Level: 2, Text: c.Name()})
		p.Blocks = append(p.Blocks, docs.Prose(about)...)
		p.Blocks = append(p.Blocks, docs.Code{Text: usage})
	}
	return p
}

// madeBefore are the pages in a folder that kcgen made and makes no more.
func madeBefore(dir string, files map[string][]byte) (gone []string, err error) {
	err = filepath.WalkDir(dir, func(file string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist) && file == dir:
			return nil
		case err != nil:
			return err
		case d.IsDir() || filepath.Ext(file) != ".md" || files[file] != nil:
			return nil
		}
		text, err := os.ReadFile(file)
		if err == nil && docs.IsMade(text) {
			gone = append(gone, file)
		}
		return err
	})
	return gone, err
}

// writeDocs writes the files that differ from what is there, removes those that
// are gone, and names them; dry only names them.
func writeDocs(cmd *cobra.Command, files map[string][]byte, gone []string, dry bool) error {
	for file := range files {
		have, err := os.ReadFile(file)
		if err == nil && filepath.Ext(file) == ".md" && !docs.IsMade(have) {
			return usageError{fmt.Errorf("%s was not made by kcgen; it is left as it is, and nothing was written", shorten(file))}
		}
		if dry {
			continue
		}
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			return err
		}
	}
	changed, err := writeChanged(files, dry)
	for _, file := range gone {
		changed = append(changed, shorten(file)+" (gone)")
		if err == nil && !dry {
			err = os.Remove(file)
		}
	}
	slices.Sort(changed)
	for _, f := range changed {
		fmt.Fprintln(cmd.OutOrStdout(), f)
	}
	if err == nil && dry && len(changed) > 0 {
		fmt.Fprintln(cmd.ErrOrStderr(), "kcgen docs: the files above are not up to date; run kcgen docs")
		return errFaults
	}
	return err
}
