CREATE TABLE reading (
    greeting_id TEXT PRIMARY KEY,
    corner TEXT NOT NULL,
    minutes BIGINT NOT NULL
);
