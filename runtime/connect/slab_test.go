package connect

import (
	"runtime"
	"testing"
)

// Messages whose parts stand in two chunks do not keep those before them: of
// many messages the last alone is kept in memory.
func TestSlabLetsGo(t *testing.T) {
	keys := NewKeySet(make([]Value, 7))
	for name, message := range map[string]func(*Slab) Value{
		"an array in a map": func(s *Slab) Value {
			m, a := s.MapOf(keys), s.Array(2)
			m.Vals[3] = a.Value()
			return m.Value()
		},
		"maps in an array": func(s *Slab) Value {
			first, second := s.MapOf(keys), s.MapOf(keys) // before the array, as they are read
			a := s.Array(2)
			a.Elems[0], a.Elems[1] = first.Value(), second.Value()
			return a.Value()
		},
	} {
		t.Run(name, func(t *testing.T) {
			var slab Slab
			slab.Array(1) // the chunks of objects and of values end at different messages
			before, last := heap(), Null
			for range 200_000 {
				slab.Begin()
				last = message(&slab)
			}
			if grown := heap() - before; grown > 4<<20 {
				t.Errorf("%d bytes are kept of messages that nobody holds", grown)
			}
			runtime.KeepAlive(last)
			runtime.KeepAlive(&slab)
		})
	}
}

func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
