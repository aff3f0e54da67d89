package worker

import "kcgen.dev/runtime/offset"

var _ offset.Piecemeal = appender{}

// Piecemeal says that records are written outside of a transaction.
func (appender) Piecemeal() {}
