package sql

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/database"
)

var _ connect.Checks = Sink{}

// Check looks at the connection, the tables of the topics, their columns and the
// rights on them. It changes nothing.
func (s Sink) Check(ctx context.Context, cc connect.CheckContext) []connect.Finding {
	c := inspection{Sink: s}
	if s.Connection == nil {
		return nil
	}
	c.About = s.Connection.String()
	t, err := s.task(connect.SinkContext{Name: cc.Name})
	if err != nil {
		c.Say("the options of "+connect.Word(cc.Name), err.Error(), "")
		return c.All
	}
	c.sinkTask = t
	if !c.connects(ctx) {
		return c.All
	}
	defer t.Close()
	tables, err := s.tablesFor(t.dialect, cc.Topics)
	if err != nil {
		c.Say("tables by tableNameFormat", err.Error(), "")
	}
	if len(cc.Topics) > 0 {
		for _, table := range tables {
			c.table(ctx, table)
		}
	}
	if t.exact != nil {
		c.offsets(ctx)
	}
	return c.All
}

// inspection is a check at work.
type inspection struct {
	Sink
	*sinkTask
	connect.Findings
}

// connects opens the connection.
func (c *inspection) connects(ctx context.Context) bool {
	pool, err := c.Sink.Connection.Open()
	if err != nil {
		c.Say("the options of the connection", err.Error(), "")
		return false
	}
	c.pool = pool
	if err := c.connected(ctx); err != nil {
		pool.Close()
		fix := "see that it runs, and that its address is right"
		if c.dialect.Fault(err) == database.Denied {
			fix = "see to the user, the password and the database of the connection"
		}
		c.Say("it can be reached", err.Error(), fix)
		return false
	}
	c.Good("it can be reached")
	return true
}

// table looks at one that records go to.
func (c *inspection) table(ctx context.Context, id database.Table) {
	what := fmt.Sprintf("table %s is there", id)
	columns, err := c.dialect.Columns(ctx, c.conn, id, database.Mapping{})
	switch {
	case err != nil:
		c.Say(what, err.Error(), "")
		return
	case len(columns) == 0 && c.Sink.AutoCreate:
		c.Say(what+", or is made with the first record for it (autoCreate)", "", "")
		c.has(ctx, id, c.toMake(c.Sink.rights()))
		return
	case len(columns) == 0:
		c.Say(what, "it is not, or the user may not see it", strings.TrimSuffix("make it, or set autoCreate: true; or give the user its rights: "+c.grant(id, c.Sink.rights()...), "; or give the user its rights: "))
		return
	}
	c.Good(what)
	c.engine(ctx, id)
	keys := c.keys(ctx, id, columns)
	c.writable(id, columns, keys)
	c.rightsOn(ctx, id, columns, keys)
}

// keys are the columns of the key, as far as they are known before there are
// records.
func (c *inspection) keys(ctx context.Context, id database.Table, columns []database.Column) []string {
	keys := c.Sink.PkFields
	if c.Sink.PkMode == "kafka" && len(keys) == 0 {
		keys = kafkaColumns
	}
	var primary, found []string
	for at := 1; at <= len(columns); at++ {
		if i := slices.IndexFunc(columns, func(k database.Column) bool { return k.Key == at }); i >= 0 {
			primary = append(primary, columns[i].Name)
		}
	}
	if len(keys) == 0 {
		c.keyed(ctx, id, columns, primary)
		return primary
	}
	for _, k := range keys {
		at := slices.IndexFunc(columns, func(o database.Column) bool { return strings.EqualFold(o.Name, k) })
		what := fmt.Sprintf("table %s has column %s, of pkFields", id, connect.Word(k))
		switch {
		case at >= 0:
			c.Good(what)
			found = append(found, columns[at].Name)
		case c.Sink.AutoEvolve && c.Sink.InsertMode == "insert":
			c.Warn(what, "it does not, and it is added only if it is optional", "add it")
		default:
			c.Say(what, "it does not", "add it, or give others in pkFields")
		}
	}
	if len(found) == len(keys) {
		c.unique(ctx, id, found, primary)
	}
	return found
}

