package compiler

// What tools write, in the order in which one needs the other: the Go structs
// of the CUE definitions, the go.mod of pipelines.
//
//go:generate go run -C .. ./cmd/kcgen types ./...
//go:generate go run -C .. ./compiler/build/pipelinemod
