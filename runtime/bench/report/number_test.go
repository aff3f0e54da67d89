package report

import "testing"

func TestNumbers(t *testing.T) {
	for got, want := range map[string]string{
		Thousands(1_234_567): "1,235,000", Thousands(999_600): "1,000,000", Thousands(12_345): "12,000", Thousands(0): "",
		Grouped(7): "7", Grouped(1_000_000): "1,000,000", Grouped(20_005): "20,005",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
