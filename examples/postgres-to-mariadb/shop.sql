CREATE TABLE orders (
	id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	customer text NOT NULL,
	amount   numeric(10, 2) NOT NULL,
	paid     boolean NOT NULL DEFAULT false,
	changed  timestamptz NOT NULL DEFAULT now()
);
-- The source reads by both.
CREATE INDEX ON orders (changed, id);

INSERT INTO orders (customer, amount, paid) VALUES
	('Ada', 12.50, true),
	('Grace', 1999.99, false),
	('Zoë', 0.01, true);
