-- What a plan's search is about: what the codes in its documents stand for, where what does not move is, when sessions may begin, and the
-- problem as it is told when the timetable is to be explained, which refers to that. Gone when the search has ended.
CREATE TABLE schedule_plan_problem (
    plan_id TEXT PRIMARY KEY,
    ids TEXT NOT NULL,
    held TEXT NOT NULL,
    starts TEXT NOT NULL,
    problem TEXT NOT NULL
);
-- The broken wishes of a proposal that cost most, as JSON, in this order; and how many there are besides.
CREATE TABLE schedule_plan_wish (
    plan_id TEXT NOT NULL,
    place BIGINT NOT NULL,
    wish TEXT NOT NULL,
    PRIMARY KEY (plan_id, place)
);
ALTER TABLE schedule_plan ADD COLUMN more_wishes BIGINT NOT NULL DEFAULT 0;
