package postgres

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"kcgen.dev/runtime/connector/database"
)

// dialect is how PostgreSQL speaks. It has no state.
type dialect struct{}

var (
	_ database.Dialect    = dialect{}
	_ database.Bulk       = dialect{}
	_ database.Settles    = dialect{}
	_ database.Rights     = dialect{}
	_ database.Indexes    = dialect{}
	_ database.Privileges = dialect{}
	_ database.Numbers    = dialect{}
	_ database.Defers     = dialect{}
	_ database.Names      = dialect{}
	_ database.Logins     = Database{}
)

const (
	maxName       = 63    // bytes of a name; the server cuts what is longer
	maxParameters = 65535 // of a statement, in the protocol
)

// Name is what people call it.
func (dialect) Name() string { return "PostgreSQL" }

// AppendIdentifier appends a name between double quotes.
func (dialect) AppendIdentifier(dst []byte, name string) []byte {
	return database.AppendQuoted(dst, name, '"', '"')
}

// AppendParameter appends $n.
func (dialect) AppendParameter(dst []byte, n int) []byte {
	return strconv.AppendInt(append(dst, '$'), int64(n), 10)
}

// ParseTable reads table, schema.table or database.schema.table. What is not
// quoted keeps its capitals all the same, as in Connect, which quotes
// (quote.sql.identifiers).
func (dialect) ParseTable(name string) (database.Table, error) {
	t, err := database.Quotes{`""`}.ParseTable(name, 3)
	if err != nil {
		return t, fmt.Errorf("postgres: %w", err)
	}
	for _, part := range []string{t.Catalog, t.Schema, t.Name} {
		if err := checkName(part); err != nil {
			return t, fmt.Errorf("postgres: %q is no name of a table: a part of it %w", name, err)
		}
	}
	return t, nil
}

// CheckName finds what the server would refuse, or cut in silence.
func (dialect) CheckName(name string) error {
	if err := checkName(name); err != nil {
		return fmt.Errorf("postgres: the name %w", err)
	}
	return nil
}

func checkName(name string) error {
	if len(name) > maxName {
		return fmt.Errorf("has %d bytes, and PostgreSQL's names have at most %d", len(name), maxName)
	}
	if strings.IndexByte(name, 0) >= 0 {
		return errors.New("has a NUL in it")
	}
	return nil
}

// Deferred are for constraints that are DEFERRABLE.
func (dialect) Deferred() (hold, check string) {
	return "SET CONSTRAINTS ALL DEFERRED", "SET CONSTRAINTS ALL IMMEDIATE"
}
