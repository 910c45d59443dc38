-- Tickets of a help desk, an event a record
-- No id of its own: the record's topic, partition and offset give one. Times of Avro come as RFC 3339.
-- words tickets.kind: HOWTO = question, BUG = incident, COMPLAINT = complaint
-- words tickets.channel: MAIL = email, CALL = phone, CHAT = chat

-- to: tickets
SELECT value ->> '$.customer' AS account_id, moment(value ->> '$.at') AS occurred_at, value ->> '$.ticket' AS ticket_id,
    lower(value ->> '$.state') AS status, word('tickets.kind', value ->> '$.category') AS kind,
    word('tickets.channel', value ->> '$.via') AS channel, number(value ->> '$.rating') AS csat
FROM records;
