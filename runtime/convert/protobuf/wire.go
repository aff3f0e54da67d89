package protobuf

import (
	"errors"
	"fmt"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// The wire types.
const (
	varint     = 0
	fixed64    = 1
	delimited  = 2
	startGroup = 3
	endGroup   = 4
	fixed32    = 5
)

// wireOf is the wire type of one value of a kind.
func wireOf(k protoreflect.Kind) uint64 {
	switch k {
	case protoreflect.StringKind, protoreflect.BytesKind, protoreflect.MessageKind:
		return delimited
	case protoreflect.FloatKind, protoreflect.Fixed32Kind, protoreflect.Sfixed32Kind:
		return fixed32
	case protoreflect.DoubleKind, protoreflect.Fixed64Kind, protoreflect.Sfixed64Kind:
		return fixed64
	}
	return varint
}

func zigzag(bits uint64) int64 { return int64(bits>>1) ^ -int64(bits&1) }

var (
	errVarint    = errors.New("a varint of more than 10 bytes")
	errTruncated = errors.New("the data end within a value")
)

// takeVarint cuts a varint off.
func takeVarint(b []byte) (uint64, []byte, error) {
	if len(b) > 0 && b[0] < 0x80 {
		return uint64(b[0]), b[1:], nil
	}
	var n uint64
	for i := 0; i < len(b); i++ {
		if i == 9 && b[i] > 1 {
			return 0, b, errVarint
		}
		n |= uint64(b[i]&0x7f) << (7 * i)
		if b[i] < 0x80 {
			return n, b[i+1:], nil
		}
	}
	return 0, b, errTruncated
}

// takeTag cuts a tag off: a field's number and a wire type.
func takeTag(b []byte) (number, wire uint64, rest []byte, err error) {
	tag, rest, err := takeVarint(b)
	number, wire = tag>>3, tag&7
	if err == nil && (number == 0 || number > maxNumber) {
		return 0, 0, b, fmt.Errorf("%d is no number of a field", number)
	}
	return number, wire, rest, err
}

// takeBytes cuts off bytes with their length in front.
func takeBytes(b []byte) (data, rest []byte, err error) {
	n, rest, err := takeVarint(b)
	if err != nil {
		return nil, b, err
	}
	if n > uint64(len(rest)) {
		return nil, b, fmt.Errorf("a length of %d where %d bytes are left", n, len(rest))
	}
	return rest[:n], rest[n:], nil
}

// takeBits cuts off a number of a wire type other than delimited.
func takeBits(b []byte, wire uint64) (uint64, []byte, error) {
	switch {
	case wire == varint:
		return takeVarint(b)
	case wire == fixed32 && len(b) >= 4:
		return uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24, b[4:], nil
	case wire == fixed64 && len(b) >= 8:
		low := uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24
		high := uint64(b[4]) | uint64(b[5])<<8 | uint64(b[6])<<16 | uint64(b[7])<<24
		return low | high<<32, b[8:], nil
	}
	return 0, b, errTruncated
}

// skip passes over a value of a field that is not known.
func skip(b []byte, number, wire uint64, depth int) ([]byte, error) {
	switch wire {
	case varint, fixed32, fixed64:
		_, rest, err := takeBits(b, wire)
		return rest, err
	case delimited:
		_, rest, err := takeBytes(b)
		return rest, err
	case startGroup:
		return skipGroup(b, number, depth+1)
	case endGroup:
		return b, fmt.Errorf("the end of a group (field %d) that did not begin", number)
	}
	return b, fmt.Errorf("there is no wire type %d", wire)
}

func skipGroup(b []byte, group uint64, depth int) ([]byte, error) {
	if depth > maxDepth {
		return b, fmt.Errorf("groups are more than %d deep", maxDepth)
	}
	for {
		number, wire, rest, err := takeTag(b)
		if err != nil {
			return b, err
		}
		if wire == endGroup {
			if number != group {
				return b, fmt.Errorf("group %d ends as group %d", group, number)
			}
			return rest, nil
		}
		if b, err = skip(rest, number, wire, depth); err != nil {
			return b, err
		}
	}
}
