package mysql

import (
	"context"
	"fmt"
	"strconv"

	"kcgen.dev/runtime/connector/database"
)

// clashAdvice is what to do where two readers have one number.
const clashAdvice = "give databaseServerId a number that no other replica and no other connector has"

// label is how this capture is called among the server's replicas, by which its own last
// connection is told from another reader's.
func (s Source) label() string {
	const most = 57 // bytes; the server takes 60
	return cutText("kcgen "+s.TopicPrefix, most)
}

// replica is the name of the replica that reads with a number; "" is none. Readers that
// do not register, such as Debezium, are not among them.
func (s *server) replica(ctx context.Context, q database.Querier, number int) (name string, err error) {
	query := "SHOW REPLICAS"
	if s.mariadb {
		query = "SHOW SLAVE HOSTS"
	}
	id := strconv.Itoa(number)
	err = database.Strings(ctx, q, query, nil, func(row []string) error {
		if row[0] == id {
			name = row[1]
			if name == "" {
				name = "one without a name"
			}
		}
		return nil
	})
	return name, err
}

// alone fails where another replica has this reader's number: it would be cut off, and
// come back and cut this one off.
func (t *captureTask) alone(ctx context.Context) error {
	name, err := t.server.replica(ctx, t.db, t.cfg.DatabaseServerID)
	if err != nil || name == "" || name == t.cfg.label() {
		return nil // an older server, or a right that is not needed else
	}
	return fmt.Errorf("mysql: read the binary log of %s: the replica %q has the number %d of this reader: %s", t.cfg.Database, name, t.cfg.DatabaseServerID, clashAdvice)
}
