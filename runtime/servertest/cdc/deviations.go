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
