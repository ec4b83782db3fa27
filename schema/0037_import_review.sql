-- Why: an import is looked at before it is written: its job stops in the state 'ready', with the rows compared and kept (tenant/0010_import.sql), until who
-- started it says go, calls it off, or a week is over. Going on is the same job, so that an import is one batch with one number.
alter table daicho.job drop constraint job_state_check,
    add constraint job_state_check check (state in ('queued', 'running', 'ready', 'done', 'failed', 'cancelled')),
    add column attempt_base int not null default 0,  -- attempts that stand before the present piece of work; `attempt` itself only grows: it fences
    add column ready_until timestamptz;
create index job_ready_idx on daicho.job (ready_until) where state = 'ready';

-- As in 0003_identity.sql; 'ready' is an end for the runner, not for the job.
create or replace function daicho.job_finish(id_ bigint, attempt_ int, state_ text, result_ jsonb, file_ text, name_ text) returns text
language plpgsql security definer set search_path = pg_catalog as $$
declare
    asked boolean;
begin
    if session_user <> 'daicho_jobs' then
        raise insufficient_privilege using message = 'jobs are finished by their runners only';
    end if;
    select j.cancel_asked into asked from daicho.job j
    where j.id = id_ and j.state = 'running' and j.attempt = attempt_ and j.tenant = coalesce(daicho.role_tenant(), j.tenant) for update;
    if asked is null then
        return null;
    elsif asked and state_ in ('done', 'ready') then
        return 'cancelled';
    end if;
    -- the transaction began with the work: its clock reading is the beginning, so the end adds what has passed since
    update daicho.job set state = state_, result = result_, result_file = file_, result_name = name_,
        finished_at = daicho.clock() + (pg_catalog.clock_timestamp() - pg_catalog.now()),
        done = case when state_ in ('done', 'ready') then greatest(done, total) else done end,
        args = case when state_ = 'ready' then args - 'apply' else args end,
        ready_until = case when state_ = 'ready' then daicho.clock() + interval '7 days' end
    where id = id_;
    return state_;
end
$$;

-- Go on: by who started it, or whose key did. False: it does not wait, or is somebody else's.
create function daicho.job_apply(id_ bigint) returns boolean
language plpgsql security definer set search_path = pg_catalog as $$
declare
    who text[] := string_to_array(current_setting('daicho.actor', true), ':');
begin
    update daicho.job j set state = 'queued', args = j.args || '{"apply": true}', attempt_base = j.attempt, not_before = daicho.clock(), finished_at = null,
        ready_until = null, done = 0, total = 0, step = null
    where j.id = id_ and j.tenant = daicho.role_tenant() and j.state = 'ready' and not j.cancel_asked
        and (j.actor_kind || ':' || j.actor_id = who[1] || ':' || who[2] or who[1] = 'account' and j.account_id::text = who[2] and j.account_id <> 0);
    return found;
end
$$;

-- The next one nobody has decided on in time, and its end.
create function daicho.job_ready_due(after_ bigint) returns table (tenant text, id bigint)
language sql security definer set search_path = pg_catalog as $$
    select j.tenant, j.id from daicho.job j join daicho.tenant t on t.name = j.tenant and t.state <> 'ended'
    where j.state = 'ready' and j.ready_until <= daicho.clock() and j.id > after_ order by j.id limit 1
$$;
create function daicho.job_ready_over(id_ bigint) returns text
language plpgsql security definer set search_path = pg_catalog as $$
declare
    register_ text;
begin
    if session_user <> 'daicho_jobs' then
        raise insufficient_privilege using message = 'what was not decided on in time is ended by the jobs processes only';
    end if;
    update daicho.job j set state = 'cancelled', finished_at = daicho.clock()
    where j.id = id_ and j.tenant = daicho.role_tenant() and j.state = 'ready' and j.ready_until <= daicho.clock() returning coalesce(j.register, '') into register_;
    return register_;
end
$$;

