package postgres

import (
	"slices"

	"kcgen.dev/runtime/connector/database"
)

// overriding lets numbers be written to columns that the database numbers by
// itself (GENERATED ALWAYS AS IDENTITY), as COPY does anyway.
const overriding = ") OVERRIDING SYSTEM VALUE VALUES "

// AppendInsert appends INSERT INTO … VALUES.
func (d dialect) AppendInsert(dst []byte, t database.Table, columns []string, n int) []byte {
	dst = append(database.AppendTable(append(dst, "INSERT INTO "...), d, t), " ("...)
	dst = append(database.AppendNames(dst, d, columns), overriding...)
	return database.AppendTuples(dst, d, len(columns), n)
}

// AppendUpsert appends INSERT INTO … ON CONFLICT.
func (d dialect) AppendUpsert(dst []byte, t database.Table, keys, others []string, n int) []byte {
	all := slices.Concat(keys, others)
	return d.appendConflict(d.AppendInsert(dst, t, all, n), keys, others)
}

// appendConflict appends what an upsert does with rows that are there.
func (d dialect) appendConflict(dst []byte, keys, others []string) []byte {
	dst = database.AppendNames(append(dst, " ON CONFLICT ("...), d, keys)
	if len(others) == 0 {
		return append(dst, ") DO NOTHING"...)
	}
	dst = append(dst, ") DO UPDATE SET "...)
	for i, c := range others {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(d.AppendIdentifier(dst, c), "=EXCLUDED."...)
		dst = d.AppendIdentifier(dst, c)
	}
	return dst
}

// AppendUpdate appends UPDATE … SET … WHERE.
func (d dialect) AppendUpdate(dst []byte, t database.Table, keys, others []string) []byte {
	return database.AppendUpdate(dst, d, t, keys, others)
}

// AppendDelete appends DELETE FROM … WHERE.
func (d dialect) AppendDelete(dst []byte, t database.Table, keys []string, n int) []byte {
	return database.AppendDelete(dst, d, t, keys, n, "")
}

// AppendCreate appends CREATE TABLE IF NOT EXISTS: of several tasks that need a
// table, one makes it.
func (d dialect) AppendCreate(dst []byte, t database.Table, columns []database.Definition, keys []string) []byte {
	return database.AppendDefinitions(database.AppendTable(append(dst, "CREATE TABLE IF NOT EXISTS "...), d, t), d, columns, keys)
}

// AppendAddColumns appends ALTER TABLE … ADD COLUMN for columns that are not
// there yet.
func (d dialect) AppendAddColumns(dst []byte, t database.Table, columns []database.Definition) []byte {
	return database.AppendAddColumns(dst, d, t, columns, "ADD COLUMN IF NOT EXISTS ")
}

// MaxParameters is what the protocol has room for.
func (dialect) MaxParameters() int { return maxParameters }
