-- The work in progress: what organisers edit and imports write. Ids are UUIDs, instants milliseconds since 1970.
-- What is removed while the public still sees it is kept until the next release.
CREATE TABLE room (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    sort_order BIGINT NOT NULL,
    area TEXT NOT NULL,
    capacity BIGINT,
    exclusive BOOLEAN NOT NULL,
    description TEXT NOT NULL,
    extra TEXT NOT NULL,
    source TEXT NOT NULL,
    removed BOOLEAN NOT NULL
);

CREATE TABLE track (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    sort_order BIGINT NOT NULL,
    color TEXT NOT NULL,
    slug TEXT NOT NULL,
    source TEXT NOT NULL,
    removed BOOLEAN NOT NULL
);

CREATE TABLE person (
    id TEXT PRIMARY KEY,
    number BIGINT,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    biography TEXT NOT NULL,
    avatar TEXT NOT NULL,
    url TEXT NOT NULL,
    links TEXT NOT NULL,
    daily_limit BIGINT,
    approval TEXT NOT NULL DEFAULT 'not_set',
    source TEXT NOT NULL,
    removed BOOLEAN NOT NULL
);
CREATE INDEX person_name ON person (name_key, id);

-- Long texts stand last: what stands behind them in a row is found only by reading through them.
CREATE TABLE session_draft (
    id TEXT PRIMARY KEY,
    revision BIGINT NOT NULL,
    number BIGINT NOT NULL,
    code TEXT NOT NULL,
    slug TEXT NOT NULL,
    title TEXT NOT NULL,
    subtitle TEXT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    environment TEXT NOT NULL,
    language TEXT NOT NULL,
    track_id TEXT,
    room_id TEXT,
    starts_at BIGINT,
    ends_at BIGINT,
    audience BIGINT,
    url TEXT NOT NULL,
    tags TEXT NOT NULL,
    source TEXT NOT NULL,
    extra TEXT NOT NULL,
    links TEXT NOT NULL,
    attachments TEXT NOT NULL,
    abstract_text TEXT NOT NULL,
    description TEXT NOT NULL,
    search TEXT NOT NULL
);
CREATE UNIQUE INDEX session_draft_number ON session_draft (number);
-- In the order they are listed in: those without a time last.
CREATE INDEX session_draft_start ON session_draft (COALESCE(starts_at, 9007199254740991), id);
CREATE INDEX session_draft_room ON session_draft (room_id);

CREATE TABLE part_draft (
    session_id TEXT NOT NULL,
    person_id TEXT NOT NULL,
    sort_order BIGINT NOT NULL,
    role TEXT NOT NULL,
    PRIMARY KEY (session_id, person_id)
);
CREATE INDEX part_draft_person ON part_draft (person_id);

-- What the public saw from one release until another: a release writes only what it changes, and every release stays readable.
CREATE TABLE session_released (
    id TEXT NOT NULL,
    from_release BIGINT NOT NULL,
    until_release BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    number BIGINT NOT NULL,
    code TEXT NOT NULL,
    slug TEXT NOT NULL,
    title TEXT NOT NULL,
    subtitle TEXT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    environment TEXT NOT NULL,
    language TEXT NOT NULL,
    track_id TEXT,
    room_id TEXT,
    starts_at BIGINT,
    ends_at BIGINT,
    audience BIGINT,
    url TEXT NOT NULL,
    tags TEXT NOT NULL,
    source TEXT NOT NULL,
    extra TEXT NOT NULL,
    links TEXT NOT NULL,
    attachments TEXT NOT NULL,
    abstract_text TEXT NOT NULL,
    description TEXT NOT NULL,
    search TEXT NOT NULL,
    PRIMARY KEY (id, from_release)
);
CREATE UNIQUE INDEX session_released_current ON session_released (id, until_release);
CREATE INDEX session_released_start ON session_released (until_release, starts_at, id);
CREATE INDEX session_released_room ON session_released (until_release, room_id, starts_at);

CREATE TABLE part_released (
    session_id TEXT NOT NULL,
    person_id TEXT NOT NULL,
    from_release BIGINT NOT NULL,
    until_release BIGINT NOT NULL,
    sort_order BIGINT NOT NULL,
    role TEXT NOT NULL,
    PRIMARY KEY (session_id, person_id, from_release)
);
CREATE UNIQUE INDEX part_released_current ON part_released (session_id, person_id, until_release);
CREATE INDEX part_released_person ON part_released (person_id, until_release);

CREATE TABLE schedule_release (
    number BIGINT PRIMARY KEY,
    name TEXT NOT NULL,
    note TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    made_by TEXT NOT NULL,
    sessions BIGINT NOT NULL,
    changes BIGINT NOT NULL
);
CREATE UNIQUE INDEX schedule_release_name ON schedule_release (name);

CREATE TABLE schedule_change (
    release_number BIGINT NOT NULL,
    session_id TEXT NOT NULL,
    change TEXT NOT NULL,
    title TEXT NOT NULL,
    room_name TEXT,
    starts_at BIGINT,
    ends_at BIGINT,
    old_room_name TEXT,
    old_starts_at BIGINT,
    old_ends_at BIGINT,
    PRIMARY KEY (release_number, session_id)
);

-- When people and rooms can; whoever has no window always can.
CREATE TABLE person_window (
    person_id TEXT NOT NULL,
    starts_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    PRIMARY KEY (person_id, starts_at)
);
CREATE TABLE room_window (
    room_id TEXT NOT NULL,
    starts_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    PRIMARY KEY (room_id, starts_at)
);
-- People who must not be in one session; the smaller id first.
CREATE TABLE kept_apart (
    person_id TEXT NOT NULL,
    other_id TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (person_id, other_id)
);
CREATE TABLE ignored_conflict (
    id TEXT PRIMARY KEY,
    reason TEXT NOT NULL,
    ignored_at BIGINT NOT NULL,
    ignored_by TEXT NOT NULL
);

CREATE TABLE favourite (
    account_id TEXT NOT NULL,
    session_id TEXT NOT NULL,
    marked_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, session_id)
);
CREATE INDEX favourite_session ON favourite (session_id);
-- The secret is kept as its SHA-256.
CREATE TABLE feed (
    account_id TEXT PRIMARY KEY,
    secret TEXT NOT NULL,
    made_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX feed_secret ON feed (secret);

-- `revision` counts every change of the programme; exports are tagged with it.
CREATE TABLE counter (
    name TEXT PRIMARY KEY,
    value BIGINT NOT NULL
);
-- What files said about the whole, as JSON.
CREATE TABLE setting (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
);
