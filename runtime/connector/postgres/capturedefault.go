package postgres

import (
	"regexp"
	"strings"

	"kcgen.dev/runtime/connect"
)

// What stands for a default that is made anew for each row, by a function: no
// schema can say it.
var madeDefaults = map[uint32]string{
	oidBool: "f", oidBpchar: "", oidVarchar: "", oidText: "", oidNumeric: "0.0",
	oidFloat4: "0.0", oidFloat8: "0.0", oidInt2: "0", oidInt4: "0", oidInt8: "0",
	oidJSON: "{}", oidJSONB: "{}", oidXML: "", oidUUID: "00000000-0000-0000-0000-000000000000",
	oidDate: "1970-01-01", oidTime: "00:00:00", oidTimestamp: "1970-01-01 00:00:00", oidTimestampTZ: "1970-01-01 00:00:00+00",
	oidInterval: "00:00:00", oidBit: "00", oidVarbit: "0",
}

var (
	defaultLiteral  = regexp.MustCompile(`'([^']*(?:''[^']*)*)'`)
	defaultFunction = regexp.MustCompile(`^[(]?[A-Za-z0-9_.]+\((?:.+(?:, ?.+)*)?\)`)
	defaultTimes    = map[string]bool{"current_timestamp": true, "current_time": true, "current_date": true, "localtime": true, "localtimestamp": true}
)

// defaultText is a column's default as the server would print the value; it is
// not ok where a schema has none: none was given, or it is NULL, or of a type of
// which Debezium reads none.
func defaultText(t *pgType, expr string) (string, bool) {
	if t.enum {
		return enumDefault(t, expr)
	}
	made, ok := madeDefaults[t.oid]
	if !ok || expr == "" {
		return "", false
	}
	expr = strings.TrimSpace(expr)
	switch {
	case defaultFunction.MatchString(expr) || defaultTimes[strings.ToLower(expr)]:
		return made, true
	case strings.Contains(expr, "'"):
		m := defaultLiteral.FindStringSubmatch(expr)
		if m == nil {
			return "", false
		}
		return strings.ReplaceAll(m[1], "''", "'"), true
	case strings.HasPrefix(expr, "NULL::"):
		return "", false
	case t.oid == oidTimestamp || t.oid == oidTimestampTZ:
		return expr + " 00:00:00", true
	}
	return expr, true
}

// enumDefault reads 'label'::type.
func enumDefault(t *pgType, expr string) (string, bool) {
	value, of, ok := cutLast(expr, "::")
	if !ok || len(value) < 2 || value[0] != '\'' || value[len(value)-1] != '\'' {
		return "", false
	}
	if i := strings.LastIndexByte(of, '.'); i >= 0 {
		of = of[i+1:]
	}
	if strings.ReplaceAll(strings.Trim(of, `"`), `""`, `"`) != t.name {
		return "", false
	}
	return value[1 : len(value)-1], true
}

func cutLast(s, sep string) (before, after string, ok bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// defaultValue is a column's default; null where its schema has none.
func defaultValue(t *pgType, mod int32, expr string, decode decoder) connect.Value {
	text, ok := defaultText(t, expr)
	if !ok {
		return connect.Null
	}
	if t.oid == oidBool {
		text = map[bool]string{true: "t", false: "f"}[text == "t" || strings.EqualFold(text, "true")]
	}
	if (t.oid == oidBit || t.oid == oidVarbit) && t.precision(mod) == 1 && len(text) > 1 {
		return connect.Null
	}
	v, err := decode(&state{}, []byte(text))
	if err != nil || v.Kind() == connect.KindStruct { // Connect's structs are no defaults (KAFKA-12694)
		return connect.Null
	}
	return v
}
