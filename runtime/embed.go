package runtime

import "embed"

// Files are the source of this package and of those below it, as kcgen builds
// pipelines from it; the names are relative to this folder. The patterns go by
// depth, so that a new connector is in it without being named. No pipeline
// links it: kcgen leaves this file behind.
//
//go:embed *.go */*.go */*.cue */*/*.go */*/*.cue
var Files embed.FS
