package memo

import "testing"

func TestMemo(t *testing.T) {
	m := Memo[int, string]{Max: 2}
	if v, ok := m.Get(0); ok {
		t.Errorf("an empty one has %q", v)
	}
	m.Put(0, "a")
	m.Put(1, "c")
	for key, want := range []string{"a", "c"} {
		for range 2 {
			if v, ok := m.Get(key); !ok || v != want {
				t.Errorf("%d is %q, %v; want %q", key, v, ok, want)
			}
		}
	}
	m.Put(2, "d")
	if _, ok := m.Get(0); ok {
		t.Error("it was full, and keeps the first")
	}
	if v, ok := m.Get(2); v != "d" || !ok {
		t.Errorf("the last is %q, %v", v, ok)
	}
}

func TestGetText(t *testing.T) {
	var m Memo[string, int]
	key := []byte("a")
	if _, ok := GetText(&m, key); ok {
		t.Error("an empty one has it")
	}
	m.Put("a", 7)
	if v, ok := GetText(&m, key); v != 7 || !ok {
		t.Errorf("%d, %v", v, ok)
	}
	if n := testing.AllocsPerRun(10, func() { GetText(&m, key) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
