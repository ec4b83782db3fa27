-- After many changes at once: the index takes in what waits beside it, the planner learns how many there are.
-- stage_settle(register text) -> none
select daicho.register_settle($1);

-- What was found in a file that waits to be looked at.
-- stage_told(job int) -> maybe text
select told::text from tenant.import_row where job = $1 and kind = 0;

-- stage_tell(job int, told json) -> none
insert into tenant.import_row (job, kind, line, told) values ($1, 0, 0, $2::jsonb);

-- stage_forget(job int) -> none
delete from tenant.import_row where job = $1;
