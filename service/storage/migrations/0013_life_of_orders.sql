-- Each order asks which bundles share a project with its own, because lines that wait for them are served first.
CREATE INDEX bundle_projects_of_project ON bundle_projects (project_id, bundle_id);

-- A refunded order is never retired: what it still waited for is left to those behind it.
DELETE FROM backorders WHERE EXISTS (
    SELECT 1 FROM orders o
    WHERE o.account_id = backorders.account_id AND o.id = backorders.order_id AND o.payment_status = 'REFUNDED'
);

-- Clients are suspended with their parent without being marked: marks that were copied from it go.
UPDATE accounts SET suspended_at = NULL WHERE suspended_at = (
    SELECT p.suspended_at FROM accounts p WHERE p.id = accounts.parent_account_id
);

-- Items of worker steps that failed, each left alone until it is tried again. No foreign key: an item may fail because
-- what it belongs to is not there.
CREATE TABLE worker_failures (
    step VARCHAR(32) NOT NULL,
    account_id {uuid} NOT NULL,
    item_id {uuid} NOT NULL,
    position INTEGER NOT NULL,
    attempts INTEGER NOT NULL CHECK (attempts > 0),
    failed_at {instant} NOT NULL,
    retry_at {instant} NOT NULL,
    error TEXT NOT NULL,
    PRIMARY KEY (step, account_id, item_id, position)
);
