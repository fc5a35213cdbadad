-- Digests of events, 32 bytes each, of a range of an account's events. The key decides which of several workers seals.
CREATE TABLE event_seals (
    account_id {uuid} NOT NULL REFERENCES accounts (id) ON DELETE RESTRICT,
    first_seq BIGINT NOT NULL CHECK (first_seq > 0),
    last_seq BIGINT NOT NULL CHECK (last_seq >= first_seq),
    digests {bytes} NOT NULL,
    sealed_at {instant} NOT NULL,
    PRIMARY KEY (account_id, first_seq),
    CHECK (length(digests) = 32 * (last_seq - first_seq + 1))
);

-- postgresql only
CREATE TRIGGER event_seals_append_only BEFORE UPDATE OR DELETE ON event_seals
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
-- end
-- sqlite only
CREATE TRIGGER event_seals_no_update BEFORE UPDATE ON event_seals
    BEGIN SELECT RAISE(ABORT, 'event_seals is append-only'); END;
CREATE TRIGGER event_seals_no_delete BEFORE DELETE ON event_seals
    BEGIN SELECT RAISE(ABORT, 'event_seals is append-only'); END;
-- end
