-- Accounts, catalogue, orders, money, events. One text for both databases: {uuid}, {instant}, {json} and {flag} are the
-- type names of the dialect. Keys of account-owned tables start with the account, so that a sharded PostgreSQL can
-- distribute by it; credit batches, catalogue and queue stand alone.

CREATE TABLE organisations (
    id {uuid} PRIMARY KEY,
    name TEXT NOT NULL,
    created_at {instant} NOT NULL
);

CREATE TABLE project_categories (
    id {uuid} PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
);

CREATE TABLE projects (
    id {uuid} PRIMARY KEY,
    category_id {uuid} NOT NULL REFERENCES project_categories (id) ON DELETE RESTRICT,
    slug VARCHAR(100) NOT NULL UNIQUE,
    name TEXT NOT NULL,
    project_type TEXT NOT NULL,
    country VARCHAR(3) NOT NULL,
    registry_name TEXT NOT NULL,
    description TEXT NOT NULL,
    logo_url TEXT,
    created_at {instant} NOT NULL
);

CREATE TABLE credit_batches (
    id {uuid} PRIMARY KEY,
    project_id {uuid} NOT NULL REFERENCES projects (id) ON DELETE RESTRICT,
    mode VARCHAR(4) NOT NULL CHECK (mode IN ('live', 'test')),
    vintage INTEGER NOT NULL CHECK (vintage BETWEEN 1990 AND 2200),
    serial_prefix TEXT NOT NULL,
    serial_start BIGINT NOT NULL CHECK (serial_start >= 0),
    issued_g BIGINT NOT NULL CHECK (issued_g > 0),
    available_g BIGINT NOT NULL CHECK (available_g >= 0),
    held_g BIGINT NOT NULL CHECK (held_g >= 0),
    allocated_g BIGINT NOT NULL CHECK (allocated_g >= 0),
    retired_g BIGINT NOT NULL CHECK (retired_g >= 0),
    created_at {instant} NOT NULL,
    CHECK (issued_g = available_g + held_g + allocated_g + retired_g)
);
-- Exhausted batches fall out of the index: finding stock costs the same after a million batches are sold.
CREATE INDEX credit_batches_in_stock ON credit_batches (project_id, mode, vintage, id) WHERE available_g > 0;

CREATE TABLE bundles (
    id {uuid} PRIMARY KEY,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    offset_type VARCHAR(24) NOT NULL CHECK (offset_type IN ('emissions_reduction', 'carbon_removal')),
    approach VARCHAR(16) NOT NULL CHECK (approach IN ('traditional', 'innovative')),
    carbon_permanence VARCHAR(16) NOT NULL CHECK (carbon_permanence IN ('long_term', 'short_term', 'no_storage')),
    primary_image_url TEXT,
    background_colour VARCHAR(7),
    disabled_at {instant},
    created_at {instant} NOT NULL
);

CREATE TABLE bundle_projects (
    bundle_id {uuid} NOT NULL REFERENCES bundles (id) ON DELETE RESTRICT,
    project_id {uuid} NOT NULL REFERENCES projects (id) ON DELETE RESTRICT,
    PRIMARY KEY (bundle_id, project_id)
);

CREATE TABLE prices (
    bundle_id {uuid} NOT NULL REFERENCES bundles (id) ON DELETE RESTRICT,
    currency VARCHAR(3) NOT NULL,
    minimum_mass_g BIGINT NOT NULL CHECK (minimum_mass_g >= 0),
    unit_price_micros BIGINT NOT NULL CHECK (unit_price_micros > 0),
    PRIMARY KEY (bundle_id, currency, minimum_mass_g)
);

CREATE TABLE portfolios (
    id {uuid} PRIMARY KEY,
    account_id {uuid},
    identifier VARCHAR(64) NOT NULL,
    label TEXT NOT NULL,
    created_at {instant} NOT NULL
);

CREATE TABLE portfolio_weights (
    portfolio_id {uuid} NOT NULL REFERENCES portfolios (id) ON DELETE RESTRICT,
    bundle_id {uuid} NOT NULL REFERENCES bundles (id) ON DELETE RESTRICT,
    position INTEGER NOT NULL CHECK (position >= 0),
    hundredths INTEGER NOT NULL CHECK (hundredths BETWEEN 1 AND 10000),
    PRIMARY KEY (portfolio_id, bundle_id)
);

