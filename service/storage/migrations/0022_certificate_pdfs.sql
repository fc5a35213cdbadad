-- Facts, number and token of a certificate come with its order's COMPLETE; the PDF is drawn later, once.

-- postgresql only
ALTER TABLE certificates DROP CONSTRAINT certificates_check;
ALTER TABLE certificates ADD CONSTRAINT certificates_check CHECK (issued_at IS NULL OR (number IS NOT NULL
    AND token IS NOT NULL AND facts IS NOT NULL AND sha256 IS NOT NULL));
DROP TRIGGER certificates_issued_once ON certificates;
CREATE TRIGGER certificates_not_deleted BEFORE DELETE ON certificates
    FOR EACH ROW WHEN (OLD.issued_at IS NOT NULL) EXECUTE FUNCTION refuse_change();
CREATE TRIGGER certificates_issued_once BEFORE UPDATE ON certificates
    FOR EACH ROW WHEN (OLD.issued_at IS NOT NULL AND NOT (OLD.pdf IS NULL AND NEW.pdf IS NOT NULL
        AND (OLD.account_id, OLD.order_id, OLD.due_at, OLD.number, OLD.token, OLD.facts, OLD.sha256, OLD.issued_at)
        IS NOT DISTINCT FROM
        (NEW.account_id, NEW.order_id, NEW.due_at, NEW.number, NEW.token, NEW.facts, NEW.sha256, NEW.issued_at)))
    EXECUTE FUNCTION refuse_change();
DROP INDEX certificates_due;
-- end
-- sqlite only
-- SQLite cannot change a CHECK. Nothing refers to this table.
CREATE TABLE certificates_relaxed (
    account_id {uuid} NOT NULL,
    order_id {uuid} NOT NULL,
    due_at {instant} NOT NULL,
    number VARCHAR(17),
    token VARCHAR(43) UNIQUE,
    facts TEXT,
    sha256 VARCHAR(64),
    pdf {bytes},
    issued_at {instant},
    PRIMARY KEY (account_id, order_id),
    UNIQUE (account_id, number),
    FOREIGN KEY (account_id, order_id) REFERENCES orders (account_id, id) ON DELETE RESTRICT,
    CHECK (issued_at IS NULL OR (number IS NOT NULL AND token IS NOT NULL AND facts IS NOT NULL
        AND sha256 IS NOT NULL))
);
INSERT INTO certificates_relaxed (account_id, order_id, due_at, number, token, facts, sha256, pdf, issued_at)
    SELECT account_id, order_id, due_at, number, token, facts, sha256, pdf, issued_at FROM certificates;
DROP TABLE certificates;
ALTER TABLE certificates_relaxed RENAME TO certificates;
CREATE INDEX certificates_by_issue ON certificates (account_id, issued_at, order_id) WHERE issued_at IS NOT NULL;
CREATE TRIGGER certificates_no_update BEFORE UPDATE ON certificates
    WHEN OLD.issued_at IS NOT NULL AND NOT (OLD.pdf IS NULL AND NEW.pdf IS NOT NULL
        AND (OLD.account_id, OLD.order_id, OLD.due_at, OLD.number, OLD.token, OLD.facts, OLD.sha256, OLD.issued_at)
        IS (NEW.account_id, NEW.order_id, NEW.due_at, NEW.number, NEW.token, NEW.facts, NEW.sha256, NEW.issued_at))
    BEGIN SELECT RAISE(ABORT, 'certificates is append-only'); END;
CREATE TRIGGER certificates_no_delete BEFORE DELETE ON certificates WHEN OLD.issued_at IS NOT NULL
    BEGIN SELECT RAISE(ABORT, 'certificates is append-only'); END;
-- end

-- The certificates that a worker has to issue or to draw, oldest first.
CREATE INDEX certificates_undrawn ON certificates (due_at) WHERE pdf IS NULL;
