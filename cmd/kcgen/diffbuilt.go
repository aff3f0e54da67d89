package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"kcgen.dev/compiler"
	"kcgen.dev/compiler/plan"
	"kcgen.dev/compiler/review"
)

// compareBuilt builds the two programs of each pipeline whose plans differ, and
// has them say what they need.
func compareBuilt(cmd *cobra.Command, tags []string, r *review.Report) error {
	show := newProgress(cmd.ErrOrStderr())
	defer show.done()
	cfg := config(cmd, tags)
	cfg.Progress = show.stage
	for _, p := range r.Pipelines {
		before, after, ok := p.Both()
		if !ok || len(p.Changes) == 0 {
			continue
		}
		var said [2]*review.Built
		for i, q := range []*plan.Pipeline{before, after} {
			var err error
			if said[i], err = built(cmd, cfg, q); err != nil {
				return err
			}
		}
		p.Built(said[0], said[1])
	}
	return nil
}

// built builds a plan's program and asks it.
func built(cmd *cobra.Command, cfg compiler.Config, p *plan.Pipeline) (*review.Built, error) {
	dir, err := os.MkdirTemp("", "kcgen-diff-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	file, err := buildOne(cmd, cfg, p, compiler.BuildOptions{Out: filepath.Join(dir, p.Name)})
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	b := &review.Built{Size: info.Size()}
	rep, err := compiler.DryRun(cmd.Context(), cfg, p, compiler.DryOptions{Tests: func(string) bool { return false }})
	if err != nil {
		return nil, err
	}
	b.Flows = rep.Flows
	c := exec.CommandContext(cmd.Context(), file, "grants", "-json")
	var said bytes.Buffer
	c.Stderr = &said
	out, err := c.Output()
	if err == nil {
		err = json.Unmarshal(out, &b.Grants)
	}
	if err != nil {
		return nil, fmt.Errorf("%s cannot say which rights it needs: %w: %s", p.Name, err, strings.TrimSpace(said.String()))
	}
	return b, nil
}