CREATE TABLE accounts (
    id {uuid} PRIMARY KEY,
    organisation_id {uuid} NOT NULL REFERENCES organisations (id) ON DELETE RESTRICT,
    parent_account_id {uuid} REFERENCES accounts (id) ON DELETE RESTRICT,
    name TEXT NOT NULL,
    mode VARCHAR(4) NOT NULL CHECK (mode IN ('live', 'test')),
    contract VARCHAR(16) NOT NULL CHECK (contract IN ('lune', 'carbon-engine', 'carbonext', 'graphql')),
    currency VARCHAR(3) NOT NULL,
    commission_hundredths INTEGER NOT NULL CHECK (commission_hundredths BETWEEN 0 AND 9000),
    portfolio_id {uuid} NOT NULL REFERENCES portfolios (id) ON DELETE RESTRICT,
    beneficiary_name TEXT,
    suspended_at {instant},
    created_at {instant} NOT NULL
);

CREATE TABLE account_heads (
    account_id {uuid} PRIMARY KEY REFERENCES accounts (id) ON DELETE RESTRICT,
    event_seq BIGINT NOT NULL CHECK (event_seq >= 0)
);

CREATE TABLE api_keys (
    key_id VARCHAR(32) PRIMARY KEY,
    account_id {uuid} NOT NULL REFERENCES accounts (id) ON DELETE RESTRICT,
    name TEXT NOT NULL,
    scopes {json} NOT NULL,
    digest VARCHAR(64) NOT NULL,
    created_at {instant} NOT NULL,
    expires_at {instant},
    revoked_at {instant}
);
CREATE INDEX api_keys_of_account ON api_keys (account_id);

CREATE TABLE estimates (
    account_id {uuid} NOT NULL REFERENCES accounts (id) ON DELETE RESTRICT,
    id {uuid} NOT NULL,
    activity_kind VARCHAR(16) NOT NULL
        CHECK (activity_kind IN ('electricity', 'flight', 'air_freight', 'ground_transport', 'mass')),
    name TEXT,
    mass_g BIGINT NOT NULL CHECK (mass_g > 0),
    activity {json} NOT NULL,
    factor {json},
    working {json} NOT NULL,
    metadata {json} NOT NULL,
    idempotency_key TEXT,
    fingerprint VARCHAR(64) NOT NULL,
    order_id {uuid},
    created_at {instant} NOT NULL,
    PRIMARY KEY (account_id, id),
    UNIQUE (account_id, idempotency_key)
);

CREATE TABLE quotes (
    account_id {uuid} NOT NULL REFERENCES accounts (id) ON DELETE RESTRICT,
    id {uuid} NOT NULL,
    kind VARCHAR(8) NOT NULL CHECK (kind IN ('mass', 'value', 'estimate')),
    requested_mass_g BIGINT,
    requested_value_minor BIGINT,
    step VARCHAR(2) NOT NULL CHECK (step IN ('g', 'kg', 't')),
    currency VARCHAR(3) NOT NULL,
    portfolio_id {uuid},
    estimate_id {uuid},
    mass_g BIGINT NOT NULL CHECK (mass_g > 0),
    offset_cost_minor BIGINT NOT NULL CHECK (offset_cost_minor >= 0),
    commission_minor BIGINT NOT NULL CHECK (commission_minor >= 0),
    total_cost_minor BIGINT NOT NULL,
    commission_hundredths INTEGER NOT NULL,
    holds_credits {flag} NOT NULL,
    released_at {instant},
    order_id {uuid},
    created_at {instant} NOT NULL,
    expires_at {instant} NOT NULL,
    PRIMARY KEY (account_id, id),
    CHECK (total_cost_minor = offset_cost_minor + commission_minor),
    CHECK (released_at IS NULL OR (holds_credits AND order_id IS NULL))
);
-- What the worker looks for: holds that nobody used and nobody gave back.
CREATE INDEX quotes_holding ON quotes (expires_at) WHERE holds_credits AND order_id IS NULL AND released_at IS NULL;

CREATE TABLE quote_lines (
    account_id {uuid} NOT NULL,
    quote_id {uuid} NOT NULL,
    position INTEGER NOT NULL,
    bundle_id {uuid} NOT NULL REFERENCES bundles (id) ON DELETE RESTRICT,
    mass_g BIGINT NOT NULL CHECK (mass_g >= 0),
    unit_price_micros BIGINT NOT NULL CHECK (unit_price_micros >= 0),
    gross_unit_price_micros BIGINT NOT NULL CHECK (gross_unit_price_micros >= unit_price_micros),
    offset_cost_minor BIGINT NOT NULL CHECK (offset_cost_minor >= 0),
    PRIMARY KEY (account_id, quote_id, position),
    FOREIGN KEY (account_id, quote_id) REFERENCES quotes (account_id, id) ON DELETE RESTRICT
);

