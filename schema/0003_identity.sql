-- Why: who may come in, and what they may give others. Moves three rules into the database that C code alone must not hold: password hashes are
-- touched by the auth processes only, an API key never outgrows the account that made it, and nobody inside the masked role can hand out the
-- right to see personal items. Also: versions of groups, fair turns in the queue, cancelling a job that has not begun.

-- The tenant of the role taken; unlike daicho.tenant() it also answers inside a function of the owner. Only the login role can change it.
create function daicho.role_tenant() returns text language sql stable parallel safe set search_path = pg_catalog as $$
    select substring(current_setting('role') from '^t_([a-z][a-z0-9]*)(?:_masked)?$')
$$;

-- Groups -----------------------------------------------------------------------------------------------------------------------------
alter table daicho.account_group add column version bigint not null default 1,
    add constraint account_group_name_check check (length(name) between 1 and 100);
alter table daicho.account_group drop constraint account_group_tenant_name_key;
create unique index account_group_name_key on daicho.account_group (tenant, lower(name));

-- Keys: the name of a revoked key may be used again; a key dies with the account that made it.
alter table daicho.api_key drop constraint api_key_tenant_name_key, drop constraint api_key_created_by_fkey,
    add constraint api_key_created_by_fkey foreign key (created_by) references daicho.account on delete cascade;
create unique index api_key_name_key on daicho.api_key (tenant, lower(name)) where revoked_at is null;
create index api_key_created_by_idx on daicho.api_key (created_by);

-- The masked role cannot give what it does not have, whatever SQL is put into its mouth ------------------------------------------------
create policy masked_write on daicho.account_group as restrictive for insert to daicho_tenant
    with check (current_user::text !~ '_masked$' or not 'personal.see' = any (permissions));
create policy masked_change on daicho.account_group as restrictive for update to daicho_tenant
    using (current_user::text !~ '_masked$' or not 'personal.see' = any (permissions))
    with check (current_user::text !~ '_masked$' or not 'personal.see' = any (permissions));
create policy masked_erase on daicho.account_group as restrictive for delete to daicho_tenant
    using (current_user::text !~ '_masked$' or not 'personal.see' = any (permissions));
create policy masked_write on daicho.account as restrictive for insert to daicho_tenant
    with check (current_user::text !~ '_masked$' or not exists (
        select from daicho.account_group g where g.id = any (groups) and 'personal.see' = any (g.permissions)));
create policy masked_change on daicho.account as restrictive for update to daicho_tenant
    using (current_user::text !~ '_masked$' or not exists (
        select from daicho.account_group g where g.id = any (groups) and 'personal.see' = any (g.permissions)))
    with check (current_user::text !~ '_masked$' or not exists (
        select from daicho.account_group g where g.id = any (groups) and 'personal.see' = any (g.permissions)));
create policy masked_write on daicho.api_key as restrictive for insert to daicho_tenant
    with check (current_user::text !~ '_masked$' or not 'personal.see' = any (permissions));
create policy masked_write on daicho.job as restrictive for insert to daicho_tenant
    with check (current_user::text !~ '_masked$' or (masked and permissions !~ '\mpersonal\.see\M'));

-- What a key's door gives: the key's words as far as its maker still holds them; keys made by the operator have no maker.
create or replace function daicho.key_enter(token_hash_ bytea) returns setof daicho.entrance
language plpgsql security definer set search_path = pg_catalog as $$
declare
    k record;
