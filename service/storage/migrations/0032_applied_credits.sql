-- Part of a credit note that had been paid and pays the rest of its invoice. NULL in notes of earlier releases, which
-- returned all that had been paid.
ALTER TABLE credit_notes ADD COLUMN applied_minor BIGINT
    CHECK (applied_minor >= 0 AND returned_minor + applied_minor <= net_minor + tax_minor);

