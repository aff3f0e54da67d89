package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"kcgen.dev/compiler/diag"
	"kcgen.dev/compiler/image"
)

func buildCommand() *cobra.Command {
	var f buildFlags
	cmd := &cobra.Command{
		Use:   "build [-o FILE] [-pack] [-target OS/ARCH,…] [-image FILE.tar|NAME:TAG] [-label NAME=VALUE] [-sbom FILE] [-provenance FILE] [-strict] [-policy P] [-report] [-t TAG=VALUE] SPEC…",
		Short: "Build one static binary a pipeline",
		Long: `Build checks specs, runs their tests and compiles each into one static binary,
./<pipeline> unless -o says otherwise. A spec whose tests fail gets none. The
same spec gives the same bytes wherever it is built; nothing is fetched that
Go's module cache holds. Where one of several specs has faults the others are
built all the same.

A source whose records and transforms are known to the byte becomes one function,
which is faster than the chain and writes the same. So do the converter and the
first transforms of a sink that reads JSON without schemas, where it is known
by a field's name what becomes of it, or texts. -report tells which do, and what keeps the
others from it: what is not in a function goes through the chain. Of sinks it
tells which fields are read, where the converter need not make the others.

With -pack all specs become one binary, FILE, little larger than one of them.
FILE PIPELINE runs one, and takes its verbs and flags; FILE a,b runs some and
FILE all runs all in one process; a link to FILE that is called like a pipeline
is that pipeline. Where one spec has faults there is no binary.

With several targets each binary's name ends with its machine: orders-linux-arm64.

With -image the binary goes into an OCI image, made without Docker: for all
targets, of the machine's architecture by default. It holds the binary, CA
certificates and a user of id 65532, who runs it. An image that ends with .tar is
a file for docker load, podman load and skopeo; another is the name, with tag, of
one in a registry, where it is pushed with the login of docker login. The binary
itself is kept where -o is given.

-sbom writes what is linked, as CycloneDX, and -provenance what the binary was
built of, as an in-toto statement with SLSA's predicate. Of several binaries FILE
is a folder. Both are in the image too, and the licences of what is linked, below
/usr/share/doc. No time is in any of them, unless the variable SOURCE_DATE_EPOCH
gives it.`,
		Example: "  kcgen build pipeline.cue\n  kcgen build -o bin/orders -target linux/arm64 -t env=prod orders.cue\n  kcgen build -pack -o bin/pipelines pipelines/*.cue\n" +
			"  kcgen build -image orders.tar -target linux/amd64,linux/arm64 -sbom orders.cdx.json orders.cue",
		Args:              f.check,
		RunE:              func(cmd *cobra.Command, args []string) error { return f.build(cmd, args) },
		ValidArgsFunction: completeSpecs,
	}
	cmd.Flags().StringVarP(&f.out, "o", "o", "", "the binary's `file`; by default ./<pipeline>")
	cmd.Flags().BoolVar(&f.pack, "pack", false, "put all pipelines into one binary")
	cmd.Flags().StringSliceVar(&f.targets, "target", nil, "the machines it is for, as `OS/ARCH,…`; by default this one")
	cmd.Flags().StringVar(&f.image, "image", "", "make an OCI image, `FILE.tar` or NAME:TAG in a registry")
	cmd.Flags().StringArrayVar(&f.labels, "label", nil, "give the image a label, as `name=value`; may be repeated")
	cmd.Flags().StringVar(&f.sbom, "sbom", "", "write the bill of materials to a `file`")
	cmd.Flags().StringVar(&f.provenance, "provenance", "", "write the provenance to a `file`")
	cmd.Flags().BoolVar(&f.report, "report", false, "tell which chains are specialised, and why others are not")
	f.rules.flags(cmd)
	tagFlag(cmd, &f.tags)
	return cmd
}

type buildFlags struct {
	out, image, sbom, provenance string
	targets, labels, tags        []string
	pack, report                 bool
	rules                        rules
}

