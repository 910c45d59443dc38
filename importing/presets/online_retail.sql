-- Wholesale invoices by the line (the columns of UCI's Online Retail and Online Retail II)
-- Quantity times price, added up for an invoice and its customer. Invoices that begin with C cancel, and are refunds. The shop is
-- in Great Britain: pounds, its time, and dates with the month first as the set was published.
-- currency: GBP
-- zone: Europe/London
-- dates: month
-- column invoice: InvoiceNo | Invoice
-- column stock: StockCode !
-- column quantity: Quantity !
-- column invoiced_at: InvoiceDate !
-- column price: UnitPrice | Price
-- column account_id: CustomerID | Customer ID

-- to: told
SELECT _line, _file, 'account_id is empty' AS reason, 'account_id' AS "column" FROM file WHERE id_of(account_id) IS NULL;

-- to: purchases
SELECT min(_line) AS _line, min(_file) AS _file, 'invoice:' || invoice || ':' || id_of(account_id) AS event_id,
    id_of(account_id) AS account_id, min(moment(invoiced_at)) AS occurred_at,
    abs(sum(number(quantity) * money(price))) AS amount, currency(NULL) AS currency,
    CASE WHEN invoice ILIKE 'C%' OR sum(number(quantity) * money(price)) < 0 THEN 'refund' ELSE 'sale' END AS entry,
    abs(sum(number(quantity))) AS quantity, invoice AS order_id
FROM file WHERE id_of(account_id) IS NOT NULL GROUP BY _file, invoice, account_id;
