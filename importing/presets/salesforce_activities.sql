-- Salesforce: events (a report's or Data Loader's CSV)
-- An event is a meeting of its account. What the subjects stand for has to be said: --words 'kind:*QBR*=review,*=consultation'.
-- column meeting_id: Activity ID | Event ID | Id | Activity Id
-- column account_id: Account ID | AccountId | Company / Account | Account Name | Account
-- column title: Subject | Type | EventSubtype
-- column start_at: Start | StartDateTime | Start Date Time | Start Date/Time | ActivityDateTime !
-- column end_at?: End | EndDateTime | End Date Time | End Date/Time
-- column length?: Duration (Minutes) | DurationInMinutes | Duration
-- column location?: Location
-- column all_day?: All-Day Event | IsAllDayEvent
-- column more: DurationInMinutes | Duration (Minutes) | Activity ID | EventSubtype | Event ID | All-Day Event | WhatId | WhoId !

-- to: told
SELECT _line, _file, 'is no meeting: all day' AS reason, 'all_day' AS "column" FROM file WHERE yes(all_day);

-- to: meetings
SELECT _line, 'salesforce:event:' || meeting_id AS event_id, id_of(account_id) AS account_id, moment(start_at) AS occurred_at, meeting_id,
    word('meetings.kind', title) AS kind, coalesce(number(length), minutes(start_at, end_at)) AS duration_minutes,
    CASE WHEN regexp_matches(location, '(?i)https?:|zoom|teams|meet|webex|video') THEN 'video'
        WHEN regexp_matches(location, '(?i)phone|call') THEN 'phone' END AS channel
FROM file WHERE NOT coalesce(yes(all_day), false);
