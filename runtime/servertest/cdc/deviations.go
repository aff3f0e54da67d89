package cdc

import "regexp"

// deviation is where a connector of this module writes something else than
// Debezium, and means to.
type deviation struct {
	databases *regexp.Regexp
	place     *regexp.Regexp
	why       string
}

// deviations are all that there are.
var deviations = []deviation{
	{at(`^postgres$`), at(`\.n3_m2(\.parameters\.scale|\[\]|$)|fields\[n3_m2\]`), "Debezium reads a negative scale without its sign, as 2046: the number gets two thousand digits"},
	{at(`^postgres$`), at(`texts:value\.payload\.(before|after)\.n$`), "Debezium loses values of the type name while it streams, which it has in snapshots"},
	{at(`^postgres$`), at(`times:value\.payload\.after\.d$`), "Debezium takes dates before 1582-10-15 for Julian ones in snapshots, and not while it streams"},
	{at(`^postgres$`), at(`: the order of the snapshot$`), "a snapshot goes by the primary key, so that one that was broken off can go on"},
	{at(`^postgres$`), at(`public\.(log|log_\d+): records$`), "Debezium's snapshot has the rows of partitions twice, for the whole and for each partition"},
	{at(`^postgres$`), at(`transaction:value\.payload\.data_collections(\[\]\.data_collection)?$`), "Debezium counts each logical message under the address of an object"},
	{at(`^postgres$`), at(`times:value\.payload\.(before|after)\.(ts|ts3|tstz)$`), "Debezium's numbers overflow for times that they do not reach"},
	{at(`^m(ariadb|ysql)$`), at(`geo:value\.(schema|payload)`), "Debezium before 3.7, which is all that there is to compare with, had version 1 of the types of geometries"},
}

// Deviation is why a difference is meant; "" where it is not.
func Deviation(database string, d Difference) string {
	for _, v := range deviations {
		if v.databases.MatchString(database) && v.place.MatchString(d.Place) {
			return v.why
		}
	}
	return ""
}
