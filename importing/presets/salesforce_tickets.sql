-- Salesforce: cases (a report's or Data Loader's CSV)
-- A case is opened and closed at its times.
-- column ticket_id: Case Number | CaseNumber | Case ID | Id !
-- column account_id: Account ID | AccountId | Account Name
-- column type?: Type | Case Type
-- column origin: Case Origin | Origin !
-- column created_at: Date/Time Opened | Opened Date | CreatedDate | Created Date | Date Opened
-- column closed_at?: Date/Time Closed | Closed Date | ClosedDate | Date Closed
-- words tickets.kind: Problem = incident, Question = question, Feature Request = requirement_change, Electrical = incident
-- words tickets.kind: Mechanical = incident, Electronic = incident, Structural = incident, Other = question
-- words tickets.channel: Email = email, Phone = phone, Web = web, Chat = chat, Social = chat, Facebook = chat, Twitter = chat

-- to: tickets
SELECT _line, 'salesforce:case:' || ticket_id || ':opened' AS event_id, id_of(account_id) AS account_id, moment(created_at) AS occurred_at, ticket_id,
    'opened' AS status, word('tickets.kind', coalesce(filled(type), 'question')) AS kind, word('tickets.channel', origin) AS channel,
    'account' AS initiator
FROM file;

-- to: tickets
SELECT _line, 'salesforce:case:' || ticket_id || ':closed' AS event_id, id_of(account_id) AS account_id, moment(closed_at) AS occurred_at, ticket_id,
    'closed' AS status, word('tickets.kind', coalesce(filled(type), 'question')) AS kind, word('tickets.channel', origin) AS channel
FROM file WHERE filled(closed_at) IS NOT NULL;
