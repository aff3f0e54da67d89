package main

import (
	"context"
	"embed"
	"fmt"
	"path"
	"slices"
	"strings"
)

// sizeSpecs are the smallest pipelines of their kind.
//
//go:embed sizes
var sizeSpecs embed.FS

// kinds are pipelines whose size counts, by the names of their specs.
var kinds = []struct{ spec, title string }{
	{"file", "files, as JSON"},
	{"avro", "files, as Avro with a registry"},
	{"sqlserver", "tables of SQL Server"},
	{"mysql", "tables of MySQL or MariaDB"},
	{"postgres", "tables of PostgreSQL"},
	{"sqlite", "tables of SQLite"},
	{"postgres-capture", "a capture of PostgreSQL"},
	{"mysql-capture", "a capture of MySQL or MariaDB"},
}

// mostMiB is what a binary is to have at the most.
const mostMiB = 16

// sizes builds a pipeline of each kind.
func (b *bench) sizes(ctx context.Context, r *results) error {
	for _, k := range kinds {
		if b.kinds != "" && !slices.Contains(strings.Split(b.kinds, ","), k.spec) {
			continue
		}
		spec, err := sizeSpecs.ReadFile(path.Join("sizes", k.spec+".cue"))
		if err != nil {
			return err
		}
		if err := b.write("specs/size-"+k.spec+".cue", string(spec)); err != nil {
			return err
		}
		if _, err := b.kcgen(ctx, []string{"size-" + k.spec}); err != nil {
			return err
		}
		mib, err := b.size("size-" + k.spec)
		if err != nil {
			return err
		}
		r.binaries = append(r.binaries, binary{k.title, mib})
	}
	return nil
}

// binary is what a pipeline of one kind takes on disk.
type binary struct {
	title string
	mib   float64
}

func (r *results) sizeTable() string {
	var w strings.Builder
	fmt.Fprintf(&w, "| binary of a pipeline of | MiB | at most %d |\n|---|--:|---|\n", mostMiB)
	for _, b := range r.binaries {
		verdict := "PASS"
		if b.mib > mostMiB {
			verdict = "miss"
		}
		fmt.Fprintf(&w, "| %s | %.1f | %s |\n", b.title, b.mib, verdict)
	}
	return w.String()
}
