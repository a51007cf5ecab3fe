-- Of a session a plan may move: whether its time is not in question, because it lacks a room alone; and whether what becomes of it was
-- accepted, which is no longer a word of what does.
ALTER TABLE schedule_plan_session ADD COLUMN room_only BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE schedule_plan_session ADD COLUMN accepted BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE schedule_plan_session SET accepted = TRUE WHERE outcome = 'accepted';
UPDATE schedule_plan_session SET outcome = CASE WHEN to_start IS NULL THEN 'unplaced' ELSE 'moved' END WHERE accepted;
