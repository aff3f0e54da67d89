package mysql

import (
	"fmt"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"

	"kcgen.dev/runtime/connect"
)

// charsets are the servers' character sets. A server's latin1 is Windows' 1252.
var charsets = map[string]encoding.Encoding{
	"latin1": charmap.Windows1252, "latin2": charmap.ISO8859_2, "latin5": charmap.ISO8859_9, "latin7": charmap.ISO8859_13,
	"greek": charmap.ISO8859_7, "hebrew": charmap.ISO8859_8, "cp1250": charmap.Windows1250, "cp1251": charmap.Windows1251,
	"cp1256": charmap.Windows1256, "cp1257": charmap.Windows1257, "cp850": charmap.CodePage850, "cp852": charmap.CodePage852, "cp866": charmap.CodePage866,
	"koi8r": charmap.KOI8R, "koi8u": charmap.KOI8U, "macroman": charmap.Macintosh, "tis620": charmap.Windows874,
	"big5": traditionalchinese.Big5, "gb2312": simplifiedchinese.GBK, "gbk": simplifiedchinese.GBK, "gb18030": simplifiedchinese.GB18030,
	"sjis": japanese.ShiftJIS, "cp932": japanese.ShiftJIS, "ujis": japanese.EUCJP, "eucjpms": japanese.EUCJP, "euckr": korean.EUCKR,
	"ucs2": unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), "utf16": unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM),
	"utf16le": unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), "utf32": utf32.UTF32(utf32.BigEndian, utf32.IgnoreBOM),
	"binary": charmap.ISO8859_1,
}

// charsetDecoder makes text of bytes. What it gives may alias them.
type charsetDecoder func(b []byte) (connect.Value, error)

// decoderOf is the decoder of a character set; without a name it is UTF-8.
func decoderOf(name string) (charsetDecoder, error) {
	switch name {
	case "", "utf8", "utf8mb3", "utf8mb4", "ascii", "default":
		return decodeUTF8, nil
	}
	set, ok := charsets[name]
	if !ok {
		return decodeUTF8, fmt.Errorf("the character set %q is not known", name)
	}
	decoder := set.NewDecoder()
	return func(b []byte) (connect.Value, error) {
		if isASCII(b) && name[0] != 'u' { // ucs2, utf16, utf32: wider; ujis goes the long way
			return connect.Text(b), nil
		}
		text, err := decoder.Bytes(b)
		if err != nil {
			return connect.Null, fmt.Errorf("it is no text of character set %s: %w", name, err)
		}
		return connect.Text(text), nil
	}, nil
}

// decodeUTF8 replaces what is no UTF-8, as Java does.
func decodeUTF8(b []byte) (connect.Value, error) {
	if utf8.Valid(b) {
		return connect.Text(b), nil
	}
	text, err := unicode.UTF8.NewDecoder().Bytes(b)
	return connect.Text(text), err
}

func isASCII(b []byte) bool {
	for _, c := range b {
		if c >= 0x80 {
			return false
		}
	}
	return true
}
