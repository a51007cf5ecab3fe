CREATE TABLE guest (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    signed_at BIGINT NOT NULL
);
