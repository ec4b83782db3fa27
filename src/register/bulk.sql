-- Batches of a register: jobs of the kind "bulk" that are done. `undo` is the job that takes it back, once there is one.

-- bulk_find(id int, register text, days int) -> maybe bulk_row(id int, args json, result json?, actor text, finished_at time?, until time, open bool, undo int?)
select j.id, j.args, j.result, j.actor, j.finished_at, j.finished_at + make_interval(days => $3::int) as until,
    j.finished_at + make_interval(days => $3::int) > daicho.clock()
        -- what it changed may be of another type now
        and not exists (select from daicho.job d where d.kind = 'define' and d.register = j.register and d.state = 'done' and d.finished_at > j.finished_at
            and d.args ->> 'action' = 'define' and jsonb_array_length(d.result -> 'retype') > 0) as open,
    (select max(u.id) from daicho.job u
        where u.kind = 'bulk_undo' and u.register = j.register and (u.args ->> 'batch')::bigint = j.id and u.state in ('queued', 'running', 'done')) as undo
from daicho.job j
where j.id = $1 and j.register = $2 and j.kind = 'bulk' and j.state = 'done';

-- bulk_list(register text, before int, max int, days int) -> many(201) bulk_row
select j.id, j.args, j.result, j.actor, j.finished_at, j.finished_at + make_interval(days => $4::int) as until,
    j.finished_at + make_interval(days => $4::int) > daicho.clock()
        -- what it changed may be of another type now
        and not exists (select from daicho.job d where d.kind = 'define' and d.register = j.register and d.state = 'done' and d.finished_at > j.finished_at
            and d.args ->> 'action' = 'define' and jsonb_array_length(d.result -> 'retype') > 0) as open,
    (select max(u.id) from daicho.job u
        where u.kind = 'bulk_undo' and u.register = j.register and (u.args ->> 'batch')::bigint = j.id and u.state in ('queued', 'running', 'done')) as undo
from daicho.job j
where j.register = $1 and j.kind = 'bulk' and j.state = 'done' and ($2::bigint = 0 or j.id < $2::bigint)
order by j.id desc
limit $3::bigint;

-- What a batch touched, its own register first.
-- bulk_touched(batch int, register text) -> many(1000) bulk_touch(name text, id int)
select r.name, r.id
from (select distinct c.register from tenant.change c where c.job = $1) t join tenant.register r on r.id = t.register and r.state = 'active'
order by r.name <> $2, r.position, r.id;
