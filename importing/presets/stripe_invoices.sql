-- Stripe: invoices (Invoices > Export)
-- An invoice that was paid, in whole or in part, is a sale of what was paid, with the day it was due and the day it was paid. Those
-- of a subscription are of that kind. Drafts, open, void and uncollectible invoices with nothing paid are no sale. Times are UTC.
-- column invoice_id: id !
-- column number?: Number | Invoice Number
-- column account_id: Customer ID | Customer
-- column created_at: Date (UTC) | Created (UTC) | Finalized At (UTC) | Created | Date
-- column due?: Due Date (UTC) | Due Date
-- column paid?: Paid At (UTC) | Paid At | Paid Date (UTC)
-- column amount: Amount Paid !
-- column amount_due: Amount Due !
-- column currency: Currency
-- column status?: Status
-- column subscription?: Subscription | Subscription ID

-- to: told
SELECT _line, _file, 'is no sale: nothing of it is paid (' || lower(coalesce(status, 'no status')) || ')' AS reason, 'amount' AS "column"
FROM file WHERE money(amount) = 0;

-- to: purchases
SELECT _line, 'stripe:' || invoice_id || ':' || money(amount)::DECIMAL(26, 2) AS event_id, id_of(account_id) AS account_id,
    moment(created_at, 'UTC') AS occurred_at, money(amount) AS amount, currency(currency, amount) AS currency,
    CASE WHEN filled(subscription) IS NOT NULL THEN 'subscription' ELSE 'service' END AS kind,
    calendar_day(due) AS due_on, calendar_day(paid) AS paid_on, coalesce(filled(number), invoice_id) AS order_id,
    filled(subscription) AS contract_id
FROM file WHERE money(amount) <> 0 OR money(amount) IS NULL;
