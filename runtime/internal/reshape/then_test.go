package reshape

import (
	"slices"
	"testing"

	"kcgen.dev/runtime/connect"
)

var (
	two = connect.NewKeySet([]connect.Value{connect.String("a"), connect.String("b")})
	one = connect.NewKeySet([]connect.Value{connect.String("a")})
)

// more adds one to an integer, and does nothing with null.
func more(_ *connect.Record, v connect.Value) (connect.Value, bool) {
	if v.IsNull() {
		return v, true
	}
	return connect.Int64(v.Int() + 1), v.Kind() == connect.KindInt64
}

// TestThen: two plans as one do what they do one behind the other, or are none.
func TestThen(t *testing.T) {
	nine := connect.Int64(9)
	plans := map[string]*Plan{
		"same":     {Keys: two, Places: []Place{{From: 0}, {From: 1}}},
		"swapped":  {Keys: two, Places: []Place{{From: 1}, {From: 0}}},
		"more":     {Keys: two, Places: []Place{{From: 0, Change: more}, {From: 1}}},
		"default":  {Keys: two, Places: []Place{{From: 0, Default: nine}, {From: 1}}},
		"both":     {Keys: two, Places: []Place{{From: 0, Default: nine, Change: more}, {From: 1}}},
		"required": {Keys: two, Places: []Place{{From: 0}, {From: 1}}, Required: []int{0}},
		"nothing":  {Keys: two, Places: []Place{{From: None}, {From: 1}}},
		"constant": {Keys: two, Places: []Place{{From: 1}, {From: None, Default: nine}}},
		"dropped":  {Keys: one, Places: []Place{{From: 0}}},
	}
	records := [][]connect.Value{
		{connect.Int64(1), connect.Int64(2)}, {connect.Null, connect.Int64(2)}, {connect.Int64(1), connect.Null},
		{connect.Null, connect.Null}, {connect.String("x"), connect.Int64(2)}, {connect.Int64(1), connect.String("x")},
	}
	none := 0
	for first, a := range plans {
		for second, b := range plans {
			if len(a.Places) < 2 {
				continue // b is not for what comes of it
			}
			both := a.then(b)
			if both == nil {
				none++
				continue
			}
			for _, old := range records {
				want, wanted := do(a, old)
				if wanted {
					want, wanted = do(b, want)
				}
				if got, ok := do(both, old); ok != wanted || ok && !slices.EqualFunc(got, want, connect.Value.Equal) {
					t.Errorf("%s, then %s: of %v came %v, %v; want %v, %v", first, second, old, got, ok, want, wanted)
				}
			}
		}
	}
	if none > 10 {
		t.Errorf("%d are no plan", none)
	}
}

func do(p *Plan, old []connect.Value) ([]connect.Value, bool) {
	p.sort()
	v, ok := p.Map(&connect.Slab{}, nil, old)
	return v.Map().Vals, ok
}

// TestPlans: what has no plan is asked once, and what is full is emptied.
func TestPlans(t *testing.T) {
	asked := 0
	p := Plans[connect.KeySet]{Make: func(*connect.KeySet) *Plan { asked++; return nil }}
	for range 3 {
		for _, k := range []*connect.KeySet{nil, one, two} {
			if p.Of(k) != nil {
				t.Error("a plan")
			}
		}
	}
	if asked != 2 {
		t.Errorf("asked %d times", asked)
	}
	for range 2 * maxPlans {
		p.Of(connect.NewKeySet(nil))
	}
	if len(p.all) > maxPlans {
		t.Errorf("%d are kept", len(p.all))
	}
}
