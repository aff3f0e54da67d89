// Package templates holds text that a person owns once it is written, or that
// is no Go.
package templates

import "embed"

// Init are the scaffolds of kcgen init: init/common goes into each, and
// init/<template> beside it. In a file's text {{name}} stands for the
// pipeline's name, {{package}} for the CUE package's and {{version}} for
// kcgen's; in a file's name dot- stands for a leading dot.
//
//go:embed init
var Init embed.FS

// Pipeline are the go.mod and go.sum of the programs that kcgen builds.
//
//go:embed pipeline.mod pipeline.sum
var Pipeline embed.FS

// Deploy are the texts of kcgen template, a folder each, and what some share:
// see README.md.
//
//go:embed all:deploy
var Deploy embed.FS