-- As in 0003_identity.sql and 0008_people.sql; what waits for a decision is called off at once.
create or replace function daicho.job_cancel(id_ bigint) returns text
language sql security definer set search_path = pg_catalog as $$
    update daicho.job set cancel_asked = true, state = case when state in ('queued', 'ready') then 'cancelled' else state end,
        finished_at = case when state in ('queued', 'ready') then daicho.clock() end
    where id = id_ and tenant = daicho.role_tenant() and state in ('queued', 'running', 'ready')
    returning state
$$;
create or replace function daicho.job_cancel_of(account_id_ bigint) returns void
language sql security definer set search_path = pg_catalog as $$
    update daicho.job set cancel_asked = true, state = case when state in ('queued', 'ready') then 'cancelled' else state end,
        finished_at = case when state in ('queued', 'ready') then daicho.clock() end
    where account_id = account_id_ and tenant = daicho.role_tenant() and state in ('queued', 'running', 'ready')
$$;
create or replace function daicho.person_revoke(person_id_ bigint, account_id_ bigint, wholly boolean, secrets boolean) returns void
language plpgsql security definer set search_path = pg_catalog as $$
begin
    delete from daicho.session s where s.account_id = account_id_;
    update daicho.job set cancel_asked = true, state = case when state in ('queued', 'ready') then 'cancelled' else state end,
        finished_at = case when state in ('queued', 'ready') then daicho.clock() end
    where account_id = account_id_ and state in ('queued', 'running', 'ready');
    update daicho.support_grant set ended_at = daicho.clock() where operator_id = account_id_ and ended_at is null;
    if wholly then
        delete from daicho.invitation where account_id = account_id_;    -- a link that lets somebody in without a password
        update daicho.api_key set revoked_at = daicho.clock() where created_by = account_id_ and revoked_at is null;
        update daicho.certificate set revoked_at = daicho.clock(), revoked_by = daicho.actor_name() where person_id = person_id_ and revoked_at is null;
        insert into daicho.withdrawn (tenant, path) select j.tenant, j.result_file from daicho.job j where j.account_id = account_id_ and j.result_file is not null;
        update daicho.job set result_file = null, result_name = null where account_id = account_id_ and result_file is not null;
    end if;
    if secrets then
        delete from daicho.credential where account_id = account_id_;
        delete from daicho.factor where account_id = account_id_;
        delete from daicho.recovery_code where account_id = account_id_;
        delete from daicho.identity where account_id = account_id_;
    end if;
end
$$;

-- As in 0023_contract_files.sql; and the rows that were kept for a decision go with the end of their job, whatever ended it.
create or replace function daicho.job_files() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
begin
    insert into daicho.withdrawn (tenant, path)
    select new.tenant, f.path
    from (values (new.args ->> 'file'), (case when new.state <> 'done' then 'result/' || new.id || '.csv' end)) f (path)
    where f.path is not null;
    if new.args ? 'review' then
        execute format('delete from %I.import_row where job = $1', 't_' || new.tenant) using new.id;
        perform daicho.bytes_ask(format('%I.import_row', 't_' || new.tenant), false);
    end if;
    return null;
end
$$;
drop trigger files on daicho.job;
create trigger files after update of state on daicho.job for each row
    when (old.state in ('queued', 'running', 'ready') and new.state in ('done', 'failed', 'cancelled'))
    execute function daicho.job_files();

-- The upload of what still waited when its contract ended.
create function daicho.job_upload_left() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
begin
    insert into daicho.withdrawn (tenant, path) select old.tenant, old.args ->> 'file' where old.args ->> 'file' is not null;
    return null;
end
$$;
create trigger upload_left after delete on daicho.job for each row when (old.state = 'ready') execute function daicho.job_upload_left();

revoke execute on function daicho.job_apply(bigint), daicho.job_ready_due(bigint), daicho.job_ready_over(bigint), daicho.job_upload_left() from public;
grant execute on function daicho.job_apply(bigint), daicho.job_ready_over(bigint) to daicho_tenant;
grant execute on function daicho.job_ready_due(bigint) to daicho_jobs;
