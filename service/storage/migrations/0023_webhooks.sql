-- Addresses that events are sent to. The id of an endpoint of the format CALLBACK, of which an account has at most one
-- for the addresses in its orders, is that of the account. A deleted endpoint keeps its row, without its secrets.
CREATE TABLE webhook_endpoints (
    account_id {uuid} NOT NULL REFERENCES accounts (id) ON DELETE RESTRICT,
    id {uuid} NOT NULL,
    url TEXT NOT NULL,
    format VARCHAR(8) NOT NULL CHECK (format IN ('STANDARD', 'LUNE', 'CALLBACK')),
    event_types {json} NOT NULL,
    account_ids {json},
    secret {bytes},
    previous_secret {bytes},
    previous_until {instant},
    disabled_at {instant},
    disabled_reason VARCHAR(9) CHECK (disabled_reason IN ('REQUESTED', 'GONE')),
    failures INTEGER NOT NULL CHECK (failures >= 0),
    created_at {instant} NOT NULL,
    deleted_at {instant},
    PRIMARY KEY (account_id, id),
    CHECK ((disabled_at IS NULL) = (disabled_reason IS NULL)),
    CHECK ((previous_secret IS NULL) = (previous_until IS NULL)),
    CHECK ((format = 'CALLBACK') = (id = account_id)),
    CHECK ((secret IS NULL) = (format = 'CALLBACK' OR deleted_at IS NOT NULL))
);

-- How far the events of an account are queued for an endpoint of that account or of its parent.
CREATE TABLE webhook_cursors (
    account_id {uuid} NOT NULL REFERENCES accounts (id) ON DELETE RESTRICT,
    endpoint_id {uuid} NOT NULL,
    owner_id {uuid} NOT NULL REFERENCES accounts (id) ON DELETE RESTRICT,
    last_seq BIGINT NOT NULL CHECK (last_seq >= 0),
    PRIMARY KEY (account_id, endpoint_id)
);

-- Events on their way to endpoints. A worker that sends one moves due_at to the end of its lease.
CREATE TABLE webhook_deliveries (
    account_id {uuid} NOT NULL REFERENCES accounts (id) ON DELETE RESTRICT,
    id {uuid} NOT NULL,
    owner_id {uuid} NOT NULL REFERENCES accounts (id) ON DELETE RESTRICT,
    endpoint_id {uuid} NOT NULL,
    seq BIGINT NOT NULL CHECK (seq > 0),
    event_type VARCHAR(32) NOT NULL,
    status VARCHAR(9) NOT NULL CHECK (status IN ('PENDING', 'DELIVERED', 'FAILED')),
    attempts INTEGER NOT NULL CHECK (attempts >= 0),
    due_at {instant} NOT NULL,
    give_up_at {instant} NOT NULL,
    lease_id {uuid},
    log {json} NOT NULL,
    created_at {instant} NOT NULL,
    PRIMARY KEY (account_id, id),
    UNIQUE (account_id, endpoint_id, seq)
);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (endpoint_id, due_at) WHERE status = 'PENDING';
CREATE INDEX webhook_deliveries_waiting ON webhook_deliveries (account_id, endpoint_id, seq) WHERE status = 'PENDING';
CREATE INDEX webhook_deliveries_of_owner ON webhook_deliveries (owner_id, created_at, id);
CREATE INDEX webhook_deliveries_of_endpoint ON webhook_deliveries (owner_id, endpoint_id, created_at, id);
CREATE INDEX webhook_deliveries_by_creation ON webhook_deliveries (created_at);

-- Orders that were placed with an address: their changes are sent from here on.
INSERT INTO webhook_endpoints (account_id, id, url, format, event_types, failures, created_at)
    SELECT a.id, a.id, '', 'CALLBACK', '[]', 0, a.created_at FROM accounts a
    WHERE EXISTS (SELECT 1 FROM orders o WHERE o.account_id = a.id AND o.callback_url IS NOT NULL);
INSERT INTO webhook_cursors (account_id, endpoint_id, owner_id, last_seq)
    SELECT h.account_id, h.account_id, h.account_id, h.event_seq
    FROM account_heads h JOIN webhook_endpoints e ON e.account_id = h.account_id;
