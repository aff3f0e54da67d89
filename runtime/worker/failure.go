package worker

import (
	"errors"
	"fmt"
	"reflect"
	"runtime/debug"
	"strings"

	"kcgen.dev/runtime/chain"
)

// Stage is where a record failed, by Kafka Connect's names.
type Stage = chain.Stage

// The stages around the chain's own.
const (
	stageConsume Stage = "KAFKA_CONSUME"
	stagePoll    Stage = "TASK_POLL"
	stagePut     Stage = "TASK_PUT"
	stageProduce Stage = "KAFKA_PRODUCE"
)

// Failure is the failure of one record or of one call of a plug-in.
type Failure struct {
	Connector string
	Task      int
	Stage     Stage
	Component any    // what failed: the converter, the transform, the connector
	Step      string // of the chain, at stage TRANSFORMATION
	Place     string // the record's: "topic t, partition 0, offset 5"; "" for a call
	Err       error
}

// Error names the connector, the stage, the record and the cause.
func (f *Failure) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "connector %s, task %d: %s", f.Connector, f.Task, f.Stage)
	if f.Step != "" {
		fmt.Fprintf(&b, " (%s)", f.Step)
	}
	if f.Place != "" {
		fmt.Fprintf(&b, " failed for the record at %s", f.Place)
	}
	fmt.Fprintf(&b, ": %v", f.Err)
	return b.String()
}

// Unwrap gives the cause.
func (f *Failure) Unwrap() error { return f.Err }

// panicked is a panic as an error. Its text is one line; the stack is for the
// log.
type panicked struct {
	value any
	stack string
}

func (p *panicked) Error() string { return fmt.Sprintf("panic: %v", p.value) }

// asError makes an error of what recover gave.
func asError(p any) error {
	return &panicked{p, string(debug.Stack())}
}

// stackOf is the stack of a panic or of a hanging call within err, or "".
func stackOf(err error) string {
	var p *panicked
	if errors.As(err, &p) {
		return p.stack
	}
	var h *hang
	if errors.As(err, &h) {
		return h.stack
	}
	return ""
}

// guard calls f and makes an error of a panic.
func guard(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = asError(p)
		}
	}()
	return f()
}

// className is a component's Go type as import path and name: what
// __connect.errors.class.name holds of a Java class.
func className(component any) string {
	t := reflect.TypeOf(component)
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t == nil {
		return ""
	}
	if t.PkgPath() == "" {
		return t.String()
	}
	return t.PkgPath() + "." + t.Name()
}

// trace is the chain of causes, and a panic's stack: what
// __connect.errors.exception.stacktrace holds.
func trace(err error) string {
	var b strings.Builder
	for e, prefix := err, ""; e != nil; e, prefix = errors.Unwrap(e), "Caused by: " {
		fmt.Fprintf(&b, "%s%s: %v\n", prefix, className(e), e)
	}
	b.WriteString(stackOf(err))
	return b.String()
}
