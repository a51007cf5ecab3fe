CREATE TABLE department (
    id TEXT PRIMARY KEY,
    parent_id TEXT REFERENCES department (id),
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    position BIGINT NOT NULL
);

CREATE TABLE department_head (
    department_id TEXT NOT NULL REFERENCES department (id),
    account_id TEXT NOT NULL,
    appointed_at BIGINT NOT NULL,
    appointed_by TEXT NOT NULL,
    PRIMARY KEY (department_id, account_id)
);

CREATE INDEX department_head_account ON department_head (account_id);

CREATE TABLE volunteer_role (
    id TEXT PRIMARY KEY,
    department_id TEXT REFERENCES department (id),
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    needs_confirmation BOOLEAN NOT NULL,
    over_18 BOOLEAN NOT NULL,
    licence TEXT
);

CREATE TABLE shift_rule (
    id TEXT PRIMARY KEY,
    department_id TEXT NOT NULL REFERENCES department (id),
    name TEXT NOT NULL,
    room_id TEXT,
    track_id TEXT,
    kind TEXT,
    minutes_before BIGINT NOT NULL,
    minutes_after BIGINT NOT NULL,
    merge_up_to_minutes BIGINT,
    weight_percent BIGINT NOT NULL,
    automatic BOOLEAN NOT NULL,
    CHECK (minutes_before >= 0),
    CHECK (minutes_after >= 0)
);

CREATE TABLE shift_rule_seat (
    rule_id TEXT NOT NULL REFERENCES shift_rule (id),
    role_id TEXT NOT NULL REFERENCES volunteer_role (id),
    needed BIGINT NOT NULL,
    PRIMARY KEY (rule_id, role_id)
);

CREATE TABLE shift (
    id TEXT PRIMARY KEY,
    department_id TEXT NOT NULL REFERENCES department (id),
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    location TEXT NOT NULL,
    starts_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    weight_percent BIGINT NOT NULL,
    cancelled BOOLEAN NOT NULL,
    rule_id TEXT,
    CHECK (starts_at < ends_at),
    CHECK (weight_percent >= 0)
);

CREATE INDEX shift_start ON shift (starts_at);
CREATE INDEX shift_of_department ON shift (department_id, starts_at);
CREATE INDEX shift_of_rule ON shift (rule_id);

-- `taken` counts the entries that hold a place. It is what sign-ups compete for, and the check keeps it honest.
CREATE TABLE shift_seat (
    shift_id TEXT NOT NULL REFERENCES shift (id),
    role_id TEXT NOT NULL REFERENCES volunteer_role (id),
    needed BIGINT NOT NULL,
    taken BIGINT NOT NULL,
    PRIMARY KEY (shift_id, role_id),
    CHECK (taken >= 0),
    CHECK (taken <= needed)
);

CREATE INDEX shift_seat_of_role ON shift_seat (role_id);

CREATE TABLE shift_session (
    shift_id TEXT NOT NULL REFERENCES shift (id),
    session_id TEXT NOT NULL,
    position BIGINT NOT NULL,
    PRIMARY KEY (shift_id, session_id)
);

CREATE INDEX shift_session_of_session ON shift_session (session_id);

-- What is kept of a person is the least that the rules ask for: no birth date, only who saw that they are of age.
CREATE TABLE volunteer (
    account_id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    joined_at BIGINT NOT NULL,
    arrived_at BIGINT,
    arrived_by TEXT,
    adult_confirmed_at BIGINT,
    adult_confirmed_by TEXT,
    pardoned_no_shows BIGINT NOT NULL
);

CREATE TABLE qualification (
    account_id TEXT NOT NULL,
    role_id TEXT NOT NULL REFERENCES volunteer_role (id),
    asked_at BIGINT,
    confirmed_at BIGINT,
    confirmed_by TEXT,
    PRIMARY KEY (account_id, role_id)
);

CREATE TABLE licence (
    account_id TEXT NOT NULL,
    licence TEXT NOT NULL,
    confirmed_at BIGINT NOT NULL,
    confirmed_by TEXT NOT NULL,
    PRIMARY KEY (account_id, licence)
);

CREATE TABLE availability (
    account_id TEXT NOT NULL,
    starts_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, starts_at),
    CHECK (starts_at < ends_at)
);

CREATE TABLE entry (
    id TEXT PRIMARY KEY,
    shift_id TEXT NOT NULL,
    role_id TEXT NOT NULL,
    account_id TEXT NOT NULL,
    state TEXT NOT NULL,
    signed_up_at BIGINT NOT NULL,
    signed_up_by TEXT NOT NULL,
    changed_at BIGINT NOT NULL,
    changed_by TEXT NOT NULL,
    rating TEXT,
    comment TEXT NOT NULL,
    flag TEXT,
    flag_reason TEXT,
    flagged_at BIGINT,
    UNIQUE (shift_id, account_id),
    FOREIGN KEY (shift_id, role_id) REFERENCES shift_seat (shift_id, role_id)
);

CREATE INDEX entry_of_account ON entry (account_id);
CREATE INDEX entry_flagged ON entry (flag);

CREATE TABLE worklog (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL,
    department_id TEXT REFERENCES department (id),
    worked_on TEXT NOT NULL,
    minutes BIGINT NOT NULL,
    comment TEXT NOT NULL,
    added_at BIGINT NOT NULL,
    added_by TEXT NOT NULL
);

CREATE INDEX worklog_of_account ON worklog (account_id);

CREATE TABLE reward_handed_out (
    account_id TEXT NOT NULL,
    reward_id TEXT NOT NULL,
    handed_out_at BIGINT NOT NULL,
    handed_out_by TEXT NOT NULL,
    PRIMARY KEY (account_id, reward_id)
);

-- The sessions that events told of, so that rules can be applied to them later.
CREATE TABLE programme_session (
    id TEXT PRIMARY KEY,
    title TEXT NOT NULL,
    kind TEXT NOT NULL,
    scheduled BOOLEAN NOT NULL,
    room_id TEXT,
    room_name TEXT,
    track_id TEXT,
    track_name TEXT,
    starts_at BIGINT,
    ends_at BIGINT
);

CREATE INDEX programme_session_of_room ON programme_session (room_id);
