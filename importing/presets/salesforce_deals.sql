-- Salesforce: opportunities (a report's or Data Loader's CSV)
-- An opportunity that was won is a purchase of its amount on its close date. All others are told and are no purchase.
-- column deal_id: Opportunity ID | OpportunityId | Id | Opportunity Name
-- column account_id: Account ID | AccountId | Account Name
-- column stage: Stage | StageName !
-- column amount: Amount
-- column currency?: Amount Currency | CurrencyIsoCode | Currency | Opportunity Currency
-- column closed_on: Close Date | CloseDate !
-- column won?: Won | IsWon
-- column name: Opportunity Name | Opportunity ID | StageName | ForecastCategory !

-- to: told
SELECT _line, _file, 'is no purchase: ' || lower(coalesce(stage, 'no stage')) AS reason, 'stage' AS "column" FROM file
WHERE NOT coalesce(yes(won), lower(coalesce(stage, '')) LIKE '%won%');

-- to: purchases
SELECT _line, 'salesforce:opportunity:' || deal_id AS event_id, id_of(account_id) AS account_id, moment(closed_on) AS occurred_at,
    money(amount) AS amount, currency(currency, amount) AS currency, 'sale' AS entry, 'service' AS kind, 'rep' AS channel,
    'opportunity:' || deal_id AS order_id
FROM file WHERE coalesce(yes(won), lower(coalesce(stage, '')) LIKE '%won%');
