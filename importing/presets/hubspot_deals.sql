-- HubSpot: deals (Sales > Deals > Export)
-- A deal that was won is a purchase of its amount on its close date. All others are told and are no purchase. Of several associated ones the first counts.
-- column deal_id: Record ID | Deal ID
-- column account_id: Associated Company IDs | Associated Company ID | Associated Company | Associated Contact IDs | Associated Contact
-- column stage: Deal Stage !
-- column name: Deal Name !
-- column amount: Amount | Amount in company currency
-- column currency?: Currency | Deal Currency Code
-- column closed_at: Close Date
-- column won?: Is Closed Won | Is closed won
-- column type?: Deal Type
-- column pipeline?: Pipeline

-- to: told
SELECT _line, _file, 'is no purchase: ' || lower(coalesce(stage, 'no stage')) AS reason, 'stage' AS "column" FROM file
WHERE NOT coalesce(yes(won), regexp_matches(lower(coalesce(stage, '')), 'closed ?won|^won|gewonnen|gagné'));

-- to: purchases
SELECT _line, 'hubspot:deal:' || deal_id AS event_id, id_of(split_part(account_id, ';', 1)) AS account_id, moment(closed_at) AS occurred_at, money(amount) AS amount,
    currency(currency, amount) AS currency, 'sale' AS entry, 'service' AS kind, 'rep' AS channel, 'deal:' || deal_id AS order_id
FROM file WHERE coalesce(yes(won), regexp_matches(lower(coalesce(stage, '')), 'closed ?won|^won|gewonnen|gagné'));
