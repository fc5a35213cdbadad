-- What a payer owes for orders that stand, and how much it may owe. A row may now exist where nothing was ever prepaid:
-- `is_funded` says whether something was. `owed_when_limited_minor` is what was owed as the limit was set, because a limit
-- may be set below what is owed already.
ALTER TABLE balances ADD COLUMN owed_minor BIGINT NOT NULL DEFAULT 0 CHECK (owed_minor >= 0);
ALTER TABLE balances ADD COLUMN credit_limit_minor BIGINT CHECK (credit_limit_minor >= 0);
ALTER TABLE balances ADD COLUMN owed_when_limited_minor BIGINT NOT NULL DEFAULT 0;
ALTER TABLE balances ADD COLUMN is_funded {flag} NOT NULL DEFAULT TRUE;

INSERT INTO balances (account_id, currency, amount_minor, owed_minor, is_funded)
    SELECT account_id, currency, 0, sum(amount_minor), FALSE FROM ledger_entries WHERE ledger_account = 'receivable'
    GROUP BY account_id, currency HAVING sum(amount_minor) > 0
    ON CONFLICT (account_id, currency) DO UPDATE SET owed_minor = excluded.owed_minor;