// check refuses what cannot be meant, before anything is built.
func (f *buildFlags) check(cmd *cobra.Command, args []string) error {
	if f.pack && f.out == "" {
		return errors.New("-pack needs -o FILE: which file is to hold the pipelines?")
	}
	if len(args) > 1 && f.out != "" && !f.pack {
		return fmt.Errorf("-o names one file, but there are %d specs; leave it out, or put them into one binary by -pack", len(args))
	}
	if i, err := os.Stat(f.out); err == nil && i.IsDir() {
		return fmt.Errorf("-o %s is a folder; name a file in it", f.out)
	}
	for i, t := range f.targets {
		if slices.Contains(f.targets[:i], t) {
			return fmt.Errorf("-target %s stands there twice", t)
		}
		if err := target(cmd, t); err != nil {
			return err
		}
	}
	if err := f.checkImage(len(args)); err != nil {
		return err
	}
	if _, err := sourceDate(); err != nil {
		return err
	}
	if err := f.checkBeside(len(f.targets) > 1 || len(args) > 1 && !f.pack); err != nil {
		return err
	}
	return specs(cmd, args)
}

// checkBeside refuses one file for several binaries, and files in no folder.
func (f *buildFlags) checkBeside(several bool) error {
	for _, beside := range []struct{ flag, file string }{{"sbom", f.sbom}, {"provenance", f.provenance}} {
		if several && beside.file != "" && !isFolder(beside.file) {
			return fmt.Errorf("-%s %s is one file, but there are several binaries; name a folder, ending with /", beside.flag, beside.file)
		}
		if err := inFolder(beside.flag, beside.file); err != nil {
			return err
		}
	}
	return nil
}

// inFolder refuses a file whose folder is not there. One that is a folder itself
// is made where it is needed.
func inFolder(flag, file string) error {
	if file == "" || isFolder(file) {
		return nil
	}
	if i, err := os.Stat(filepath.Dir(file)); err != nil || !i.IsDir() {
		return fmt.Errorf("-%s %s: there is no folder %s", flag, file, filepath.Dir(file))
	}
	return nil
}

func (f *buildFlags) checkImage(specs int) error {
	for _, l := range f.labels {
		if name, _, ok := strings.Cut(l, "="); !ok || name == "" {
			return fmt.Errorf("-label %s is not name=value", l)
		}
	}
	switch {
	case f.image == "" && len(f.labels) > 0:
		return errors.New("-label is for an image; -image names one")
	case f.image == "":
		return nil
	case specs > 1 && !f.pack && !isFolder(f.image):
		return fmt.Errorf("-image %s is one image, but there are %d specs; name a folder for them, ending with /, or put them into one binary by -pack", f.image, specs)
	case !isFolder(f.image) && filepath.Ext(f.image) != ".tar":
		if err := image.Reference(f.image); err != nil {
			return fmt.Errorf("-image %s is neither a file that ends with .tar, nor an image in a registry, such as registry.example.com/team/orders:v1", f.image)
		}
	}
	for _, t := range f.targets {
		if err := image.Target(t); err != nil {
			return fmt.Errorf("-target %s: %w", t, err)
		}
	}
	if filepath.Ext(f.image) == ".tar" {
		return inFolder("image", f.image)
	}
	return nil
}

// isFolder says whether a name is a folder's.
func isFolder(name string) bool {
	i, err := os.Stat(name)
	return strings.HasSuffix(name, "/") || err == nil && i.IsDir()
}

// target refuses a machine that Go does not build for. Without a go command it
// is left to the build to complain.
func target(cmd *cobra.Command, target string) error {
	out, err := goOutput(cmd.Context(), "tool", "dist", "list")
	if known := strings.Fields(string(out)); err == nil && !slices.Contains(known, target) {
		return fmt.Errorf("-target %s is no OS/ARCH that Go knows%s", target, diag.DidYouMean(target, known))
	}
	return nil
}
