package sql

import (
	"flag"
	"runtime"
)

// "make bench-sql" gives both: ten million rows, and a half.
var (
	manyRows   = flag.Int("rows", 100_000, "the rows of the large tables")
	leastRatio = flag.Float64("ratio", 0, "the least share of the bare driver's rows a second; 0: they are logged alone")
)

// mostGrown is how much more memory reading or writing may hold than there was
// before, however large the table is. All rows of the smallest one take six times
// that.
const mostGrown = 8 << 20

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
