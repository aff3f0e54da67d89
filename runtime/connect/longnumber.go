package connect

import "math/bits"

// longNumber is an integer of up to 1,536 bits, the lowest word first: enough
// for all that the digits of a float64 are found with, and no allocation.
type longNumber struct {
	words [24]uint64
	n     int // words in use; the last is not 0
}

// set makes it by·5^power·2^twos.
func (x *longNumber) set(by uint64, power, twos int) {
	x.words, x.n = [24]uint64{by}, 1
	for ; power >= len(fives); power -= len(fives) - 1 {
		x.mul(fives[len(fives)-1])
	}
	x.mul(fives[power])
	x.shift(twos)
}

func (x *longNumber) mul(by uint64) {
	var carry uint64
	for i := range x.n {
		high, low := bits.Mul64(x.words[i], by)
		low, c := bits.Add64(low, carry, 0)
		x.words[i], carry = low, high+c
	}
	x.grow(carry)
}

// grow puts a word before the first, unless it is 0.
func (x *longNumber) grow(word uint64) {
	if word != 0 {
		x.words[x.n] = word
		x.n++
	}
}

// shift multiplies by 2^by.
func (x *longNumber) shift(by int) {
	words, rest := by/64, uint(by%64)
	if words > 0 {
		copy(x.words[words:], x.words[:x.n])
		clear(x.words[:words])
		x.n += words
	}
	if rest > 0 {
		x.mul(1 << rest)
	}
}

func (x *longNumber) cmp(y *longNumber) int {
	if x.n != y.n {
		return x.n - y.n
	}
	for i := x.n - 1; i >= 0; i-- {
		if x.words[i] != y.words[i] {
			if x.words[i] < y.words[i] {
				return -1
			}
			return 1
		}
	}
	return 0
}

func (x *longNumber) add(y *longNumber) {
	var carry uint64
	x.n = max(x.n, y.n)
	for i := range x.n {
		x.words[i], carry = bits.Add64(x.words[i], y.words[i], carry)
	}
	x.grow(carry)
}

// sub takes away y, which is not larger.
func (x *longNumber) sub(y *longNumber) {
	var borrow uint64
	for i := range x.n {
		x.words[i], borrow = bits.Sub64(x.words[i], y.words[i], borrow)
	}
	for x.n > 0 && x.words[x.n-1] == 0 {
		x.n--
	}
}
