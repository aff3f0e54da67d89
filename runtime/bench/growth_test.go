package main

import "testing"

// Each format is read and written, whether all is made or not.
func TestFormats(t *testing.T) {
	for _, f := range formats {
		for _, n := range []int{1, 10, 300} {
			for _, project := range []bool{false, true} {
				once, err := keepingThree(f.value, n, project)
				for range 3 {
					if err == nil {
						err = once()
					}
				}
				if err != nil {
					t.Errorf("%s of %d fields: %v", f.name, n, err)
				}
			}
		}
	}
}
