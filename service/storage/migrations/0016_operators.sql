-- An operator finds an order of any account by its id, and reads the newest orders of all accounts page by page.
CREATE INDEX orders_by_id ON orders (id);
CREATE INDEX orders_of_all_by_creation ON orders (created_at, id);
CREATE INDEX payments_of_all_by_creation ON payments (created_at, id);
CREATE INDEX invoices_of_all_by_creation ON invoices (created_at, id);
