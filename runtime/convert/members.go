package convert

import (
	"errors"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/fuse"
)

var (
	_ fuse.Reader     = JSON{}
	_ fuse.TextReader = String{}
)

// Text is an error for texts that are not UTF-8 as they come.
func (s String) Text() error {
	codec, err := s.Open(connect.RoleValue)
	if err == nil && codec != connect.Codec(utf8Codec{}) {
		err = errors.New("its messages are not in UTF-8")
	}
	return err
}

// Members is an error for messages with schemas, and for what reads more
// strictly than a function does.
func (j JSON) Members() error {
	switch {
	case j.SchemasEnable:
		return errors.New("its messages carry schemas, which are not known before they come")
	case j.Strict:
		return errors.New("it is strict, and a function is not")
	}
	return nil
}
