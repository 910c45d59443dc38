-- Jira Service Management: issues (Filters > Export CSV)
-- A request is opened at Created and resolved at Resolved, with the satisfaction of 1 to 5 stars. Accounts are the organizations,
-- or the reporters where there is none; --account Reporter takes these.
-- column ticket_id: Issue key | Key !
-- column account_id: Organizations | Custom field (Organizations) | Organization | Reporter Id | Reporter
-- column type?: Issue Type
-- column request?: Custom field (Request Type) | Customer Request Type | Request Type
-- column created_at: Created
-- column resolved_at: Resolved !
-- column score?: Satisfaction rating | Custom field (Satisfaction) | Satisfaction
-- column channel?: Custom field (Channel) | Request Channel | Channel Type | Channel
-- column reporter: Reporter | Creator !
-- words tickets.kind: *Incident* = incident, *Bug* = incident, *Problem* = incident, *Change* = requirement_change
-- words tickets.kind: *Service Request* = requirement_change, *Question* = question, *Complaint* = complaint, *Feedback* = feedback
-- words tickets.kind: *Suggestion* = feedback, *Improvement* = requirement_change, *New Feature* = requirement_change, Task = requirement_change
-- words tickets.kind: Support = question, *Request* = requirement_change, Story = requirement_change, Ask a question = question
-- words tickets.channel: portal = web, email = email, jira = web, API = bot, widget = web, chat = chat, anonymousportal = web

-- to: tickets
SELECT _line, 'jira:' || ticket_id || ':opened' AS event_id, id_of(account_id) AS account_id, moment(created_at) AS occurred_at, ticket_id,
    'opened' AS status, word('tickets.kind', coalesce(filled(type), 'question')) AS kind,
    word('tickets.channel', channel) AS channel, 'account' AS initiator
FROM file;

-- to: tickets
SELECT _line, 'jira:' || ticket_id || ':resolved:' || coalesce(filled(score), '') AS event_id, id_of(account_id) AS account_id,
    moment(resolved_at) AS occurred_at, ticket_id, 'resolved' AS status,
    word('tickets.kind', coalesce(filled(type), 'question')) AS kind, word('tickets.channel', channel) AS channel,
    number(score) AS csat
FROM file WHERE filled(resolved_at) IS NOT NULL;
