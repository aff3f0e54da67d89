// Package history says what became of numbered lines on their way: which were
// lost, repeated, reordered, damaged, or arrived where they should not.
//
// A source writes lines that name their source and their number and carry a
// checksum (AppendLine); a Checker is shown all that arrived and reports. It
// does no I/O, so that one judge serves topics and files alike.
package history

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"strconv"
)

// castagnoli has hardware support on all our machines.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// filler pads lines to their length.
const filler = "the quick brown fox jumps over the lazy dog while Kafka waits for its acknowledgements; "

// AppendLine appends line number seq of the source, without a newline: source,
// number, filler and checksum, separated by spaces, size bytes long (or a few
// more where size is too small for that). The name holds no space or newline.
func AppendLine(dst []byte, source string, seq int64, size int) []byte {
	start := len(dst)
	dst = append(dst, source...)
	dst = append(dst, ' ')
	dst = strconv.AppendInt(dst, seq, 10)
	dst = append(dst, ' ')
	for pad := size - (len(dst) - start) - 9; pad > 0; { // 9: a space and 8 digits
		n := min(pad, len(filler))
		dst = append(dst, filler[:n]...)
		pad -= n
	}
	sum := crc32.Checksum(dst[start:], castagnoli)
	return fmt.Appendf(dst, " %08x", sum)
}

// errDamaged is the error of a line whose checksum is not its own.
var errDamaged = errors.New("checksum does not fit")

// parseLine reads what AppendLine wrote.
func parseLine(line []byte) (source []byte, seq int64, err error) {
	cut := len(line) - 9
	if cut < 0 || line[cut] != ' ' {
		return nil, 0, errDamaged
	}
	sum, err := strconv.ParseUint(string(line[cut+1:]), 16, 32)
	if err != nil || uint32(sum) != crc32.Checksum(line[:cut], castagnoli) {
		return nil, 0, errDamaged
	}
	source, rest, _ := bytes.Cut(line[:cut], []byte{' '})
	number, _, _ := bytes.Cut(rest, []byte{' '})
	seq, err = strconv.ParseInt(string(number), 10, 64)
	if err != nil {
		return nil, 0, fmt.Errorf("number %q: %w", number, err)
	}
	return source, seq, nil
}
