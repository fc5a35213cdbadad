-- Which grams of which batch an order retired, and the certificates that say so.

-- A batch is a line of grams; [start_g, end_g) is retired once. The batch's `retired_g` is where the next interval
-- starts, so intervals of a batch meet without gap or overlap.
CREATE TABLE retirements (
    account_id {uuid} NOT NULL,
    order_id {uuid} NOT NULL,
    position INTEGER NOT NULL,
    batch_id {uuid} NOT NULL REFERENCES credit_batches (id) ON DELETE RESTRICT,
    start_g BIGINT NOT NULL CHECK (start_g >= 0),
    end_g BIGINT NOT NULL,
    retired_at {instant} NOT NULL,
    PRIMARY KEY (account_id, order_id, position, batch_id),
    FOREIGN KEY (account_id, order_id, position) REFERENCES order_lines (account_id, order_id, position)
        ON DELETE RESTRICT,
    UNIQUE (batch_id, start_g),
    CHECK (end_g > start_g)
);

-- What the worker looks for: orders with all of their credits by the state of their money, oldest first, and retirements
-- under way. An order leaves both when it is complete, so that finding work costs the same after a million orders.
CREATE INDEX orders_to_retire ON orders (payment_status, created_at) WHERE status = 'FULFILLED';
CREATE INDEX orders_retiring ON orders (created_at) WHERE status = 'RETIRING';

-- The row comes with the order's COMPLETE, empty; all the rest is written once, when the certificate is issued.
CREATE TABLE certificates (
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
        AND sha256 IS NOT NULL AND pdf IS NOT NULL))
);
CREATE INDEX certificates_due ON certificates (due_at) WHERE issued_at IS NULL;

-- What was retired or certified is never edited: the database itself refuses.
-- postgresql only
CREATE TRIGGER retirements_append_only BEFORE UPDATE OR DELETE ON retirements
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER certificates_issued_once BEFORE UPDATE OR DELETE ON certificates
    FOR EACH ROW WHEN (OLD.issued_at IS NOT NULL) EXECUTE FUNCTION refuse_change();
-- end
-- sqlite only
CREATE TRIGGER retirements_no_update BEFORE UPDATE ON retirements
    BEGIN SELECT RAISE(ABORT, 'retirements is append-only'); END;
CREATE TRIGGER retirements_no_delete BEFORE DELETE ON retirements
    BEGIN SELECT RAISE(ABORT, 'retirements is append-only'); END;
CREATE TRIGGER certificates_no_update BEFORE UPDATE ON certificates WHEN OLD.issued_at IS NOT NULL
    BEGIN SELECT RAISE(ABORT, 'certificates is append-only'); END;
CREATE TRIGGER certificates_no_delete BEFORE DELETE ON certificates WHEN OLD.issued_at IS NOT NULL
    BEGIN SELECT RAISE(ABORT, 'certificates is append-only'); END;
-- end
