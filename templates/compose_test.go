package templates_test

import (
	"maps"
	"path/filepath"
	"slices"
	"testing"

	"go.yaml.in/yaml/v3"
)

// TestCompose: what a schema does not see. Volumes that are used are declared,
// and those that are declared are used; who is waited for is there; nothing is
// in one place twice.
func TestCompose(t *testing.T) {
	files, err := filepath.Glob("testdata/*/want/compose.yaml")
	if err != nil || len(files) != len(specs) {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		var c struct {
			Services map[string]struct {
				Volumes   []struct{ Type, Source, Target string }
				Tmpfs     []string
				DependsOn map[string]any `yaml:"depends_on"`
			}
			Volumes map[string]any
		}
		if err := yaml.Unmarshal([]byte(read(t, file)), &c); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		used := map[string]bool{}
		for name, s := range c.Services {
			places := slices.Clone(s.Tmpfs)
			for _, v := range s.Volumes {
				places = append(places, v.Target)
				if v.Type == "volume" {
					used[v.Source] = true
				}
			}
			if slices.Sort(places); len(slices.Compact(slices.Clone(places))) != len(places) {
				t.Errorf("%s: %s has two things in one place: %s", file, name, places)
			}
			for other := range s.DependsOn {
				if _, is := c.Services[other]; !is {
					t.Errorf("%s: %s waits for %s, which is not there", file, name, other)
				}
			}
		}
		if got, want := slices.Sorted(maps.Keys(used)), slices.Sorted(maps.Keys(c.Volumes)); !slices.Equal(got, want) {
			t.Errorf("%s: the volumes %s are used, %s are declared", file, got, want)
		}
	}
}
