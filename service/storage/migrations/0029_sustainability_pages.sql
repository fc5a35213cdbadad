ALTER TABLE accounts ADD COLUMN logo_sha256 CHAR(64) REFERENCES logos (sha256) ON DELETE RESTRICT;

-- What an account shows of its orders to the public. The address of a page is its slug, in each mode one of that name.
CREATE TABLE sustainability_pages (
    account_id {uuid} NOT NULL PRIMARY KEY REFERENCES accounts (id) ON DELETE RESTRICT,
    mode VARCHAR(4) NOT NULL CHECK (mode IN ('live', 'test')),
    slug VARCHAR(64) NOT NULL,
    status VARCHAR(8) NOT NULL CHECK (status IN ('enabled', 'disabled')),
    title VARCHAR(9) NOT NULL CHECK (title IN ('by_volume', 'by_price')),
    description VARCHAR(21) CHECK (description IN ('by_equivalent', 'by_supported_goals', 'by_custom_description')),
    custom_description TEXT,
    sections {json} NOT NULL,
    created_at {instant} NOT NULL,
    UNIQUE (mode, slug)
);
