-- Files of a contract: a job's row leads to its own files only, whoever writes it; what is left of a job that is over, and of a contract that has ended, goes
-- from the disk whatever dies in between; and a contract that cannot be erased does not hold up the others.

-- Jobs are queued with what was asked, never with how they went -------------------------------------------------------------------------------------------
revoke insert on daicho.job from daicho_tenant;
grant insert (tenant, actor_kind, actor_id, actor, groups, kind, register, args, masked, account_id, permissions) on daicho.job to daicho_tenant;
alter table daicho.job
    add constraint job_result_file_check check (result_file = 'result/' || id || '.csv'),
    add constraint job_args_file_check check (args ->> 'file' ~ '^import/[0-9a-f]{24}\.csv$');

-- A job that is over leaves no upload behind, and no file unless it is done: whatever ended it - its runner, a cancel while it waited, the third death.
create function daicho.job_files() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
begin
    insert into daicho.withdrawn (tenant, path)
    select new.tenant, f.path
    from (values (new.args ->> 'file'), (case when new.state <> 'done' then 'result/' || new.id || '.csv' end)) f (path)
    where f.path is not null;
    return null;
end
$$;
create trigger files after update of state on daicho.job for each row
    when (old.state in ('queued', 'running') and new.state in ('done', 'failed', 'cancelled'))
    execute function daicho.job_files();
-- those that were over before
insert into daicho.withdrawn (tenant, path)
select j.tenant, f.path
from daicho.job j
cross join lateral (values (j.args ->> 'file'), (case when j.state <> 'done' then 'result/' || j.id || '.csv' end)) f (path)
where j.state in ('done', 'failed', 'cancelled') and f.path is not null;

-- Taken and gone are one transaction of the process that takes the files from the disk: when it dies, another begins again.
drop function daicho.withdrawn_take();
create function daicho.withdrawn_take(after_ bigint) returns table (id bigint, path text)
language sql security definer set search_path = pg_catalog as $$
    select w.id, w.path from daicho.withdrawn w where w.id > after_ order by w.id limit 100 for update skip locked
$$;
create function daicho.withdrawn_gone(id_ bigint) returns void language sql security definer set search_path = pg_catalog as $$
    delete from daicho.withdrawn where id = id_
$$;

-- As in 0016_contract_end.sql; the certificate counts the files there were, and an operator waits for what is under way instead of being told that
-- there is no such contract.
create or replace function daicho.tenant_erase(name_ text, by_ text) returns jsonb
language plpgsql security definer set search_path = pg_catalog as $$
declare
    t daicho.tenant;
    r record;
    n bigint;
    records_ jsonb := '{}';
    e daicho.erasure;
begin
    if session_user = 'daicho_jobs' then
        select * into t from daicho.tenant x where x.name = name_ for update skip locked;
    else
        select * into t from daicho.tenant x where x.name = name_ for update;
    end if;
    if t.name is null then
        return null;
    end if;
    if session_user = 'daicho_jobs' and (t.erase_at is null or t.erase_at > daicho.clock()) then
        raise insufficient_privilege using message = 'this contract is not due';
    end if;
    for r in execute format('select x.name from %I.register x', 't_' || t.name) loop
        if to_regclass(format('%I.%I', 't_' || t.name, 'r_' || r.name)) is not null then
            execute format('select count(*) from %I.%I', 't_' || t.name, 'r_' || r.name) into n;
            records_ := records_ || jsonb_build_object(r.name, n);
        end if;
    end loop;
    execute format('select count(*) from %I.log', 't_' || t.name) into n;
    e := row (0, t.name, t.title, t.created_at, t.ends_at, t.erase_at, daicho.clock(), by_,
        (select count(*) from daicho.account a where a.tenant = t.name), records_, n, 0);
    insert into daicho.withdrawn (tenant, path)
    select t.name, f.path
    from daicho.job j
    cross join lateral (values (j.result_file), (case when j.state in ('queued', 'running') then j.args ->> 'file' end)) f (path)
    where j.tenant = t.name and f.path is not null;
    get diagnostics n = row_count;
    -- not counted: what a runner has begun to write and will not end
    insert into daicho.withdrawn (tenant, path)
    select t.name, 'result/' || j.id || '.csv' from daicho.job j where j.tenant = t.name and j.state in ('queued', 'running');
    delete from daicho.tenant x where x.name = t.name;
    perform daicho.tenant_schema_drop(t.name);
    perform daicho_admin.tenant_roles_drop(t.name);
    insert into daicho.erasure (tenant, title, began_at, ended_at, due_at, erased_at, erased_by, accounts, records, entries, files)
    values (e.tenant, e.title, e.began_at, e.ended_at, e.due_at, e.erased_at, e.erased_by, e.accounts, e.records, e.entries, n)
    returning * into e;
    return to_jsonb(e);
end
$$;

-- Any that is due, by chance: one whose erasing is refused comes up again and again, but not always first.
create or replace function daicho.tenant_erase_due() returns jsonb language sql security definer set search_path = pg_catalog as $$
    select daicho.tenant_erase(x.name, 'system')
    from (select t.name from daicho.tenant t where t.erase_at <= daicho.clock() order by random() limit 1) x
$$;

revoke execute on function daicho.job_files(), daicho.withdrawn_take(bigint), daicho.withdrawn_gone(bigint) from public;
grant execute on function daicho.withdrawn_take(bigint), daicho.withdrawn_gone(bigint) to daicho_jobs;
