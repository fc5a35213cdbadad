-- Facts of the issue. An invoice without a rate is of an earlier release: it bills what was owed, and has no tax.
ALTER TABLE invoices ADD COLUMN tax_category VARCHAR(2);
ALTER TABLE invoices ADD COLUMN tax_rate_hundredths INTEGER;
ALTER TABLE invoices ADD COLUMN tax_reason TEXT;
ALTER TABLE invoices ADD COLUMN tax_reason_code VARCHAR(32);
ALTER TABLE invoices ADD COLUMN tax_minor BIGINT NOT NULL DEFAULT 0 CHECK (tax_minor >= 0);
ALTER TABLE invoices ADD COLUMN prepaid_minor BIGINT NOT NULL DEFAULT 0
    CHECK (prepaid_minor BETWEEN 0 AND total_minor);
ALTER TABLE invoice_lines ADD COLUMN prepaid_minor BIGINT NOT NULL DEFAULT 0
    CHECK (prepaid_minor BETWEEN 0 AND billed_minor);

-- Sums of later events. A process of the last release settles without `settled_minor`, which the CHECK refuses for an
-- invoice that may have tax.
ALTER TABLE invoices ADD COLUMN credited_minor BIGINT NOT NULL DEFAULT 0
    CHECK (credited_minor BETWEEN 0 AND total_minor);
ALTER TABLE invoices ADD COLUMN tax_credited_minor BIGINT NOT NULL DEFAULT 0 CHECK (tax_credited_minor >= 0);
ALTER TABLE invoices ADD COLUMN tax_paid_minor BIGINT NOT NULL DEFAULT 0
    CHECK (tax_paid_minor >= 0 AND tax_credited_minor + tax_paid_minor <= tax_minor);
ALTER TABLE invoices ADD COLUMN settled_minor BIGINT
    CHECK (tax_rate_hundredths IS NULL OR (status = 'PAID') = (settled_minor IS NOT NULL));

ALTER TABLE payments ADD COLUMN invoice_id {uuid} CHECK (invoice_id IS NULL OR order_id IS NULL);

-- No foreign key to orders, as in `invoice_lines`.
CREATE TABLE credit_notes (
    account_id {uuid} NOT NULL REFERENCES accounts (id) ON DELETE RESTRICT,
    id {uuid} NOT NULL,
    number VARCHAR(32) NOT NULL,
    seller_id {uuid} NOT NULL,
    invoice_id {uuid} NOT NULL,
    reason VARCHAR(9) NOT NULL CHECK (reason IN ('cancelled', 'reduced', 'failed', 'refunded')),
    currency VARCHAR(3) NOT NULL,
    net_minor BIGINT NOT NULL CHECK (net_minor > 0),
    tax_minor BIGINT NOT NULL CHECK (tax_minor >= 0),
    returned_minor BIGINT NOT NULL CHECK (returned_minor BETWEEN 0 AND net_minor + tax_minor),
    mass_g BIGINT NOT NULL CHECK (mass_g >= 0),
    created_at {instant} NOT NULL,
    PRIMARY KEY (account_id, id),
    UNIQUE (account_id, number),
    FOREIGN KEY (account_id, invoice_id) REFERENCES invoices (account_id, id) ON DELETE RESTRICT
);
CREATE INDEX credit_notes_of_invoice ON credit_notes (account_id, invoice_id, id);

CREATE TABLE credit_note_lines (
    account_id {uuid} NOT NULL,
    credit_note_id {uuid} NOT NULL,
    position INTEGER NOT NULL CHECK (position >= 0),
    order_account_id {uuid} NOT NULL REFERENCES accounts (id) ON DELETE RESTRICT,
    order_id {uuid} NOT NULL,
    net_minor BIGINT NOT NULL CHECK (net_minor > 0),
    mass_g BIGINT NOT NULL CHECK (mass_g >= 0),
    PRIMARY KEY (account_id, credit_note_id, position),
    UNIQUE (account_id, credit_note_id, order_id),
    FOREIGN KEY (account_id, credit_note_id) REFERENCES credit_notes (account_id, id) ON DELETE RESTRICT
);

-- The invoice of a journal of tax or of a payment of the invoice.
-- postgresql only
ALTER TABLE ledger_entries ADD COLUMN invoice_id {uuid};
-- NOT VALID, because every row met the narrower rule: a check of them all would lock the table for its length.
ALTER TABLE ledger_entries DROP CONSTRAINT ledger_entries_ledger_account_check;
ALTER TABLE ledger_entries ADD CONSTRAINT ledger_entries_ledger_account_check
    CHECK (ledger_account IN ('cash', 'balance', 'receivable', 'sales', 'commission', 'tax')) NOT VALID;
