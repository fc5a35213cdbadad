-- Which secret the keys are digested under: another one opens none of them, and is found out before it does harm.
CREATE TABLE secret_checks (
    only_row INTEGER NOT NULL PRIMARY KEY CHECK (only_row = 1),
    value CHAR(64) NOT NULL,
    created_at {instant} NOT NULL
);
-- The beginning of that value for the secret under which a key was digested; null for keys of before, until their use.
ALTER TABLE api_keys ADD COLUMN secret_check CHAR(16);
