package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Types that only a capture knows.
const (
	oidChar        = 18
	oidXML         = 142
	oidPoint       = 600
	oidLseg        = 601
	oidPath        = 602
	oidBox         = 603
	oidPolygon     = 604
	oidLine        = 628
	oidCircle      = 718
	oidMacaddr8    = 774
	oidMacaddr     = 829
	oidInet        = 869
	oidCidr        = 650
	oidInterval    = 1186
	oidVarbit      = 1562
	oidRefcursor   = 1790
	oidTSVector    = 3614
	oidInt4Range   = 3904
	oidNumRange    = 3906
	oidTSRange     = 3908
	oidTSTZRange   = 3910
	oidDateRange   = 3912
	oidInt8Range   = 3926
	oidInt2Vector  = 22
	oidOIDVector   = 30
	oidMoneyArray  = 791
	oidXMLArray    = 143
	oidNameArray   = 1003
	oidPointArray  = 1017
	oidInterArray  = 1187
	oidVarbitArray = 1563
	oidBitArray    = 1561
	oidRefArray    = 2201
)

// pgType is a type of the database, as its catalog has it.
type pgType struct {
	oid    uint32
	name   string   // without a schema
	elem   *pgType  // of an array
	base   *pgType  // of a domain
	mod    int32    // that a domain gives to its base; -1: none
	labels []string // of an enum
	enum   bool
}

// root is the type below all domains, and the modifier of a column of t that
// has one of its own or has that of a domain.
func (t *pgType) root(mod int32) (*pgType, int32) {
	for t.base != nil {
		if mod < 0 {
			mod = t.mod
		}
		t = t.base
	}
	return t, mod
}

// pgTypes are the types that were looked up. Those of the server itself never
// change; an enum may get labels, and forget makes it be looked up again.
type pgTypes struct {
	known map[uint32]*pgType
	busy  map[uint32]bool // being looked up: no type is made of itself
}

const typeQuery = `SELECT t.typname, t.typtype::text, CASE WHEN t.typcategory = 'A' AND t.typlen = -1 THEN t.typelem ELSE 0 END::bigint,
	t.typbasetype::bigint, t.typtypmod,
	CASE WHEN t.typtype = 'e' THEN (SELECT array_agg(e.enumlabel::text ORDER BY e.enumsortorder) FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid) END
FROM pg_catalog.pg_type t WHERE t.oid = $1::bigint::oid`

// get is a type by its number. One that is gone from the catalog is known by
// its number alone.
func (ts *pgTypes) get(ctx context.Context, c *pgx.Conn, oid uint32) (*pgType, error) {
	if t, ok := ts.known[oid]; ok {
		return t, nil
	}
	if ts.known == nil {
		ts.known, ts.busy = map[uint32]*pgType{}, map[uint32]bool{}
	}
	if ts.busy[oid] {
		return nil, fmt.Errorf("type %d is made of itself", oid)
	}
	ts.busy[oid] = true
	defer delete(ts.busy, oid)
	t := &pgType{oid: oid}
	var (
		kind       string
		elem, base int64
	)
	err := c.QueryRow(ctx, typeQuery, int64(oid)).Scan(&t.name, &kind, &elem, &base, &t.mod, &t.labels)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		t.name, t.mod = typeName(oid), -1
		return t, nil
	case err != nil:
		return nil, fmt.Errorf("look up type %d: %w", oid, err)
	}
	t.enum = kind == "e"
	if elem != 0 {
		if t.elem, err = ts.get(ctx, c, uint32(elem)); err != nil {
			return nil, err
		}
	}
	if base != 0 {
		if t.base, err = ts.get(ctx, c, uint32(base)); err != nil {
			return nil, err
		}
	}
	ts.known[oid] = t
	return t, nil
}

// forget has the enums looked up again, and what is made of them.
func (ts *pgTypes) forget() {
	for oid, t := range ts.known {
		if root, _ := t.root(-1); root.enum || root.elem != nil && root.elem.enum {
			delete(ts.known, oid)
		}
	}
}

// has says whether an enum has a label.
func (t *pgType) has(label []byte) bool {
	for _, l := range t.labels {
		if l == string(label) {
			return true
		}
	}
	return false
}

// allowed are the labels as a parameter of schemas has them.
func (t *pgType) allowed() string { return strings.Join(t.labels, ",") }

// precision and scale are a column's, as the JDBC driver tells them.
func (t *pgType) precision(mod int32) int {
	switch oid := t.scalar(); oid {
	case oidInt2:
		return 5
	case oidInt4, oidOID:
		return 10
	case oidInt8:
		return 19
	case oidFloat4:
		return 8
	case oidFloat8:
		return 17
	case oidNumeric:
		if mod >= 4 {
			return int((mod - 4) >> 16 & 0xffff)
		}
		return unlimitedDigits
	case oidBool, oidChar:
		return 1
	case oidBpchar, oidVarchar:
		if mod >= 4 {
			return int(mod - 4)
		}
		return unlimitedLength
	case oidBit:
		return int(max(mod, 0))
	case oidVarbit:
		if mod >= 0 {
			return int(mod)
		}
		return unlimitedLength
	case oidDate:
		return 13
	case oidTime, oidTimeTZ, oidTimestamp, oidTimestampTZ:
		return timeWidth(oid, mod)
	case oidInterval:
		return 49
	}
	return unlimitedLength
}

const (
	unlimitedDigits = 131089 // of a numeric without a precision
	unlimitedLength = 1<<31 - 1
)

// timeWidth is how many characters a time is printed with.
func timeWidth(oid uint32, mod int32) int {
	fraction := 7
	switch {
	case mod == 0:
		fraction = 0
	case mod == 1:
		fraction = 3
	case mod > 1:
		fraction = int(mod) + 1
	}
	return fraction + map[uint32]int{oidTime: 8, oidTimeTZ: 14, oidTimestamp: 22, oidTimestampTZ: 28}[oid]
}

func (t *pgType) scale(mod int32) int {
	switch t.scalar() {
	case oidFloat4:
		return 8
	case oidFloat8:
		return 17
	case oidNumeric:
		if mod >= 4 {
			return int((mod-4)&0x7ff^1024) - 1024
		}
	case oidTime, oidTimeTZ, oidTimestamp, oidTimestampTZ:
		if mod >= 0 {
			return int(mod)
		}
		return 6
	case oidInterval:
		if mod >= 0 && mod&0xffff <= 6 {
			return int(mod & 0xffff)
		}
		return 6
	}
	return 0
}

// scalar is the number of the type, or of an array's elements.
func (t *pgType) scalar() uint32 {
	if t.elem != nil {
		return t.elem.oid
	}
	return t.oid
}
