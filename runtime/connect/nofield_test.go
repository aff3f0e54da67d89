package connect

import (
	"fmt"
	"strings"
	"testing"
)

func TestNoField(t *testing.T) {
	of := func(names ...string) *Schema {
		b := NewStruct()
		for _, n := range names {
			b.Field(n, Int8Schema)
		}
		return b.MustBuild()
	}
	var many []string
	for i := range 20 {
		many = append(many, fmt.Sprintf("column_%02d", i))
	}
	for _, c := range []struct {
		name string
		in   *Schema
		want string
	}{
		{"customer", of("id", "customerId"), "no field customer; there are id, customerId; did you mean customerId?"},
		{"ID", of("id"), "no field ID; there is id; did you mean id?"},
		{"nmae", of("id", "name"), "no field nmae; there are id, name; did you mean name?"},
		{"price", of("id", "name"), "no field price; there are id, name"},
		{"x", of(), "no field x; there is none"},
		{"x", nil, "no field x; there is none"},
		{"a b", of("c d"), `no field "a b"; there is "c d"`},
		{"column_3", of(many...), "no field column_3; there are " + strings.Join(many[:12], ", ") + " and others; did you mean column_03?"},
	} {
		if got := NoField(c.name, c.in).Error(); got != c.want {
			t.Errorf("%s\nwant %s", got, c.want)
		}
	}
	long := strings.Repeat("x", 1000)
	if got := NoField(long, of(long+"a", long+"b")).Error(); len(got) > 400 {
		t.Errorf("%d bytes: %s", len(got), got)
	}
}
