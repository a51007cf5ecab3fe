-- Who there is and what they may do. Instants are milliseconds since 1970; secrets are stored as SHA-256 in hex.

CREATE TABLE identity_account (
    id TEXT PRIMARY KEY,
    email TEXT NOT NULL,
    -- The address in lower case: what makes it unique.
    email_key TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    -- argon2id in PHC form.
    password TEXT NOT NULL,
    -- active, disabled
    state TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE identity_organization (
    id TEXT PRIMARY KEY,
    -- NULL for the root only.
    parent TEXT REFERENCES identity_organization (id),
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

-- The root is whoever operates the host: a role held there is held everywhere.
INSERT INTO identity_organization (id, parent, name, created_at) VALUES ('root', NULL, 'Host', 0);

CREATE TABLE identity_convention (
    id TEXT PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    organization TEXT NOT NULL REFERENCES identity_organization (id),
    time_zone TEXT NOT NULL,
    -- Civil dates and time as ISO 8601.
    starts_on TEXT NOT NULL,
    ends_on TEXT NOT NULL,
    day_change TEXT NOT NULL,
    -- draft, live, archived
    state TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE identity_membership (
    account TEXT NOT NULL REFERENCES identity_account (id),
    -- organization, convention
    realm_kind TEXT NOT NULL,
    realm TEXT NOT NULL,
    role TEXT NOT NULL,
    granted_by TEXT NOT NULL,
    granted_at BIGINT NOT NULL,
    PRIMARY KEY (account, realm_kind, realm, role)
);

CREATE INDEX identity_membership_realm ON identity_membership (realm_kind, realm, account);

-- Where a convention differs from what plugins declare.
CREATE TABLE identity_override (
    convention TEXT NOT NULL REFERENCES identity_convention (id),
    role TEXT NOT NULL,
    permission TEXT NOT NULL,
    allowed BOOLEAN NOT NULL,
    PRIMARY KEY (convention, role, permission)
);

CREATE TABLE identity_session (
    secret TEXT PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    account TEXT NOT NULL REFERENCES identity_account (id),
    agent TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    used_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE INDEX identity_session_account ON identity_session (account);

CREATE TABLE identity_token (
    id TEXT PRIMARY KEY,
    secret TEXT NOT NULL UNIQUE,
    account TEXT NOT NULL REFERENCES identity_account (id),
    name TEXT NOT NULL,
    -- A JSON array of permissions and patterns.
    scopes TEXT NOT NULL,
    -- The one convention it works in; NULL for all its account's.
    convention TEXT REFERENCES identity_convention (id),
    created_at BIGINT NOT NULL,
    used_at BIGINT,
    expires_at BIGINT
);

CREATE INDEX identity_token_account ON identity_token (account);

-- Failed sign-ins, so that a restart does not hand out new tries.
CREATE TABLE identity_failure (
    -- email:…, address:…
    subject TEXT PRIMARY KEY,
    failures BIGINT NOT NULL,
    last_at BIGINT NOT NULL
);

CREATE TABLE identity_audit (
    id TEXT PRIMARY KEY,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    actor_name TEXT NOT NULL,
    action TEXT NOT NULL,
    target TEXT NOT NULL,
    convention TEXT,
    -- {"before": …, "after": …}
    detail TEXT NOT NULL
);

CREATE INDEX identity_audit_convention ON identity_audit (convention, id);

-- Grows with every change of organizations, conventions and overrides, so that hosts notice one another's changes with one cheap read.
CREATE TABLE identity_directory (id BIGINT PRIMARY KEY, version BIGINT NOT NULL);

INSERT INTO identity_directory (id, version) VALUES (1, 1);
