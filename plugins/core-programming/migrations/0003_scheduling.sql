-- What a scheduler has to know of rooms, sessions and people. It belongs to the work in progress: nobody is told of it in public, and
-- no release keeps it. Lists of short texts are JSON.
ALTER TABLE room ADD COLUMN features TEXT NOT NULL DEFAULT '[]';
ALTER TABLE session_draft ADD COLUMN needs TEXT NOT NULL DEFAULT '[]';
ALTER TABLE session_draft ADD COLUMN setup_minutes BIGINT NOT NULL DEFAULT 0;
ALTER TABLE session_draft ADD COLUMN teardown_minutes BIGINT NOT NULL DEFAULT 0;

-- Which rooms a session may be in; one without such rows may be in any.
CREATE TABLE session_room (
    session_id TEXT NOT NULL,
    room_id TEXT NOT NULL,
    PRIMARY KEY (session_id, room_id)
);
CREATE INDEX session_room_room ON session_room (room_id);
-- A session begins when those it comes after have ended.
CREATE TABLE session_after (
    session_id TEXT NOT NULL,
    after_id TEXT NOT NULL,
    PRIMARY KEY (session_id, after_id)
);
CREATE INDEX session_after_after ON session_after (after_id);
-- When people would like to be in sessions; whoever has no such window has no wish.
CREATE TABLE person_preferred (
    person_id TEXT NOT NULL,
    starts_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    PRIMARY KEY (person_id, starts_at)
);

-- How many people came to a session of this convention.
CREATE TABLE attendance (
    session_id TEXT PRIMARY KEY,
    people BIGINT NOT NULL,
    recorded_at BIGINT NOT NULL
);
-- How many came to sessions of former years. Days are counted from 1, hours are local. What was not known is NULL.
CREATE TABLE past_session (
    id TEXT PRIMARY KEY,
    edition TEXT NOT NULL,
    title TEXT NOT NULL,
    track TEXT NOT NULL,
    kind TEXT NOT NULL,
    day_number BIGINT,
    start_hour BIGINT,
    capacity BIGINT,
    favourites BIGINT,
    attendance BIGINT NOT NULL
);
CREATE INDEX past_session_edition ON past_session (edition);
