package connect

import (
	"encoding/binary"
	"unicode/utf8"
)

// ValidUTF8 is utf8.Valid, quicker for ASCII, short as the texts of records
// mostly are.
func ValidUTF8(b []byte) bool {
	const tops = 0x8080808080808080
	var all uint64
	switch {
	case len(b) >= 8:
		for i := 0; i+8 <= len(b); i += 8 {
			all |= binary.LittleEndian.Uint64(b[i:])
		}
		all |= binary.LittleEndian.Uint64(b[len(b)-8:])
	case len(b) >= 4:
		all = uint64(binary.LittleEndian.Uint32(b) | binary.LittleEndian.Uint32(b[len(b)-4:]))
	default:
		for _, c := range b {
			all |= uint64(c)
		}
	}
	return all&tops == 0 || utf8.Valid(b)
}
