-- Retirements as registries recorded them: the credits [start_g, end_g) of a batch, for one order or for all that have
-- them. The reference decides which request recorded one; the fingerprint is that of the request.
CREATE TABLE registry_retirements (
    id {uuid} NOT NULL PRIMARY KEY,
    reference VARCHAR(200) NOT NULL UNIQUE,
    fingerprint CHAR(64) NOT NULL,
    batch_id {uuid} NOT NULL REFERENCES credit_batches (id) ON DELETE RESTRICT,
    account_id {uuid},
    order_id {uuid},
    start_g BIGINT NOT NULL CHECK (start_g >= 0),
    end_g BIGINT NOT NULL,
    retired_on DATE NOT NULL,
    retirement_id TEXT,
    url TEXT,
    beneficiary_name TEXT,
    corrects_id {uuid} UNIQUE REFERENCES registry_retirements (id) ON DELETE RESTRICT,
    created_at {instant} NOT NULL,
    FOREIGN KEY (account_id, order_id) REFERENCES orders (account_id, id) ON DELETE RESTRICT,
    CHECK ((account_id IS NULL) = (order_id IS NULL)),
    CHECK (end_g > start_g)
);
CREATE INDEX registry_retirements_of_batch ON registry_retirements (batch_id, start_g);

-- The certificate that all credits of an order are recorded as retired at their registries. A correction makes another
-- version. It is stored in the transaction that records the last of them; its PDF is drawn later, once.
CREATE TABLE retirement_certificates (
    account_id {uuid} NOT NULL,
    order_id {uuid} NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    number VARCHAR(17) NOT NULL,
    facts TEXT NOT NULL,
    sha256 CHAR(64) NOT NULL,
    pdf {bytes},
    issued_at {instant} NOT NULL,
    PRIMARY KEY (account_id, order_id, version),
    UNIQUE (account_id, number),
    FOREIGN KEY (account_id, order_id) REFERENCES orders (account_id, id) ON DELETE RESTRICT
);
CREATE INDEX retirement_certificates_undrawn ON retirement_certificates (issued_at) WHERE pdf IS NULL;

-- postgresql only
CREATE TRIGGER registry_retirements_append_only BEFORE UPDATE OR DELETE ON registry_retirements
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER retirement_certificates_not_deleted BEFORE DELETE ON retirement_certificates
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER retirement_certificates_drawn_once BEFORE UPDATE ON retirement_certificates
    FOR EACH ROW WHEN (NOT (OLD.pdf IS NULL AND NEW.pdf IS NOT NULL
        AND (OLD.account_id, OLD.order_id, OLD.version, OLD.number, OLD.facts, OLD.sha256, OLD.issued_at)
        IS NOT DISTINCT FROM
        (NEW.account_id, NEW.order_id, NEW.version, NEW.number, NEW.facts, NEW.sha256, NEW.issued_at)))
    EXECUTE FUNCTION refuse_change();
-- end
-- sqlite only
CREATE TRIGGER registry_retirements_no_update BEFORE UPDATE ON registry_retirements
    BEGIN SELECT RAISE(ABORT, 'registry_retirements is append-only'); END;
CREATE TRIGGER registry_retirements_no_delete BEFORE DELETE ON registry_retirements
    BEGIN SELECT RAISE(ABORT, 'registry_retirements is append-only'); END;
CREATE TRIGGER retirement_certificates_no_delete BEFORE DELETE ON retirement_certificates
    BEGIN SELECT RAISE(ABORT, 'retirement_certificates is append-only'); END;
CREATE TRIGGER retirement_certificates_no_update BEFORE UPDATE ON retirement_certificates
    WHEN NOT (OLD.pdf IS NULL AND NEW.pdf IS NOT NULL
        AND (OLD.account_id, OLD.order_id, OLD.version, OLD.number, OLD.facts, OLD.sha256, OLD.issued_at)
        IS (NEW.account_id, NEW.order_id, NEW.version, NEW.number, NEW.facts, NEW.sha256, NEW.issued_at))
    BEGIN SELECT RAISE(ABORT, 'retirement_certificates is append-only'); END;
-- end
