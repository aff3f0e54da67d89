package protobuf

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// maxIndexes is how deep the message that is written may lie in others.
const maxIndexes = maxDepth

// appendIndexes appends the way to a message: how many steps, and each of them,
// as zigzag varints. The first message of a file, the usual case, is a 0 alone.
func appendIndexes(dst []byte, indexes []int) []byte {
	if len(indexes) == 1 && indexes[0] == 0 {
		return append(dst, 0)
	}
	dst = binary.AppendVarint(dst, int64(len(indexes)))
	for _, i := range indexes {
		dst = binary.AppendVarint(dst, int64(i))
	}
	return dst
}

// cutIndexes reads the way to a message, and gives what follows it.
func cutIndexes(data []byte) (indexes []int, rest []byte, err error) {
	n, rest, err := cutIndex(data)
	if err != nil {
		return nil, data, err
	}
	if n == 0 {
		return []int{0}, rest, nil
	}
	if n < 0 || n > maxIndexes {
		return nil, data, fmt.Errorf("%d message indexes", n)
	}
	indexes = make([]int, n)
	for i := range indexes {
		if indexes[i], rest, err = cutIndex(rest); err != nil {
			return nil, data, err
		}
	}
	return indexes, rest, nil
}

func cutIndex(data []byte) (int, []byte, error) {
	n, size := binary.Varint(data)
	if size <= 0 || n != int64(int32(n)) {
		return 0, data, errors.New("the message indexes are cut off or no numbers")
	}
	return int(n), data[size:], nil
}

// indexesOf finds a message by its full name, as the original does: part by
// part, passing over those that name no message. Nothing found is the first.
func (f *file) indexesOf(full string, normalize bool) []int {
	var out []int
	all := f.messages
	for part := range strings.SplitSeq(full, ".") {
		i := 0
		for _, m := range all {
			if m.implied || normalize && m.mapEntry {
				continue
			}
			if m.name == part {
				out, all = append(out, i), m.messages
				break
			}
			i++
		}
	}
	if len(out) == 0 {
		return []int{0}
	}
	return out
}
