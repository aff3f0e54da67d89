package jsonschema

import (
	"math/bits"
	"sort"
	"unicode/utf16"
)

// The texts of schemas are compared as texts, and Confluent's converter writes
// their members in the order of Java's HashMap. So this order is made here.

// javaHash is String.hashCode, spread as HashMap does.
func javaHash(s string) uint32 {
	var h uint32
	for _, r := range s {
		if r >= 0x10000 {
			hi, lo := utf16.EncodeRune(r)
			h = 31*(31*h+uint32(hi)) + uint32(lo)
			continue
		}
		h = 31*h + uint32(r)
	}
	return h ^ h>>16
}

// defaultRoom is the table of a HashMap that was made without a size.
const defaultRoom = 16

// roomFor is the table of a HashMap that was made for n entries
// (new HashMap(n)).
func roomFor(n int) int {
	if n <= 1 {
		return 1
	}
	return 1 << bits.Len(uint(n-1))
}

// roomOfCopy is the table of a HashMap that is the copy of n entries.
func roomOfCopy(n int) int { return roomFor(int(float32(n)/0.75 + 1)) }

// hashOrder is the order in which a HashMap gives the entries that were put
// into it in the order of keys; its table had room at first.
func hashOrder[T any](entries []T, key func(T) string, room int) []T {
	for len(entries) > int(float32(room)*0.75) {
		room *= 2
	}
	out := append([]T(nil), entries...)
	sort.SliceStable(out, func(i, j int) bool {
		mask := uint32(room - 1)
		return javaHash(key(out[i]))&mask < javaHash(key(out[j]))&mask
	})
	return out
}

// copied is the order of a HashMap that is a copy of another, which was filled
// in the order of entries.
func copied[T any](entries []T, key func(T) string) []T {
	return hashOrder(hashOrder(entries, key, defaultRoom), key, roomOfCopy(len(entries)))
}
