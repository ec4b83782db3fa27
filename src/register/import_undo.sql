-- An import that is done and wrote something. `changes` are the changed records whose history is still there; `undo` is the job that takes it back.

-- import_undo_find(id int, register int, days int) -> maybe import_undo_row(open bool, changes int, undo int?)
select j.finished_at + make_interval(days => $3::int) > daicho.clock()
        and coalesce((j.result ->> 'created')::bigint, 0) + coalesce((j.result ->> 'changed')::bigint, 0) > 0 as open,
    (select count(*) from tenant.change c where c.job = j.id and c.register = $2 and not c.deleted) as changes,
    (select max(u.id) from daicho.job u
        where u.kind = 'import_undo' and u.register = j.register and (u.args ->> 'batch')::bigint = j.id and u.state in ('queued', 'running', 'done')) as undo
from daicho.job j
where j.id = $1 and j.kind = 'import' and j.state = 'done';
