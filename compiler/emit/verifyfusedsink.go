package emit

import "go/ast"

// isSink reports whether a function is a sink's, which takes a message.
func isSink(d *ast.FuncDecl) bool {
	if len(d.Type.Params.List) == 0 {
		return false
	}
	star, ok := d.Type.Params.List[0].Type.(*ast.StarExpr)
	return ok && called(star.X) == "fuse.Message"
}

// fusedSink allows the nodes of a function that goes through a message's members.
func (v *verifier) fusedSink(d *ast.FuncDecl) {
	ast.Inspect(d.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case nil, *ast.BlockStmt, *ast.IfStmt, *ast.ReturnStmt, *ast.SwitchStmt, *ast.CaseClause, *ast.ExprStmt, *ast.AssignStmt,
			*ast.Ident, *ast.SelectorExpr, *ast.UnaryExpr, *ast.BinaryExpr, *ast.BasicLit:
		case *ast.ForStmt:
			if next, ok := n.Cond.(*ast.CallExpr); n.Init != nil || n.Post != nil || !ok || called(next.Fun) != "m.Next" {
				v.fail(n, "a loop that is not over a message's members")
			}
		case *ast.CallExpr:
			if name := called(n.Fun); !sinkMayCall[name] {
				v.fail(n, "a call of %s", name)
			}
		default:
			v.fail(n, "%T is not allowed", n)
		}
		return v.err == nil
	})
}

// sinkMayCall is what a sink's function may call.
var sinkMayCall = map[string]bool{"fuse.HasTime": true, "fuse.HasPlace": true, "fuse.String": true}

func init() {
	for _, name := range []string{"Object", "Next", "Name", "Pass", "Keep", "As", "Change", "Is", "Add", "End", "Text", "Struct"} {
		sinkMayCall["m."+name] = true
	}
	for _, name := range []string{"String", "Bool", "Int8", "Int16", "Int32", "Int64", "Float32", "Float64", "InstantMilli"} {
		sinkMayCall["connect."+name] = true
	}
}
