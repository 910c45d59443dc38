-- WooCommerce: orders (Analytics > Orders, or an order export plugin)
-- One line an order, or one a product with the order's own columns repeated: both come to one sale at the order's total, and one
-- refund of what was paid back. Orders that are pending, on hold, failed or cancelled are no sale.
-- column order_id: Order Number | Order # | Order ID | order_number | order_id
-- column account_id: Customer ID | Customer User ID | Customer | Email (Billing) | Billing Email | billing_email | Customer Email
-- column status: Order Status | Status | Bestellstatus !
-- column created_at: Order Date | Date | Date Created | order_date | Bestelldatum
-- column currency?: Currency | Order Currency | order_currency | Währung
-- column total: Order Total Amount | Order Total | order_total | Total | Total Sales | N. Revenue | Net Sales | Bestellsumme
-- column refunded?: Order Refund Amount | Refunded Total | Total Refunded | Amount Refunded | total_refunded
-- column code?: Coupon Code | Coupon(s) | Coupons | Coupon Items
-- column discount?: Cart Discount Amount | Discount Amount | Discount Total | cart_discount
-- column quantity?: Items Sold | Total Items | Quantity | Item Quantity | Menge
-- column telling: Order Number | Order # | order_number !

-- to: told
SELECT min(_line) AS _line, min(_file) AS _file, 'is no sale: ' || lower(max(status)) AS reason, 'status' AS "column"
FROM file GROUP BY _file, order_id
HAVING NOT regexp_matches(lower(coalesce(max(status), '')), 'completed|processing|refunded|abgeschlossen|bearbeitung|erstattet');

-- to: purchases
WITH orders AS (
    SELECT _file, min(_line) AS _line, order_id, arg_min(account_id, _line) AS account_id,
        arg_min(created_at, _line) AS created_at, arg_min(total, _line) AS total, arg_min(currency, _line) AS currency,
        lower(arg_min(status, _line)) AS status, arg_min(code, _line) AS code, arg_min(discount, _line) AS discount,
        sum(number(quantity)) AS quantity
    FROM file GROUP BY _file, order_id
)
SELECT _file, _line, 'woocommerce:' || order_id || ':sale' AS event_id, id_of(account_id) AS account_id, moment(created_at) AS occurred_at,
    money(total) AS amount, currency(currency, total) AS currency, 'sale' AS entry, order_id,
    CASE WHEN money(discount) > 0 THEN money(total) + money(discount) END AS list_price,
    filled(code) AS discount_code, quantity, 'web' AS channel
FROM orders WHERE regexp_matches(status, 'completed|processing|refunded|abgeschlossen|bearbeitung|erstattet');

-- to: purchases
WITH orders AS (
    SELECT _file, min(_line) AS _line, order_id, arg_min(account_id, _line) AS account_id,
        arg_min(created_at, _line) AS created_at, lower(arg_min(status, _line)) AS status,
        coalesce(arg_min(refunded, _line), CASE WHEN regexp_matches(lower(arg_min(status, _line)), '^(wc-)?(refunded|erstattet)')
            THEN arg_min(total, _line) END) AS refunded, arg_min(currency, _line) AS currency
    FROM file GROUP BY _file, order_id
)
SELECT _file, _line, 'woocommerce:' || order_id || ':refund:' || abs(money(refunded))::DECIMAL(26, 2) AS event_id, id_of(account_id) AS account_id,
    moment(created_at) AS occurred_at, abs(money(refunded)) AS amount, currency(currency, refunded) AS currency,
    'refund' AS entry, order_id, 'web' AS channel
FROM orders WHERE regexp_matches(status, 'completed|processing|refunded|abgeschlossen|bearbeitung|erstattet')
    AND money(refunded) <> 0 AND id_of(account_id) IS NOT NULL;
