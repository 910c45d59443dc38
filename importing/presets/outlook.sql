-- Outlook: calendar (File > Open & Export > Export to CSV)
-- An appointment with addresses that are not your own is a meeting of each of them; --own-domain says who is yours. Where your
-- Outlook writes names, --account Categories takes the category as the account.
-- column summary: Subject | Betreff
-- column start_day: Start Date | Beginnt am
-- column start_clock: Start Time | Beginnt um
-- column end_day: End Date | Endet am
-- column end_clock: End Time | Endet um
-- column all_day?: All day event | Ganztägiges Ereignis
-- column organizer?: Meeting Organizer | Besprechungsplanung | Besprechungsorganisator
-- column required: Required Attendees | Erforderliche Teilnehmer !
-- column optional?: Optional Attendees | Optionale Teilnehmer
-- column location?: Location | Ort
-- column account_id?: Account

-- to: told
SELECT _line, _file, CASE WHEN yes(all_day) THEN 'is no meeting: all day'
    ELSE 'is no meeting with others that has their addresses: --account COLUMN names another column for the account' END AS reason,
    CASE WHEN yes(all_day) THEN 'all_day' ELSE 'required' END AS "column"
FROM file
WHERE yes(all_day) OR account_id IS NULL
    AND len(list_filter(regexp_extract_all(concat_ws(';', required, optional, organizer), '[^\s;,<>]+@[^\s;,<>]+'), lambda p: NOT own(p))) = 0;

-- to: meetings
WITH persons AS (
    SELECT _file, _line, summary, start_day, start_clock, end_day, end_clock, location, lower(organizer) AS organizer,
        list_distinct(list_transform(regexp_extract_all(concat_ws(';', required, optional, organizer), '[^\s;,<>]+@[^\s;,<>]+'),
            lambda p: lower(p))) AS people, account_id AS named
    FROM file WHERE NOT coalesce(yes(all_day), false)
), sides AS (
    SELECT *, len(list_filter(people, lambda p: own(p))) AS ours, list_filter(people, lambda p: NOT own(p)) AS others FROM persons
), accounts AS (
    SELECT *, unnest(CASE WHEN named IS NOT NULL THEN [named] ELSE others END) AS account_id FROM sides
)
SELECT _line, _file, 'outlook:' || account_id || ':' || moment(start_day || ' ' || start_clock) || ':' || coalesce(summary, '') AS event_id,
    id_of(account_id) AS account_id, moment(start_day || ' ' || start_clock) AS occurred_at, word('meetings.kind', summary) AS kind,
    minutes(start_day || ' ' || start_clock, end_day || ' ' || end_clock) AS duration_minutes,
    CASE WHEN regexp_matches(location, '(?i)https?:|zoom|teams|meet\.|webex') THEN 'video'
        WHEN regexp_matches(location, '(?i)phone|call|telefon') THEN 'phone' END AS channel,
    CASE WHEN organizer LIKE '%@%' THEN CASE WHEN own(organizer) THEN 'us' ELSE 'account' END END AS initiator,
    CASE WHEN len(others) > 0 THEN len(others) END AS attendees_theirs, CASE WHEN ours > 0 THEN ours END AS attendees_ours
FROM accounts;
