package mysql

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strings"

	"github.com/go-sql-driver/mysql"

	"kcgen.dev/runtime/connector/database"
)

// faults are the numbers of errors that say more, or something else, than their
// SQLSTATE does.
var faults = map[uint16]database.Fault{}

func init() {
	for f, numbers := range map[database.Fault][]uint16{
		database.Away: {
			1021, 1040, 1041, 1053, 1079, 1080, 1114, 1135, 1152, 1158, 1159, 1160, 1161, 1184, // full, too many, shutdown, the network
			1203, 1226, 1792, 1836, 1927, 2006, 2013, 3169, 4031, // limits of a user, read only while a replica, killed, idle
		},
		database.Busy: {1020, 1205, 1213, 1412, 1613, 1614, 1637, 1969, 3024, 3058, 3101, 3572},
		database.Data: {
			1048, 1062, 1138, 1153, 1169, 1263, 1264, 1265, 1292, 1300, 1301, 1364, 1365, 1366, 1367, 1369, 1406, 1411, 1416,
			1451, 1452, 1525, 1526, 1557, 1586, 1690, 1748, 1761, 1762, 3140, 3141, 3156, 3819, 4025, 4078,
		},
		database.Denied: {1044, 1045, 1130, 1142, 1143, 1227, 1370, 1396, 1410, 1698, 1820, 1862, 3118, 3159, 3955, 4151},
		database.Absent: {1049, 1051, 1054, 1072, 1109, 1146},
	} {
		for _, n := range numbers {
			faults[n] = f
		}
	}
}

func (dialect) Fault(err error) database.Fault {
	var e *mysql.MySQLError
	switch {
	case err == nil, errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return database.Unknown
	case errors.As(err, &e):
		return faultOf(e)
	case errors.Is(err, mysql.ErrPktTooLarge):
		return database.Data
	}
	return faultOfConnection(err)
}

func faultOf(e *mysql.MySQLError) database.Fault {
	if f, ok := faults[e.Number]; ok {
		return f
	}
	switch state := string(e.SQLState[:]); {
	// The option --read-only, which a primary has while it changes places.
	case e.Number == 1290 && strings.Contains(e.Message, "read"):
		return database.Away
	// A parameter that is longer than a packet, which the driver sends by parts.
	case e.Number == 1105 && strings.Contains(e.Message, "max_allowed_packet"):
		return database.Data
	case strings.HasPrefix(state, "22"), strings.HasPrefix(state, "23"):
		return database.Data
	case strings.HasPrefix(state, "28"):
		return database.Denied
	case strings.HasPrefix(state, "08"):
		return database.Away
	case strings.HasPrefix(state, "40"):
		return database.Busy
	}
	return database.Unknown
}

// faultOfConnection is of errors that no server has sent.
func faultOfConnection(err error) database.Fault {
	var (
		verify  *tls.CertificateVerificationError
		host    x509.HostnameError
		network net.Error
	)
	switch {
	case errors.As(err, &verify), errors.As(err, &host), errors.Is(err, mysql.ErrNoTLS),
		errors.Is(err, mysql.ErrCleartextPassword), errors.Is(err, mysql.ErrOldPassword), errors.Is(err, mysql.ErrUnknownPlugin):
		return database.Denied
	case errors.Is(err, driver.ErrBadConn), errors.Is(err, mysql.ErrInvalidConn), errors.Is(err, mysql.ErrMalformPkt),
		errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.As(err, &network):
		return database.Away
	}
	return database.Unknown
}
