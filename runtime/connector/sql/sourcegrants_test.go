package sql

import (
	"slices"
	"strings"
	"testing"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/database"
	"kcgen.dev/runtime/connector/mysql"
	"kcgen.dev/runtime/connector/postgres"
)

// What is granted for which lists: never more than what a list names, and never
// something on a guess.
func TestSourceGrants(t *testing.T) {
	pg, my := postgres.Database{URL: "postgresql://db/shop", User: "kc"}, mysql.Database{URL: "mysql://db/shop", User: "kc"}
	const usage = `GRANT USAGE ON SCHEMA "shop" TO "kc"`
	all := []string{usage, `GRANT SELECT ON ALL TABLES IN SCHEMA "shop" TO "kc"`, `ALTER DEFAULT PRIVILEGES IN SCHEMA "shop" GRANT SELECT ON TABLES TO "kc"`}
	orders, items := `GRANT SELECT ON "shop"."orders" TO "kc"`, `GRANT SELECT ON "shop"."items" TO "kc"`
	for what, c := range map[string]struct {
		d    database.Database
		edit func(*Source)
		want []string
		says string
	}{
		"a name":                   {pg, func(s *Source) { s.TableWhitelist = []string{"shop.orders"} }, []string{usage, orders}, ""},
		"a bare name":              {pg, func(s *Source) { s.TableWhitelist = []string{"orders"} }, []string{`GRANT SELECT ON "public"."orders" TO "kc"`}, "of schema public; where it is in another one"},
		"a bare name of a schema":  {pg, func(s *Source) { s.TableWhitelist, s.SchemaPattern = []string{"orders"}, "shop" }, []string{usage, orders}, ""},
		"a pattern that is a name": {pg, func(s *Source) { s.TableIncludeList = []string{`shop\.orders`} }, []string{usage, orders}, ""},
		"names in a pattern":       {pg, func(s *Source) { s.TableIncludeList = []string{`^shop[.](orders|items)$`} }, []string{usage, orders, items}, ""},
		"one is left out": {pg, func(s *Source) {
			s.TableIncludeList, s.TableExcludeList = []string{`shop.orders`, `shop.items`}, []string{"items"}
		}, []string{usage, orders}, ""},
		"a schema's pattern":  {pg, func(s *Source) { s.TableIncludeList = []string{`shop\..*`} }, all, ""},
		"a pattern":           {pg, func(s *Source) { s.TableIncludeList = []string{`shop\.ord.*`} }, nil, `the tables that match "shop\\.ord.*"`},
		"letters of any size": {pg, func(s *Source) { s.TableIncludeList = []string{`(?i)shop\.orders`} }, nil, "the tables that match"},
		"a schema":            {pg, func(s *Source) { s.SchemaPattern = "shop" }, all, ""},
		"schemas":             {pg, func(s *Source) { s.SchemaPattern = "sh%" }, nil, "of whichever schema"},
		"a schema but":        {pg, func(s *Source) { s.SchemaPattern, s.TableBlacklist = "shop", []string{"x"} }, all, "gets more here than it reads"},
		"nothing":             {pg, func(*Source) {}, nil, "of whichever schema"},
		"nothing but":         {pg, func(s *Source) { s.TableBlacklist = []string{"x"} }, nil, "of whichever schema"},
		"a query":             {pg, func(s *Source) { s.Query = "SELECT 1" }, nil, "the tables of its query"},
		"MySQL, a name":       {my, func(s *Source) { s.TableWhitelist = []string{"orders"} }, []string{"GRANT SELECT ON `orders` TO 'kc'@'%'"}, ""},
		"MySQL, a pattern":    {my, func(s *Source) { s.TableIncludeList = []string{`shop[.]orders`} }, []string{"GRANT SELECT ON `shop`.`orders` TO 'kc'@'%'"}, ""},
		"MySQL, nothing":      {my, func(*Source) {}, []string{"GRANT SELECT ON * TO 'kc'@'%'"}, ""},
	} {
		t.Run(what, func(t *testing.T) {
			s := Source{Connection: c.d, Mode: bulk, TopicPrefix: "t"}
			c.edit(&s)
			got, err := s.Grants(connect.CheckContext{})
			if err != nil {
				t.Fatal(err)
			}
			comment := ""
			got = slices.DeleteFunc(got, func(g string) bool {
				if strings.HasPrefix(g, "-- kc ") {
					comment += g
					return true
				}
				return false
			})
			if !slices.Equal(got, c.want) || (comment == "") != (c.says == "") || !strings.Contains(comment, c.says) {
				t.Errorf("%q and %q", got, comment)
			}
		})
	}
}
