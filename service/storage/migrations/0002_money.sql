-- Money that came in, and invoices. `account_id` is whose balance it is: the parent's, where a client account ordered.
-- An order may therefore belong to another account than the row that names it, so nothing here refers to orders by a
-- foreign key: a sharded PostgreSQL could not check one that leaves the account.

CREATE TABLE payments (
    account_id {uuid} NOT NULL REFERENCES accounts (id) ON DELETE RESTRICT,
    id {uuid} NOT NULL,
    reference TEXT NOT NULL,
    fingerprint VARCHAR(64) NOT NULL,
    order_account_id {uuid},
    order_id {uuid},
    currency VARCHAR(3) NOT NULL,
    amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
    created_at {instant} NOT NULL,
    PRIMARY KEY (account_id, id),
    UNIQUE (account_id, reference),
    CHECK ((order_id IS NULL) = (order_account_id IS NULL))
);

CREATE TABLE invoices (
    account_id {uuid} NOT NULL REFERENCES accounts (id) ON DELETE RESTRICT,
    id {uuid} NOT NULL,
    number VARCHAR(32) NOT NULL,
    reference TEXT NOT NULL,
    fingerprint VARCHAR(64) NOT NULL,
    currency VARCHAR(3) NOT NULL,
    status VARCHAR(8) NOT NULL CHECK (status IN ('PENDING', 'PAID')),
    total_minor BIGINT NOT NULL CHECK (total_minor >= 0),
    mass_g BIGINT NOT NULL CHECK (mass_g >= 0),
    created_at {instant} NOT NULL,
    due_at {instant} NOT NULL,
    paid_at {instant},
    PRIMARY KEY (account_id, id),
    UNIQUE (account_id, number),
    UNIQUE (account_id, reference),
    CHECK (due_at >= created_at),
    CHECK ((status = 'PAID') = (paid_at IS NOT NULL))
);
CREATE INDEX invoices_by_creation ON invoices (account_id, created_at, id);

CREATE TABLE invoice_lines (
    account_id {uuid} NOT NULL,
    invoice_id {uuid} NOT NULL,
    position INTEGER NOT NULL CHECK (position >= 0),
    order_account_id {uuid} NOT NULL REFERENCES accounts (id) ON DELETE RESTRICT,
    order_id {uuid} NOT NULL,
    billed_minor BIGINT NOT NULL CHECK (billed_minor >= 0),
    mass_g BIGINT NOT NULL CHECK (mass_g >= 0),
    PRIMARY KEY (account_id, invoice_id, position),
    UNIQUE (account_id, order_id),
    FOREIGN KEY (account_id, invoice_id) REFERENCES invoices (account_id, id) ON DELETE RESTRICT
);

-- The client account whose order the journal is about; null where the order is the account's own.
ALTER TABLE ledger_entries ADD COLUMN order_account_id {uuid};

-- Whoever bills an account looks for its clients.
CREATE INDEX accounts_of_parent ON accounts (parent_account_id) WHERE parent_account_id IS NOT NULL;

-- A payment stands; an issued invoice changes once, from pending to paid.
-- postgresql only
CREATE TRIGGER payments_append_only BEFORE UPDATE OR DELETE ON payments
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER invoice_lines_append_only BEFORE UPDATE OR DELETE ON invoice_lines
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER invoices_issued_once BEFORE DELETE OR UPDATE OF account_id, id, number, reference, fingerprint, currency,
    total_minor, mass_g, created_at, due_at ON invoices
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER invoices_paid_once BEFORE UPDATE ON invoices
    FOR EACH ROW WHEN (OLD.status = 'PAID') EXECUTE FUNCTION refuse_change();
-- end
-- sqlite only
CREATE TRIGGER payments_no_update BEFORE UPDATE ON payments
    BEGIN SELECT RAISE(ABORT, 'payments is append-only'); END;
CREATE TRIGGER payments_no_delete BEFORE DELETE ON payments
    BEGIN SELECT RAISE(ABORT, 'payments is append-only'); END;
CREATE TRIGGER invoice_lines_no_update BEFORE UPDATE ON invoice_lines
    BEGIN SELECT RAISE(ABORT, 'invoice_lines is append-only'); END;
CREATE TRIGGER invoice_lines_no_delete BEFORE DELETE ON invoice_lines
    BEGIN SELECT RAISE(ABORT, 'invoice_lines is append-only'); END;
CREATE TRIGGER invoices_issued_once BEFORE UPDATE OF account_id, id, number, reference, fingerprint, currency,
    total_minor, mass_g, created_at, due_at ON invoices
    BEGIN SELECT RAISE(ABORT, 'invoices is append-only'); END;
CREATE TRIGGER invoices_paid_once BEFORE UPDATE ON invoices WHEN OLD.status = 'PAID'
    BEGIN SELECT RAISE(ABORT, 'invoices is append-only'); END;
CREATE TRIGGER invoices_no_delete BEFORE DELETE ON invoices
    BEGIN SELECT RAISE(ABORT, 'invoices is append-only'); END;
-- end
