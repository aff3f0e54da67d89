package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"kcgen.dev/compiler/diag"
	"kcgen.dev/compiler/plan"
	"kcgen.dev/compiler/review"
)

// side is one of the two that are compared.
type side struct {
	rev   string   // the git revision; empty: the work tree
	dir   string   // where its files are; empty: the working directory
	tmp   string   // what is to be removed again
	paths []string // specs and folders
}

// sides are OLD and NEW of a command line.
func sides(cmd *cobra.Command, args []string) (old, now side, err error) {
	if dash := cmd.ArgsLenAtDash(); dash > 0 {
		old, now = side{rev: args[0], paths: args[dash:]}, side{paths: args[dash:]}
		if dash == 2 {
			now.rev = args[1]
		}
	} else {
		old, now = sideOf(args[0]), sideOf(args[1])
	}
	for _, s := range []*side{&old, &now} {
		if err == nil {
			err = s.open(cmd)
		}
	}
	return old, now, err
}

// sideOf reads PATH or REV:PATH. What is there is a path, whatever it is called.
func sideOf(arg string) side {
	if _, err := os.Stat(arg); err != nil {
		if rev, path, ok := strings.Cut(arg, ":"); ok && rev != "" && path != "" && !filepath.IsAbs(arg) {
			return side{rev: rev, paths: []string{path}}
		}
	}
	return side{paths: []string{arg}}
}

// open gets the files of a revision.
func (s *side) open(cmd *cobra.Command) error {
	if s.rev == "" {
		return nil
	}
	var err error
	if s.tmp, err = os.MkdirTemp("", "kcgen-diff-"); err != nil {
		return err
	}
	prefix, err := review.Revision(cmd.Context(), ".", s.rev, s.tmp)
	if err != nil {
		return usageError{err}
	}
	s.dir = filepath.Join(s.tmp, prefix)
	for _, p := range s.paths {
		if filepath.IsAbs(p) || !filepath.IsLocal(filepath.Join(prefix, p)) {
			return usageError{fmt.Errorf("%s:%s is outside the repository; name the spec relative to this folder", s.rev, p)}
		}
	}
	return nil
}

func (s *side) close() {
	if s.tmp != "" {
		os.RemoveAll(s.tmp)
	}
}

// plans checks the specs of a side. One that is not there is a pipeline that was
// added, or removed, where a revision is meant.
func (s *side) plans(cmd *cobra.Command, tags []string) ([]*plan.Pipeline, error) {
	specs, err := s.specs()
	if err != nil || len(specs) == 0 {
		return nil, err
	}
	cfg := config(cmd, tags)
	cfg.Dir = s.dir
	cfg.Fuse = nil
	plans, faults, err := checkFaults(cmd, cfg, specs)
	for i := range faults {
		faults[i].File = s.named(faults[i].File)
	}
	if err == nil && len(faults) > 0 {
		err = faults
	}
	if err == nil {
		err = distinct(plans)
	}
	return plans, err
}

// specs are the specs that the paths of a side mean.
func (s *side) specs() ([]string, error) {
	var out []string
	for _, p := range s.paths {
		info, err := os.Stat(filepath.Join(s.dir, p))
		switch {
		case errors.Is(err, os.ErrNotExist) && s.rev != "":
		case err != nil || !info.IsDir():
			out = append(out, p)
		default:
			found, err := review.Specs(s.dir, p)
			if err != nil {
				return nil, err
			}
			if len(found) == 0 {
				return nil, diag.List{{File: s.named(p), Msg: "holds no spec: no CUE file with schema.#Pipeline, and no YAML file with kafka:"}}
			}
			out = append(out, found...)
		}
	}
	return out, nil
}

// named is a file as the user knows it: main:orders.cue.
func (s *side) named(file string) string {
	if s.rev == "" || strings.HasPrefix(file, "kcgen.dev/") {
		return file
	}
	return s.rev + ":" + file
}
