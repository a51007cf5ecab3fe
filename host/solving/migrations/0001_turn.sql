-- Which host works on the jobs of a convention, and until when if it does not say so again. Milliseconds since 1970.

CREATE TABLE solving_turn (
    convention TEXT NOT NULL PRIMARY KEY,
    owner TEXT NOT NULL,
    ends_at BIGINT NOT NULL
);