// unique looks whether an upsert finds rows by its keys.
func (c *inspection) unique(ctx context.Context, id database.Table, keys, primary []string) {
	a, b := slices.Sorted(slices.Values(keys)), slices.Sorted(slices.Values(primary))
	if c.Sink.InsertMode != "upsert" || slices.Equal(a, b) {
		return
	}
	d, ok := c.dialect.(database.Upserts)
	if !ok {
		c.Warn(fmt.Sprintf("table %s: its primary key is %s, as pkFields says", id, wordsOf(keys)),
			"it is "+orNone(primary), "an upsert finds rows by a unique key: see that there is one of just these columns")
		return
	}
	what := fmt.Sprintf("table %s: an upsert finds rows by %s", id, wordsOf(keys))
	switch finds, err := d.Finds(ctx, c.conn, id, keys); {
	case err != nil && c.dialect.Fault(err) == database.Denied: // the rights are looked at by themselves
	case err != nil:
		c.Say(what, err.Error(), "")
	case finds:
		c.Good(what)
	default:
		c.Say(what, "there is no unique key of just these columns; the primary key is "+orNone(primary),
			"give others in pkFields, or add it: "+addUnique(c.dialect, id, keys))
	}
}

// keyed looks whether a table has a unique key at all, where the records' own
// keys will say which.
func (c *inspection) keyed(ctx context.Context, id database.Table, columns []database.Column, primary []string) {
	if c.Sink.InsertMode != "upsert" || len(primary) > 0 {
		return
	}
	what := fmt.Sprintf("table %s has a unique key for upserts", id)
	const fix = "give it one, of the columns of the records' keys"
	all := make([]string, len(columns))
	for i, k := range columns {
		all[i] = k.Name
	}
	d, ok := c.dialect.(database.Upserts)
	if !ok || !d.Doubles() {
		c.Warn(what, "it has no primary key", fix)
		return
	}
	switch finds, err := d.Finds(ctx, c.conn, id, all); {
	case err != nil:
		c.Say(what, err.Error(), "")
	case !finds:
		c.Say(what, "it has none: rows that are there would be added once more", fix)
	default:
		c.Good(what)
	}
}

// engine looks whether the table has transactions.
func (c *inspection) engine(ctx context.Context, id database.Table) {
	d, ok := c.dialect.(database.Engines)
	if !ok {
		return
	}
	what := fmt.Sprintf("table %s has transactions", id)
	switch engine, err := d.Untransacted(ctx, c.conn, id); {
	case err != nil:
		c.Say(what, err.Error(), "")
	case engine == "":
		c.Good(what)
	case c.Sink.ExactlyOnce:
		c.Say(what, "it is of "+engine+", and exactlyOnce needs them", makeInnoDB(c.dialect, id))
	default:
		c.Warn(what, "it is of "+engine+": rows of a batch that fails stay, and come again", makeInnoDB(c.dialect, id))
	}
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return wordsOf(names)
}

// writable looks whether fieldsWhitelist names columns, and whether what it
// leaves out may be left out.
func (c *inspection) writable(id database.Table, columns []database.Column, keys []string) {
	if len(c.Sink.FieldsWhitelist) == 0 || c.Sink.InsertMode == "update" {
		return
	}
	var need []string
	for _, k := range columns {
		written := slices.ContainsFunc(slices.Concat(c.Sink.FieldsWhitelist, keys), func(f string) bool { return strings.EqualFold(f, k.Name) })
		if !written && !k.Nullable && !k.HasDefault && !k.Generated && !k.Computed {
			need = append(need, k.Name)
		}
	}
	what := fmt.Sprintf("table %s: columns that must not be null are written", id)
	if len(need) > 0 {
		c.Say(what, wordsOf(need)+" would be left out", "add them to fieldsWhitelist, or give the columns defaults")
		return
	}
	c.Good(what)
}

var rightNames = map[database.Right]string{
	database.Select: "SELECT", database.Insert: "INSERT", database.Update: "UPDATE", database.Delete: "DELETE",
	database.Create: "make tables", database.Alter: "add columns",
}

