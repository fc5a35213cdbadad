-- Orders of less than half a minor unit cost nothing before there was a least price. Nobody could pay for them, so they
-- stayed ISSUED and were never retired. Nothing is owed of them: they are PAID. Imported history keeps its states.

-- One event an order, numbered on from its account's head, as the service itself would have told it.
INSERT INTO events (account_id, seq, id, event_type, order_id, actor, payload, created_at)
SELECT
    o.account_id,
    h.event_seq + row_number() OVER (PARTITION BY o.account_id ORDER BY o.created_at, o.id),
-- postgresql only
    gen_random_uuid(),
-- end
-- sqlite only
    lower(
        hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2)
        || '-8' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))
    ),
-- end
    'order.paid',
    o.id,
    'migration',
-- postgresql only
    jsonb_build_object(
-- end
-- sqlite only
    json_object(
-- end
        'mass_g', o.mass_g, 'fulfilled_g', o.fulfilled_g, 'total_cost_minor', o.total_cost_minor,
        'paid_minor', o.paid_minor, 'currency', o.currency
    ),
-- postgresql only
    now()
-- end
-- sqlite only
    strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now')
-- end
FROM orders o JOIN account_heads h ON h.account_id = o.account_id
WHERE o.total_cost_minor = 0 AND o.mass_g > 0 AND o.payment_status = 'ISSUED' AND o.source <> 'import'
    AND o.status IN ('PLACED', 'FULFILLED');

UPDATE account_heads SET event_seq = event_seq + (
    SELECT count(*) FROM orders o
    WHERE o.account_id = account_heads.account_id
        AND o.total_cost_minor = 0 AND o.mass_g > 0 AND o.payment_status = 'ISSUED' AND o.source <> 'import'
        AND o.status IN ('PLACED', 'FULFILLED')
)
WHERE account_id IN (
    SELECT o.account_id FROM orders o
    WHERE o.total_cost_minor = 0 AND o.mass_g > 0 AND o.payment_status = 'ISSUED' AND o.source <> 'import'
        AND o.status IN ('PLACED', 'FULFILLED')
);

UPDATE orders SET payment_status = 'PAID'
WHERE total_cost_minor = 0 AND mass_g > 0 AND payment_status = 'ISSUED' AND source <> 'import'
    AND status IN ('PLACED', 'FULFILLED');
