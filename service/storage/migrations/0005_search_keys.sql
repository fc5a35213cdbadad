-- Texts folded for search, so that both databases find the same rows in every script. The service folds: no database
-- knows the letter case of all scripts as the other does. Null until a row of before is folded, by the worker.
ALTER TABLE orders ADD COLUMN customer_key TEXT;
ALTER TABLE accounts ADD COLUMN name_key TEXT;

-- What the worker looks for; both are empty when it is done, so that looking costs the same after a million orders.
CREATE INDEX orders_without_customer_key ON orders (account_id, id)
    WHERE customer IS NOT NULL AND customer_key IS NULL;
CREATE INDEX accounts_without_name_key ON accounts (id) WHERE name_key IS NULL;

-- A process of the previous release renames an account and leaves the key of the old name. A customer never changes.
-- postgresql only
CREATE FUNCTION forget_name_key() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN NEW.name_key := NULL; RETURN NEW; END $$;
CREATE TRIGGER accounts_forget_name_key BEFORE UPDATE OF name ON accounts
    FOR EACH ROW WHEN (NEW.name IS DISTINCT FROM OLD.name AND NEW.name_key IS NOT DISTINCT FROM OLD.name_key)
    EXECUTE FUNCTION forget_name_key();
-- end
-- sqlite only
CREATE TRIGGER accounts_forget_name_key AFTER UPDATE OF name ON accounts
    WHEN NEW.name IS NOT OLD.name AND NEW.name_key IS OLD.name_key
    BEGIN UPDATE accounts SET name_key = NULL WHERE id = NEW.id; END;
-- end
