-- Square: items sold (Transactions > Export > Items detail)
-- A line is a sale of an item, without tax, or a refund; the lines of a transaction are one order. Gross above net sales is a list
-- price. Dates have the month first, as in the exports of accounts in the United States.
-- dates: month
-- column day: Date
-- column clock: Time
-- column time_zone: Time Zone !
-- column category?: Category
-- column item?: Item
-- column quantity: Qty | Quantity
-- column gross: Gross Sales !
-- column amount: Net Sales | Net Total
-- column transaction_id: Transaction ID !
-- column account_id: Customer ID | Customer Reference ID | Customer Name
-- column event?: Event Type
-- column currency?: Currency

-- to: purchases
SELECT _line, _file,
    'square:' || transaction_id || ':' || row_number() OVER (PARTITION BY _file, transaction_id ORDER BY _line) AS event_id,
    id_of(account_id) AS account_id, moment(day || ' ' || clock, time_zone) AS occurred_at, abs(money(amount)) AS amount,
    currency(currency, amount) AS currency,
    CASE WHEN lower(event) LIKE '%refund%' OR money(amount) < 0 THEN 'refund' ELSE 'sale' END AS entry,
    CASE WHEN money(gross) > money(amount) AND money(amount) >= 0 THEN money(gross) END AS list_price,
    abs(number(quantity)) AS quantity, filled(category) AS category, transaction_id AS order_id, 'store' AS channel
FROM file;
