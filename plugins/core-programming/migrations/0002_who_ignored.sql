-- Names are shown, accounts stay: whoever ignored a conflict, as the account they were signed in with. Nobody is, with a token of the host's.
ALTER TABLE ignored_conflict ADD COLUMN account_id TEXT;
