-- Number and sums of an account's orders of one day (UTC), currency, state and kind. The triggers below keep them in the
-- transaction of each change, also of changes by processes of an earlier release. A sum of BIGINT may pass 2^63, so each
-- is in two parts: billions, and the rest of each order. A row of 0 orders stays.
CREATE TABLE order_totals (
    account_id {uuid} NOT NULL REFERENCES accounts (id) ON DELETE RESTRICT,
    day DATE NOT NULL,
    currency VARCHAR(3) NOT NULL,
    status VARCHAR(12) NOT NULL,
    payment_status VARCHAR(12) NOT NULL,
    kind VARCHAR(8) NOT NULL,
    orders BIGINT NOT NULL,
    mass_high BIGINT NOT NULL,
    mass_low BIGINT NOT NULL,
    offset_high BIGINT NOT NULL,
    offset_low BIGINT NOT NULL,
    total_high BIGINT NOT NULL,
    total_low BIGINT NOT NULL,
    PRIMARY KEY (account_id, day, currency, status, payment_status, kind)
-- postgresql only
);
-- end
-- sqlite only
) WITHOUT ROWID;
-- end

-- postgresql only
-- In a cluster the table is placed before a trigger of another node writes to it.
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_extension WHERE extname = 'citus') THEN
        IF EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = 'orders'::regclass) THEN
            PERFORM create_distributed_table('order_totals', 'account_id', colocate_with => 'orders');
        END IF;
    END IF;
END $$;

-- Upserts by values: in a cluster they run on the node of the account, where no statement may read a transition table and
-- write to a placed one. Writers of orders hold the head of the account, so that none waits here.
CREATE FUNCTION count_orders() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    n RECORD;
BEGIN
    FOR n IN
        SELECT account_id, CAST(created_at AT TIME ZONE 'UTC' AS DATE) AS day, currency, status, payment_status, kind,
            count(*) AS orders, CAST(sum(mass_g / 1000000000) AS BIGINT) AS mass_high,
            CAST(sum(mass_g % 1000000000) AS BIGINT) AS mass_low,
            CAST(sum(offset_cost_minor / 1000000000) AS BIGINT) AS offset_high,
            CAST(sum(offset_cost_minor % 1000000000) AS BIGINT) AS offset_low,
            CAST(sum(total_cost_minor / 1000000000) AS BIGINT) AS total_high,
            CAST(sum(total_cost_minor % 1000000000) AS BIGINT) AS total_low
        FROM added GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6
    LOOP
        INSERT INTO order_totals AS t VALUES (n.account_id, n.day, n.currency, n.status, n.payment_status, n.kind,
            n.orders, n.mass_high, n.mass_low, n.offset_high, n.offset_low, n.total_high, n.total_low)
        ON CONFLICT (account_id, day, currency, status, payment_status, kind) DO UPDATE SET
            orders = t.orders + excluded.orders, mass_high = t.mass_high + excluded.mass_high,
            mass_low = t.mass_low + excluded.mass_low, offset_high = t.offset_high + excluded.offset_high,
            offset_low = t.offset_low + excluded.offset_low, total_high = t.total_high + excluded.total_high,
            total_low = t.total_low + excluded.total_low;
    END LOOP;
    RETURN NULL;
END $$;

CREATE FUNCTION recount_order() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE order_totals SET
        orders = orders - 1, mass_high = mass_high - old.mass_g / 1000000000,
        mass_low = mass_low - old.mass_g % 1000000000,
        offset_high = offset_high - old.offset_cost_minor / 1000000000,
        offset_low = offset_low - old.offset_cost_minor % 1000000000,
        total_high = total_high - old.total_cost_minor / 1000000000,
        total_low = total_low - old.total_cost_minor % 1000000000
    WHERE account_id = old.account_id AND day = CAST(old.created_at AT TIME ZONE 'UTC' AS DATE)
        AND currency = old.currency AND status = old.status AND payment_status = old.payment_status
        AND kind = old.kind;
    INSERT INTO order_totals AS t VALUES (new.account_id, CAST(new.created_at AT TIME ZONE 'UTC' AS DATE),
        new.currency, new.status, new.payment_status, new.kind, 1, new.mass_g / 1000000000, new.mass_g % 1000000000,
        new.offset_cost_minor / 1000000000, new.offset_cost_minor % 1000000000,
        new.total_cost_minor / 1000000000, new.total_cost_minor % 1000000000)
    ON CONFLICT (account_id, day, currency, status, payment_status, kind) DO UPDATE SET
        orders = t.orders + excluded.orders, mass_high = t.mass_high + excluded.mass_high,
        mass_low = t.mass_low + excluded.mass_low, offset_high = t.offset_high + excluded.offset_high,
        offset_low = t.offset_low + excluded.offset_low, total_high = t.total_high + excluded.total_high,
        total_low = t.total_low + excluded.total_low;
    RETURN NULL;
