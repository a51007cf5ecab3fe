-- How long a session takes that has no time yet, in minutes; one with a time takes as long as that says. Like all that planning needs it
-- belongs to the work in progress.
ALTER TABLE session_draft ADD COLUMN minutes BIGINT;
