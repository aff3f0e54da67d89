package registry

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// magic begins a message in Confluent's wire format; the id follows.
const magic = 0

// AppendHeader begins a message: the magic byte and the schema's id.
func AppendHeader(dst []byte, id int) []byte {
	return binary.BigEndian.AppendUint32(append(dst, magic), uint32(id))
}

// CutHeader gives the schema's id of a message and what follows it.
func CutHeader(data []byte) (id int, rest []byte, err error) {
	switch {
	case len(data) == 0:
		return 0, nil, errors.New("the message is empty; Confluent's wire format begins with a magic byte and a schema id")
	case data[0] != magic:
		return 0, nil, fmt.Errorf("the message begins with byte 0x%02x, not with Confluent's magic byte 0%s", data[0], looksLike(data))
	case len(data) < 5:
		return 0, nil, fmt.Errorf("the message ends after %d bytes, within the schema id", len(data))
	}
	return int(int32(binary.BigEndian.Uint32(data[1:]))), data[5:], nil
}

// looksLike guesses what data is that is not in the wire format.
func looksLike(data []byte) string {
	switch data[0] {
	case '{', '[', '"':
		return "; it looks like JSON (convert.#JSON)"
	}
	return ""
}
