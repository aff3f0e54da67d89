package reshape

import "kcgen.dev/runtime/connect"

// Plan makes maps with the keys Keys, or structs of Schema, of the values of
// others.
type Plan struct {
	Keys   *connect.KeySet
	Schema *connect.Schema
	Places []Place
	// Required are the old values that must not be null.
	Required []int

	runs   []run // the places whose values are taken over as they are
	others []other
}

// Place is where one value comes in what is made.
type Place struct {
	From    int           // the old value that it is made of, or None
	Default connect.Value // what counts where that is null
	Change  Change        // nil: as it is
	Part    Part          // what Change takes of the record, instead of a value
	Checks  bool          // Change gives what it is given, if the schema allows that
	Masks   bool          // what Change gives hangs on the kind of what it is given alone
}

// Part is a part of a record beside its key, value and headers.
type Part uint8

// The parts.
const (
	Nothing Part = iota
	Topic
	Partition
	Offset
	Timestamp
)

// None is the From of a place that is made of no old value, but of null.
const None = -1

// Change makes a value of r's datum of an old one. It reports false where that
// does not go, and why is for the transform itself to say.
type Change func(r *connect.Record, v connect.Value) (connect.Value, bool)

// Transform is a transform that can say its plans.
type Transform interface {
	connect.Transform
	// Reshape is for one task, as Open is.
	Reshape() (Step, error)
}

// Picker is a transform that takes fields out of a key or a value, as they are.
type Picker interface {
	connect.Transform
	Pick() (Pick, error)
}

// Pick is what such a transform does.
type Pick struct {
	From, To string     // "key" or "value"
	Paths    [][]string // the names on the way to each field
	Single   bool       // the field itself is what comes, and not a struct or map of all
	Replace  bool       // null becomes the default
	// Schema is that of what comes, of data of a schema.
	Schema func(*connect.Schema) (*connect.Schema, error)
}

// Step is what one transform does to the key or the value of a record. It is
// either Map and Struct, or Whole. Each gives nil for what it has no plan for.
type Step struct {
	On     string // "key" or "value"
	Map    func(*connect.KeySet) *Plan
	Struct func(*connect.Schema) *Plan
	// Whole plans for data of a schema (nil: of none) which is the one old value,
	// whatever it is.
	Whole func(*connect.Schema) *Plan
	// Fields are the names that Map tells from others: what comes of all others is
	// the same.
	Fields []string
}

// maxPlans is how many plans are kept.
const maxPlans = 256

// Plans keeps the plan for each K, by pointer: records in a row have one. It is
// emptied when it is full.
type Plans[K any] struct {
	Make func(*K) *Plan // nil is kept too

	in   *K // the last one
	plan *Plan
	all  map[*K]*Plan
}

// Of finds or makes the plan for a K; there is none for nil.
func (c *Plans[K]) Of(in *K) *Plan {
	switch in {
	case nil:
		return nil
	case c.in:
		return c.plan
	}
	p, ok := c.all[in]
	if !ok {
		if p = c.Make(in); p != nil {
			p.sort()
		}
		if c.all == nil || len(c.all) >= maxPlans {
			c.all = map[*K]*Plan{}
		}
		c.all[in] = p
	}
	c.in, c.plan = in, p
	return p
}
