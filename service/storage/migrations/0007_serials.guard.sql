-- The last guard of a credit: a claim that meets another batch's is refused, whatever the service decided before. Among
-- claims that do not meet, only the one that starts last before the new one's end can meet it. Claims of batches that
-- were received before this migration may meet each other; they are in the table already.

-- postgresql only
CREATE FUNCTION refuse_claimed_serials() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM serial_series WHERE mode = NEW.mode AND series_key = NEW.series_key FOR UPDATE;
    IF (SELECT c.last_number FROM serial_claims c WHERE c.mode = NEW.mode AND c.series_key = NEW.series_key
            AND c.first_number <= NEW.last_number AND NOT c.is_reading AND c.batch_id <> NEW.batch_id
            ORDER BY c.first_number DESC LIMIT 1) >= NEW.first_number THEN
        RAISE EXCEPTION 'serials of % are claimed by another batch', NEW.series_key USING ERRCODE = '23P01';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER serial_claims_once BEFORE INSERT ON serial_claims
    FOR EACH ROW WHEN (NOT NEW.is_reading) EXECUTE FUNCTION refuse_claimed_serials();
CREATE TRIGGER serial_claims_append_only BEFORE UPDATE OR DELETE ON serial_claims
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
-- end
-- sqlite only
CREATE TRIGGER serial_claims_once BEFORE INSERT ON serial_claims
    WHEN NOT NEW.is_reading
        AND (SELECT c.last_number FROM serial_claims c WHERE c.mode = NEW.mode AND c.series_key = NEW.series_key
            AND c.first_number <= NEW.last_number AND NOT c.is_reading AND c.batch_id <> NEW.batch_id
            ORDER BY c.first_number DESC LIMIT 1) >= NEW.first_number
    BEGIN SELECT RAISE(ABORT, 'serials are claimed by another batch'); END;
CREATE TRIGGER serial_claims_no_update BEFORE UPDATE ON serial_claims
    BEGIN SELECT RAISE(ABORT, 'serial_claims is append-only'); END;
CREATE TRIGGER serial_claims_no_delete BEFORE DELETE ON serial_claims
    BEGIN SELECT RAISE(ABORT, 'serial_claims is append-only'); END;
-- end
