package secret

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"
)

// maxDepth ends a walk over a value that reaches itself.
const maxDepth = 100

// Resolve replaces the references in every string and every [Secret] that the
// value behind ptr reaches: struct fields (called by their json tags), slices
// (elements by their Name), maps, pointers, and values in interfaces. It
// changes nothing that the value shares with another: slices, maps and what
// pointers point to are copied. All faults come at once, each as
//
//	sources.local-file-source.connector.file: environment variable LOG_FILE is not set
//
// A replaced text is not searched again. Faults never show a value.
func Resolve(ptr any) error {
	v := reflect.ValueOf(ptr)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return errors.New("secret: Resolve needs a pointer")
	}
	w := walker{reader: reader{env: os.LookupEnv, files: map[string]map[string]string{}}}
	w.walk(v.Elem(), "", 0)
	return errors.Join(w.faults...)
}

type walker struct {
	reader reader
	faults []error
}

func (w *walker) fault(path string, errs ...error) {
	for _, err := range errs {
		w.faults = append(w.faults, fmt.Errorf("%s: %w", path, err))
	}
}

// walk resolves v, which can be set.
func (w *walker) walk(v reflect.Value, path string, depth int) {
	if depth > maxDepth {
		w.fault(path, errors.New("the configuration is nested too deeply"))
		return
	}
	if s, ok := reflect.TypeAssert[Secret](v); ok {
		w.secret(v, s, path)
		return
	}
	switch v.Kind() {
	case reflect.String:
		s, faults := w.reader.expand(v.String())
		if w.fault(path, faults...); faults == nil {
			v.SetString(s)
		}
	case reflect.Struct:
		w.fields(v, path, depth)
	case reflect.Slice:
		if v.IsNil() {
			return
		}
		c := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		reflect.Copy(c, v)
		for i := range c.Len() {
			w.walk(c.Index(i), element(path, c.Index(i), i), depth+1)
		}
		v.Set(c)
	case reflect.Array:
		for i := range v.Len() {
			w.walk(v.Index(i), element(path, v.Index(i), i), depth+1)
		}
	case reflect.Map:
		w.entries(v, path, depth)
	case reflect.Pointer:
		if !v.IsNil() {
			c := reflect.New(v.Type().Elem())
			c.Elem().Set(v.Elem())
			w.walk(c.Elem(), path, depth+1)
			v.Set(c)
		}
	case reflect.Interface:
		if !v.IsNil() {
			c := reflect.New(v.Elem().Type()).Elem()
			c.Set(v.Elem())
			w.walk(c, path, depth+1)
			v.Set(c)
		}
	}
}

func (w *walker) secret(v reflect.Value, s Secret, path string) {
	if s.IsZero() {
		return
	}
	parts, err := parse(s.ref)
	if err == nil && (len(parts) != 1 || parts[0].kind == "") {
		err = errors.New("a secret must be exactly one reference: ${env:NAME}, ${file:PATH:KEY} or ${dir:PATH:FILE}")
	}
	if err != nil {
		w.fault(path, err)
		return
	}
	value, err := w.reader.lookup(parts[0])
	if err != nil {
		w.fault(path, err)
		return
	}
	v.Set(reflect.ValueOf(Secret{ref: s.ref, value: &value}))
}

func (w *walker) fields(v reflect.Value, path string, depth int) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if f.IsExported() {
			w.walk(v.Field(i), join(path, fieldName(f)), depth+1)
		}
	}
}

func (w *walker) entries(v reflect.Value, path string, depth int) {
	if v.IsNil() {
		return
	}
	c := reflect.MakeMapWithSize(v.Type(), v.Len())
	for it := v.MapRange(); it.Next(); {
		e := reflect.New(v.Type().Elem()).Elem()
		e.Set(it.Value())
		w.walk(e, join(path, fmt.Sprint(it.Key())), depth+1)
		c.SetMapIndex(it.Key(), e)
	}
	v.Set(c)
}

func fieldName(f reflect.StructField) string {
	if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" && name != "-" {
		return name
	}
	return f.Name
}

// element is the path of a slice's element: its Name, or else its place.
func element(path string, e reflect.Value, i int) string {
	for e.Kind() == reflect.Interface || e.Kind() == reflect.Pointer {
		e = e.Elem()
	}
	if e.Kind() == reflect.Struct {
		if n := e.FieldByName("Name"); n.IsValid() && n.Kind() == reflect.String && n.String() != "" {
			return join(path, n.String())
		}
	}
	return fmt.Sprintf("%s[%d]", path, i)
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
