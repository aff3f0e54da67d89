package sql

import (
	"errors"
	"fmt"
	"slices"

	"kcgen.dev/runtime/connect"
)

var _ connect.Accepts = Sink{}

// Accepts says which records have no place in a table, whatever the table is.
func (s Sink) Accepts(shape connect.Shape) error {
	if shape.None {
		return nil
	}
	var errs []error
	if s.PkMode == "record_key" {
		errs = append(errs, s.acceptKey(shape.Key))
	}
	return errors.Join(append(errs, s.acceptValue(shape.Value))...)
}

var _ connect.Reads = Sink{}

// Reads is what columns are made of: the key where pkMode says so, and of the
// value the fields that fieldsWhitelist and pkFields name.
func (s Sink) Reads(role connect.Role) connect.Reading {
	switch all := (connect.Reading{}); {
	case role == connect.RoleKey && s.PkMode == "record_key":
		return all
	case role != connect.RoleValue:
		return connect.Reading{Only: []string{}}
	case len(s.FieldsWhitelist) == 0, s.PkMode == "record_value" && len(s.PkFields) == 0:
		return all
	case s.PkMode == "record_value":
		return connect.Reading{Only: slices.Concat(s.FieldsWhitelist, s.PkFields)}
	}
	return connect.Reading{Only: s.FieldsWhitelist}
}

// acceptKey is of a key that is made the row's.
func (s Sink) acceptKey(f connect.Form) error {
	switch {
	case f.Nulls == connect.NullsAlways:
		return connect.OptionErrorf("pkMode", "record_key makes the row's key of the record's, which is null here")
	case !f.Known:
		return nil
	}
	var l layout
	if err := s.recordKey(&l, f.Schema); err != nil {
		return &connect.OptionError{Option: keyOption(f), Err: err}
	}
	return s.acceptColumns(&l, len(l.columns))
}

// keyOption is the option that a key is at odds with.
func keyOption(f connect.Form) string {
	if f.Schema == nil || f.Schema.Kind() == connect.KindArray || f.Schema.Kind() == connect.KindMap {
		return "pkMode"
	}
	return "pkFields"
}

// acceptValue is of the fields.
func (s Sink) acceptValue(f connect.Form) error {
	switch {
	case f.Nulls == connect.NullsAlways && !s.DeleteEnabled:
		return connect.OptionErrorf("deleteEnabled", "every value is null here, and makes no row; deleteEnabled would delete the rows of their keys")
	case f.Nulls == connect.NullsAlways || !f.Known:
		return nil
	}
	l := layout{}
	if s.PkMode == "record_value" {
		if err := s.keyColumns(&l, nil, f.Schema); err != nil {
			return &connect.OptionError{Option: "pkFields", Err: err}
		}
	}
	keys := len(l.columns)
	if err := s.valueColumns(&l, f.Schema); err != nil {
		return err
	}
	return s.acceptColumns(&l, keys)
}

// acceptColumns is an error where a field has a type of which no column is.
func (s Sink) acceptColumns(l *layout, keys int) error {
	if s.Connection == nil {
		return nil
	}
	l.keys = keys
	var errs []error
	for i := range l.columns {
		if _, err := l.definition(s.Connection.Dialect(), i); err != nil {
			errs = append(errs, fmt.Errorf("no column can hold it: %w; a transform such as transform.#Flatten or transform.#ReplaceField makes others of it", err))
		}
	}
	return errors.Join(errs...)
}