CREATE TABLE quote_holds (
    account_id {uuid} NOT NULL,
    quote_id {uuid} NOT NULL,
    position INTEGER NOT NULL,
    batch_id {uuid} NOT NULL REFERENCES credit_batches (id) ON DELETE RESTRICT,
    mass_g BIGINT NOT NULL CHECK (mass_g > 0),
    PRIMARY KEY (account_id, quote_id, position, batch_id),
    FOREIGN KEY (account_id, quote_id, position) REFERENCES quote_lines (account_id, quote_id, position)
        ON DELETE RESTRICT
);

CREATE TABLE orders (
    account_id {uuid} NOT NULL REFERENCES accounts (id) ON DELETE RESTRICT,
    id {uuid} NOT NULL,
    number VARCHAR(32) NOT NULL,
    source VARCHAR(16) NOT NULL CHECK (source IN ('graphql', 'lune', 'carbon-engine', 'carbonext', 'import')),
    kind VARCHAR(8) NOT NULL CHECK (kind IN ('mass', 'value', 'estimate')),
    requested_mass_g BIGINT,
    requested_value_minor BIGINT,
    step VARCHAR(2) NOT NULL CHECK (step IN ('g', 'kg', 't')),
    currency VARCHAR(3) NOT NULL,
    status VARCHAR(12) NOT NULL
        CHECK (status IN ('PLACED', 'FULFILLED', 'RETIRING', 'COMPLETE', 'CANCELLED', 'FAILED')),
    payment_status VARCHAR(12) NOT NULL CHECK (payment_status IN ('ISSUED', 'BILLED', 'PAID', 'REFUNDED')),
    mass_g BIGINT NOT NULL CHECK (mass_g >= 0),
    fulfilled_g BIGINT NOT NULL CHECK (fulfilled_g BETWEEN 0 AND mass_g),
    retired_g BIGINT NOT NULL CHECK (retired_g BETWEEN 0 AND fulfilled_g),
    offset_cost_minor BIGINT NOT NULL CHECK (offset_cost_minor >= 0),
    commission_minor BIGINT NOT NULL CHECK (commission_minor >= 0),
    total_cost_minor BIGINT NOT NULL,
    paid_minor BIGINT NOT NULL CHECK (paid_minor >= 0),
    commission_hundredths INTEGER NOT NULL,
    customer TEXT,
    description TEXT,
    metadata {json} NOT NULL,
    callback_url TEXT,
    beneficiary {json},
    portfolio_id {uuid},
    estimate_id {uuid},
    quote_id {uuid},
    idempotency_key TEXT,
    fingerprint VARCHAR(64) NOT NULL,
    created_at {instant} NOT NULL,
    PRIMARY KEY (account_id, id),
    UNIQUE (account_id, idempotency_key),
    UNIQUE (account_id, number),
    CHECK (total_cost_minor = offset_cost_minor + commission_minor),
    CHECK (paid_minor <= total_cost_minor)
);
-- One index a sort: a page costs the same at the first and at the millionth order, in both directions.
CREATE INDEX orders_by_creation ON orders (account_id, created_at, id);
CREATE INDEX orders_by_mass ON orders (account_id, mass_g, id);
CREATE INDEX orders_by_total ON orders (account_id, total_cost_minor, id);

CREATE TABLE order_lines (
    account_id {uuid} NOT NULL,
    order_id {uuid} NOT NULL,
    position INTEGER NOT NULL,
    bundle_id {uuid} NOT NULL REFERENCES bundles (id) ON DELETE RESTRICT,
    mass_g BIGINT NOT NULL CHECK (mass_g >= 0),
    fulfilled_g BIGINT NOT NULL CHECK (fulfilled_g BETWEEN 0 AND mass_g),
    unit_price_micros BIGINT NOT NULL CHECK (unit_price_micros >= 0),
    gross_unit_price_micros BIGINT NOT NULL CHECK (gross_unit_price_micros >= unit_price_micros),
    offset_cost_minor BIGINT NOT NULL CHECK (offset_cost_minor >= 0),
    PRIMARY KEY (account_id, order_id, position),
    FOREIGN KEY (account_id, order_id) REFERENCES orders (account_id, id) ON DELETE RESTRICT
);

