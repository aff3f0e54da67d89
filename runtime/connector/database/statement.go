package database

// AppendNames appends columns' names between commas.
func AppendNames(dst []byte, d Dialect, columns []string) []byte {
	for i, c := range columns {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = d.AppendIdentifier(dst, c)
	}
	return dst
}

// AppendTuple appends parameters in brackets: (?,?), from the n-th on.
func AppendTuple(dst []byte, d Dialect, first, n int) []byte {
	dst = append(dst, '(')
	for i := range n {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = d.AppendParameter(dst, first+i)
	}
	return append(dst, ')')
}

// AppendTuples appends n tuples of so many parameters each: (?,?),(?,?).
func AppendTuples(dst []byte, d Dialect, size, n int) []byte {
	for i := range n {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = AppendTuple(dst, d, i*size+1, size)
	}
	return dst
}

// AppendInsert appends INSERT INTO … VALUES for n rows.
func AppendInsert(dst []byte, d Dialect, t Table, columns []string, n int) []byte {
	dst = append(AppendTable(append(dst, "INSERT INTO "...), d, t), ' ', '(')
	dst = append(AppendNames(dst, d, columns), ") VALUES "...)
	return AppendTuples(dst, d, len(columns), n)
}

// AppendUpdate appends UPDATE … SET … WHERE for one row.
func AppendUpdate(dst []byte, d Dialect, t Table, keys, others []string) []byte {
	dst = append(AppendTable(append(dst, "UPDATE "...), d, t), " SET "...)
	dst = appendEquals(dst, d, others, 1, ", ")
	if len(keys) > 0 {
		dst = appendEquals(append(dst, " WHERE "...), d, keys, len(others)+1, " AND ")
	}
	return dst
}

func appendEquals(dst []byte, d Dialect, columns []string, first int, between string) []byte {
	for i, c := range columns {
		if i > 0 {
			dst = append(dst, between...)
		}
		dst = d.AppendParameter(append(d.AppendIdentifier(dst, c), " = "...), first+i)
	}
	return dst
}

// AppendDelete appends DELETE … WHERE for n keys: an IN for a key of one
// column, row values for one of several. values stands before them, where the
// database wants a word there (VALUES).
func AppendDelete(dst []byte, d Dialect, t Table, keys []string, n int, values string) []byte {
	dst = append(AppendTable(append(dst, "DELETE FROM "...), d, t), " WHERE "...)
	switch {
	case n == 1:
		return appendEquals(dst, d, keys, 1, " AND ")
	case len(keys) == 1:
		return AppendTuple(append(d.AppendIdentifier(dst, keys[0]), " IN "...), d, 1, n)
	}
	dst = append(AppendNames(append(dst, '('), d, keys), ") IN ("...)
	return append(AppendTuples(append(dst, values...), d, len(keys), n), ')')
}

// AppendDeleteAny is AppendDelete for databases without row values: each key is
// spelled out.
func AppendDeleteAny(dst []byte, d Dialect, t Table, keys []string, n int) []byte {
	dst = append(AppendTable(append(dst, "DELETE FROM "...), d, t), " WHERE "...)
	if len(keys) == 1 && n > 1 {
		return AppendTuple(append(d.AppendIdentifier(dst, keys[0]), " IN "...), d, 1, n)
	}
	for i := range n {
		if i > 0 {
			dst = append(dst, " OR "...)
		}
		dst = append(appendEquals(append(dst, '('), d, keys, i*len(keys)+1, " AND "), ')')
	}
	return dst
}

// AppendCreate appends CREATE TABLE.
func AppendCreate(dst []byte, d Dialect, t Table, columns []Definition, keys []string) []byte {
	return AppendDefinitions(AppendTable(append(dst, "CREATE TABLE "...), d, t), d, columns, keys)
}

// AppendDefinitions appends what stands behind a new table's name: its columns,
// and its key where it has one.
func AppendDefinitions(dst []byte, d Dialect, columns []Definition, keys []string) []byte {
	dst = append(dst, " ("...)
	for i, c := range columns {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = AppendDefinition(dst, d, c)
	}
	if len(keys) > 0 {
		dst = append(AppendNames(append(dst, ", PRIMARY KEY ("...), d, keys), ')')
	}
	return append(dst, ')')
}

// AppendAddColumns appends ALTER TABLE for several columns at once, with the
// words that add one before each.
func AppendAddColumns(dst []byte, d Dialect, t Table, columns []Definition, add string) []byte {
	dst = append(AppendTable(append(dst, "ALTER TABLE "...), d, t), ' ')
	for i, c := range columns {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = AppendDefinition(append(dst, add...), d, c)
	}
	return dst
}

// AppendDefinition appends a column as DDL has it.
func AppendDefinition(dst []byte, d Dialect, c Definition) []byte {
	dst = append(append(d.AppendIdentifier(dst, c.Name), ' '), c.Type...)
	if c.Default != "" {
		dst = append(append(dst, " DEFAULT "...), c.Default...)
	}
	if c.NotNull {
		return append(dst, " NOT NULL"...)
	}
	return append(dst, " NULL"...)
}
