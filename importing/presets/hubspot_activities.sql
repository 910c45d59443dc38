-- HubSpot: meetings (Activities > Meetings > Export)
-- A meeting that was held, or to which nobody came, is one of the associated company or contact. Cancelled, rescheduled and merely Of several associated ones the first counts.
-- scheduled ones are told. What the titles stand for has to be said: --words 'kind:*QBR*=review,*=consultation'.
-- column meeting_id: Record ID | Meeting ID | Activity ID
-- column account_id: Associated Company IDs | Associated Company ID | Associated Company | Associated Contact IDs | Associated Contact
-- column title: Meeting name | Meeting Title | Meeting Name | Title !
-- column start_at: Meeting start time | Meeting Start Time | Start time !
-- column end_at: Meeting end time | Meeting End Time | End time
-- column outcome?: Meeting outcome | Meeting Outcome | Outcome
-- column location?: Meeting location | Meeting Location | Location

-- to: told
SELECT _line, _file, 'is no meeting: ' || lower(outcome) AS reason, 'outcome' AS "column" FROM file
WHERE regexp_matches(lower(outcome), 'cancel|reschedul|^scheduled');

-- to: meetings
SELECT _line, 'hubspot:meeting:' || meeting_id AS event_id, id_of(split_part(account_id, ';', 1)) AS account_id, moment(start_at) AS occurred_at, meeting_id,
    word('meetings.kind', title) AS kind, minutes(start_at, end_at) AS duration_minutes,
    CASE WHEN regexp_matches(location, '(?i)https?:|zoom|teams|meet|webex|video') THEN 'video'
        WHEN regexp_matches(location, '(?i)phone|call') THEN 'phone' END AS channel,
    regexp_matches(lower(coalesce(outcome, '')), 'no.?show') AS no_show
FROM file WHERE NOT regexp_matches(lower(coalesce(outcome, '')), 'cancel|reschedul|^scheduled');
