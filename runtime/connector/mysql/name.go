package mysql

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"kcgen.dev/runtime/connector/database"
)

var _ database.Names = dialect{}

// maxName is in characters.
const maxName = 64

// CheckName finds what the server refuses.
func (dialect) CheckName(name string) error {
	if err := checkName(name); err != nil {
		return fmt.Errorf("mysql: the name %w", err)
	}
	return nil
}

func checkName(name string) error {
	switch n := utf8.RuneCountInString(name); {
	case n > maxName:
		return fmt.Errorf("has %d characters, and MySQL's names have at most %d", n, maxName)
	case strings.HasSuffix(name, " "):
		return errors.New("ends in a space, which MySQL's names may not")
	case strings.IndexByte(name, 0) >= 0:
		return errors.New("has a NUL in it")
	case strings.ContainsFunc(name, func(r rune) bool { return r > 0xFFFF }):
		return errors.New("has a character outside of Unicode's basic plane, which MySQL's names may not have")
	}
	return nil
}
