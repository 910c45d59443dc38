-- Zendesk: webhooks of tickets (Ticket created, Ticket status changed)
-- A ticket is opened, and resolved when its status becomes solved. Accounts are the requesters' ids, for an event has no address:
-- import with --account "Requester id", or give a mapping that takes $.detail.organization_id.
-- words tickets.kind: question = question, incident = incident, problem = incident, task = requirement_change
-- words tickets.channel: mail = email, email = email, web = web, web_form = web, help_center = web, voice = phone, phone = phone
-- words tickets.channel: *chat* = chat, *messag* = chat, facebook = chat, twitter = chat, whatsapp = chat, sms = phone, api = bot
-- words tickets.channel: web_service = bot, closed_ticket = web, mobile* = web, * = web

-- to: tickets
SELECT 'zendesk:' || (value ->> '$.detail.id') || ':opened' AS event_id, value ->> '$.detail.requester_id' AS account_id,
    moment(value ->> '$.detail.created_at') AS occurred_at, value ->> '$.detail.id' AS ticket_id, 'opened' AS status,
    word('tickets.kind', lower(coalesce(filled(value ->> '$.detail.type'), 'question'))) AS kind,
    word('tickets.channel', lower(coalesce(value ->> '$.detail.via.channel', 'web'))) AS channel, 'account' AS initiator
FROM records WHERE value ->> '$.type' = 'zen:event-type:ticket.created';

-- to: tickets
SELECT 'zendesk:' || (value ->> '$.detail.id') || ':resolved' AS event_id, value ->> '$.detail.requester_id' AS account_id,
    moment(value ->> '$.time') AS occurred_at, value ->> '$.detail.id' AS ticket_id, 'resolved' AS status,
    word('tickets.kind', lower(coalesce(filled(value ->> '$.detail.type'), 'question'))) AS kind,
    word('tickets.channel', lower(coalesce(value ->> '$.detail.via.channel', 'web'))) AS channel
FROM records WHERE value ->> '$.type' = 'zen:event-type:ticket.status_changed' AND upper(value ->> '$.event.current') = 'SOLVED';
