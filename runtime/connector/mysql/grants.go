package mysql

import (
	"strings"

	"kcgen.dev/runtime/connector/database"
)

var rights = map[database.Right]string{
	database.Select: "SELECT", database.Insert: "INSERT", database.Update: "UPDATE", database.Delete: "DELETE",
	database.Create: "CREATE", database.Alter: "ALTER",
}

// Grants is one statement. A table of no database is one of the connection's, of
// which the dialect does not know the name: GRANT takes it from where the administrator
// stands.
func (d dialect) Grants(user string, t database.Table, asked []database.Right) []string {
	if len(asked) == 0 {
		return nil
	}
	words := make([]string, len(asked))
	for i, r := range asked {
		words[i] = rights[r]
	}
	on := ""
	switch {
	case t.Name != "":
		on = string(database.AppendTable(nil, d, t))
	case t.Schema != "":
		on = string(append(d.AppendIdentifier(nil, escapePattern(t.Schema)), ".*"...))
	default:
		on = "*"
	}
	return []string{"GRANT " + strings.Join(words, ", ") + " ON " + on + " TO " + string(database.AppendText(nil, user)) + "@'%'"}
}

// escapePattern keeps a database's name from being a pattern, in which _ stands
// for any character.
func escapePattern(name string) string {
	return strings.NewReplacer(`\`, `\\`, "_", `\_`, "%", `\%`).Replace(name)
}
