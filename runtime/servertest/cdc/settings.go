package cdc

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"kcgen.dev/runtime/connect"
)

// Configure fills in a component (a pointer to a struct that kcgen types wrote)
// from properties of Kafka Connect's: each option by its property, or its
// default. What is left of the properties, those that no option stands for, is
// returned.
func Configure(component connect.Described, properties map[string]string) (rest []string, err error) {
	left := maps.Clone(properties)
	v := reflect.ValueOf(component).Elem()
	for _, o := range component.ConfigDef() {
		f, ok := fieldByTag(v, o.Name)
		if !ok {
			return nil, fmt.Errorf("cdc: %T has no field for its option %s", component, o.Name)
		}
		begins, several := strings.CutSuffix(o.Property, "*")
		if several {
			if err := setSeveral(f, begins, left); err != nil {
				return nil, fmt.Errorf("cdc: option %s (%s): %w", o.Name, o.Property, err)
			}
			continue
		}
		text, given := left[o.Property]
		delete(left, o.Property)
		if !given {
			text = o.Default
		}
		if text == "" {
			continue
		}
		if err := set(f, text); err != nil {
			return nil, fmt.Errorf("cdc: option %s (%s=%s): %w", o.Name, o.Property, text, err)
		}
	}
	return slices.Sorted(maps.Keys(left)), nil
}

func fieldByTag(v reflect.Value, name string) (reflect.Value, bool) {
	for i := range v.NumField() {
		if tag, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ","); tag == name {
			return v.Field(i), true
		}
	}
	return reflect.Value{}, false
}

// set gives a field its value from a property's text.
func set(f reflect.Value, text string) error {
	if f.Type() == reflect.TypeFor[time.Duration]() {
		return setDuration(f, text)
	}
	switch f.Kind() {
	case reflect.String:
		f.SetString(text)
	case reflect.Bool:
		b, err := strconv.ParseBool(text)
		f.SetBool(b)
		return err
	case reflect.Int, reflect.Int64, reflect.Int32:
		n, err := strconv.ParseInt(text, 10, 64)
		f.SetInt(n)
		return err
	case reflect.Float64:
		n, err := strconv.ParseFloat(text, 64)
		f.SetFloat(n)
		return err
	case reflect.Pointer:
		p := reflect.New(f.Type().Elem())
		f.Set(p)
		return set(p.Elem(), text)
	case reflect.Slice:
		return setList(f, text)
	default:
		return fmt.Errorf("a %s cannot be set from a text", f.Type())
	}
	return nil
}

// setDuration takes milliseconds, as properties have them.
func setDuration(f reflect.Value, text string) error {
	ms, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		d, err := time.ParseDuration(text)
		f.SetInt(int64(d))
		return err
	}
	f.SetInt(int64(time.Duration(ms) * time.Millisecond))
	return nil
}

// setList takes what is between commas; those of message.key.columns, which may
// hold commas themselves, are between semicolons.
func setList(f reflect.Value, text string) error {
	between := ","
	if strings.Contains(text, ":") {
		between = ";"
	}
	for _, part := range strings.Split(text, between) {
		e := reflect.New(f.Type().Elem()).Elem()
		if err := set(e, strings.TrimSpace(part)); err != nil {
			return err
		}
		f.Set(reflect.Append(f, e))
	}
	return nil
}

// setSeveral fills a map with the properties that begin alike, and takes them.
func setSeveral(f reflect.Value, begins string, left map[string]string) error {
	if f.Kind() != reflect.Map {
		return fmt.Errorf("a %s cannot be set from several properties", f.Type())
	}
	for k, text := range left {
		name, is := strings.CutPrefix(k, begins)
		if !is {
			continue
		}
		v := reflect.New(f.Type().Elem()).Elem()
		if err := set(v, text); err != nil {
			return err
		}
		if f.IsNil() {
			f.Set(reflect.MakeMap(f.Type()))
		}
		f.SetMapIndex(reflect.ValueOf(name), v)
		delete(left, k)
	}
	return nil
}
