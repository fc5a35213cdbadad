-- Revocations of earlier releases kept the web pages of receipts: they do not count for the addresses of these pages.
ALTER TABLE document_links ADD COLUMN pages_kept INTEGER NOT NULL DEFAULT 0;
UPDATE document_links SET pages_kept = revision;
