package compiler

import "kcgen.dev/compiler/plan"

// userFault says a failure of the go command at the spec's line, where the
// spec is to blame.
func userFault(_ *plan.Pipeline, err error) error { return err }
