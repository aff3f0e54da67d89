package reference

import (
	"encoding/json"
	"maps"
	"reflect"
	"strconv"
	"strings"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/literal"
	"cuelang.org/go/cue/token"
)

// schemaOf translates a constraint. What it does not know it lets pass.
func (l *Library) schemaOf(s *scope, e ast.Expr) object {
	if d := l.resolve(s, e); d != nil {
		if d.Any {
			return object{"$ref": ref(d.Role)}
		}
		return object{"$ref": ref(key(d))}
	}
	if v, ok := literalOf(e); ok {
		return object{"const": v}
	}
	switch e := e.(type) {
	case *ast.ParenExpr:
		return l.schemaOf(s, e.X)
	case *ast.Ident:
		return named(e.Name)
	case *ast.UnaryExpr:
		return l.bound(s, e)
	case *ast.BinaryExpr:
		if e.Op == token.OR {
			return l.union(s, e)
		}
		return merge(l.schemaOf(s, e.X), l.schemaOf(s, e.Y))
	case *ast.CallExpr:
		return call(e)
	case *ast.SelectorExpr:
		return named(builtinType(e))
	case *ast.ListLit:
		return l.list(s, e)
	case *ast.StructLit:
		return l.mapping(s, e)
	}
	return object{}
}

func named(name string) object {
	switch name {
	case "string":
		return object{"type": "string"}
	case "int":
		return object{"type": "integer"}
	case "number", "float":
		return object{"type": "number"}
	case "bool":
		return object{"type": "boolean"}
	}
	return object{}
}

func (l *Library) bound(s *scope, e *ast.UnaryExpr) object {
	if e.Op == token.MUL {
		return l.schemaOf(s, e.X)
	}
	v, ok := literalOf(e.X)
	if !ok {
		return object{}
	}
	switch e.Op {
	case token.GEQ:
		return object{"minimum": v}
	case token.LEQ:
		return object{"maximum": v}
	case token.GTR:
		return object{"exclusiveMinimum": v}
	case token.LSS:
		return object{"exclusiveMaximum": v}
	case token.NEQ:
		return object{"not": object{"const": v}}
	case token.MAT:
		return object{"type": "string", "pattern": v}
	case token.NMAT:
		return object{"type": "string", "not": object{"pattern": v}}
	}
	return object{}
}

func (l *Library) union(s *scope, e ast.Expr) object {
	var consts, rest []any
	for _, arm := range arms(e) {
		if c, ok := arm.(*ast.CallExpr); ok && cueText(c.Fun) == "error" {
			continue
		}
		sub := l.schemaOf(s, arm)
		if v, ok := sub["const"]; ok {
			consts = append(consts, v)
			continue
		}
		rest = append(rest, sub)
	}
	if len(rest) == 1 && allBool(consts) && rest[0].(object)["type"] == "boolean" {
		return object{"type": "boolean"}
	}
	switch len(consts) {
	case 0:
	case 1:
		rest = append(rest, object{"const": consts[0]})
	default:
		rest = append(rest, object{"enum": consts})
	}
	if len(rest) == 1 {
		return rest[0].(object)
	}
	return object{"anyOf": rest}
}

func allBool(vs []any) bool {
	for _, v := range vs {
		if _, ok := v.(bool); !ok {
			return false
		}
	}
	return true
}

func merge(a, b object) object {
	for k := range b {
		if old, ok := a[k]; ok && !reflect.DeepEqual(old, b[k]) {
			return object{"allOf": []any{a, b}}
		}
	}
	out := maps.Clone(a)
	maps.Copy(out, b)
	return out
}

func call(e *ast.CallExpr) object {
	name := cueText(e.Fun)
	out := named(builtinType(e.Fun))
	if len(e.Args) == 1 {
		if v, ok := literalOf(e.Args[0]); ok {
			switch name {
			case "strings.MinRunes":
				out["minLength"] = v
			case "strings.MaxRunes":
				out["maxLength"] = v
			}
		}
	}
	return out
}

func (l *Library) list(s *scope, e *ast.ListLit) object {
	out := object{"type": "array"}
	if elem := elemOf(e); elem != nil {
		out["items"] = l.schemaOf(s, elem)
	}
	least := 0
	for _, el := range e.Elts {
		if _, ok := el.(*ast.Ellipsis); !ok {
			least++
		}
	}
	if least > 0 {
		out["minItems"] = least
	}
	return out
}

func (l *Library) mapping(s *scope, e *ast.StructLit) object {
	k, v := patternOf(e)
	if v == nil {
		return object{"type": "object"}
	}
	out := object{"type": "object", "additionalProperties": l.schemaOf(s, v)}
	if id, ok := k.(*ast.Ident); !ok || id.Name != "string" {
		out["propertyNames"] = l.schemaOf(s, k)
	}
	return out
}

// constant is the value of a default that is a literal.
func constant(text string) (any, bool) {
	var v any
	if text == "" || json.Unmarshal([]byte(text), &v) != nil {
		return nil, false
	}
	return v, true
}

// literalOf is the value of a literal.
func literalOf(e ast.Expr) (any, bool) {
	switch e := e.(type) {
	case *ast.ParenExpr:
		return literalOf(e.X)
	case *ast.UnaryExpr:
		if v, ok := literalOf(e.X); ok && e.Op == token.SUB {
			switch v := v.(type) {
			case int64:
				return -v, true
			case float64:
				return -v, true
			}
		}
	case *ast.BasicLit:
		switch e.Kind {
		case token.STRING:
			s, err := literal.Unquote(e.Value)
			return s, err == nil
		case token.INT:
			n, err := strconv.ParseInt(strings.ReplaceAll(e.Value, "_", ""), 0, 64)
			return n, err == nil
		case token.FLOAT:
			n, err := strconv.ParseFloat(strings.ReplaceAll(e.Value, "_", ""), 64)
			return n, err == nil
		case token.TRUE, token.FALSE:
			return e.Kind == token.TRUE, true
		}
	}
	return nil, false
}
