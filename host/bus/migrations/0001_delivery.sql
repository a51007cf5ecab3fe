-- One row per event and subscriber, from the relay until some time after the delivery. Instants are milliseconds since 1970.

CREATE TABLE bus_delivery (
    convention TEXT NOT NULL,
    event TEXT NOT NULL,
    subscriber TEXT NOT NULL,
    -- What people name it by.
    id TEXT NOT NULL UNIQUE,
    -- SHA-256 over convention, subscriber, publisher and key: within a lane deliveries happen one after the other.
    lane TEXT NOT NULL,
    -- The order within a lane.
    position BIGINT NOT NULL,
    publisher TEXT NOT NULL,
    topic TEXT NOT NULL,
    key TEXT NOT NULL,
    payload TEXT NOT NULL,
    emitted_at BIGINT NOT NULL,
    hops BIGINT NOT NULL,
    -- ready (the first of its lane), waiting (behind it), held (the subscriber is disabled), dead, done
    state TEXT NOT NULL,
    -- ready: when it may be tried, or when the claim of whoever is trying it ends. dead, done: since when.
    due_at BIGINT NOT NULL,
    -- The host that claimed it last and has not told the outcome.
    owner TEXT,
    -- Claims, and those of them that did not count because the subscriber could not take the event at all.
    attempts BIGINT NOT NULL,
    deferrals BIGINT NOT NULL,
    -- The last fault, as JSON.
    fault TEXT,
    PRIMARY KEY (convention, event, subscriber)
);

CREATE INDEX bus_delivery_due ON bus_delivery (state, due_at);

CREATE INDEX bus_delivery_lane ON bus_delivery (lane, state, position);

CREATE INDEX bus_delivery_position ON bus_delivery (position);

CREATE INDEX bus_delivery_list ON bus_delivery (convention, state, id);
