-- Stripe: payments (Payments > Export)
-- A payment that was taken is a sale, and what was paid back of it a refund. Failed, incomplete and uncaptured payments are no
-- sale. Times are UTC, as the export's columns say. --account "Customer ID|Customer Email" takes the address where there is no id.
-- column payment_id: id !
-- column account_id: Customer ID | Customer
-- column created_at: Created date (UTC) | Created (UTC) | Created | created
-- column refunded_at?: Refunded date (UTC) | Refunded (UTC)
-- column amount: Amount
-- column refunded: Amount Refunded !
-- column currency: Currency
-- column status: Status
-- column captured?: Captured
-- column invoice?: Invoice ID | Invoice Number
-- column object?: object
-- column fee: Fee | Captured | Seller Message | Card ID !

-- to: told
SELECT _line, _file, CASE WHEN regexp_matches(lower(coalesce(status, '')), '^(paid|succeeded|refunded|partial)')
    THEN 'is no sale: not captured' ELSE 'is no sale: ' || lower(coalesce(status, 'no status')) END AS reason, 'status' AS "column"
FROM file
WHERE object IS NULL AND (NOT regexp_matches(lower(coalesce(status, '')), '^(paid|succeeded|refunded|partial|disput)') OR NOT coalesce(yes(captured), true));

-- to: told
SELECT _line, _file, 'is of the API, whose amounts are in cents: export CSV, or divide by 100 in a mapping' AS reason, 'object' AS "column"
FROM file WHERE object IS NOT NULL;

-- to: purchases
SELECT _line, 'stripe:' || payment_id AS event_id, id_of(account_id) AS account_id, moment(created_at, 'UTC') AS occurred_at, money(amount) AS amount,
    currency(currency, amount) AS currency, 'sale' AS entry, coalesce(filled(invoice), payment_id) AS order_id
FROM file
WHERE regexp_matches(lower(coalesce(status, '')), '^(paid|succeeded|refunded|partial|disput)') AND coalesce(yes(captured), true)
    AND object IS NULL;

-- to: purchases
SELECT _line, 'stripe:' || payment_id || ':refund:' || money(refunded)::DECIMAL(26, 2) AS event_id, id_of(account_id) AS account_id,
    moment(coalesce(refunded_at, created_at), 'UTC') AS occurred_at, money(refunded) AS amount,
    currency(currency, refunded) AS currency, 'refund' AS entry, coalesce(filled(invoice), payment_id) AS order_id
FROM file
WHERE regexp_matches(lower(coalesce(status, '')), '^(paid|succeeded|refunded|partial|disput)') AND coalesce(yes(captured), true)
    AND object IS NULL AND money(refunded) > 0 AND id_of(account_id) IS NOT NULL;
