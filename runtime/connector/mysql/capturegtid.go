package mysql

import (
	"fmt"

	gomysql "github.com/go-mysql-org/go-mysql/mysql"

	"kcgen.dev/runtime/connector/cdc"
)

// sources says of which servers transactions are captured, by their ids: MySQL's server
// as its UUID, MariaDB's as DOMAIN-SERVER.
type sources struct {
	include, exclude cdc.Patterns
	known            map[string]bool
}

func newSources(s Source) (f sources, err error) {
	f.known = map[string]bool{}
	if f.include, err = cdc.NewPatterns("gtidSourceIncludes", s.GtidSourceIncludes); err != nil {
		return f, err
	}
	f.exclude, err = cdc.NewPatterns("gtidSourceExcludes", s.GtidSourceExcludes)
	return f, err
}

// has is whether a server's transactions are captured.
func (f *sources) has(server string) bool {
	if len(f.include)+len(f.exclude) == 0 {
		return true
	}
	is, ok := f.known[server]
	if !ok {
		is = !f.exclude.Match(server) && (len(f.include) == 0 || f.include.Match(server))
		f.known[server] = is
	}
	return is
}

// of are the transactions of these servers. MariaDB's are kept by domains, of which all
// are needed to go on.
func (f *sources) of(set gomysql.GTIDSet) gomysql.GTIDSet {
	all, ok := set.(*gomysql.MysqlGTIDSet)
	if !ok || len(f.include)+len(f.exclude) == 0 {
		return set
	}
	out := all.Clone().(*gomysql.MysqlGTIDSet)
	for server := range *out {
		if !f.has(server.String()) {
			delete(*out, server)
		}
	}
	return out
}

// skip adds transactions of other servers, which the log may have lost, to those that
// are not asked for.
func (f *sources) skip(set gomysql.GTIDSet, lost string) (gomysql.GTIDSet, error) {
	purged, err := parseGTIDs(lost, false)
	if err != nil || purged == nil {
		return set, err
	}
	out := set.Clone()
	for server, tags := range *purged.(*gomysql.MysqlGTIDSet) {
		if f.has(server.String()) {
			continue
		}
		one := &gomysql.MysqlGTIDSet{server: tags}
		if err := out.Update(one.String()); err != nil {
			return nil, fmt.Errorf("mysql: leave out the transactions %s: %w", one, err)
		}
	}
	return out, nil
}
