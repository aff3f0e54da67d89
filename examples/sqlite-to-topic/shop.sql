CREATE TABLE orders (
	id         INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	customer   TEXT NOT NULL,
	total      NUMERIC(10,2) NOT NULL,
	note       TEXT,
	changed_at TIMESTAMP NOT NULL
);
CREATE INDEX orders_changed ON orders (changed_at, id);
INSERT INTO orders (customer, total, note, changed_at) VALUES
	('ada',   12.50, NULL,            '2026-01-02 09:00:00.000'),
	('grace', 99.95, 'gift wrapped',  '2026-01-02 09:00:00.000'),
	('linus',  7.00, NULL,            '2026-01-02 09:30:00.000'),
	('ada',   31.00, 'second floor',  '2026-01-02 11:15:00.500');
-- An order that was changed comes where its change stands in time.
UPDATE orders SET total = 14.50, changed_at = '2026-01-02 12:00:00.000' WHERE id = 1;
