-- Kinds of mail that a person has declined, whatever kinds the account chooses for the person.
ALTER TABLE contacts ADD COLUMN opted_out {json} NOT NULL DEFAULT '[]';

-- How far the events of an account with contacts are queued as mails.
CREATE TABLE mail_cursors (
    account_id {uuid} NOT NULL PRIMARY KEY REFERENCES accounts (id) ON DELETE RESTRICT,
    last_seq BIGINT NOT NULL CHECK (last_seq >= 0)
);

-- Mails on their way, one for each recipient of an event. A worker that sends one moves due_at to the end of its lease.
CREATE TABLE mails (
    account_id {uuid} NOT NULL REFERENCES accounts (id) ON DELETE RESTRICT,
    id {uuid} NOT NULL,
    seq BIGINT NOT NULL CHECK (seq > 0),
    kind VARCHAR(20) NOT NULL,
    email VARCHAR(254) NOT NULL,
    name TEXT NOT NULL,
    status VARCHAR(9) NOT NULL CHECK (status IN ('PENDING', 'SENT', 'FAILED', 'CANCELLED')),
    attempts INTEGER NOT NULL CHECK (attempts >= 0),
    due_at {instant} NOT NULL,
    give_up_at {instant} NOT NULL,
    lease_id {uuid},
    error TEXT,
    created_at {instant} NOT NULL,
    sent_at {instant},
    PRIMARY KEY (account_id, id),
    UNIQUE (account_id, seq, email),
    CHECK ((sent_at IS NULL) = (status <> 'SENT'))
);
CREATE INDEX mails_due ON mails (due_at) WHERE status = 'PENDING';
CREATE INDEX mails_by_creation ON mails (created_at, id);
CREATE INDEX mails_unsent ON mails (status, created_at) WHERE status <> 'SENT';

-- The metrics count what waits and what failed.
CREATE INDEX webhook_deliveries_unsent ON webhook_deliveries (status, created_at) WHERE status <> 'DELIVERED';

-- Invoices whose payer was reminded that they are due.
CREATE TABLE invoice_reminders (
    account_id {uuid} NOT NULL REFERENCES accounts (id) ON DELETE RESTRICT,
    invoice_id {uuid} NOT NULL,
    created_at {instant} NOT NULL,
    PRIMARY KEY (account_id, invoice_id),
    FOREIGN KEY (account_id, invoice_id) REFERENCES invoices (account_id, id) ON DELETE RESTRICT
);
CREATE INDEX invoices_unpaid_by_due ON invoices (due_at) WHERE status = 'PENDING';

-- Contacts that exist get mail about what happens from here on.
INSERT INTO mail_cursors (account_id, last_seq)
    SELECT h.account_id, h.event_seq FROM account_heads h
    WHERE EXISTS (SELECT 1 FROM contacts c WHERE c.account_id = h.account_id);
