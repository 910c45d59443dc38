-- HubSpot: webhooks of a workflow of deals ("Send a webhook", customised body)
-- HubSpot's own subscriptions tell one property at a time, without the company or the amount: of these nothing is a message, and
-- they are left out. A workflow can send a whole deal when it is won, with these keys in its body: deal_id, account_id (the
-- associated company's record ID), amount, currency, closed_at.

-- to: purchases
SELECT 'hubspot:deal:' || (value ->> '$.deal_id') AS event_id, id_of(value ->> '$.account_id') AS account_id,
    moment(value ->> '$.closed_at', 'UTC') AS occurred_at, money(value ->> '$.amount') AS amount,
    currency(value ->> '$.currency') AS currency, 'sale' AS entry, 'service' AS kind, 'rep' AS channel,
    'deal:' || (value ->> '$.deal_id') AS order_id
FROM records WHERE value ->> '$.deal_id' IS NOT NULL;
