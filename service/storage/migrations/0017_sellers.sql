-- Legal entities that issue invoices. The first one, of a fixed id, serves each account without another, and has no row
-- until something is known about it.
CREATE TABLE sellers (
    id {uuid} PRIMARY KEY,
    identifier VARCHAR(64) NOT NULL UNIQUE,
    legal_name TEXT,
    address TEXT,
    country VARCHAR(2),
    tax_number TEXT,
    registration_number TEXT,
    bank_name TEXT,
    bank_account TEXT,
    bank_code TEXT,
    payment_days INTEGER NOT NULL CHECK (payment_days BETWEEN 0 AND 3650),
    payment_terms TEXT,
    footer TEXT,
    retirement_statement TEXT,
    created_at {instant} NOT NULL
);

-- A payer as its invoices print it, and its seller; no seller is the first one.
CREATE TABLE billing_details (
    account_id {uuid} PRIMARY KEY REFERENCES accounts (id) ON DELETE RESTRICT,
    seller_id {uuid} REFERENCES sellers (id) ON DELETE RESTRICT,
    legal_name TEXT,
    address TEXT,
    country VARCHAR(2),
    tax_number TEXT,
    registration_number TEXT,
    purchase_order TEXT
);

-- The tax of a payer's invoices, each valid from a day (UTC) until the next one.
CREATE TABLE tax_profiles (
    account_id {uuid} NOT NULL REFERENCES accounts (id) ON DELETE RESTRICT,
    valid_from DATE NOT NULL,
    category VARCHAR(2) NOT NULL CHECK (category IN ('S', 'Z', 'E', 'AE', 'G', 'O')),
    rate_hundredths INTEGER NOT NULL CHECK (rate_hundredths BETWEEN 0 AND 10000),
    reason TEXT,
    reason_code VARCHAR(32),
    PRIMARY KEY (account_id, valid_from),
    CHECK ((category = 'S') = (rate_hundredths > 0))
);
