package javatest

import (
	"errors"
	"fmt"
	"strings"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connect/vectortest"
	"kcgen.dev/runtime/transform"
)

// list is a property of type list: between commas, trimmed.
func list(c vectortest.Config, name string) (out []string) {
	text, ok := c[name]
	if !ok || text == "" {
		return nil
	}
	for _, item := range strings.Split(text, ",") {
		out = append(out, strings.TrimSpace(item))
	}
	return out
}

func newExtractField(on string, c vectortest.Config) (connect.Transform, error) {
	field, err := c.Need("field")
	if err != nil {
		return nil, err
	}
	replace, err := c.Bool("replace.null.with.default", true)
	return transform.ExtractField{
		On: on, Field: field, ReplaceNullWithDefault: replace,
		FieldSyntaxVersion: strings.ToUpper(c["field.syntax.version"]),
	}, err
}

func newReplaceField(on string, c vectortest.Config) (connect.Transform, error) {
	replace, err := c.Bool("replace.null.with.default", true)
	renames := map[string]string{}
	for _, pair := range list(c, "renames") {
		parts := strings.Split(strings.TrimRight(pair, ":"), ":") // as Java splits
		if len(parts) != 2 {
			return nil, fmt.Errorf("renames: %q", pair)
		}
		renames[parts[0]] = parts[1]
	}
	return transform.ReplaceField{
		On: on, Exclude: list(c, "exclude"), Include: list(c, "include"), Renames: renames,
		ReplaceNullWithDefault: replace,
	}, err
}

func newMaskField(on string, c vectortest.Config) (connect.Transform, error) {
	replace, err := c.Bool("replace.null.with.default", true)
	if text, ok := c["replacement"]; ok && text == "" {
		err = errors.Join(err, errors.New("replacement: a text is needed"))
	}
	return transform.MaskField{
		On: on, Fields: list(c, "fields"), Replacement: c["replacement"], ReplaceNullWithDefault: replace,
	}, err
}

func newValueToKey(_ string, c vectortest.Config) (connect.Transform, error) {
	replace, err := c.Bool("replace.null.with.default", true)
	return transform.ValueToKey{Fields: list(c, "fields"), ReplaceNullWithDefault: replace}, err
}

func newFlatten(on string, c vectortest.Config) (connect.Transform, error) {
	delimiter, ok := c["delimiter"]
	if !ok {
		delimiter = "."
	}
	return transform.Flatten{On: on, Delimiter: delimiter}, nil
}

func newCast(on string, c vectortest.Config) (connect.Transform, error) {
	replace, err := c.Bool("replace.null.with.default", true)
	cast := transform.Cast{On: on, ReplaceNullWithDefault: replace}
	for _, item := range list(c, "spec") {
		field, kind, ok := strings.Cut(item, ":")
		item = strings.ToLower(item)
		if ok {
			item = strings.TrimSpace(field) + ":" + strings.ToLower(strings.TrimSpace(kind))
		}
		cast.Spec = append(cast.Spec, item)
	}
	return cast, err
}
