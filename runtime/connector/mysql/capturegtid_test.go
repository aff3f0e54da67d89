package mysql

import (
	"testing"

	gomysql "github.com/go-mysql-org/go-mysql/mysql"
)

func TestSources(t *testing.T) {
	const one, two = "11111111-1111-1111-1111-111111111111", "22222222-2222-2222-2222-222222222222"
	set := func(text string) gomysql.GTIDSet {
		t.Helper()
		s, err := gomysql.ParseMysqlGTIDSet(text)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	for _, c := range []struct {
		name    string
		source  Source
		of      string // of the done ones
		asked   string // with the purged ones of others
		two, my bool
	}{
		{"all", Source{}, one + ":1-5," + two + ":3", one + ":1-5," + two + ":3", true, true},
		{"included", Source{GtidSourceIncludes: []string{"1{8}-.*"}}, one + ":1-5", one + ":1-5," + two + ":1-7:9", false, false},
		{"excluded", Source{GtidSourceExcludes: []string{two}}, one + ":1-5", one + ":1-5," + two + ":1-7:9", false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, err := newSources(c.source)
			if err != nil {
				t.Fatal(err)
			}
			done := set(one + ":1-5," + two + ":3")
			if got := f.of(done); !got.Equal(set(c.of)) {
				t.Errorf("of these servers are %s", got)
			}
			got, err := f.skip(done, one+":1-2,"+two+":1-7:9")
			if err != nil || !got.Equal(set(c.asked)) {
				t.Errorf("done counts as %v, %v", got, err)
			}
			if f.has(two) != c.two || f.has("0-101") != c.my {
				t.Errorf("has %v, %v", f.has(two), f.has("0-101"))
			}
		})
	}
}
