-- Orders of a shop's table: what is paid is a sale
-- `value` is the row. Set decimal.handling.mode to string, so that no digit is lost; created_at is in microseconds since 1970.
-- words purchases.channel: till = store, site = web

-- to: purchases
SELECT 'order:' || (value ->> '$.id') AS event_id, value ->> '$.customer' AS account_id, moment(value ->> '$.created_at') AS occurred_at,
    money(value ->> '$.total') AS amount, value ->> '$.currency' AS currency, 'sale' AS entry, value ->> '$.id' AS order_id,
    word('purchases.channel', value ->> '$.source') AS channel
FROM records
WHERE value ->> '$.status' = 'paid';
