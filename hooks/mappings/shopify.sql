-- Shopify: webhooks of orders (orders/paid, orders/updated)
-- An order that is paid is one sale at its total, with tax and shipping; each refund of an order that is updated is a refund of
-- what was paid back. Ids are those of the export's preset, which goes by an order's name (#1001).
-- words channel: web = web, pos = store, * = web

-- to: purchases
SELECT 'shopify:' || (value ->> '$.name') || ':sale' AS event_id, coalesce(filled(value ->> '$.email'), filled(value ->> '$.contact_email'),
        value ->> '$.customer.email') AS account_id,
    moment(value ->> '$.created_at') AS occurred_at, money(value ->> '$.total_price') AS amount, value ->> '$.currency' AS currency,
    'sale' AS entry, value ->> '$.name' AS order_id,
    CASE WHEN money(value ->> '$.total_discounts') > 0
        THEN money(value ->> '$.total_price') + money(value ->> '$.total_discounts') END AS list_price,
    filled(value ->> '$.discount_codes[0].code') AS discount_code,
    list_sum(list_transform(CAST(json_extract(value, '$.line_items[*].quantity') AS VARCHAR[]), lambda q: number(q))) AS quantity,
    word('purchases.channel', coalesce(value ->> '$.source_name', 'web')) AS channel
FROM records WHERE headers ->> '$."x-shopify-topic"' = 'orders/paid';

-- to: purchases
SELECT _line, _file, 'shopify:' || (value ->> '$.name') || ':refund:' || CAST(sum(paid_back) OVER (PARTITION BY _line ORDER BY paid_at, id) AS DECIMAL(26, 2))
        AS event_id, account_id, moment(paid_at) AS occurred_at, CAST(paid_back AS DECIMAL(26, 3)) AS amount, currency, 'refund' AS entry,
    value ->> '$.name' AS order_id, word('purchases.channel', coalesce(value ->> '$.source_name', 'web')) AS channel
FROM (
    SELECT _line, _file, value, account_id, currency, refund ->> '$.id' AS id, refund ->> '$.created_at' AS paid_at,
        list_sum(list_transform(list_filter(CAST(refund -> '$.transactions' AS JSON[]),
            lambda t: t ->> '$.kind' = 'refund' AND t ->> '$.status' = 'success'), lambda t: money(t ->> '$.amount'))) AS paid_back
    FROM (
        SELECT _line, _file, value, coalesce(filled(value ->> '$.email'), filled(value ->> '$.contact_email'), value ->> '$.customer.email')
            AS account_id, value ->> '$.currency' AS currency, unnest(CAST(value -> '$.refunds' AS JSON[])) AS refund
        FROM records WHERE headers ->> '$."x-shopify-topic"' = 'orders/updated'
    )
) WHERE paid_back > 0;