CREATE TRIGGER credit_notes_append_only BEFORE UPDATE OR DELETE ON credit_notes
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER credit_note_lines_append_only BEFORE UPDATE OR DELETE ON credit_note_lines
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
DROP TRIGGER invoices_issued_once ON invoices;
CREATE TRIGGER invoices_issued_once BEFORE DELETE OR UPDATE OF account_id, id, number, reference, fingerprint, currency,
    total_minor, mass_g, created_at, due_at, seller_id, parties, tax_category, tax_rate_hundredths, tax_reason,
    tax_reason_code, tax_minor, prepaid_minor ON invoices
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
-- What was credited of an invoice changes after its payment too.
DROP TRIGGER invoices_paid_once ON invoices;
CREATE TRIGGER invoices_paid_once BEFORE UPDATE OF status, paid_at, settled_minor ON invoices
    FOR EACH ROW WHEN (OLD.status = 'PAID') EXECUTE FUNCTION refuse_change();
-- end
-- SQLite cannot change a CHECK, so the table is written anew.
-- sqlite only
CREATE TABLE ledger_entries_new (
    account_id {uuid} NOT NULL REFERENCES accounts (id) ON DELETE RESTRICT,
    journal_id {uuid} NOT NULL,
    ledger_account VARCHAR(12) NOT NULL
        CHECK (ledger_account IN ('cash', 'balance', 'receivable', 'sales', 'commission', 'tax')),
    verb VARCHAR(24) NOT NULL,
    currency VARCHAR(3) NOT NULL,
    amount_minor BIGINT NOT NULL CHECK (amount_minor <> 0),
    order_id {uuid},
    created_at {instant} NOT NULL,
    order_account_id {uuid},
    invoice_id {uuid},
    PRIMARY KEY (account_id, journal_id, ledger_account)
);
INSERT INTO ledger_entries_new (account_id, journal_id, ledger_account, verb, currency, amount_minor, order_id,
    created_at, order_account_id)
    SELECT account_id, journal_id, ledger_account, verb, currency, amount_minor, order_id, created_at, order_account_id
    FROM ledger_entries;
DROP TABLE ledger_entries;
ALTER TABLE ledger_entries_new RENAME TO ledger_entries;
CREATE INDEX ledger_entries_of_order ON ledger_entries (account_id, order_id);
CREATE TRIGGER ledger_entries_no_update BEFORE UPDATE ON ledger_entries
    BEGIN SELECT RAISE(ABORT, 'ledger_entries is append-only'); END;
CREATE TRIGGER ledger_entries_no_delete BEFORE DELETE ON ledger_entries
    BEGIN SELECT RAISE(ABORT, 'ledger_entries is append-only'); END;
CREATE TRIGGER credit_notes_no_update BEFORE UPDATE ON credit_notes
    BEGIN SELECT RAISE(ABORT, 'credit_notes is append-only'); END;
CREATE TRIGGER credit_notes_no_delete BEFORE DELETE ON credit_notes
    BEGIN SELECT RAISE(ABORT, 'credit_notes is append-only'); END;
CREATE TRIGGER credit_note_lines_no_update BEFORE UPDATE ON credit_note_lines
    BEGIN SELECT RAISE(ABORT, 'credit_note_lines is append-only'); END;
CREATE TRIGGER credit_note_lines_no_delete BEFORE DELETE ON credit_note_lines
    BEGIN SELECT RAISE(ABORT, 'credit_note_lines is append-only'); END;
DROP TRIGGER invoices_issued_once;
CREATE TRIGGER invoices_issued_once BEFORE UPDATE OF account_id, id, number, reference, fingerprint, currency,
    total_minor, mass_g, created_at, due_at, seller_id, parties, tax_category, tax_rate_hundredths, tax_reason,
    tax_reason_code, tax_minor, prepaid_minor ON invoices
    BEGIN SELECT RAISE(ABORT, 'invoices is append-only'); END;
DROP TRIGGER invoices_paid_once;
CREATE TRIGGER invoices_paid_once BEFORE UPDATE OF status, paid_at, settled_minor ON invoices WHEN OLD.status = 'PAID'
    BEGIN SELECT RAISE(ABORT, 'invoices is append-only'); END;
-- end
