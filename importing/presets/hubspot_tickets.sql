-- HubSpot: tickets (Service > Tickets > Export)
-- A ticket is opened at its create date and closed at its close date. Of several associated ones the first counts.
-- column ticket_id: Record ID | Ticket ID
-- column account_id: Associated Company IDs | Associated Company ID | Associated Company | Associated Contact IDs | Associated Contact
-- column name: Ticket name | Ticket Name !
-- column created_at: Create date | Create Date
-- column closed_at?: Close date | Close Date
-- column category?: Category
-- column source?: Source
-- column status: Ticket status | Ticket Status !
-- words tickets.kind: *product*issue* = incident, *billing*issue* = complaint, *feature*request* = requirement_change
-- words tickets.kind: *general*inquiry* = question
-- words tickets.channel: EMAIL = email, FORM = web, CHAT = chat, PHONE = phone, Chat* = chat, Form* = web

-- to: tickets
SELECT _line, 'hubspot:ticket:' || ticket_id || ':opened' AS event_id, id_of(split_part(account_id, ';', 1)) AS account_id, moment(created_at) AS occurred_at, ticket_id,
    'opened' AS status, word('tickets.kind', coalesce(filled(category), 'question')) AS kind,
    word('tickets.channel', source) AS channel, 'account' AS initiator
FROM file;

-- to: tickets
SELECT _line, 'hubspot:ticket:' || ticket_id || ':closed' AS event_id, id_of(split_part(account_id, ';', 1)) AS account_id, moment(closed_at) AS occurred_at, ticket_id,
    'closed' AS status, word('tickets.kind', coalesce(filled(category), 'question')) AS kind, word('tickets.channel', source) AS channel
FROM file WHERE filled(closed_at) IS NOT NULL;
