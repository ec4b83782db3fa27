-- The queue. People reach it through their tenant's role; the runner through functions of the owner that only daicho_jobs may call.

-- What they may is not the caller's to say: the words stand in their account or key, and a trigger compares (schema/0007_permission.sql).
-- job_insert(tenant text, actor_kind text, actor_id int, actor text, groups text, kind text, register text?, args json) -> one int
insert into daicho.job (tenant, actor_kind, actor_id, actor, groups, kind, register, args, masked, account_id, permissions)
select $1, $2, $3, $4, $5, $6, $7, $8::jsonb, current_user::text ~ '_masked$', coalesce(who.account_id, 0), coalesce(who.words, '')
from (select 1) one
left join lateral (
    select a.id as account_id, a.words from daicho.account a where $2 = 'account' and a.id = $3
    union all
    select coalesce(k.created_by, 0), k.words from daicho.api_key k where $2 = 'key' and k.id = $3
) who on true
returning id;

-- job_find(id int) -> maybe job_row(id int, tenant text, account_id int, actor_kind text, actor_id int, actor text, groups text, permissions text,
--     masked bool, kind text, register text?, args json, state text, attempt int, done int, total int, step text?, cancel_asked bool, result json?,
--     result_file text?, result_name text?, created_at time, started_at time?, finished_at time?, now time, tries int, ready_until time?)
select j.id, j.tenant, j.account_id, j.actor_kind, j.actor_id, j.actor, j.groups, j.permissions, j.masked, j.kind, j.register, j.args, j.state, j.attempt, j.done,
    j.total, j.step, j.cancel_asked, j.result, j.result_file, j.result_name, j.created_at, j.started_at, j.finished_at, daicho.clock() as now, j.attempt - j.attempt_base as tries,
    j.ready_until
from daicho.job j
where j.id = $1;

-- Those about registers in sight (all but those named, or only those named), and of the others their own: nobody's own work shows a register they hold
-- nothing on any more.
-- job_list(before_id int, active bool, max int, all bool, names text, contract bool, actor_kind text, actor_id int) -> many(201) job_row
select j.id, j.tenant, j.account_id, j.actor_kind, j.actor_id, j.actor, j.groups, j.permissions, j.masked, j.kind, j.register, j.args, j.state, j.attempt, j.done,
    j.total, j.step, j.cancel_asked, j.result, j.result_file, j.result_name, j.created_at, j.started_at, j.finished_at, daicho.clock() as now, j.attempt - j.attempt_base as tries,
    j.ready_until
from daicho.job j
where ($1::bigint = 0 or j.id < $1::bigint) and (not $2::boolean or j.state in ('queued', 'running'))
    and case when j.register is not null then $4::boolean <> (j.register = any (string_to_array($5::text, ' ')))
        else $6::boolean or j.actor_kind = $7::text and j.actor_id = $8::bigint or $7::text = 'account' and j.account_id = $8::bigint end
order by j.id desc
limit $3::bigint;

-- job_stop(id int) -> maybe text
select s as state from daicho.job_cancel($1) s where s is not null;

-- job_go(id int, answer text) -> one bool
select daicho.job_apply($1, $2) as ours;

-- job_ready_next(after int) -> maybe job_ready(tenant text, id int)
select tenant, id from daicho.job_ready_due($1);

-- job_ready_end(id int) -> one text?
select daicho.job_ready_over($1) as register;

-- job_next() -> maybe job_row
select j.id, j.tenant, j.account_id, j.actor_kind, j.actor_id, j.actor, j.groups, j.permissions, j.masked, j.kind, j.register, j.args, j.state, j.attempt, j.done,
    j.total, j.step, j.cancel_asked, j.result, j.result_file, j.result_name, j.created_at, j.started_at, j.finished_at, daicho.clock() as now, j.attempt - j.attempt_base as tries,
    j.ready_until
from daicho.job_take() j;

-- job_words_now(id int) -> one text?
select daicho.job_words($1) as words;

-- job_end(id int, attempt int, state text, result json?, result_file text?, result_name text?) -> one text?
select daicho.job_finish($1, $2::int, $3, $4::jsonb, $5, $6) as state;

-- job_again(id int, attempt int, wait int, result json?) -> one bool
select daicho.job_retry($1, $2::int, make_interval(secs => $3::double precision), $4::jsonb) as ours;

-- No row: the job is no longer this runner's.
-- job_tell(id int, attempt int, done int, total int, step text?) -> maybe job_told(cancel_asked bool)
select c as cancel_asked from daicho.job_tell($1, $2::int, $3, $4, $5) c where c is not null;