// rightsOn asks for the user's rights; a database that does not tell them plans
// each statement, and runs none.
func (c *inspection) rightsOn(ctx context.Context, id database.Table, columns []database.Column, keys []string) {
	if _, ok := c.dialect.(database.Privileges); !ok {
		c.planned(ctx, id, columns, keys)
		return
	}
	c.has(ctx, id, slices.DeleteFunc(c.Sink.rights(), func(r database.Right) bool { return r == database.Create }))
}

// toMake are the rights that a table takes that is not there yet: who makes it
// may own it.
func (c *inspection) toMake(rights []database.Right) []database.Right {
	if o, ok := c.dialect.(database.Owners); ok && o.MakersOwn() {
		return []database.Right{database.Create}
	}
	return rights
}

// has asks for rights, of a database that tells them.
func (c *inspection) has(ctx context.Context, id database.Table, rights []database.Right) {
	asks, ok := c.dialect.(database.Privileges)
	if !ok {
		return
	}
	for _, right := range rights {
		what := fmt.Sprintf("table %s: the right to %s", id, rightNames[right])
		lacks, err := asks.Lacks(ctx, c.conn, id, []database.Right{right})
		switch {
		case err != nil:
			c.Say(what, err.Error(), "")
		case len(lacks) > 0:
			c.Say(what, "the user has not got it", c.grant(id, right))
		default:
			c.Good(what)
		}
	}
}

// planned has the database plan each statement.
func (c *inspection) planned(ctx context.Context, id database.Table, columns []database.Column, keys []string) {
	if _, ok := c.dialect.(database.Rights); !ok {
		return
	}
	var names, others []string
	for _, k := range columns {
		if k.Computed {
			continue
		}
		if names = append(names, k.Name); !slices.Contains(keys, k.Name) {
			others = append(others, k.Name)
		}
	}
	d := c.dialect
	if c.Sink.InsertMode != "update" {
		c.plan(ctx, id, database.Insert, d.AppendInsert(nil, id, names, 1), len(names))
	}
	if c.Sink.InsertMode != "insert" && len(keys) > 0 && len(others) > 0 {
		c.plan(ctx, id, database.Update, d.AppendUpdate(nil, id, keys, others), len(keys)+len(others))
	}
	if c.Sink.DeleteEnabled && len(keys) > 0 {
		c.plan(ctx, id, database.Delete, d.AppendDelete(nil, id, keys, 1), len(keys))
	}
}

// plan asks for the plan of a statement. What else than a missing right keeps
// it from being planned is no finding.
func (c *inspection) plan(ctx context.Context, id database.Table, right database.Right, text []byte, parameters int) {
	rows, err := c.conn.QueryContext(ctx, "EXPLAIN "+string(text), make([]any, parameters)...)
	if err == nil {
		err = drain(rows)
	}
	what := fmt.Sprintf("table %s: the right to %s", id, rightNames[right])
	switch {
	case err == nil:
		c.Good(what)
	case c.dialect.Fault(err) == database.Denied:
		c.Say(what, err.Error(), c.grant(id, right))
	}
}

// grant is what gives rights; "" where that is not known.
func (c *inspection) grant(id database.Table, rights ...database.Right) string {
	l, ok := c.Sink.Connection.(database.Logins)
	d, has := c.dialect.(database.Rights)
	if !ok || !has || l.Login() == "" {
		return ""
	}
	return strings.Join(d.Grants(l.Login(), id, rights), "; ")
}

// offsets looks at the table of positions.
func (c *inspection) offsets(ctx context.Context) {
	g := c.exact
	what := fmt.Sprintf("table %s keeps positions (offsetsTable)", g.table)
	text, err := g.creation()
	if err != nil {
		c.Say(what, err.Error(), "")
		return
	}
	columns, err := c.dialect.Columns(ctx, c.conn, g.table, database.Mapping{})
	switch {
	case err != nil:
		c.Say(what, err.Error(), "")
	case len(columns) == 0:
		c.Warn(what, "it is not there yet: the sink makes it when it starts, if it may", text)
		c.has(ctx, g.table, c.toMake(g.rights()))
	default:
		if err := g.verify(columns, text); err != nil {
			c.Say(what, err.Error(), "")
			return
		}
		c.Good(what)
		c.engine(ctx, g.table)
		c.has(ctx, g.table, slices.DeleteFunc(g.rights(), func(r database.Right) bool { return r == database.Create }))
	}
}
