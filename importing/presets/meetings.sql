-- Meetings, a line each: any table with an account, a time and how long it took
-- Columns are known by their names in English, German and French; --map FIELD=COLUMN says others. What kinds there are has to be
-- said: --words 'kind:Jahresgespräch=review,*=consultation'.
-- column account_id: account_id | Account ID | Account | Customer ID | Customer | Client | Company | Organisation | Organization | Invitee Email | Attendee | Kundennummer | Kunde | Firma | Email | E-Mail
-- column start_at: occurred_at | Start | Start Time | Start at | Starts at | Date | Meeting Date | Beginn | Beginnt | Datum | Termin | Début | Date de début
-- column end_at?: End | End Time | End at | Ends at | Ende | Endet | Fin
-- column length?: duration_minutes | Duration | Duration (Minutes) | Minutes | Dauer | Dauer (Minuten) | Minuten | Durée
-- column lasts: duration_minutes | Duration | Duration (Minutes) | Minutes | Dauer | Dauer (Minuten) | Minuten | Durée | End | End Time | End at | Ends at | Ende | Endet | Fin
-- column kind?: kind | Type | Meeting Type | Event Type | Subject | Title | Summary | Art | Betreff | Titel | Thema | Objet
-- column meeting_id?: meeting_id | Meeting ID | Event ID | ID
-- column channel?: channel | Location | Where | Kanal | Ort | Lieu
-- column missed?: no_show | No-Show | Missed | Nicht erschienen
-- column cancelled?: Cancelled | Canceled | Abgesagt | Annulé
-- words meetings.channel: *video* = video, *zoom* = video, *teams* = video, *remote* = video, *online* = video, *http* = video
-- words meetings.channel: *phone* = phone, *call* = phone, *telefon* = phone, *person* = in_person, *office* = in_person, * =

-- to: told
SELECT _line, _file, 'is no meeting: cancelled' AS reason, 'cancelled' AS "column" FROM file WHERE yes(cancelled);

-- to: meetings
SELECT _line, 'meeting:' || coalesce(filled(meeting_id), account_id || ':' || moment(start_at) || ':' || coalesce(kind, '')) AS event_id,
    id_of(account_id) AS account_id, moment(start_at) AS occurred_at, word('meetings.kind', coalesce(filled(kind), 'consultation')) AS kind,
    coalesce(number(length), minutes(start_at, end_at)) AS duration_minutes, word('meetings.channel', channel) AS channel,
    yes(missed) AS no_show
FROM file WHERE NOT coalesce(yes(cancelled), false);
