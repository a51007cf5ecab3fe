-- Whose word a cancellation was: an account's, or nobody's where the programme cancelled. The programme takes back only its own.
ALTER TABLE shift ADD COLUMN cancelled_by TEXT;

-- The time an entry's volunteer has agreed to; none after the shift was cancelled.
ALTER TABLE entry ADD COLUMN agreed_start BIGINT;
ALTER TABLE entry ADD COLUMN agreed_end BIGINT;

UPDATE entry SET
    agreed_start = (SELECT s.starts_at FROM shift s WHERE s.id = entry.shift_id AND NOT s.cancelled),
    agreed_end = (SELECT s.ends_at FROM shift s WHERE s.id = entry.shift_id AND NOT s.cancelled);