begin
    select x.id, x.tenant, x.name, x.used_at, t.lang,
        coalesce(case when x.created_by is null then array_to_string(x.permissions, ' ')
            else (select string_agg(w, ' ') from unnest(x.permissions) w
                where exists (select from daicho.account_group g where g.id = any (a.groups) and w = any (g.permissions))) end, '') as words
    into k
    from daicho.api_key x
    join daicho.tenant t on t.name = x.tenant
    left join daicho.account a on a.id = x.created_by
    where x.token_hash = token_hash_ and x.revoked_at is null and (x.expires_at is null or x.expires_at > daicho.clock())
        and t.state = 'active' and (x.created_by is null or a.state = 'active');
    if not found then
        return;
    end if;
    if k.used_at is null or k.used_at < daicho.clock() - interval '1 minute' then
        update daicho.api_key set used_at = daicho.clock() where id = k.id;
    end if;
    return query select k.tenant, 't_' || k.tenant || case when k.words ~ '\mpersonal\.see\M' then '' else '_masked' end,
        not k.words ~ '\mpersonal\.see\M', 'key', k.id, k.name, '', k.words, k.lang, 'auto', 0::bigint, false,
        (extract(epoch from daicho.clock()) * 1000)::bigint;
end
$$;

-- Passwords --------------------------------------------------------------------------------------------------------------------------
drop function daicho.credential_find(text, text);
drop function daicho.login_failed(bigint);
drop function daicho.credential_of(bigint);
drop function daicho.credential_set(bigint, text, boolean);

-- Log-in, step 1: charges one failure to the account before the password is looked at (session_open takes it back), so that guesses made in
-- parallel are all counted. One row always; tenant null: no such contract; account_id null: no such account (the caller compares with a dummy).
create function daicho.login_begin(tenant_ text, login_ text)
returns table (tenant text, lang text, account_id bigint, login text, groups text, state text, hash text)
language sql security definer set search_path = pg_catalog as $$
    with charged as (
        update daicho.account a set failures = a.failures + 1
        from daicho.tenant t
        where t.name = tenant_ and t.state = 'active' and a.tenant = t.name and lower(a.login) = lower(login_)
        returning a.id, a.login, a.state, a.groups
    )
    select t.name, t.lang, c.id, c.login,
        (select string_agg(g.name, ', ' order by g.name) from daicho.account_group g where g.id = any (c.groups) and g.tenant = t.name), c.state, h.hash
    from (select 1) one
    left join daicho.tenant t on t.name = tenant_ and t.state = 'active'
    left join charged c on true
    left join daicho.credential h on h.account_id = c.id
$$;

-- Inside a tenant (a changed password): reached through the tenant's role, answered only when the connection belongs to an auth process or the
-- operator's command. A web process has no way to a hash, whatever role it takes.
create function daicho.credential_of(account_id_ bigint) returns text
language plpgsql stable security definer set search_path = pg_catalog as $$
begin
    if session_user not in ('daicho_auth', 'daicho_cli') then
        raise insufficient_privilege using message = 'password hashes are read by the auth processes only';
    end if;
    return (select c.hash from daicho.credential c join daicho.account a on a.id = c.account_id
        where c.account_id = account_id_ and a.tenant = daicho.role_tenant());
end
$$;

create function daicho.credential_set(account_id_ bigint, hash_ text, must_change_ boolean) returns boolean
language plpgsql security definer set search_path = pg_catalog as $$
begin
    if session_user not in ('daicho_auth', 'daicho_cli') then
        raise insufficient_privilege using message = 'passwords are set by the auth processes only';
    end if;
    -- what the masked role must not do by the back door: take over an account that sees more than it
    if current_setting('role') ~ '_masked$' and account_id_::text is distinct from split_part(current_setting('daicho.actor', true), ':', 2)
        and exists (select from daicho.account a join daicho.account_group g on g.id = any (a.groups)
            where a.id = account_id_ and 'personal.see' = any (g.permissions)) then
        raise insufficient_privilege using message = 'this account sees more than the one that asks';
    end if;
    insert into daicho.credential (account_id, hash, must_change)
    select a.id, hash_, must_change_ from daicho.account a where a.id = account_id_ and a.tenant = daicho.role_tenant()
    on conflict (account_id) do update set hash = excluded.hash, must_change = excluded.must_change, changed_at = daicho.clock();
    return found;
