package sql

import (
	"strings"
	"testing"

	"kcgen.dev/runtime/connector/database"
)

func TestFind(t *testing.T) {
	columns := []database.Column{{Name: "Id"}, {Name: "ID"}, {Name: "id"}, {Name: "At"}}
	for name, want := range map[string]int{"Id": 0, "ID": 1, "id": 2, "at": 3} {
		if i, err := find(columns, name); err != nil || i != want {
			t.Errorf("%s is column %d, %v", name, i, err)
		}
	}
	for name, want := range map[string]string{"iD": "columns Id and ID are there, and no iD", "no": "there is no column no; there are Id, ID, id, At"} {
		if i, err := find(columns, name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s is column %d, %v", name, i, err)
		}
	}
}
