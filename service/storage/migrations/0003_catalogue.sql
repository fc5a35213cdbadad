-- Names that an operator or a parent account chooses, so that a retry finds what its first try made.

ALTER TABLE accounts ADD COLUMN handle VARCHAR(64);
ALTER TABLE accounts ADD COLUMN external_pages_visibility VARCHAR(8) NOT NULL DEFAULT 'public'
    CHECK (external_pages_visibility IN ('public', 'hidden'));
CREATE UNIQUE INDEX accounts_by_handle ON accounts (parent_account_id, handle);

ALTER TABLE credit_batches ADD COLUMN reference VARCHAR(200);
CREATE UNIQUE INDEX credit_batches_by_reference ON credit_batches (reference);
-- A registry's serials are received once: a batch that overlaps another one is looked for here.
CREATE INDEX credit_batches_by_serial ON credit_batches (serial_prefix, mode, serial_start);

ALTER TABLE bundles ADD COLUMN slug VARCHAR(100);
CREATE UNIQUE INDEX bundles_by_slug ON bundles (slug);

CREATE UNIQUE INDEX portfolios_shared ON portfolios (identifier) WHERE account_id IS NULL;
CREATE UNIQUE INDEX portfolios_own ON portfolios (account_id, identifier) WHERE account_id IS NOT NULL;
