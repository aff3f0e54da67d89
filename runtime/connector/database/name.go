package database

// Names is a Dialect of a database that cannot hold every name.
type Names interface {
	// CheckName says why no column can have a name: it is too long, or has what
	// the database refuses, or cuts off in silence.
	CheckName(name string) error
}

// CheckName is a dialect's, nil of one that takes every name.
func CheckName(d Dialect, name string) error {
	if n, ok := d.(Names); ok {
		return n.CheckName(name)
	}
	return nil
}
