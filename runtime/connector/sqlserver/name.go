package sqlserver

import (
	"fmt"
	"unicode/utf16"

	"kcgen.dev/runtime/connector/database"
)

var _ database.Names = dialect{}

// maxName is that of a sysname, in units of UTF-16.
const maxName = 128

// CheckName finds what the server refuses.
func (dialect) CheckName(name string) error {
	if n := len(utf16.Encode([]rune(name))); n > maxName {
		return fmt.Errorf("sqlserver: the name has %d characters, and SQL Server's have at most %d", n, maxName)
	}
	return nil
}
