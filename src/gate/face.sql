-- For the frame of console pages: names for people, and whether the clock is shifted for a rehearsal.
-- face_names(account_id int) -> one face_names(account text?, tenant text?, rehearsal bool)
select (select a.name from daicho.account a where a.id = $1) as account,
    (select t.title from daicho.tenant t limit 1) as tenant, exists (select from daicho.rehearsal) as rehearsal;
