// Package schema holds the CUE definitions of what a pipeline is; see
// pipeline.cue.
package schema

import "embed"

// Files are the package's CUE files.
//
//go:embed *.cue
var Files embed.FS
