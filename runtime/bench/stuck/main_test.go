package main

import (
	"strings"
	"testing"
	"time"
)

// A hook fails the run where the others kept too little in every round.
func TestKeeps(t *testing.T) {
	of := func(percents ...int) (pairs []pair) {
		for _, p := range percents {
			well, stuck := result{wall: time.Duration(p), cpu: time.Duration(p)}, result{wall: 100, cpu: 100}
			pairs = append(pairs, pair{well, stuck})
		}
		return pairs
	}
	all := map[string][]pair{"source Poll": of(99, 80, 80), "sink Put": of(95)}
	if err := keeps(all); err != nil {
		t.Error(err)
	}
	all["sink Put"] = of(94, 80, 90)
	if err := keeps(all); err == nil || !strings.Contains(err.Error(), "hangs in sink Put the others kept less than 95%") {
		t.Error(err)
	}
}