end
$$;

-- A new session, opened inside the tenant by an auth process only. The browser's session until now ends; what is left of the account's idle ones goes.
drop function daicho.session_open(bigint, bytea, text, text);
drop function daicho.session_close(bytea);
create function daicho.session_open(account_id_ bigint, token_hash_ bytea, old_hash bytea, source_ text, agent_ text) returns boolean
language plpgsql security definer set search_path = pg_catalog as $$
begin
    if session_user <> 'daicho_auth' then
        raise insufficient_privilege using message = 'sessions are opened by the auth processes only';
    end if;
    delete from daicho.session
    where token_hash = old_hash or account_id = account_id_ and seen_at <= daicho.clock() - interval '3 hours';
    update daicho.account set last_login_at = daicho.clock(), failures = 0
    where id = account_id_ and tenant = daicho.role_tenant() and state = 'active';
    if not found then
        return false;
    end if;
    insert into daicho.session (token_hash, account_id, tenant, source, agent)
    values (token_hash_, account_id_, daicho.role_tenant(), source_, left(agent_, 300));
    return true;
end
$$;

-- Jobs -------------------------------------------------------------------------------------------------------------------------------
-- A runner shows that it lives by an advisory lock (key: minus the job's id) on the connection it took the job with. The lock goes with the process,
-- however it dies and however long a statement takes: no lease to renew, no time to guess. `attempt` fences: what an earlier runner still says about
-- the job is not heard.
drop function daicho.job_take(interval);
drop function daicho.job_tell(bigint, bigint, bigint, text, interval);
drop function daicho.job_finish(bigint, text, jsonb, text, text);
alter table daicho.job drop column lease_until,
    add column actor_kind text not null default 'account' check (actor_kind in ('account', 'key', 'operator', 'system')),
    add column actor_id bigint not null default 0;  -- account_id: whose it is (of a key: its maker)

-- The next job for this connection; fair: first the tenant that runs least, then the one whose last turn is longest ago, then the oldest job.
create function daicho.job_take() returns setof daicho.job
language plpgsql security definer set search_path = pg_catalog as $$
declare
    r record;
    picked bigint;
begin
    perform pg_advisory_unlock_all();
    -- what a dead runner left behind; the one that takes it judges whether to try again
    for r in select j.id from daicho.job j where j.state = 'running' order by j.id loop
        continue when not pg_try_advisory_lock(-r.id);
        select j.id into picked from daicho.job j where j.id = r.id and j.state = 'running' for update skip locked;
        exit when picked is not null;
        perform pg_advisory_unlock(-r.id);
    end loop;
    if picked is null then
        select j.id into picked
        from (
            select d.tenant, min(d.id) as id from daicho.job d
            where d.state = 'queued' and d.not_before <= daicho.clock() group by d.tenant
        ) first
        join daicho.tenant t on t.name = first.tenant and t.state <> 'ended'
        join daicho.job j on j.id = first.id
        cross join lateral (
            select count(*) filter (where x.state = 'running') as running, max(x.started_at) as turn
            from daicho.job x where x.tenant = first.tenant and (x.state = 'running' or x.started_at > daicho.clock() - interval '1 hour')
        ) load
        where j.state = 'queued'
        order by load.running, load.turn nulls first, j.id
        limit 1
        for update of j skip locked;
        -- held for a moment longer by the runner that put it back
        if picked is null or not pg_try_advisory_lock(-picked) then
            return;
        end if;
    end if;
    return query update daicho.job set state = 'running', attempt = attempt + 1, started_at = daicho.clock(), done = 0, total = 0, step = null
    where id = picked returning *;
end
$$;

-- Progress; tells whether somebody asked to cancel; null: the job is no longer this runner's.
create function daicho.job_tell(id_ bigint, attempt_ int, done_ bigint, total_ bigint, step_ text) returns boolean
language sql security definer set search_path = pg_catalog as $$
    update daicho.job set done = done_, total = total_, step = step_
    where id = id_ and state = 'running' and attempt = attempt_ returning cancel_asked
$$;

-- The end. Also called inside the tenant, in the transaction of the work itself: then the work and its end are one. Null: the job is no longer this
-- runner's. 'cancelled' instead of 'done': somebody asked to cancel and was told yes; the work must be rolled back.
create function daicho.job_finish(id_ bigint, attempt_ int, state_ text, result_ jsonb, file_ text, name_ text) returns text
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
    elsif asked and state_ = 'done' then
        return 'cancelled';
    end if;
    -- the transaction began with the work: its clock reading is the beginning, so the end adds what has passed since
    update daicho.job set state = state_, result = result_, result_file = file_, result_name = name_,
        finished_at = daicho.clock() + (pg_catalog.clock_timestamp() - pg_catalog.now()),
        done = case when state_ = 'done' then greatest(done, total) else done end
    where id = id_;
    return state_;
end
$$;

-- Back into the queue after a passing trouble, not before `wait`.
create function daicho.job_retry(id_ bigint, attempt_ int, wait interval, result_ jsonb) returns boolean
language plpgsql security definer set search_path = pg_catalog as $$
begin
    update daicho.job set state = case when cancel_asked then 'cancelled' else 'queued' end, result = result_,
        not_before = daicho.clock() + wait, finished_at = case when cancel_asked then daicho.clock() end
    where id = id_ and state = 'running' and attempt = attempt_;
    return found;
end
$$;

-- Asked by people of the tenant (through its role): a job that has not begun is cancelled here, a running one is told.
create function daicho.job_cancel(id_ bigint) returns text
language sql security definer set search_path = pg_catalog as $$
    update daicho.job set cancel_asked = true, state = case when state = 'queued' then 'cancelled' else state end,
        finished_at = case when state = 'queued' then daicho.clock() end
    where id = id_ and tenant = daicho.role_tenant() and state in ('queued', 'running')
    returning state
$$;

-- Everything an account has asked for and not got yet: when it is suspended or erased.
create function daicho.job_cancel_of(account_id_ bigint) returns void
language sql security definer set search_path = pg_catalog as $$
    update daicho.job set cancel_asked = true, state = case when state = 'queued' then 'cancelled' else state end,
        finished_at = case when state = 'queued' then daicho.clock() end
    where account_id = account_id_ and tenant = daicho.role_tenant() and state in ('queued', 'running')
$$;
revoke update (cancel_asked) on daicho.job from daicho_tenant;
create index job_account_idx on daicho.job (account_id) where state in ('queued', 'running');
create index job_turn_idx on daicho.job (tenant, started_at);

revoke execute on function daicho.session_open(bigint, bytea, bytea, text, text), daicho.login_begin(text, text), daicho.credential_of(bigint), daicho.credential_set(bigint, text, boolean),
    daicho.job_take(), daicho.job_tell(bigint, int, bigint, bigint, text), daicho.job_finish(bigint, int, text, jsonb, text, text),
    daicho.job_retry(bigint, int, interval, jsonb), daicho.job_cancel(bigint), daicho.job_cancel_of(bigint) from public;
grant execute on function daicho.role_tenant() to public;
grant execute on function daicho.login_begin(text, text) to daicho_auth;
grant execute on function daicho.session_open(bigint, bytea, bytea, text, text), daicho.credential_of(bigint), daicho.credential_set(bigint, text, boolean),
    daicho.job_cancel(bigint), daicho.job_cancel_of(bigint), daicho.job_finish(bigint, int, text, jsonb, text, text) to daicho_tenant;
grant execute on function daicho.job_take(), daicho.job_tell(bigint, int, bigint, bigint, text),
    daicho.job_finish(bigint, int, text, jsonb, text, text), daicho.job_retry(bigint, int, interval, jsonb) to daicho_jobs;
