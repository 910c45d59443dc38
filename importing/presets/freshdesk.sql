-- Freshdesk: tickets (Tickets > Export)
-- A ticket is opened at its created time, resolved at its resolved time, and closed at its closed time; whether the agreed time was
-- kept comes with the resolution. Accounts are the contacts' addresses; --account "Company Name" takes firms.
-- column ticket_id: Ticket ID !
-- column account_id: Email | Contact ID | Requester Email | Full name
-- column source?: Source
-- column type?: Type
-- column created_at: Created time !
-- column resolved_at: Resolved time !
-- column closed_at?: Closed time
-- column sla?: Resolution status
-- column survey?: Survey results | Survey Result
-- words tickets.kind: Question = question, Incident = incident, Problem = incident, Feature Request = requirement_change
-- words tickets.kind: Refund = complaint, Service Request = requirement_change, Lead = question, Complaint = complaint
-- words tickets.channel: Email = email, Portal = web, Phone = phone, Chat = chat, Feedback Widget = web, Outbound Email = email
-- words tickets.channel: Mobihelp = chat, Whatsapp = chat, Facebook = chat, Twitter = chat, Bot = bot, Forum = web, Ecommerce = web

-- to: tickets
SELECT _line, 'freshdesk:' || ticket_id || ':opened' AS event_id, id_of(account_id) AS account_id, moment(created_at) AS occurred_at, ticket_id,
    'opened' AS status, word('tickets.kind', coalesce(filled(type), 'question')) AS kind,
    word('tickets.channel', source) AS channel, CASE WHEN source ILIKE 'outbound%' THEN 'us' ELSE 'account' END AS initiator
FROM file;

-- to: tickets
SELECT _line, 'freshdesk:' || ticket_id || ':resolved:' || coalesce(filled(survey), '') AS event_id, id_of(account_id) AS account_id,
    moment(resolved_at) AS occurred_at, ticket_id, 'resolved' AS status,
    word('tickets.kind', coalesce(filled(type), 'question')) AS kind, word('tickets.channel', source) AS channel,
    CASE WHEN sla ILIKE 'within%' THEN true WHEN sla ILIKE '%violat%' THEN false END AS sla_met,
    CASE WHEN survey ILIKE 'extremely happy%' THEN 5 WHEN survey ILIKE 'extremely unhappy%' THEN 1 WHEN survey ILIKE 'unhappy%' THEN 2
        WHEN survey ILIKE 'very happy%' THEN 4.5 WHEN survey ILIKE 'happy%' THEN 4 WHEN survey ILIKE 'neutral%' THEN 3 END AS csat
FROM file WHERE filled(resolved_at) IS NOT NULL;

-- to: tickets
SELECT _line, 'freshdesk:' || ticket_id || ':closed' AS event_id, id_of(account_id) AS account_id, moment(closed_at) AS occurred_at, ticket_id,
    'closed' AS status, word('tickets.kind', coalesce(filled(type), 'question')) AS kind, word('tickets.channel', source) AS channel
FROM file WHERE filled(closed_at) IS NOT NULL;
