-- Shopify: orders (Orders > Export, plain CSV)
-- One order may have several lines, and its own columns stand on the first of them only. An order is one sale at its total, with
-- tax and shipping, and one refund of what was paid back. Orders that were voided, or never paid, are no sale.
-- column order_id: Name !
-- column account_id: Email | Customer Email
-- column status: Financial Status !
-- column paid_at?: Paid at
-- column created_at: Created at
-- column cancelled_at?: Cancelled at
-- column currency: Currency
-- column total: Total
-- column refunded?: Refunded Amount
-- column code?: Discount Code
-- column discount?: Discount Amount
-- column quantity: Lineitem quantity !
-- column source?: Source
-- words channel: web = web, pos = store, * = web

-- to: told
SELECT min(_line) AS _line, min(_file) AS _file, 'is no sale: ' || lower(max(status)) AS reason, 'status' AS "column"
FROM file GROUP BY _file, order_id
HAVING lower(max(status)) NOT IN ('paid', 'partially_paid', 'partially_refunded', 'refunded');

-- to: purchases
WITH orders AS (
    SELECT _file, min(_line) AS _line, order_id, arg_min(account_id, _line) AS account_id,
        arg_min(created_at, _line) AS created_at, arg_min(total, _line) AS total, arg_min(currency, _line) AS currency,
        lower(arg_min(status, _line)) AS status, arg_min(code, _line) AS code, arg_min(discount, _line) AS discount,
        sum(number(quantity)) AS quantity, arg_min(source, _line) AS source
    FROM file GROUP BY _file, order_id
)
SELECT _file, _line, 'shopify:' || order_id || ':sale' AS event_id, id_of(account_id) AS account_id, moment(created_at) AS occurred_at,
    money(total) AS amount, currency(currency, total) AS currency, 'sale' AS entry, order_id,
    CASE WHEN money(discount) > 0 THEN money(total) + money(discount) END AS list_price,
    filled(code) AS discount_code, quantity, word('purchases.channel', coalesce(source, 'web')) AS channel
FROM orders WHERE status IN ('paid', 'partially_paid', 'partially_refunded', 'refunded');

-- to: purchases
WITH orders AS (
    SELECT _file, min(_line) AS _line, order_id, arg_min(account_id, _line) AS account_id,
        coalesce(arg_min(cancelled_at, _line), arg_min(paid_at, _line), arg_min(created_at, _line)) AS paid_at,
        arg_min(refunded, _line) AS refunded, arg_min(currency, _line) AS currency,
        lower(arg_min(status, _line)) AS status, arg_min(source, _line) AS source
    FROM file GROUP BY _file, order_id
)
SELECT _file, _line, 'shopify:' || order_id || ':refund:' || money(refunded)::DECIMAL(26, 2) AS event_id, id_of(account_id) AS account_id,
    moment(paid_at) AS occurred_at, money(refunded) AS amount, currency(currency, refunded) AS currency, 'refund' AS entry,
    order_id, word('purchases.channel', coalesce(source, 'web')) AS channel
FROM orders WHERE status IN ('paid', 'partially_paid', 'partially_refunded', 'refunded') AND money(refunded) > 0
    AND id_of(account_id) IS NOT NULL;
