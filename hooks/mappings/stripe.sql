-- Stripe: webhooks of charges (charge.succeeded, charge.refunded)
-- A charge that succeeded is a sale, and each amount paid back of it a refund, under the ids of the export's preset: who imports
-- and listens counts each once. Amounts come in the currency's smallest unit. Payment intents and invoices say the same once
-- more, and are left out. Accounts are customers; a charge without one goes by its billing address.

-- to: purchases
SELECT 'stripe:' || (value ->> '$.data.object.id') AS event_id,
    coalesce(value ->> '$.data.object.customer', value ->> '$.data.object.billing_details.email') AS account_id,
    moment(value ->> '$.data.object.created', 'UTC') AS occurred_at,
    CAST((value ->> '$.data.object.amount')::DECIMAL(18, 0) / CASE WHEN upper(value ->> '$.data.object.currency') IN
        ('BIF', 'CLP', 'DJF', 'GNF', 'JPY', 'KMF', 'KRW', 'MGA', 'PYG', 'RWF', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1
        WHEN upper(value ->> '$.data.object.currency') IN ('BHD', 'JOD', 'KWD', 'OMR', 'TND') THEN 1000 ELSE 100 END AS DECIMAL(26, 3)) AS amount,
    upper(value ->> '$.data.object.currency') AS currency, 'sale' AS entry,
    coalesce(value ->> '$.data.object.invoice', value ->> '$.data.object.id') AS order_id
FROM records
WHERE value ->> '$.type' = 'charge.succeeded' AND coalesce(value ->> '$.data.object.captured', 'true') = 'true';

-- to: purchases
WITH refunds AS (
    SELECT _line, _file, value, (value ->> '$.data.object.amount_refunded')::DECIMAL(18, 0) AS refunded,
        coalesce((value ->> '$.data.previous_attributes.amount_refunded')::DECIMAL(18, 0), 0) AS before,
        CASE WHEN upper(value ->> '$.data.object.currency') IN
            ('BIF', 'CLP', 'DJF', 'GNF', 'JPY', 'KMF', 'KRW', 'MGA', 'PYG', 'RWF', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1
            WHEN upper(value ->> '$.data.object.currency') IN ('BHD', 'JOD', 'KWD', 'OMR', 'TND') THEN 1000 ELSE 100 END AS unit
    FROM records WHERE value ->> '$.type' = 'charge.refunded'
)
SELECT _line, _file, 'stripe:' || (value ->> '$.data.object.id') || ':refund:' || CAST(refunded / unit AS DECIMAL(26, 2)) AS event_id,
    coalesce(value ->> '$.data.object.customer', value ->> '$.data.object.billing_details.email') AS account_id,
    moment(value ->> '$.created', 'UTC') AS occurred_at, CAST((refunded - before) / unit AS DECIMAL(26, 3)) AS amount,
    upper(value ->> '$.data.object.currency') AS currency, 'refund' AS entry,
    coalesce(value ->> '$.data.object.invoice', value ->> '$.data.object.id') AS order_id
FROM refunds WHERE refunded > before;
