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

-- The stock overview and lists of one project's batches read the project's batches alone.
CREATE INDEX credit_batches_of_project ON credit_batches (project_id, mode, vintage);

-- Null for what the previous release inserts while both run: such a name is searched by the case of ASCII letters.
ALTER TABLE projects ADD COLUMN name_key TEXT;
ALTER TABLE bundles ADD COLUMN name_key TEXT;
