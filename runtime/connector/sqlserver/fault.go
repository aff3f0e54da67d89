package sqlserver

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql/driver"
	"errors"
	"io"
	"net"

	mssql "github.com/microsoft/go-mssqldb"

	"kcgen.dev/runtime/connector/database"
)

// fatal is the class from which on the server ends the connection.
const fatal = 20

// faults are the numbers of errors, by the documentation (sys.messages).
var faults = map[int32]database.Fault{}

func init() {
	for f, numbers := range map[database.Fault][]int32{
		database.Away: {
			701, 802, 1105, 9002, 921, 922, 924, 927, 942, 976, 978, 983, 3906, 3908, 4221, 6005, 10928, 10929, 17142, 17187, 17188, 17189,
			40197, 40501, 40540, 40544, 40549, 40550, 40551, 40552, 40553, 40613, 49918, 49919, 49920,
		},
		database.Busy: {1204, 1205, 1222, 3960, 3961, 41301, 41302, 41305, 41325, 41839},
		database.Data: {
			220, 232, 241, 242, 244, 245, 248, 257, 295, 296, 298, 512, 515, 544, 547, 550, 1934, 2601, 2627, 2628, 3621, 8115, 8114, 8134, 8152, 8169, 9420, 13608, 13609,
		},
		database.Denied: {229, 230, 262, 300, 916, 4060, 4062, 4064, 15247, 18452, 18456, 18461, 18470, 18486, 18487, 18488, 40615},
		database.Absent: {207, 208, 911, 2760, 3701, 4902, 4924},
	} {
		for _, n := range numbers {
			faults[n] = f
		}
	}
}

// Fault takes the first error of a statement that says something: the last one
// is often only that the statement has ended.
func (dialect) Fault(err error) database.Fault {
	var e mssql.Error
	switch {
	case err == nil, errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return database.Unknown
	case errors.As(err, &e):
		return faultOf(e)
	}
	return faultOfConnection(err)
}

func faultOf(e mssql.Error) database.Fault {
	for _, part := range append(e.All, e) {
		if f, ok := faults[part.Number]; ok && part.Number != statementEnded {
			return f
		}
		if part.Class >= fatal {
			return database.Away
		}
	}
	return faults[e.Number]
}

// statementEnded: "The statement has been terminated."
const statementEnded = 3621

func faultOfConnection(err error) database.Fault {
	var (
		verify  *tls.CertificateVerificationError
		host    x509.HostnameError
		network net.Error
		stream  mssql.StreamError
	)
	switch {
	case errors.As(err, &verify), errors.As(err, &host):
		return database.Denied
	case errors.Is(err, driver.ErrBadConn), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF),
		errors.As(err, &stream), errors.As(err, &network):
		return database.Away
	}
	return database.Unknown
}
