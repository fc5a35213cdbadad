-- Facts of an invoice, from the transaction that issues it, or of a credit note, and their PDF as it was first drawn.
-- The id is that of the invoice or credit note.
CREATE TABLE documents (
    account_id {uuid} NOT NULL REFERENCES accounts (id) ON DELETE RESTRICT,
    id {uuid} NOT NULL,
    facts TEXT NOT NULL,
    pdf {bytes},
    PRIMARY KEY (account_id, id)
);

-- How often the links to a document were revoked. The id is that of an invoice, a credit note or an order, or of the
-- account itself for all of its documents.
CREATE TABLE document_links (
    account_id {uuid} NOT NULL REFERENCES accounts (id) ON DELETE RESTRICT,
    id {uuid} NOT NULL,
    revision INTEGER NOT NULL CHECK (revision > 0),
    PRIMARY KEY (account_id, id)
);

-- postgresql only
CREATE TRIGGER documents_not_deleted BEFORE DELETE ON documents FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER documents_drawn_once BEFORE UPDATE ON documents
    FOR EACH ROW WHEN (NOT (OLD.pdf IS NULL AND NEW.pdf IS NOT NULL
        AND (OLD.account_id, OLD.id, OLD.facts) IS NOT DISTINCT FROM (NEW.account_id, NEW.id, NEW.facts)))
    EXECUTE FUNCTION refuse_change();
-- end
-- sqlite only
CREATE TRIGGER documents_no_update BEFORE UPDATE ON documents
    WHEN NOT (OLD.pdf IS NULL AND NEW.pdf IS NOT NULL
        AND (OLD.account_id, OLD.id, OLD.facts) IS (NEW.account_id, NEW.id, NEW.facts))
    BEGIN SELECT RAISE(ABORT, 'documents is append-only'); END;
CREATE TRIGGER documents_no_delete BEFORE DELETE ON documents
    BEGIN SELECT RAISE(ABORT, 'documents is append-only'); END;
-- end
