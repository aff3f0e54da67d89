CREATE TABLE orders (
	id       INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	customer TEXT NOT NULL
);
CREATE TABLE lines (
	id       INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	order_id INTEGER NOT NULL REFERENCES orders (id),
	article  TEXT NOT NULL,
	pieces   INTEGER NOT NULL,
	cents    INTEGER NOT NULL
);
INSERT INTO orders (customer) VALUES ('ada'), ('grace'), ('zoë');
INSERT INTO lines (order_id, article, pieces, cents) VALUES
	(1, 'pencil', 12, 35),
	(1, 'paper', 500, 2),
	(2, 'moth', 1, 990),
	(3, 'crème brûlée', 2, 450);
