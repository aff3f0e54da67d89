package timezone

import (
	"fmt"
	"strings"

	"kcgen.dev/runtime/connect"
)

var _ connect.Flow = Converter{}

// Open finds the zone and reads the rules, and gives the function that converts.
func (x Converter) Open() (connect.Apply, error) {
	c, err := x.open()
	if err != nil {
		return nil, fmt.Errorf("timezone: open Converter: %w", err)
	}
	return func(r *connect.Record) (bool, error) {
		if err := c.apply(r); err != nil {
			return false, fmt.Errorf("timezone: Converter: %w", err)
		}
		return true, nil
	}, nil
}

// Flow changes no schema.
func (x Converter) Flow(*connect.Shape) error {
	_, err := x.open()
	return err
}

func (x Converter) open() (*converter, error) {
	z, err := findZone(x.ConvertedTimezone)
	if err != nil {
		return nil, &connect.OptionError{Option: "convertedTimezone", Err: err}
	}
	r, err := readRules(x.IncludeList, x.ExcludeList)
	return &converter{zone: z, rules: r, plans: map[planKey][]int{}}, err
}

type converter struct {
	zone  *zone
	rules *rules
	plans map[planKey][]int
	slab  connect.Slab
}

// planKey is what the fields to convert depend on.
type planKey struct {
	schema *connect.Schema
	rule   *rule
	part   part
}

// maxPlans is how many plans are kept.
const maxPlans = 1024

func (c *converter) apply(r *connect.Record) error {
	st := r.Value.Value.Struct()
	if st == nil || r.Value.Schema == nil || !strings.HasSuffix(r.Value.Schema.Name(), ".Envelope") || len(st.Slots) != len(st.Schema.Fields()) {
		return nil
	}
	rule := c.rules.of(r.Topic, table(st))
	if rule.mode == nothing {
		return nil
	}
	c.slab.Begin()
	var out *connect.Struct
	for p, name := range partNames {
		i := st.Schema.FieldIndex(name)
		if i < 0 {
			continue
		}
		v, err := c.row(part(p), rule, st.Slots[i].Struct())
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if v.IsNull() {
			continue
		}
		if out == nil {
			out = c.copied(st)
		}
		out.Slots[i] = v
	}
	if out != nil {
		r.Value.Value = out.Value()
	}
	return nil
}

// table is the name of the table that source has; "" for none.
func table(st *connect.Struct) string {
	i := st.Schema.FieldIndex("source")
	if i < 0 {
		return ""
	}
	from := st.Slots[i].Struct()
	if from == nil {
		return ""
	}
	if i = from.Schema.FieldIndex("table"); i < 0 || i >= len(from.Slots) || from.Slots[i].Kind() != connect.KindString {
		return ""
	}
	return from.Slots[i].Str()
}

func (c *converter) copied(st *connect.Struct) *connect.Struct {
	out := c.slab.Struct(st.Schema)
	copy(out.Slots, st.Slots)
	return out
}

// row converts the fields of a row, or of source; null where none is to be.
func (c *converter) row(p part, r *rule, st *connect.Struct) (connect.Value, error) {
	if st == nil || len(st.Slots) != len(st.Schema.Fields()) {
		return connect.Null, nil
	}
	plan := c.plan(planKey{st.Schema, r, p})
	if len(plan) == 0 {
		return connect.Null, nil
	}
	out := c.copied(st)
	for _, i := range plan {
		f := &st.Schema.Fields()[i]
		v := st.Slots[i]
		if v.IsNull() {
			v, _ = f.Schema.Default()
		}
		if v.IsNull() {
			continue
		}
		moved, err := c.zone.move(f.Schema.Name(), v)
		if err != nil {
			return connect.Null, fmt.Errorf("field %q: %w", f.Name, err)
		}
		out.Slots[i] = moved
	}
	return out.Value(), nil
}

// plan is the fields to convert.
func (c *converter) plan(key planKey) []int {
	plan, ok := c.plans[key]
	if ok {
		return plan
	}
	for i, f := range key.schema.Fields() {
		if isTime(f.Schema.Name()) && key.rule.converts(key.part, f.Name) {
			plan = append(plan, i)
		}
	}
	if len(c.plans) >= maxPlans {
		clear(c.plans)
	}
	c.plans[key] = plan
	return plan
}
