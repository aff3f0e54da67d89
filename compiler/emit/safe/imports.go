package safe

import (
	"bytes"
	"strings"
)

// GroupImports divides the import block of a printed Go file into the standard
// library's packages and the others, as people write it. A file without a
// block stays as it is.
func GroupImports(src []byte) []byte {
	const open, end = "\nimport (\n", "\n)\n"
	from := bytes.Index(src, []byte(open))
	if from < 0 {
		return src
	}
	from += len(open)
	size := bytes.Index(src[from:], []byte(end))
	if size < 0 {
		return src
	}
	var std, other []string
	for _, line := range strings.Split(string(src[from:from+size]), "\n") {
		if isStd(line) {
			std = append(std, line)
		} else {
			other = append(other, line)
		}
	}
	if len(std) == 0 || len(other) == 0 {
		return src
	}
	block := strings.Join(std, "\n") + "\n\n" + strings.Join(other, "\n")
	return append(append(append([]byte{}, src[:from]...), block...), src[from+size:]...)
}

// isStd says whether an import line names a package of the standard library:
// the first element of its path has no dot.
func isStd(line string) bool {
	_, path, _ := strings.Cut(line, `"`)
	first, _, _ := strings.Cut(path, "/")
	return !strings.Contains(first, ".")
}
