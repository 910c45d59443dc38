-- Calendly: scheduled events (Meetings > Export)
-- A booking is a meeting of the invitee's account, unless it was cancelled. What the firm calls a review has to be said: --words
-- 'kind:Quarterly review=review'.
-- column name?: Invitee Name
-- column account_id: Invitee Email !
-- column event: Event Type Name !
-- column start_at: Start Date & Time !
-- column end_at: End Date & Time
-- column cancelled?: Canceled | Cancelled
-- column missed?: Marked as No-Show | No-Show
-- column location?: Location
-- column guests?: Guest Email(s) | Guest Emails
-- column invitee_id?: Invitee ID | Invitee UUID | Event UUID
-- words meetings.channel: *video* = video, *zoom* = video, *teams* = video, *meet* = video, *webex* = video, *http* = video
-- words meetings.channel: *phone* = phone, *call* = phone, *person* = in_person, *office* = in_person, Physical* = in_person, * =

-- to: told
SELECT _line, _file, 'is no meeting: cancelled' AS reason, 'cancelled' AS "column" FROM file WHERE yes(cancelled);

-- to: meetings
SELECT _line, 'calendly:' || coalesce(filled(invitee_id), account_id || ':' || moment(start_at)) AS event_id, id_of(account_id) AS account_id,
    moment(start_at) AS occurred_at, word('meetings.kind', event) AS kind, minutes(start_at, end_at) AS duration_minutes,
    word('meetings.channel', location) AS channel, 'account' AS initiator, coalesce(yes(missed), false) AS no_show,
    1 + len(list_filter(string_split_regex(coalesce(guests, ''), '[,;\s]+'), lambda g: contains(g, '@'))) AS attendees_theirs
FROM file WHERE NOT coalesce(yes(cancelled), false);
