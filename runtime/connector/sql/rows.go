package sql

import stdsql "database/sql"

// drain reads rows to their end, where what was wrong with the query is told.
func drain(rows *stdsql.Rows) error {
	for rows.Next() {
	}
	err := rows.Err()
	if e := rows.Close(); err == nil {
		err = e
	}
	return err
}
