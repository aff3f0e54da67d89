package load

import (
	"fmt"
	"slices"
	"strings"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/literal"
	"cuelang.org/go/cue/parser"
	"cuelang.org/go/cue/token"

	"kcgen.dev/compiler/diag"
)

// tag is one @tag(key,type=int,short=prod|test) attribute.
type tag struct {
	key, kind string
	short     []string
	field     *ast.Field
}

// inject leaves out the files that an @if refuses and gives the @tag fields
// their values, as cue's -t does. What depends on the machine (var=now, …) is
// refused: the same spec gives the same bytes.
func inject(src *source, words []string) diag.List {
	used := map[string]bool{}
	ds := src.dropFiles(words, used)
	var tags []tag
	for _, f := range src.files {
		found, bad := findTags(f)
		tags = append(tags, found...)
		ds = append(ds, bad...)
	}
	for _, w := range words {
		ds = append(ds, src.injectOne(w, tags, used)...)
	}
	return ds
}

func (src *source) injectOne(word string, tags []tag, used map[string]bool) diag.List {
	key, val, hasVal := strings.Cut(word, "=")
	found := !hasVal && used[word]
	var ds diag.List
	for _, t := range tags {
		switch {
		case hasVal && t.key == key:
		case !hasVal && slices.Contains(t.short, word):
			val = word
		case !hasVal && t.key == key:
			return diag.List{{File: src.name, Msg: fmt.Sprintf("tag %s has no value: -t %s=VALUE", key, key)}}
		default:
			continue
		}
		found = true
		lit, err := tagValue(t.kind, val, t.field.Value.Pos())
		if err != "" {
			ds = append(ds, at(t.field.Pos(), fmt.Sprintf("tag %s: %s", t.key, err)))
			continue
		}
		t.field.Value = ast.NewBinExpr(token.AND, t.field.Value, lit)
	}
	if !found {
		ds = append(ds, diag.Diag{File: src.name, Msg: fmt.Sprintf("no field takes tag %s%s", key, tagsThere(key, tags))})
	}
	return ds
}

func tagsThere(key string, tags []tag) string {
	var keys []string
	for _, t := range tags {
		keys = append(keys, t.key)
		keys = append(keys, t.short...)
	}
	if len(keys) == 0 {
		return ": the spec has no @tag"
	}
	if near := diag.DidYouMean(key, keys); near != "" {
		return near
	}
	slices.Sort(keys)
	return "; there are " + strings.Join(slices.Compact(keys), ", ")
}

func tagValue(kind, val string, pos token.Pos) (ast.Expr, string) {
	lit := &ast.BasicLit{ValuePos: pos, Kind: token.STRING, Value: literal.String.Quote(val)}
	switch kind {
	case "int", "number":
		x, err := parser.ParseExpr("", val)
		num, ok := x.(*ast.BasicLit)
		if u, isUnary := x.(*ast.UnaryExpr); isUnary && u.Op == token.SUB {
			num, ok = u.X.(*ast.BasicLit)
		}
		if err != nil || !ok || num.Kind != token.INT && (kind == "int" || num.Kind != token.FLOAT) {
			return nil, fmt.Sprintf("%q is not a%s", val, map[string]string{"int": "n integer", "number": " number"}[kind])
		}
		return x, ""
	case "bool":
		if val != "true" && val != "false" {
			return nil, fmt.Sprintf("%q is not true or false", val)
		}
		return ast.NewBool(val == "true"), ""
	}
	return lit, ""
}

// findTags collects the @tag attributes of a file.
func findTags(f *ast.File) (tags []tag, ds diag.List) {
	ast.Walk(f, func(n ast.Node) bool {
		field, ok := n.(*ast.Field)
		if !ok {
			return true
		}
		for _, a := range field.Attrs {
			if name, body := a.Split(); name == "tag" {
				t, err := parseTag(body)
				t.field = field
				if err != "" || field.Value == nil {
					ds = append(ds, at(a.Pos(), err))
					continue
				}
				tags = append(tags, t)
			}
		}
		return true
	}, nil)
	return tags, ds
}

func parseTag(body string) (t tag, problem string) {
	words := strings.Split(body, ",")
	t.key = strings.TrimSpace(words[0])
	t.kind = "string"
	if !ast.IsValidIdent(t.key) {
		return t, fmt.Sprintf("@tag needs a name: %q is none", t.key)
	}
	for _, w := range words[1:] {
		k, v, _ := strings.Cut(strings.TrimSpace(w), "=")
		switch k {
		case "type":
			if !slices.Contains([]string{"string", "int", "number", "bool"}, v) {
				return t, fmt.Sprintf("@tag type %q is not one of string, int, number, bool", v)
			}
			t.kind = v
		case "short":
			t.short = strings.Split(v, "|")
		case "var":
			return t, "@tag var is not supported: a spec gives the same program on every machine"
		default:
			return t, fmt.Sprintf("@tag option %q is not one of type, short", k)
		}
	}
	return t, ""
}

// dropFiles leaves out files whose @if does not hold or that say @ignore.
func (src *source) dropFiles(words []string, used map[string]bool) (ds diag.List) {
	var keep []*ast.File
	for _, f := range src.files {
		ok := true
		for _, d := range f.Decls {
			a, isAttr := d.(*ast.Attribute)
			if !isAttr {
				break
			}
			switch name, body := a.Split(); name {
			case "ignore":
				ok = false
			case "if":
				x, err := parser.ParseExpr("", body)
				if err != nil {
					ds = append(ds, at(a.Pos(), "@if takes words with !, && and ||"))
					continue
				}
				holds, good := holds(x, words, used)
				if !good {
					ds = append(ds, at(a.Pos(), "@if takes words with !, && and ||"))
				}
				ok = ok && holds
			}
		}
		if ok {
			keep = append(keep, f)
		}
	}
	if len(keep) == 0 && len(ds) == 0 {
		ds = append(ds, diag.Diag{File: src.name, Msg: "every file is left out by its @if; choose one with -t"})
	}
	src.files = keep
	return ds
}

func holds(x ast.Expr, words []string, used map[string]bool) (is, good bool) {
	switch x := x.(type) {
	case *ast.Ident:
		used[x.Name] = true
		return slices.Contains(words, x.Name), true
	case *ast.ParenExpr:
		return holds(x.X, words, used)
	case *ast.UnaryExpr:
		is, good = holds(x.X, words, used)
		return !is, good && x.Op == token.NOT
	case *ast.BinaryExpr:
		a, ga := holds(x.X, words, used)
		b, gb := holds(x.Y, words, used)
		if x.Op == token.LAND {
			return a && b, ga && gb
		}
		return a || b, ga && gb && x.Op == token.LOR
	}
	return false, false
}
