-- Whether the own keys of a client account may pay from its parent's balance. Those that did so before have to be allowed
-- again: `carbon-orders doctor` names them.
ALTER TABLE accounts ADD COLUMN may_use_balance {flag} NOT NULL DEFAULT FALSE;
