-- Whose names are told in a realm although they hold no role there: they did something in it, or held one once.

CREATE TABLE identity_acquaintance (
    account TEXT NOT NULL REFERENCES identity_account (id),
    -- organization, convention
    realm_kind TEXT NOT NULL,
    realm TEXT NOT NULL,
    PRIMARY KEY (account, realm_kind, realm)
);
