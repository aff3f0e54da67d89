package mysql

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"kcgen.dev/runtime/connector/database"
)

// dialect does not say database.Settles: which transactions are open is told
// only to those with the right PROCESS, and a transaction that has drawn a
// number is not among them before its first row is written. See the README.
type dialect struct {
	zero string // zeroDateTimeBehavior
}

var (
	_ database.Dialect    = dialect{}
	_ database.Sizes      = dialect{}
	_ database.Indexes    = dialect{}
	_ database.Rights     = dialect{}
	_ database.Privileges = dialect{}
)

func (dialect) Name() string { return "MySQL" }

// AppendIdentifier uses backticks, which mean the same in every sql_mode.
func (dialect) AppendIdentifier(dst []byte, name string) []byte {
	return database.AppendQuoted(dst, name, '`', '`')
}

func (dialect) AppendParameter(dst []byte, _ int) []byte { return append(dst, '?') }

var names = database.Quotes{"`", `"`}

// ParseTable takes database.table; MySQL's databases stand where others have
// schemas.
func (dialect) ParseTable(name string) (database.Table, error) {
	t, err := names.ParseTable(name, 2)
	if err != nil {
		return t, fmt.Errorf("mysql: %w", err)
	}
	for _, part := range []string{t.Schema, t.Name} {
		if err := checkName(part); err != nil {
			return t, fmt.Errorf("mysql: %q is no name of a table: a part of it %w", name, err)
		}
	}
	return t, nil
}

func (dialect) Limit(n int) (first, last string) { return "", "LIMIT " + strconv.Itoa(n) }

// MaxParameters is the protocol's, for statements that are prepared.
func (dialect) MaxParameters() int { return 65535 }

// packetRest is what a packet holds beside the statement.
const packetRest = 1 << 10

// MaxStatement is max_allowed_packet.
func (dialect) MaxStatement(ctx context.Context, q database.Querier) (int, error) {
	text, err := database.One(ctx, q, "SELECT @@max_allowed_packet")
	if err != nil {
		return 0, fmt.Errorf("mysql: ask for max_allowed_packet: %w", err)
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, fmt.Errorf("mysql: ask for max_allowed_packet: %w", err)
	}
	return max(n-packetRest, packetRest), nil
}

// Now is the server's clock.
func (dialect) Now(ctx context.Context, q database.Querier) (time.Time, error) {
	now, err := database.Clock(ctx, q, "SELECT UTC_TIMESTAMP(6)")
	if err != nil {
		return now, fmt.Errorf("mysql: ask for the time: %w", err)
	}
	return now, nil
}
