package mysql

import (
	"context"
	"fmt"
	"strings"

	"kcgen.dev/runtime/connector/database"
)

// me is the account that the server took the connection for, as information_schema
// writes it: 'user'@'host'.
const me = `CONCAT('''', SUBSTRING_INDEX(CURRENT_USER(), '@', GREATEST(LENGTH(CURRENT_USER()) - LENGTH(REPLACE(CURRENT_USER(), '@', '')), 1)), '''@''', SUBSTRING_INDEX(CURRENT_USER(), '@', -1), '''')`

// listRights are an account's rights on all, on databases (of which the names
// are patterns), on tables and on columns.
const listRights = `SELECT '', '', PRIVILEGE_TYPE FROM information_schema.USER_PRIVILEGES WHERE GRANTEE = ` + me + `
UNION ALL SELECT TABLE_SCHEMA, '', PRIVILEGE_TYPE FROM information_schema.SCHEMA_PRIVILEGES WHERE GRANTEE = ` + me + `
UNION ALL SELECT TABLE_SCHEMA, TABLE_NAME, PRIVILEGE_TYPE FROM information_schema.TABLE_PRIVILEGES WHERE GRANTEE = ` + me + `
UNION ALL SELECT TABLE_SCHEMA, TABLE_NAME, PRIVILEGE_TYPE FROM information_schema.COLUMN_PRIVILEGES WHERE GRANTEE = ` + me

// Lacks goes by what is granted to the account itself. Of one with roles it says
// nothing: what these may do others must tell.
func (dialect) Lacks(ctx context.Context, q database.Querier, t database.Table, asked []database.Right) ([]database.Right, error) {
	roles, err := database.One(ctx, q, "SELECT COUNT(*) FROM information_schema.ENABLED_ROLES WHERE ROLE_NAME IS NOT NULL")
	if err != nil || roles != "0" {
		return nil, nil // an old server has no such list
	}
	schema := t.Schema
	if schema == "" {
		if schema, err = database.One(ctx, q, "SELECT DATABASE()"); err != nil {
			return nil, fmt.Errorf("mysql: ask for the database: %w", err)
		}
	}
	has := map[string]bool{}
	err = database.Strings(ctx, q, listRights, nil, func(row []string) error {
		onTable := row[1] != "" && row[0] == schema && row[1] == t.Name
		onSchema := row[1] == "" && (row[0] == "" || matches(row[0], schema))
		if onTable || onSchema {
			has[strings.ToUpper(row[2])] = true
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("mysql: ask for rights on table %s: %w", t, err)
	}
	var lacks []database.Right
	for _, r := range asked {
		if !has[rights[r]] {
			lacks = append(lacks, r)
		}
	}
	return lacks, nil
}

// matches compares a name with a pattern of GRANT: % is any text, _ any
// character, and a backslash takes that from them.
func matches(pattern, name string) bool {
	if pattern == "" {
		return name == ""
	}
	switch c := pattern[0]; {
	case c == '%':
		for i := 0; i <= len(name); i++ {
			if matches(pattern[1:], name[i:]) {
				return true
			}
		}
		return false
	case name == "":
		return false
	case c == '\\' && len(pattern) > 1:
		return pattern[1] == name[0] && matches(pattern[2:], name[1:])
	case c == '_' || c == name[0]:
		return matches(pattern[1:], name[1:])
	}
	return false
}

// Unordered asks whether several servers draw numbers in turns, as those of a
// cluster do: each has its own next one.
func (dialect) Unordered(ctx context.Context, q database.Querier, t database.Table, column string) (string, error) {
	step, err := database.One(ctx, q, "SELECT @@auto_increment_increment")
	if err != nil {
		return "", fmt.Errorf("mysql: ask for auto_increment_increment: %w", err)
	}
	if step == "1" {
		return "", nil
	}
	return "auto_increment_increment is " + step + ": several servers draw numbers in turns, and one may be behind the others", nil
}
