-- The idempotency key decides which request made an API key; null for keys of the command line and of earlier releases.
ALTER TABLE api_keys ADD COLUMN idempotency_key TEXT;
ALTER TABLE api_keys ADD COLUMN last_used_at {instant};
CREATE UNIQUE INDEX api_keys_once ON api_keys (account_id, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX api_keys_by_creation ON api_keys (account_id, created_at, key_id);
DROP INDEX api_keys_of_account;

-- The reference decides which request created an organisation; the fingerprint is that of the request.
ALTER TABLE organisations ADD COLUMN reference TEXT;
ALTER TABLE organisations ADD COLUMN fingerprint CHAR(64);
CREATE UNIQUE INDEX organisations_once ON organisations (reference) WHERE reference IS NOT NULL;

-- People of a customer who get mail, each with the kinds that they get.
CREATE TABLE contacts (
    account_id {uuid} NOT NULL REFERENCES accounts (id) ON DELETE RESTRICT,
    email VARCHAR(254) NOT NULL,
    name TEXT NOT NULL,
    kinds {json} NOT NULL,
    PRIMARY KEY (account_id, email)
);
