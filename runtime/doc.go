// Package runtime is what a compiled pipeline runs on. A generated main fills
// in a [Pipeline] and hands it to [Main], or several to [MainOf]; that is all it
// calls.
//
//	pipeline_gen.go  Pipeline: what a spec says (generated)
//	main.go          Main: flags, signals, exit codes
//	artifact.go      the verbs spec, sbom and version
//	pack.go          MainOf: several pipelines in one program
//	run.go           Run: references resolved, the worker run
//	translate.go     a Pipeline in the worker's terms
//	preflight.go     the verbs check and grants
//	offsets.go       the verb offsets   positions.go  what it does
//	idlegroup.go     whether a connector is stopped
//	takeover.go      what ran in Kafka Connect before
//	memory.go        how much memory the program asks for
//	progress.go      how far it is
package runtime