END $$;

-- EXECUTE, because Citus sends the whole text that it was called with to the other nodes.
DO $$
BEGIN
    EXECUTE 'CREATE TRIGGER orders_counted AFTER INSERT ON orders
        REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION count_orders()';
    EXECUTE 'CREATE TRIGGER orders_recounted AFTER UPDATE ON orders FOR EACH ROW WHEN (
        (old.created_at, old.currency, old.status, old.payment_status, old.kind, old.mass_g, old.offset_cost_minor,
            old.total_cost_minor)
        IS DISTINCT FROM (new.created_at, new.currency, new.status, new.payment_status, new.kind, new.mass_g,
            new.offset_cost_minor, new.total_cost_minor)
    ) EXECUTE FUNCTION recount_order()';
END $$;
-- end
-- sqlite only
CREATE TRIGGER orders_counted AFTER INSERT ON orders BEGIN
    INSERT INTO order_totals VALUES (new.account_id, substr(new.created_at, 1, 10), new.currency, new.status,
        new.payment_status, new.kind, 1, new.mass_g / 1000000000, new.mass_g % 1000000000,
        new.offset_cost_minor / 1000000000, new.offset_cost_minor % 1000000000,
        new.total_cost_minor / 1000000000, new.total_cost_minor % 1000000000)
    ON CONFLICT DO UPDATE SET
        orders = orders + 1, mass_high = mass_high + excluded.mass_high, mass_low = mass_low + excluded.mass_low,
        offset_high = offset_high + excluded.offset_high, offset_low = offset_low + excluded.offset_low,
        total_high = total_high + excluded.total_high, total_low = total_low + excluded.total_low;
END;
CREATE TRIGGER orders_recounted AFTER UPDATE OF created_at, currency, status, payment_status, kind, mass_g,
    offset_cost_minor, total_cost_minor ON orders
WHEN (old.created_at, old.currency, old.status, old.payment_status, old.kind, old.mass_g, old.offset_cost_minor,
        old.total_cost_minor)
    IS NOT (new.created_at, new.currency, new.status, new.payment_status, new.kind, new.mass_g,
        new.offset_cost_minor, new.total_cost_minor)
BEGIN
    UPDATE order_totals SET
        orders = orders - 1, mass_high = mass_high - old.mass_g / 1000000000,
        mass_low = mass_low - old.mass_g % 1000000000,
        offset_high = offset_high - old.offset_cost_minor / 1000000000,
        offset_low = offset_low - old.offset_cost_minor % 1000000000,
        total_high = total_high - old.total_cost_minor / 1000000000,
        total_low = total_low - old.total_cost_minor % 1000000000
    WHERE account_id = old.account_id AND day = substr(old.created_at, 1, 10) AND currency = old.currency
        AND status = old.status AND payment_status = old.payment_status AND kind = old.kind;
    INSERT INTO order_totals VALUES (new.account_id, substr(new.created_at, 1, 10), new.currency, new.status,
        new.payment_status, new.kind, 1, new.mass_g / 1000000000, new.mass_g % 1000000000,
        new.offset_cost_minor / 1000000000, new.offset_cost_minor % 1000000000,
        new.total_cost_minor / 1000000000, new.total_cost_minor % 1000000000)
    ON CONFLICT DO UPDATE SET
        orders = orders + 1, mass_high = mass_high + excluded.mass_high, mass_low = mass_low + excluded.mass_low,
        offset_high = offset_high + excluded.offset_high, offset_low = offset_low + excluded.offset_low,
        total_high = total_high + excluded.total_high, total_low = total_low + excluded.total_low;
END;
-- end

-- The orders of before. On PostgreSQL the triggers above have locked the table against changes until the commit. Both
-- databases sort in files what does not fit into their memory.
INSERT INTO order_totals
-- postgresql only
SELECT account_id, CAST(created_at AT TIME ZONE 'UTC' AS DATE),
-- end
-- sqlite only
SELECT account_id, substr(created_at, 1, 10),
-- end
    currency, status, payment_status, kind, count(*), sum(mass_g / 1000000000), sum(mass_g % 1000000000),
    sum(offset_cost_minor / 1000000000), sum(offset_cost_minor % 1000000000),
    sum(total_cost_minor / 1000000000), sum(total_cost_minor % 1000000000)
FROM orders GROUP BY 1, 2, 3, 4, 5, 6;
