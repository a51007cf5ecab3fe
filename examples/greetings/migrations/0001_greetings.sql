CREATE TABLE greeting (
    id TEXT PRIMARY KEY,
    author TEXT NOT NULL,
    text TEXT NOT NULL,
    mood TEXT NOT NULL,
    at BIGINT NOT NULL,
    pinned BOOLEAN NOT NULL,
    session_id TEXT,
    tags TEXT NOT NULL
);
CREATE INDEX greeting_session ON greeting (session_id);
CREATE TABLE reply (
    id TEXT PRIMARY KEY,
    greeting_id TEXT NOT NULL,
    text TEXT NOT NULL
);
CREATE INDEX reply_greeting ON reply (greeting_id);
CREATE TABLE heard (
    event_id TEXT PRIMARY KEY,
    about TEXT NOT NULL
);
