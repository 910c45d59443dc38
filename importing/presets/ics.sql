-- Calendars: iCalendar files of any calendar (Google Calendar, Outlook, Apple, Nextcloud)
-- An event with people who are not your own is a meeting of each of them; --own-domain says who is yours. Recurrences are worked
-- out up to now or --until. Cancelled and all-day events and those of your own alone are no meeting. What the titles stand for
-- has to be said: --words 'kind:*check-in*=check_in,*=consultation'.
-- column uid: uid !
-- column start_at: start
-- column end_at: end
-- column all_day: all day !
-- column summary: summary
-- column location: location
-- column status: status
-- column organizer: organizer
-- column people: attendees !
-- column conference: conference

-- to: told
SELECT _line, _file, CASE WHEN status = 'CANCELLED' THEN 'is no meeting: cancelled' WHEN yes(all_day) THEN 'is no meeting: all day'
    ELSE 'is no meeting with others: say --own-domain for your own people only' END AS reason,
    CASE WHEN status = 'CANCELLED' THEN 'status' WHEN yes(all_day) THEN 'all_day' ELSE 'people' END AS "column"
FROM file
WHERE status = 'CANCELLED' OR yes(all_day)
    OR len(list_filter(string_split(concat_ws(';', people, organizer), ';'), lambda p: p <> '' AND NOT own(p))) = 0;

-- to: meetings
WITH persons AS (
    SELECT DISTINCT _file, _line, uid, start_at, end_at, summary, location, conference, organizer,
        unnest(string_split(concat_ws(';', people, organizer), ';')) AS person
    FROM file WHERE coalesce(status, '') <> 'CANCELLED' AND NOT yes(all_day)
), sides AS (
    SELECT *, count(*) FILTER (own(person)) OVER event AS ours, count(*) FILTER (NOT own(person)) OVER event AS theirs
    FROM persons WHERE person <> '' WINDOW event AS (PARTITION BY _file, uid, start_at)
)
SELECT _line, _file, 'ics:' || uid || ':' || start_at || ':' || person AS event_id, person AS account_id,
    moment(start_at) AS occurred_at, uid || ':' || start_at AS meeting_id, word('meetings.kind', summary) AS kind,
    minutes(start_at, end_at) AS duration_minutes,
    CASE WHEN conference IS NOT NULL OR regexp_matches(location, '(?i)https?:|zoom|teams|meet\.|webex') THEN 'video'
        WHEN regexp_matches(location, '(?i)phone|call|tel:|telefon') THEN 'phone' END AS channel,
    CASE WHEN organizer IS NULL THEN NULL WHEN own(organizer) THEN 'us' ELSE 'account' END AS initiator,
    theirs AS attendees_theirs, ours AS attendees_ours
FROM sides WHERE NOT own(person);
