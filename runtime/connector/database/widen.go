package database

import "strconv"

// widen is a float32 as the float64 of the same shortest digits.
func widen(f float32) float64 {
	wide, _ := strconv.ParseFloat(strconv.FormatFloat(float64(f), 'g', -1, 32), 64)
	return wide
}
