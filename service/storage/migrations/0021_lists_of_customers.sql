-- The payments for an order, and an account's certificates page by page, are read without reading its others.
CREATE INDEX payments_of_order ON payments (account_id, order_id) WHERE order_id IS NOT NULL;
CREATE INDEX certificates_by_issue ON certificates (account_id, issued_at, order_id) WHERE issued_at IS NOT NULL;
