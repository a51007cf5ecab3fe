-- Proposals beside the work in progress: what was asked of the scheduler, and what it answered. Costs, notes and the calendar are JSON.
CREATE TABLE schedule_plan (
    id TEXT PRIMARY KEY,
    job TEXT NOT NULL,
    purpose TEXT NOT NULL,
    state TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    account_id TEXT,
    revision BIGINT NOT NULL,
    most_moves BIGINT,
    fixed_sessions BIGINT NOT NULL,
    calendar TEXT NOT NULL,
    notes TEXT NOT NULL,
    before_cost TEXT NOT NULL,
    after_cost TEXT,
    ended_at BIGINT,
    error_code TEXT,
    error_message TEXT
);
CREATE UNIQUE INDEX schedule_plan_job ON schedule_plan (job);
CREATE INDEX schedule_plan_created ON schedule_plan (created_at, id);
-- The sessions a plan may move: where they were when it was asked for, and what is proposed.
CREATE TABLE schedule_plan_session (
    plan_id TEXT NOT NULL,
    session_id TEXT NOT NULL,
    from_room TEXT,
    from_start BIGINT,
    from_end BIGINT,
    seconds BIGINT NOT NULL,
    outcome TEXT NOT NULL,
    to_room TEXT,
    to_start BIGINT,
    reasons TEXT NOT NULL,
    PRIMARY KEY (plan_id, session_id)
);
CREATE INDEX schedule_plan_session_session ON schedule_plan_session (session_id);
