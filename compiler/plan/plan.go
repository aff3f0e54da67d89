// Package plan is the compiler's intermediate representation: what a spec
// says, as a tree of typed values that is Go already in all but spelling. It
// is data alone and imports nothing of the compiler; lower makes it, check
// reads it, emit prints it. String is its golden form, Encode and Decode carry
// it from the sandbox's process.
//
//	plan.go    the tree
//	golden.go  String
//	wire.go    Encode and Decode
//	find.go    how a reader walks it
package plan

import "kcgen.dev/runtime/fuse/recipe"

// Pipeline is one compiled spec.
type Pipeline struct {
	Name     string   // of the pipeline
	Spec     string   // the spec's file as the user named it, slash-separated
	Doc      []string // the comment above the pipeline, a line each
	Root     *Struct  // a kcgen.dev/runtime.Pipeline
	Modules  []string // import paths of packages outside kcgen.dev that the program needs, sorted
	GoModDir string   // the folder of the go.mod that says where Modules are; empty where there are none

	Files   map[string]string // what the files hold that the spec names (File)
	Sources map[string]string // the spec's own files as they were read, by their names in its folder

	Fused      map[string]*recipe.Recipe // chains that are one function each, by the source's name
	FusedSinks map[string]*recipe.Sink   // and by the sink's
}

// Pos is a place in the user's spec; the zero Pos is that of a default.
type Pos struct {
	File         string
	Line, Column int
}

// IsValid says whether the user wrote the value.
func (p Pos) IsValid() bool { return p.Line > 0 }

// First is the first place that the user wrote; the zero Pos where there is none.
func First(at ...Pos) Pos {
	for _, p := range at {
		if p.IsValid() {
			return p
		}
	}
	return Pos{}
}

// Node is a value of the program: *Struct, *List, *Map or *Lit.
type Node interface{ node() }

// Struct is a composite literal of a named struct type.
type Struct struct {
	Pos       Pos
	Doc       []string // the spec's comment above it, where it is an element of a list or has a name
	Type      Type
	Pointer   bool    // the literal's address
	Func      bool    // a Go function instead, of a transform without options: connect.TransformFunc(Type)
	Component bool    // a connector, converter, transform, predicate, tracer or database: printed even where nothing is set
	Tasks     int     // the most tasks that a connector can use; 0: not known
	Fields    []Field // in the order of the definition, defaults included, absent ones left out
	Aside     []Field // what is for the build alone, and not in the program; Walk passes it over
}

// Field is one field of a struct.
type Field struct {
	Pos   Pos      // of the value, where the user wrote it
	Doc   []string // the spec's own comment above the field
	Name  string   // in the spec: tasksMax; a map's key has none
	Go    string   // in Go: TasksMax
	Value Node

	Change string // what its change means, as its definition says: "restart"
	File   string // what the file is that it names, as its definition says: "read"
	Usual  bool   // it is what it would be if the spec did not say it
}

// Type is a named Go type. Pkg is the package's name, which the last element
// of its path need not be.
type Type struct{ Path, Pkg, Name string }

// Kind is a scalar's type.
type Kind int

// The kinds, with their Go types.
const (
	String   Kind = iota + 1 // string
	Int                      // int
	Float                    // float64
	Bool                     // bool
	Duration                 // time.Duration; Lit.Int in nanoseconds, Forever
	Bytes                    // int64
	Secret                   // secret.Secret; Lit.Str is the reference as written
	File                     // string; Lit.Str is the file's name, Pipeline.Files has its text
	Data                     // json.RawMessage; Lit.Str is JSON, bytes in it {"$bytes": "base64"}
	Schema                   // json.RawMessage; Lit.Str is a schema in Connect's JSON form
)

// Forever is a Duration without an end, connect.Forever.
const Forever = -1

// Elem is the type of a list's or map's elements: a scalar, or a struct or
// interface.
type Elem struct {
	Kind Kind // 0: Type
	Type Type
}

// List is a slice.
type List struct {
	Pos   Pos
	Elem  Elem
	Named bool // a map in the spec: each element's first field is its key
	Elems []Node
}

// Map is a map from string.
type Map struct {
	Pos  Pos
	Elem Elem
	Keys []string // in the spec's order
	Vals []Node
}

// Lit is a scalar.
type Lit struct {
	Pos   Pos
	Doc   []string // the spec's comment above it, where it is an element of a list
	Kind  Kind
	Str   string
	Int   int64
	Float float64
	Bool  bool
}

func (*Struct) node() {}
func (*List) node()   {}
func (*Map) node()    {}
func (*Lit) node()    {}
