-- More facts of projects and batches, batches that are withdrawn from sale, and names folded for search.
ALTER TABLE projects ADD COLUMN registry_project_id TEXT;
ALTER TABLE projects ADD COLUMN methodology TEXT;
ALTER TABLE projects ADD COLUMN offset_type VARCHAR(24)
    CHECK (offset_type IN ('emissions_reduction', 'carbon_removal'));
ALTER TABLE projects ADD COLUMN storage_years INTEGER CHECK (storage_years > 0);
ALTER TABLE projects ADD COLUMN public_url TEXT;

ALTER TABLE credit_batches ADD COLUMN period_start DATE;
ALTER TABLE credit_batches ADD COLUMN article6_authorisation TEXT;
ALTER TABLE credit_batches ADD COLUMN labels {json} NOT NULL DEFAULT '[]';
ALTER TABLE credit_batches ADD COLUMN withdrawn_at {instant};
ALTER TABLE credit_batches ADD COLUMN withdrawal_reason TEXT
    CHECK ((withdrawn_at IS NULL) = (withdrawal_reason IS NULL));


-- Null for what the previous release inserts while both run: such a name is searched by the case of ASCII letters.
ALTER TABLE projects ADD COLUMN name_key TEXT;
ALTER TABLE bundles ADD COLUMN name_key TEXT;
