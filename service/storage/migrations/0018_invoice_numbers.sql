-- The last number of each series of documents, raised in the transaction that issues one, so that a rollback leaves no
-- gap. No foreign key: the first seller may have no row.
CREATE TABLE number_counters (
    seller_id {uuid} NOT NULL,
    mode VARCHAR(4) NOT NULL CHECK (mode IN ('live', 'test')),
    kind VARCHAR(3) NOT NULL CHECK (kind IN ('INV', 'CN')),
    year INTEGER NOT NULL,
    last_number BIGINT NOT NULL CHECK (last_number > 0),
    PRIMARY KEY (seller_id, mode, kind, year)
);

-- The seller, and JSON of seller and payer as they were at the issue. Null on invoices of earlier releases, which keep
-- their numbers.
ALTER TABLE invoices ADD COLUMN seller_id {uuid};
ALTER TABLE invoices ADD COLUMN parties TEXT;

-- postgresql only
DROP TRIGGER invoices_issued_once ON invoices;
CREATE TRIGGER invoices_issued_once BEFORE DELETE OR UPDATE OF account_id, id, number, reference, fingerprint, currency,
    total_minor, mass_g, created_at, due_at, seller_id, parties ON invoices
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
-- end
-- sqlite only
DROP TRIGGER invoices_issued_once;
CREATE TRIGGER invoices_issued_once BEFORE UPDATE OF account_id, id, number, reference, fingerprint, currency,
    total_minor, mass_g, created_at, due_at, seller_id, parties ON invoices
    BEGIN SELECT RAISE(ABORT, 'invoices is append-only'); END;
-- end
