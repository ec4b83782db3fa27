-- What is known of backups (schema/0027_backup.sql).

-- By operators.
-- backup_places() -> many(100) backup_place_row(place text, seen_at time?, newest text?, trouble text?, taken_at time?, verified_at time?, sound bool)
select s.place, s.seen_at, s.newest, s.trouble, s.taken_at, s.verified_at, coalesce(s.sound, true) as sound from daicho.backup_state() s;

-- By a jobs process. Null: nothing to tell.
-- backup_late() -> one text?
select daicho.backup_late()::text as newest;
