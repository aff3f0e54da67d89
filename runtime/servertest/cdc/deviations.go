package cdc

import "regexp"

// deviation is where a connector of this module writes something else than
// Debezium, and means to.
type deviation struct {
	databases *regexp.Regexp
	place     *regexp.Regexp
	want      *regexp.Regexp // what Debezium has there; nil: anything
	why       string
}

// What is so in several places. MySQL and MariaDB can be compared with Debezium
// before 3.7 alone: Maven Central has none that is newer.
const (
	geometries = "Debezium before 3.7, which is all that there is to compare with, had version 1 of the types of geometries"
	tinyints   = "Debezium before 3.7, which is all that there is to compare with, took TINYINT for SMALLINT"
	zones      = "MySQL writes the default of a TIMESTAMP in the zone of the session, which is the server's for Debezium and UTC for us"
	renamed    = "Debezium asks the server for the key of a table when it comes to its rows in the log, and finds none if it has another name by then"
)

// deviations are all that there are.
var deviations = []deviation{
	{at(`^postgres$`), at(`\.n3_m2(\.parameters\.scale|\[\]|$)|fields\[n3_m2\]`), nil, "Debezium reads a negative scale without its sign, as 2046: the number gets two thousand digits"},
	{at(`^postgres$`), at(`texts:value\.payload\.(before|after)\.n$`), nil, "Debezium loses values of the type name while it streams, which it has in snapshots"},
	{at(`^postgres$`), at(`times:value\.payload\.after\.d$`), nil, "Debezium takes dates before 1582-10-15 for Julian ones in snapshots, and not while it streams"},
	{at(`^postgres$`), at(`: the order of the snapshot$`), nil, "a snapshot goes by the primary key, so that one that was broken off can go on"},
	{at(`^postgres$`), at(`public\.(log|log_\d+): records$`), nil, "Debezium's snapshot has the rows of partitions twice, for the whole and for each partition"},
	{at(`^postgres$`), at(`transaction:value\.payload\.data_collections(\[\]\.data_collection)?$`), nil, "Debezium counts each logical message under the address of an object"},
	{at(`^postgres$`), at(`times:value\.payload\.(before|after)\.(ts|ts3|tstz)$`), nil, "Debezium's numbers overflow for times that they do not reach"},
	{at(`^postgres$`), at(`public\.fresh:key$`), at(`^null$`), renamed},
	{at(`^postgres$`), at(`public\.fresh:value\.schema\.fields\[(before|after)\]\.fields\[id\]\.optional$`), at(`^true$`), renamed},
	{at(`^m(ariadb|ysql)$`), at(`geo:value\.payload\.(before|after)\.(g|p|l|po|mp|ml|mpo|gc)\.extensions$`), at(`^nothing$`), geometries},
	{at(`^m(ariadb|ysql)$`), at(`geo:value\.schema\.fields\[(before|after)\]\.fields\[(g|p|l|po|mp|ml|mpo|gc)\]\.(version|fields)$`), nil, geometries},
	{at(`^m(ariadb|ysql)$`), at(`numbers:value\.schema\.fields\[(before|after)\]\.fields\[(t1|tb|b|t1_d|tb_d|b_d)\]\.type$`), at(`^"int16"$`), tinyints},
	{at(`^m(ariadb|ysql)$`), at(`^\$PREFIX:value\.payload\.tableChanges\[\]\.table\.columns\[\]\.jdbcType$`), at(`^5$`), tinyints},
	{at(`^m(ariadb|ysql)$`), at(`texts:value\.payload\.(before|after)\.e$`), at(`^"b\\\\,c"$`), "Debezium before 3.7, which is all that there is to compare with, left a backslash before the comma in a value of an ENUM while it streamed"},
	{at(`^mariadb$`), at(`own:value\.payload\.(before|after)\.u$`), at(`^"00`), "Debezium before 3.7, which is all that there is to compare with, reads a UUID of the log one byte late"},
	{at(`^m(ariadb|ysql)$`), at(`times:value\.payload\.after\.(dt|dt1|dt3|dt6)$`), nil, "Debezium takes times before 1582-10-15 for Julian ones in snapshots, and not while it streams"},
	{at(`^mariadb$`), at(`times:value\.payload\.before\.(dt|dt1|dt3|dt6)$`), at(`^-?\d{19}$`), "Debezium before 3.7, which is all that there is to compare with, let nanoseconds overflow"},
	{at(`^mysql$`), at(`times:value\.schema\.fields\[(before|after)\]\.fields\[ts_d\]\.default$`), nil, zones},
	{at(`^mysql$`), at(`^\$PREFIX:value\.payload\.tableChanges\[\]\.table\.columns\[\]\.defaultValueExpression$`), at(`17:34:56`), zones},
	{at(`^mysql$`), at(`^\$PREFIX:value\.payload\.ddl$`), at("CREATE TABLE `times`.*17:34:56"), zones},
	{at(`^m(ariadb|ysql)$`), at(`^\$PREFIX:value\.payload\.tableChanges\[\]\.table\.comment$`), at(`^null$`), "Debezium does not find the comment of a table again in its history when it starts again"},
}

// caseDeviations are those of some cases alone.
var caseDeviations = []struct {
	cases *regexp.Regexp
	deviation
}{
	{at(`^own$`), deviation{at(`^mysql$`), at(`docs:value\.payload\.after\.j$`), at(`13:0-35:0-57`), "Debezium takes a negative time of a JSON document apart wrongly"}},
	{at(`^changes-skipped$`), deviation{at(`^postgres$`), at(`uniq:value\.payload\.source\.sequence$`), nil, "Debezium has an older commit for the last one behind a transaction of which it skips all"}},
	{at(`^signal`), deviation{at(`^mysql$`), at(`:value\.payload\.source\.thread$`), nil, "each of the two writes its signals by a connection of its own"}},
	{at(`^changes-transactions$`), deviation{at(`^m(ariadb|ysql)$`), at(`^\$PREFIX\.transaction:`), nil, "Debezium tells of the last transactions before a restart again: no offset is kept behind the end of one"}},
	{at(`^snapshots-locking-none$`), deviation{at(`^m(ariadb|ysql)$`), at(`^\$PREFIX:value\.payload\.(ddl$|source\.table$|tableChanges)`), nil, "Debezium without locks tells of tables in the order of a hash set"}},
}

// Deviation is why a difference of a case is meant; "" where it is not.
func Deviation(c Case, d Difference) string {
	for _, v := range caseDeviations {
		if v.cases.MatchString(c.Name) && v.is(c.Database, d) {
			return v.why
		}
	}
	for _, v := range deviations {
		if v.is(c.Database, d) {
			return v.why
		}
	}
	return ""
}

func (v *deviation) is(database string, d Difference) bool {
	return v.databases.MatchString(database) && v.place.MatchString(d.Place) && (v.want == nil || v.want.MatchString(d.Want))
}

// failing are cases, as DATABASE/NAME, that nobody captures to their end.
var failing = regexp.MustCompile(`^mariadb/zeros`)

// Fails is why a case cannot be captured to its end; "" where it can.
func Fails(c Case) string {
	if failing.MatchString(c.Database + "/" + c.Name) {
		return "its log has days that no calendar has: Debezium's reader fails, and so do we, unless eventConvertingFailureHandlingMode says otherwise"
	}
	return ""
}
