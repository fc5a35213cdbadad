-- A page of orders of a rare status, and their number, cost the same after a million orders of other statuses.
CREATE INDEX orders_by_status ON orders (account_id, status, created_at, id);

-- Each quote with a hold counts those of its payer: the same after a million quotes without one.
CREATE INDEX quotes_holding_of_account ON quotes (account_id)
    WHERE holds_credits AND order_id IS NULL AND released_at IS NULL;
