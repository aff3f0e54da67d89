package connect_test

import (
	"testing"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connect/connecttest"
)

// Messages whose parts stand in two chunks do not keep those before them.
func TestSlabLetsGo(t *testing.T) {
	keys := connect.NewKeySet(make([]connect.Value, 7))
	for name, message := range map[string]func(*connect.Slab) connect.Value{
		"an array in a map": func(s *connect.Slab) connect.Value {
			m, a := s.MapOf(keys), s.Array(2)
			m.Vals[3] = a.Value()
			return m.Value()
		},
		"maps in an array": func(s *connect.Slab) connect.Value {
			first, second := s.MapOf(keys), s.MapOf(keys) // before the array, as they are read
			a := s.Array(2)
			a.Elems[0], a.Elems[1] = first.Value(), second.Value()
			return a.Value()
		},
	} {
		t.Run(name, func(t *testing.T) {
			var slab connect.Slab
			slab.Array(1) // the chunks of objects and of values end at different messages
			connecttest.LetsGo(t, func() any {
				slab.Begin()
				return message(&slab)
			})
		})
	}
}
