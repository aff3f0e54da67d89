package props

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/secret"
)

// textOf is a value as a property's text, and whether it was given at all: a
// number, text or list that is zero where none is required was not.
func textOf(o connect.Option, v reflect.Value) (text string, given bool) {
	given = !v.IsZero()
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return "", false
		}
		v = v.Elem()
	}
	switch x := v.Interface().(type) {
	case secret.Secret:
		return x.String(), given // the reference
	case time.Duration:
		return duration(o, x), given
	}
	switch v.Kind() {
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 { // data
			return string(v.Bytes()), given
		}
		var parts []string
		for i := range v.Len() {
			parts = append(parts, fmt.Sprint(v.Index(i).Interface()))
		}
		return strings.Join(parts, ","), given
	case reflect.Map:
		return pairs(v), v.Len() > 0
	case reflect.Float32, reflect.Float64:
		return strconv.FormatFloat(v.Float(), 'g', -1, 64), given
	}
	return fmt.Sprint(v.Interface()), given
}

// duration is in milliseconds, or in seconds where the property says so;
// without an end it is -1.
func duration(o connect.Option, d time.Duration) string {
	switch {
	case d < 0:
		return "-1"
	case strings.HasSuffix(o.Property, ".sec"):
		return strconv.FormatFloat(d.Seconds(), 'f', -1, 64)
	}
	return strconv.FormatFloat(float64(d)/1e6, 'f', -1, 64)
}

// pairs is a map as Kafka Connect's transforms take it: a:b,c:d.
func pairs(v reflect.Value) string {
	byName := map[string]string{}
	for it := v.MapRange(); it.Next(); {
		byName[it.Key().String()] = fmt.Sprint(it.Value().Interface())
	}
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(byName)) {
		parts = append(parts, k+":"+byName[k])
	}
	return strings.Join(parts, ",")
}
