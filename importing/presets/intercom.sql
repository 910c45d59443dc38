-- Intercom: conversations (Reports > Export conversation data)
-- A conversation is a ticket, opened when it was started and closed when it was closed last, with the customer's rating of 1 to 5.
-- Accounts are the users' addresses; --account "User ID" or --account "Company name" takes others.
-- column ticket_id: Conversation ID | Conversation id !
-- column account_id: User email | Contact email | Email | User ID | User external ID
-- column created_at: Conversation started at | Started at | Created at | Conversation created at | Conversation started at (UTC)
-- column closed_at?: Last closed at | Closed at | Conversation closed at | First closed at
-- column rating?: Conversation rating | Rating | CSAT rating | Last conversation rating
-- column channel?: Channel | Source type | Started channel
-- column type?: Ticket type | Type | Topic
-- words tickets.channel: Chat = chat, Messenger = chat, Email = email, Phone* = phone, Facebook = chat, Instagram = chat
-- words tickets.channel: Twitter = chat, WhatsApp = chat, SMS = phone, API = bot, Web* = web, In-app = chat, push = chat
-- words tickets.kind: Customer = question, Back-office = requirement_change, Tracker = incident, Incident = incident, * = question

-- to: tickets
SELECT _line, 'intercom:' || ticket_id || ':opened' AS event_id, id_of(account_id) AS account_id, moment(created_at) AS occurred_at, ticket_id,
    'opened' AS status, word('tickets.kind', coalesce(filled(type), 'question')) AS kind,
    word('tickets.channel', channel) AS channel, 'account' AS initiator
FROM file;

-- to: tickets
SELECT _line, 'intercom:' || ticket_id || ':closed:' || coalesce(filled(rating), '') AS event_id, id_of(account_id) AS account_id,
    moment(closed_at) AS occurred_at, ticket_id, 'closed' AS status,
    word('tickets.kind', coalesce(filled(type), 'question')) AS kind, word('tickets.channel', channel) AS channel,
    number(rating) AS csat
FROM file WHERE filled(closed_at) IS NOT NULL;