CREATE TABLE credit_entries (
    account_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    order_id {uuid} NOT NULL,
    position INTEGER NOT NULL,
    batch_id {uuid} NOT NULL REFERENCES credit_batches (id) ON DELETE RESTRICT,
    kind VARCHAR(8) NOT NULL CHECK (kind IN ('given', 'returned')),
    mass_g BIGINT NOT NULL,
    created_at {instant} NOT NULL,
    PRIMARY KEY (account_id, id),
    FOREIGN KEY (account_id, order_id, position) REFERENCES order_lines (account_id, order_id, position)
        ON DELETE RESTRICT,
    CHECK ((kind = 'given' AND mass_g > 0) OR (kind = 'returned' AND mass_g < 0))
);
CREATE INDEX credit_entries_of_order ON credit_entries (account_id, order_id, position);

CREATE TABLE backorders (
    bundle_id {uuid} NOT NULL REFERENCES bundles (id) ON DELETE RESTRICT,
    mode VARCHAR(4) NOT NULL CHECK (mode IN ('live', 'test')),
    account_id {uuid} NOT NULL,
    order_id {uuid} NOT NULL,
    position INTEGER NOT NULL,
    waiting_g BIGINT NOT NULL CHECK (waiting_g > 0),
    created_at {instant} NOT NULL,
    PRIMARY KEY (bundle_id, order_id, position)
);
CREATE INDEX backorders_first_come ON backorders (bundle_id, mode, created_at, order_id, position);
CREATE INDEX backorders_of_order ON backorders (account_id, order_id);

CREATE TABLE events (
    account_id {uuid} NOT NULL REFERENCES accounts (id) ON DELETE RESTRICT,
    seq BIGINT NOT NULL CHECK (seq > 0),
    id {uuid} NOT NULL,
    event_type VARCHAR(32) NOT NULL,
    order_id {uuid},
    actor TEXT NOT NULL,
    payload {json} NOT NULL,
    created_at {instant} NOT NULL,
    PRIMARY KEY (account_id, seq)
);
CREATE INDEX events_of_order ON events (account_id, order_id, seq);

CREATE TABLE balances (
    account_id {uuid} NOT NULL REFERENCES accounts (id) ON DELETE RESTRICT,
    currency VARCHAR(3) NOT NULL,
    amount_minor BIGINT NOT NULL CHECK (amount_minor >= 0),
    PRIMARY KEY (account_id, currency)
);

CREATE TABLE ledger_entries (
    account_id {uuid} NOT NULL REFERENCES accounts (id) ON DELETE RESTRICT,
    journal_id {uuid} NOT NULL,
    ledger_account VARCHAR(12) NOT NULL
        CHECK (ledger_account IN ('cash', 'balance', 'receivable', 'sales', 'commission')),
    verb VARCHAR(24) NOT NULL,
    currency VARCHAR(3) NOT NULL,
    amount_minor BIGINT NOT NULL CHECK (amount_minor <> 0),
    order_id {uuid},
    created_at {instant} NOT NULL,
    PRIMARY KEY (account_id, journal_id, ledger_account)
);
CREATE INDEX ledger_entries_of_order ON ledger_entries (account_id, order_id);

-- What happened is never edited: the database itself refuses.
-- postgresql only
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$;
CREATE TRIGGER credit_entries_append_only BEFORE UPDATE OR DELETE ON credit_entries
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER events_append_only BEFORE UPDATE OR DELETE ON events
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_entries_append_only BEFORE UPDATE OR DELETE ON ledger_entries
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
-- end
-- sqlite only
CREATE TRIGGER credit_entries_no_update BEFORE UPDATE ON credit_entries
    BEGIN SELECT RAISE(ABORT, 'credit_entries is append-only'); END;
CREATE TRIGGER credit_entries_no_delete BEFORE DELETE ON credit_entries
    BEGIN SELECT RAISE(ABORT, 'credit_entries is append-only'); END;
CREATE TRIGGER events_no_update BEFORE UPDATE ON events
    BEGIN SELECT RAISE(ABORT, 'events is append-only'); END;
CREATE TRIGGER events_no_delete BEFORE DELETE ON events
    BEGIN SELECT RAISE(ABORT, 'events is append-only'); END;
CREATE TRIGGER ledger_entries_no_update BEFORE UPDATE ON ledger_entries
    BEGIN SELECT RAISE(ABORT, 'ledger_entries is append-only'); END;
CREATE TRIGGER ledger_entries_no_delete BEFORE DELETE ON ledger_entries
    BEGIN SELECT RAISE(ABORT, 'ledger_entries is append-only'); END;
-- end
