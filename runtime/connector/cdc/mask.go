package cdc

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"kcgen.dev/runtime/connect"
)

// asterisks puts n of them for any text, null too.
func asterisks(n int) mapper {
	v := connect.String(strings.Repeat("*", max(n, 0)))
	return mapper{params: masked, change: ofText(func(*Column) change {
		return func(connect.Value) connect.Value { return v }
	})}
}

// masked says that a column's values are not the database's.
func masked(*Column) []connect.Param { return []connect.Param{{Key: "masked", Value: "true"}} }

// ofText changes columns of text alone.
func ofText(make func(c *Column) change) func(c *Column) change {
	return func(c *Column) change {
		if !c.Text {
			return nil
		}
		return make(c)
	}
}

// truncation leaves n characters of a text, n bytes of bytes.
func truncation(n int) mapper {
	cuts := func(c *Column) bool { return c.Length < 0 || c.Length > n }
	return mapper{
		params: func(c *Column) []connect.Param {
			if !cuts(c) {
				return nil
			}
			return []connect.Param{{Key: "truncateLength", Value: strconv.Itoa(n)}}
		},
		change: func(c *Column) change {
			if !cuts(c) {
				return nil
			}
			return func(v connect.Value) connect.Value { return truncate(v, n) }
		},
	}
}

// truncate counts characters as Java does, by 16 bits. What is left of one that
// has 32 is written as a question mark, as Java writes it.
func truncate(v connect.Value, n int) connect.Value {
	switch v.Kind() {
	case connect.KindString:
		return truncateText(v, n)
	case connect.KindBytes:
		if b := v.Raw(); len(b) > n {
			return connect.Bytes(b[:n:n])
		}
	}
	return v
}

func truncateText(v connect.Value, n int) connect.Value {
	s := v.Str()
	if len(s) <= n {
		return v
	}
	units := 0
	for i, r := range s {
		size := max(utf16.RuneLen(r), 1)
		if units+size > n {
			if units < n {
				return connect.String(s[:i] + "?")
			}
			return connect.String(s[:i])
		}
		units += size
	}
	return v
}

// textForm is what of a text is hashed.
type textForm func(dst []byte, s string) []byte

// plainText is the text's bytes (column.mask.hash.v2).
func plainText(dst []byte, s string) []byte { return append(dst, s...) }

// javaText is the text as java.io.ObjectOutputStream writes it
// (column.mask.hash).
func javaText(dst []byte, s string) []byte {
	return appendJavaString(append(dst, 0xac, 0xed, 0, 5), s)
}

// appendJavaString appends a text in Java's serial form.
func appendJavaString(dst []byte, s string) []byte {
	text := modifiedUTF8(nil, s)
	if len(text) <= 0xffff {
		dst = append(dst, tcString)
		dst = binary.BigEndian.AppendUint16(dst, uint16(len(text)))
	} else {
		dst = append(dst, tcLongString)
		dst = binary.BigEndian.AppendUint64(dst, uint64(len(text)))
	}
	return append(dst, text...)
}

// modifiedUTF8 is Java's UTF-8: zero has two bytes, and what is beyond 16 bits
// is two characters of three.
func modifiedUTF8(dst []byte, s string) []byte {
	for _, r := range s {
		switch {
		case r == 0:
			dst = append(dst, 0xc0, 0x80)
		case r > 0xffff:
			hi, lo := utf16.EncodeRune(r)
			for _, c := range [...]rune{hi, lo} {
				dst = append(dst, 0xe0|byte(c>>12), 0x80|byte(c>>6)&0x3f, 0x80|byte(c)&0x3f)
			}
		default:
			dst = utf8.AppendRune(dst, r)
		}
	}
	return dst
}

var algorithms = map[string]func() hash.Hash{
	"MD5": md5.New, "SHA-1": sha1.New, "SHA-224": sha256.New224, "SHA-256": sha256.New,
	"SHA-384": sha512.New384, "SHA-512": sha512.New,
}

// hashing puts a hash for a text, no longer than the column is.
func hashing(h Hash, form textForm) (mapper, error) {
	algorithm := algorithms[strings.ToUpper(h.Algorithm)]
	if algorithm == nil {
		return mapper{}, fmt.Errorf("cdc: algorithm %q: must be MD5, SHA-1, SHA-224, SHA-256, SHA-384 or SHA-512", h.Algorithm)
	}
	salt := []byte(h.Salt.Reveal())
	if len(salt) == 0 {
		return mapper{}, errors.New("cdc: the salt is empty")
	}
	return mapper{params: masked, change: ofText(func(c *Column) change {
		sum, buf := algorithm(), []byte(nil)
		return func(v connect.Value) connect.Value {
			if v.Kind() != connect.KindString {
				return connect.Null
			}
			sum.Reset()
			buf = form(append(buf[:0], salt...), v.Str())
			sum.Write(buf)
			hashed := connect.String(hex.EncodeToString(sum.Sum(nil)))
			if c.Length > 0 {
				return truncate(hashed, c.Length)
			}
			return hashed
		}
	})}, nil
}
