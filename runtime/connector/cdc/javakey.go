package cdc

import (
	"encoding/hex"
	"fmt"

	"kcgen.dev/runtime/connect"
)

// maxKey is how many bytes a key in an offset may have.
const maxKey = 1 << 20

// storeKey writes a key as Debezium keeps it in offsets: an Object[] as Java's
// serial form, in hexadecimal. What Java has no plain type for becomes text.
func storeKey(key []any) string {
	var w javaWriter
	w.head()
	if key == nil {
		w.null()
	} else {
		w.array(key)
	}
	return hex.EncodeToString(w.out)
}

// parseKey reads what storeKey and Debezium write. Numbers come as int16, int32,
// int64, float32, float64 or *connect.Decimal, UUIDs and what else is known as
// text.
func parseKey(text string) ([]any, error) {
	if len(text) > 2*maxKey {
		return nil, fmt.Errorf("it is longer than %d bytes", maxKey)
	}
	b, err := hex.DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("it is not hexadecimal: %w", err)
	}
	r := javaReader{in: b}
	v, err := r.stream()
	if err != nil {
		return nil, fmt.Errorf("it is no key that Java wrote: %w", err)
	}
	if v == nil {
		return nil, nil
	}
	key, ok := v.([]any)
	if !ok {
		return nil, fmt.Errorf("it is no key but %T", v)
	}
	return key, nil
}

// KeyOf is a key of values, for Chunks: the plain type of each.
func KeyOf(values []connect.Value) []any {
	key := make([]any, len(values))
	for i, v := range values {
		switch v.Kind() {
		case connect.KindNull:
		case connect.KindBool:
			key[i] = v.Bool()
		case connect.KindInt8, connect.KindInt16:
			key[i] = int16(v.Int())
		case connect.KindInt32:
			key[i] = int32(v.Int())
		case connect.KindInt64:
			key[i] = v.Int()
		case connect.KindFloat32:
			key[i] = float32(v.Float())
		case connect.KindFloat64:
			key[i] = v.Float()
		case connect.KindBytes:
			key[i] = v.Raw()
		case connect.KindDecimal:
			key[i] = v.Decimal()
		case connect.KindString:
			key[i] = v.Str()
		default:
			key[i] = v.String()
		}
	}
	return key
}
