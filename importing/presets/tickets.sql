-- Tickets, a line each: any table with an account, a number and a day of opening
-- Columns are known by their names in English, German and French; --map FIELD=COLUMN says others. A ticket is opened, and resolved
-- where the table says when. What kinds there are has to be said: --words 'kind:Störung=incident,*=question'.
-- column account_id: account_id | Account ID | Account | Customer ID | Customer | Requester Email | Requester | Caller | Client | Reporter | Company | Organization | Kundennummer | Kunde | Melder | Demandeur | Email | E-Mail
-- column ticket_id: ticket_id | Ticket ID | Ticket No | Ticket Number | Ticket | Case Number | Case ID | Incident | Number | ID | Ticketnummer | Ticket-Nr | Vorgang | Numéro
-- column opened_at: occurred_at | Opened at | Opened | Created at | Created | Created Date | Open Date | Date | Eröffnet | Erstellt | Erstellt am | Geöffnet am | Datum | Ouvert le | Créé le
-- column resolved_at?: Resolved at | Resolved | Solved at | Solved | Closed at | Closed | Close Date | Gelöst | Gelöst am | Geschlossen | Geschlossen am | Erledigt am | Résolu le | Fermé le
-- column kind?: kind | Type | Category | Ticket Type | Art | Typ | Kategorie
-- column channel?: channel | Via | Source | Contact Type | Origin | Kanal | Canal
-- column sla?: sla_met | Made SLA | SLA met | Within SLA
-- column csat?: csat | Satisfaction | Rating | Zufriedenheit | Bewertung

-- to: tickets
SELECT _line, 'ticket:' || ticket_id || ':opened' AS event_id, id_of(account_id) AS account_id, moment(opened_at) AS occurred_at,
    ticket_id, 'opened' AS status, word('tickets.kind', coalesce(filled(kind), 'question')) AS kind,
    word('tickets.channel', channel) AS channel
FROM file;

-- to: tickets
SELECT _line, 'ticket:' || ticket_id || ':resolved:' || coalesce(filled(csat), '') AS event_id, id_of(account_id) AS account_id,
    moment(resolved_at) AS occurred_at, ticket_id, 'resolved' AS status,
    word('tickets.kind', coalesce(filled(kind), 'question')) AS kind, word('tickets.channel', channel) AS channel,
    yes(sla) AS sla_met, number(csat) AS csat
FROM file WHERE filled(resolved_at) IS NOT NULL;
