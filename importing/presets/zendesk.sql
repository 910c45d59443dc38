-- Zendesk: tickets (a view's or a report's CSV)
-- A ticket is opened at Created, and resolved at Solved with what the customer said of it: Good is 5 of 5, Bad 1. Accounts are the
-- requesters' addresses; --account "Requester id" or --account Organization takes others.
-- column ticket_id: Id | Ticket ID | ID
-- column account_id: Requester email | Requester id | Requester
-- column via?: Via | Channel | Ticket channel
-- column type?: Ticket type | Type
-- column created_at: Created at | Ticket created | Created
-- column solved_at: Solved at | Ticket solved | Solved !
-- column score?: Satisfaction Score | Satisfaction rating | Satisfaction
-- column requester: Requester | Requester id | Requester email !
-- words tickets.kind: Question = question, Incident = incident, Problem = incident, Task = requirement_change, - = question
-- words tickets.channel: Mail = email, E-Mail = email, Web* = web, Help Center* = web, Phone* = phone, Voicemail = phone, Chat* = chat
-- words tickets.channel: Messaging = chat, Facebook* = chat, Twitter* = chat, WhatsApp* = chat, Text* = phone, API = bot
-- words tickets.channel: Web Service (API) = bot, Closed Ticket = web, Mobile* = web

-- to: tickets
SELECT _line, 'zendesk:' || ticket_id || ':opened' AS event_id, id_of(account_id) AS account_id, moment(created_at) AS occurred_at, ticket_id,
    'opened' AS status, word('tickets.kind', coalesce(filled(type), 'question')) AS kind,
    word('tickets.channel', via) AS channel, 'account' AS initiator
FROM file;

-- to: tickets
SELECT _line, 'zendesk:' || ticket_id || ':resolved' || CASE WHEN regexp_matches(lower(score), '^(good|bad)') THEN ':rated' ELSE '' END AS event_id,
    id_of(account_id) AS account_id, moment(solved_at) AS occurred_at, ticket_id, 'resolved' AS status,
    word('tickets.kind', coalesce(filled(type), 'question')) AS kind, word('tickets.channel', via) AS channel,
    CASE WHEN lower(score) LIKE 'good%' THEN 5 WHEN lower(score) LIKE 'bad%' THEN 1 END AS csat
FROM file WHERE filled(solved_at) IS NOT NULL;
