-- Limits on holds of an account and its clients, where they are not those of the service.
ALTER TABLE accounts ADD COLUMN hold_percent_max INTEGER CHECK (hold_percent_max BETWEEN 0 AND 100);
ALTER TABLE accounts ADD COLUMN open_holds_max INTEGER CHECK (open_holds_max >= 0);
