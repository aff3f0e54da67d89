package protobuf

import (
	"fmt"
	"strings"
	"unsafe"
)

// placed is an error, the fields that lead to it, innermost first, and the
// byte at which it was found, or -1.
type placed struct {
	path   []string
	offset int
	err    error
}

func (e *placed) Error() string {
	var b strings.Builder
	for i := len(e.path) - 1; i >= 0; i-- {
		if b.Len() == 0 {
			b.WriteString("field ")
		} else {
			b.WriteByte('.')
		}
		if b.WriteString(short(e.path[i])); b.Len() > 200 {
			b.WriteString("…")
			break
		}
	}
	if b.Len() > 0 {
		b.WriteString(": ")
	}
	b.WriteString(e.err.Error())
	if e.offset >= 0 {
		fmt.Fprintf(&b, " (at byte %d)", e.offset)
	}
	return b.String()
}

func (e *placed) Unwrap() error { return e.err }

// at puts a field in front of an error's path.
func at(err error, field string) error {
	e, ok := err.(*placed)
	if !ok {
		e = &placed{offset: -1, err: err}
	}
	e.path = append(e.path, field)
	return e
}

// atByte says at which byte of data, of which b is a part, an error was found.
func atByte(err error, data, b []byte) error {
	if _, ok := err.(*placed); ok {
		return err
	}
	return &placed{offset: offset(data, b), err: err}
}

// offset is where b begins in data; -1 where it is no part of it.
func offset(data, b []byte) int {
	start, place := uintptr(unsafe.Pointer(unsafe.SliceData(data))), uintptr(unsafe.Pointer(unsafe.SliceData(b)))
	if place < start || place >= start+uintptr(len(data)) {
		return -1
	}
	return int(place - start)
}

// short is a name from outside, cut to a bounded length.
func short(s string) string {
	if len(s) > 64 {
		return strings.ToValidUTF8(s[:64], "") + "…"
	}
	return s
}
