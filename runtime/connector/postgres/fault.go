package postgres

import (
	"context"
	"crypto/tls"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"kcgen.dev/runtime/connector/database"
)

// Fault goes by the SQLSTATE, and for the way to the server by the kind of
// error.
func (dialect) Fault(err error) database.Fault {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return stateFault(pg)
	}
	return wayFault(err)
}

// states are what single codes mean, where their class says something else.
var states = map[string]database.Fault{
	"08P01": database.Unknown, // protocol violation: a NUL in a statement
	"25P03": database.Away,    // idle in transaction for too long
	"25006": database.Away,    // read-only: a server that is the primary no longer
	"21000": database.Unknown,
	"44000": database.Data, // WITH CHECK OPTION
	"P0001": database.Data, // a trigger's RAISE
	"54000": database.Data, // an index row, a json, that is too large
	"54001": database.Data,
	"55P03": database.Busy, // lock not available
	"55006": database.Busy, // object in use
	"57014": database.Busy, // statement_timeout, or cancelled by somebody
	"57P01": database.Away, // shut down; terminated
	"57P02": database.Away,
	"57P03": database.Away, // starts up
	"57P05": database.Away, // idle for too long
	"42501": database.Denied,
	"3D000": database.Absent, // database
	"3F000": database.Absent, // schema
	"42P01": database.Absent, // table
	"42703": database.Absent, // column
}

// classes are what the first two characters mean.
var classes = map[string]database.Fault{
	"08": database.Away,
	"53": database.Away, // too many connections, no room on the disk
	"40": database.Busy, // deadlock, serialisation
	"22": database.Data,
	"23": database.Data,
	"28": database.Denied,
}

func stateFault(err *pgconn.PgError) database.Fault {
	switch {
	case err.SchemaName == "pg_catalog", err.Code == "XX000" && strings.Contains(err.Message, "concurrently"):
		return database.Busy // two have made the same table at once
	case err.Code == "0A000" && strings.Contains(err.Routine, "CachedQuery"):
		return database.Busy // the table has changed since the statement was prepared
	}
	if f, ok := states[err.Code]; ok {
		return f
	}
	if len(err.Code) == 5 {
		return classes[err.Code[:2]]
	}
	return database.Unknown
}

// wayFault judges errors that are no answer of a server.
func wayFault(err error) database.Fault {
	var (
		certificate *tls.CertificateVerificationError
		connect     *pgconn.ConnectError
		network     net.Error
	)
	switch {
	case errors.As(err, &certificate):
		return database.Denied
	case errors.Is(err, context.Canceled):
		return database.Unknown // we were told to stop
	case errors.As(err, &connect) && strings.Contains(err.Error(), "refused TLS"):
		return database.Denied
	case errors.As(err, &connect), errors.As(err, &network), pgconn.SafeToRetry(err), pgconn.Timeout(err), errors.Is(err, pgconn.ErrConnClosed),
		errors.Is(err, driver.ErrBadConn), errors.Is(err, sql.ErrConnDone),
		errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed):
		return database.Away
	}
	return database.Unknown
}
