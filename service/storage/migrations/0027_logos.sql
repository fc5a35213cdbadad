-- Pictures by the SHA-256 of their bytes. They stay, because certificates that were issued name them.
CREATE TABLE logos (
    sha256 CHAR(64) NOT NULL PRIMARY KEY,
    media_type VARCHAR(13) NOT NULL CHECK (media_type IN ('image/png', 'image/jpeg', 'image/svg+xml')),
    content {bytes} NOT NULL,
    created_at {instant} NOT NULL
);
ALTER TABLE sellers ADD COLUMN logo_sha256 CHAR(64) REFERENCES logos (sha256) ON DELETE RESTRICT;

-- postgresql only
CREATE TRIGGER logos_append_only BEFORE UPDATE OR DELETE ON logos FOR EACH ROW EXECUTE FUNCTION refuse_change();
-- end
-- sqlite only
CREATE TRIGGER logos_no_update BEFORE UPDATE ON logos BEGIN SELECT RAISE(ABORT, 'logos is append-only'); END;
CREATE TRIGGER logos_no_delete BEFORE DELETE ON logos BEGIN SELECT RAISE(ABORT, 'logos is append-only'); END;
-- end
