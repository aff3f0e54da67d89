package report

import "fmt"

// Thousands writes 1234567 as 1,235,000: no more is measured.
func Thousands(x float64) string {
	n := int(x+500) / 1000
	if n == 0 {
		return ""
	}
	return Grouped(n) + ",000"
}

// Grouped writes 1000000 as 1,000,000.
func Grouped(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%s,%03d", Grouped(n/1000), n%1000)
}
