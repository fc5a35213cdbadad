-- Serial numbers in the forms of their registries, and the claims by which a credit that is received twice is found.

ALTER TABLE credit_batches ADD COLUMN serial_form VARCHAR(16) NOT NULL DEFAULT 'plain';
ALTER TABLE credit_batches ADD COLUMN serial_layout VARCHAR(8) NOT NULL DEFAULT 'pair';
ALTER TABLE credit_batches ADD COLUMN serial_joiner TEXT NOT NULL DEFAULT '';
ALTER TABLE credit_batches ADD COLUMN serial_suffix TEXT NOT NULL DEFAULT '';
ALTER TABLE credit_batches ADD COLUMN serial_width INTEGER NOT NULL DEFAULT 1 CHECK (serial_width > 0);
ALTER TABLE credit_batches ADD COLUMN period_end DATE;
ALTER TABLE credit_batches ADD COLUMN credit_status VARCHAR(8) NOT NULL DEFAULT 'issued'
    CHECK (credit_status IN ('issued', 'ex_ante', 'pending'));
ALTER TABLE credit_batches ADD COLUMN registry_reference TEXT;

-- A row is locked while credits of its series are received, so that two receipts of the same serials take turns.
CREATE TABLE serial_series (
    mode VARCHAR(4) NOT NULL CHECK (mode IN ('live', 'test')),
    series_key TEXT NOT NULL,
    PRIMARY KEY (mode, series_key)
);

-- The credits that each batch stands for. A reading claims nothing: as these numbers the serials of the batch's single
-- credits could be read as ranges of another series.
CREATE TABLE serial_claims (
    batch_id {uuid} NOT NULL REFERENCES credit_batches (id) ON DELETE RESTRICT,
    mode VARCHAR(4) NOT NULL,
    series_key TEXT NOT NULL,
    first_number BIGINT NOT NULL CHECK (first_number >= 0),
    last_number BIGINT NOT NULL,
    is_reading {flag} NOT NULL,
    PRIMARY KEY (batch_id, series_key, first_number, is_reading),
    FOREIGN KEY (mode, series_key) REFERENCES serial_series (mode, series_key) ON DELETE RESTRICT,
    CHECK (last_number >= first_number)
);
CREATE INDEX serial_claims_in_series ON serial_claims (mode, series_key, first_number);

-- Batches are found by their claims now.
DROP INDEX credit_batches_by_serial;
