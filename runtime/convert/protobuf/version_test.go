package protobuf

import (
	"testing"

	"kcgen.dev/runtime/registry"
)

// What is read has the version that the registry gives its schema under the
// topic's subject.
func TestVersion(t *testing.T) {
	r := newRegistry(t)
	first := r.add("t-value", `syntax = "proto3"; message M { In in = 1; } message In { int32 n = 1; }`)
	second := r.add("t-value", `syntax = "proto3"; message M { In in = 1; string s = 2; } message In { int32 n = 1; }`)
	r.add("u-value", `syntax = "proto3"; message M { In in = 1; string s = 2; } message In { int32 n = 1; }`)
	latest := usual()
	latest.AutoRegisterSchemas, latest.UseLatestVersion = false, true
	for _, tt := range []struct {
		name  string
		c     Converter
		topic string
		id    int
		want  int32 // 0: none
	}{
		{"the first", usual(), "t", first, 1},
		{"the second", usual(), "t", second, 2},
		{"another topic", usual(), "u", second, 1},
		{"not in this topic", usual(), "u", first, 0},
		{"the latest", latest, "t", first, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			codec := r.open(tt.c)
			data := append(registry.AppendHeader(nil, tt.id), 0)
			for range 2 {
				got, err := codec.Decode(tt.topic, data)
				if err != nil {
					t.Fatal(err)
				}
				if v, ok := got.Schema.Version(); v != tt.want || ok != (tt.want > 0) {
					t.Errorf("version %d, %v of %v", v, ok, got.Schema)
				}
				if v, ok := got.Schema.Fields()[0].Schema.Version(); ok {
					t.Errorf("a message within has version %d", v)
				}
			}
		})
	}
	t.Run("topics in turn", func(t *testing.T) {
		codec := r.open(usual())
		for i := range 4 {
			topic, want := "t", int32(2)
			if i%2 > 0 {
				topic, want = "u", 1
			}
			got, err := codec.Decode(topic, append(registry.AppendHeader(nil, second), 0))
			if err != nil {
				t.Fatal(err)
			}
			if v, _ := got.Schema.Version(); v != want {
				t.Errorf("%s: version %d", topic, v)
			}
		}
	})
}
