-- Why: the shared ground of the house. Schema daicho holds what must be found before the tenant is known (contracts, accounts, sessions, keys)
-- and what all tenants queue in (jobs). Each shared table has FORCED row security: a tenant's role sees its own rows only, whatever the C
-- code asks. Run as daicho_owner. `bootstrap.sql` has made the roles.

create schema daicho;
grant usage on schema daicho to public;

-- Which migrations have been applied (db/migrate.c). Scripts of tenants are kept with their text: a new tenant is made from them.
create table daicho.migration (
    scope text not null check (scope in ('house', 'tenant')),
    number int not null,
    name text not null,
    sha256 bytea not null,
    script text not null,
    applied_at timestamptz not null default now(),
    primary key (scope, number)
);

-- The only source of stored or compared time. One value a transaction. Its body is one expression, so that the planner puts it into every statement
-- and default for nothing (a look into a table here cost 40 microseconds a call).
create function daicho.clock() returns timestamptz language sql stable parallel safe as $$
    select pg_catalog.now()
$$;

-- A rehearsal shifts the clock: the owner writes the shift into its body. The row is what pages show in red; no row: real time.
create table daicho.rehearsal (
    one boolean primary key default true check (one),
    shift interval not null
);
grant select on daicho.rehearsal to public;
create function daicho.rehearse(shift_ interval) returns void language plpgsql set search_path = pg_catalog as $$
begin
    delete from daicho.rehearsal;
    if shift_ <> interval '0' then
        insert into daicho.rehearsal (shift) values (shift_);
    end if;
    execute format('create or replace function daicho.clock() returns timestamptz language sql stable parallel safe as %L',
        'select pg_catalog.now()' || case when shift_ <> interval '0' then format(' + %L::interval', shift_) else '' end);
end
$$;

-- The tenant of the role we are in: t_acme, t_acme_masked, t_acme_form -> acme; null outside a tenant. No setting can change it.
create function daicho.tenant() returns text language sql stable parallel safe as $$
    select substring(current_user::text from '^t_([a-z][a-z0-9]*)(?:_masked|_form)?$')
$$;

-- Contracts -----------------------------------------------------------------------------------------------------------------------
create table daicho.tenant (
    name text primary key check (name ~ '^[a-z][a-z0-9]{1,29}$'),
    title text not null,
    state text not null default 'active' check (state in ('active', 'suspended', 'ended')),
    lang text not null default 'ja' check (lang in ('ja', 'en')),
    schema_version int not null default 0,          -- newest migration of schema/tenant/ applied
    created_at timestamptz not null default daicho.clock()
);

-- Accounts, groups, what they may ---------------------------------------------------------------------------------------------------
create table daicho.account_group (
    id bigint generated always as identity primary key,
    tenant text not null references daicho.tenant on delete cascade,
    name text not null,
    permissions text[] not null default '{}',       -- words of identity/permission.tbl
    unique (tenant, name)
);

create table daicho.account (
    id bigint generated always as identity primary key,
    tenant text not null references daicho.tenant on delete cascade,
    login text not null check (length(login) between 1 and 100),
    name text not null check (length(name) between 1 and 100),
    email text,
    lang text check (lang in ('ja', 'en')),          -- null: the tenant's
    theme text not null default 'auto' check (theme in ('auto', 'light', 'dark')),
    groups bigint[] not null default '{}',
    state text not null default 'active' check (state in ('active', 'suspended')),
    failures int not null default 0,                 -- wrong passwords in a row
    version bigint not null default 1,
    created_at timestamptz not null default daicho.clock(),
    last_login_at timestamptz
);
create unique index account_login_key on daicho.account (tenant, lower(login));

-- Password hashes: read by the functions below only, which only daicho_auth (and the operator's command) may call.
create table daicho.credential (
    account_id bigint primary key references daicho.account on delete cascade,
    hash text not null,                              -- bcrypt $2b$
    must_change boolean not null default false,
    changed_at timestamptz not null default daicho.clock()
);

create table daicho.session (
    token_hash bytea primary key,                    -- SHA-256 of the cookie's value
    id bigint generated always as identity unique,
    account_id bigint not null references daicho.account on delete cascade,
    tenant text not null references daicho.tenant on delete cascade,
    source text not null,
    agent text not null default '',
    created_at timestamptz not null default daicho.clock(),
    seen_at timestamptz not null default daicho.clock()     -- written at most once a minute
);
create index session_account_idx on daicho.session (account_id);

create table daicho.api_key (
    id bigint generated always as identity primary key,
    tenant text not null references daicho.tenant on delete cascade,
    name text not null check (length(name) between 1 and 100),
    token_hash bytea not null unique,                -- SHA-256 of the whole key
    hint text not null,                              -- first characters, to recognise it
    permissions text[] not null default '{}',
    created_by bigint references daicho.account on delete set null,
    created_at timestamptz not null default daicho.clock(),
    expires_at timestamptz,
    used_at timestamptz,                             -- written at most once a minute
    revoked_at timestamptz,
    unique (tenant, name)
);

-- Long work --------------------------------------------------------------------------------------------------------------------------
create table daicho.job (
    id bigint generated always as identity primary key,
    tenant text not null references daicho.tenant on delete cascade,
    account_id bigint not null default 0,            -- 0: the operator
    actor text not null,
    groups text not null default '',
    permissions text not null default '',            -- words the account held when it asked
    masked boolean not null default false,
    kind text not null,
    register text,
    args jsonb not null default '{}',
    state text not null default 'queued' check (state in ('queued', 'running', 'done', 'failed', 'cancelled')),
    attempt int not null default 0,
    lease_until timestamptz,                         -- running: its runner is alive until then
    not_before timestamptz not null default daicho.clock(),
    done bigint not null default 0,
    total bigint not null default 0,
    step text,
    cancel_asked boolean not null default false,
    result jsonb,
    result_file text,
    result_name text,
    created_at timestamptz not null default daicho.clock(),
    started_at timestamptz,
    finished_at timestamptz
);
create index job_due_idx on daicho.job (tenant, id) where state in ('queued', 'running');
create index job_tenant_idx on daicho.job (tenant, id desc);

-- What happens before a tenant is known (log-in to an unknown contract, operator commands). Same columns as tenant.log.
create table daicho.log (
    id bigint generated always as identity primary key,
    xid xid8 not null default pg_current_xact_id(),
    at timestamptz not null default daicho.clock(),
    actor_kind text not null,
    actor_id bigint not null default 0,
    actor text not null,
    groups text not null default '',
    source text not null,
    verb text not null,
    kind text,
    subject_id bigint,
    result text not null,
    detail jsonb
);

-- The second wall: row security on everything shared -------------------------------------------------------------------------------
do $$
declare
    t text;
begin
    foreach t in array array['account_group', 'account', 'session', 'api_key', 'job'] loop
        execute format('alter table daicho.%I enable row level security', t);
        execute format('alter table daicho.%I force row level security', t);
        execute format('create policy own on daicho.%I to daicho_tenant using (tenant = (select daicho.tenant())) with check (tenant = (select daicho.tenant()))', t);
        -- FORCE binds the owner too: the owner's functions below work through this policy
        execute format('create policy house on daicho.%I to daicho_owner using (true) with check (true)', t);
    end loop;
end
$$;
alter table daicho.tenant enable row level security;
alter table daicho.tenant force row level security;
create policy own on daicho.tenant for select to daicho_tenant using (name = (select daicho.tenant()));
create policy house on daicho.tenant to daicho_owner using (true) with check (true);
alter table daicho.credential enable row level security;
alter table daicho.credential force row level security;
create policy house on daicho.credential to daicho_owner using (true) with check (true);

grant select on daicho.tenant to daicho_tenant;
grant select, insert, update, delete on daicho.account_group to daicho_tenant;
grant select, insert, update, delete on daicho.account to daicho_tenant;
grant select (id, account_id, tenant, source, agent, created_at, seen_at), delete on daicho.session to daicho_tenant;
grant select (id, tenant, name, hint, permissions, created_by, created_at, expires_at, used_at, revoked_at),
    insert, update (revoked_at) on daicho.api_key to daicho_tenant;
grant select, insert, update (cancel_asked) on daicho.job to daicho_tenant;
-- number, time and transaction are the database's own
grant insert (actor_kind, actor_id, actor, groups, source, verb, kind, subject_id, result, detail) on daicho.log
    to daicho_web, daicho_auth, daicho_jobs, daicho_cli;

-- The doors: the only ways in, each a function of the owner -------------------------------------------------------------------------
create type daicho.entrance as (
    tenant text,
    role text,              -- what to take next
    masked boolean,
    kind text,              -- account | key
    id bigint,
    actor text,
    groups text,
    permissions text,       -- words separated by spaces
    lang text,
    theme text,
    session_id bigint,
    must_change boolean,
    now_ms bigint
);

-- By session cookie. No row: unknown, or three hours idle, or account or contract not active.
create function daicho.session_enter(token_hash_ bytea) returns setof daicho.entrance
language plpgsql security definer set search_path = pg_catalog as $$
declare
    s record;
begin
    select x.id, x.seen_at, a.id as account_id, a.tenant, a.login, a.lang, a.theme, t.lang as tenant_lang, a.groups,
        g.names, g.words, c.must_change
    into s
    from daicho.session x
    join daicho.account a on a.id = x.account_id
    join daicho.tenant t on t.name = a.tenant
    left join daicho.credential c on c.account_id = a.id
    left join lateral (
        select string_agg(distinct g.name, ', ') as names, string_agg(array_to_string(g.permissions, ' '), ' ') as words
        from daicho.account_group g where g.id = any (a.groups)
    ) g on true
    where x.token_hash = token_hash_ and x.seen_at > daicho.clock() - interval '3 hours'
        and a.state = 'active' and t.state = 'active';
    if not found then
        return;
    end if;
    if s.seen_at < daicho.clock() - interval '1 minute' then
        update daicho.session set seen_at = daicho.clock() where token_hash = token_hash_;
    end if;
    return query select s.tenant,
        't_' || s.tenant || case when coalesce(s.words, '') ~ '\mpersonal\.see\M' then '' else '_masked' end,
        not coalesce(s.words, '') ~ '\mpersonal\.see\M',
        'account', s.account_id, s.login, coalesce(s.names, ''), coalesce(s.words, ''), coalesce(s.lang, s.tenant_lang), s.theme,
        s.id, coalesce(s.must_change, false), (extract(epoch from daicho.clock()) * 1000)::bigint;
end
$$;

-- By API key.
create function daicho.key_enter(token_hash_ bytea) returns setof daicho.entrance
language plpgsql security definer set search_path = pg_catalog as $$
declare
    k record;
begin
    select x.id, x.tenant, x.name, x.used_at, array_to_string(x.permissions, ' ') as words, t.lang
    into k
    from daicho.api_key x
    join daicho.tenant t on t.name = x.tenant
    where x.token_hash = token_hash_ and x.revoked_at is null and (x.expires_at is null or x.expires_at > daicho.clock())
        and t.state = 'active';
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

-- By name: jobs and commands, which have checked who asks in another way.
create function daicho.tenant_enter(tenant_ text) returns setof daicho.entrance
language sql security definer set search_path = pg_catalog as $$
    select t.name, 't_' || t.name, false, 'operator', 0::bigint, '', '', '', t.lang, 'auto', 0::bigint, false,
        (extract(epoch from daicho.clock()) * 1000)::bigint
    from daicho.tenant t where t.name = tenant_ and t.state <> 'ended'
$$;

-- Log-in, step 1: the hash to compare with. One row always for a timing that does not tell whether the account exists:
-- account_id null when it does not (the caller compares with a dummy).
create function daicho.credential_find(tenant_ text, login_ text)
returns table (account_id bigint, hash text, must_change boolean, state text)
language sql stable security definer set search_path = pg_catalog as $$
    select a.id, c.hash, c.must_change, a.state
    from (select 1) one
    left join daicho.tenant t on t.name = tenant_ and t.state = 'active'
    left join daicho.account a on a.tenant = t.name and lower(a.login) = lower(login_)
    left join daicho.credential c on c.account_id = a.id
$$;

create function daicho.credential_of(account_id_ bigint) returns text
language sql stable security definer set search_path = pg_catalog as $$
    select c.hash from daicho.credential c where c.account_id = account_id_
$$;

create function daicho.credential_set(account_id_ bigint, hash_ text, must_change_ boolean) returns void
language sql security definer set search_path = pg_catalog as $$
    insert into daicho.credential (account_id, hash, must_change) values (account_id_, hash_, must_change_)
    on conflict (account_id) do update set hash = excluded.hash, must_change = excluded.must_change, changed_at = daicho.clock()
$$;

create function daicho.session_open(account_id_ bigint, token_hash_ bytea, source_ text, agent_ text) returns void
language sql security definer set search_path = pg_catalog as $$
    insert into daicho.session (token_hash, account_id, tenant, source, agent)
    select token_hash_, a.id, a.tenant, source_, left(agent_, 300) from daicho.account a where a.id = account_id_;
    update daicho.account set last_login_at = daicho.clock(), failures = 0 where id = account_id_
$$;

create function daicho.login_failed(account_id_ bigint) returns void
language sql security definer set search_path = pg_catalog as $$
    update daicho.account set failures = failures + 1 where id = account_id_
$$;

create function daicho.session_close(token_hash_ bytea) returns void
language sql security definer set search_path = pg_catalog as $$
    delete from daicho.session where token_hash = token_hash_
$$;

-- Jobs: taken by the runner before it enters a tenant. Fair: the tenant that runs least goes first.
create function daicho.job_take(lease interval) returns setof daicho.job
language plpgsql security definer set search_path = pg_catalog as $$
declare
    picked bigint;
begin
    -- a runner that died: its lease is over
    update daicho.job set state = 'failed', finished_at = daicho.clock(), lease_until = null
    where state = 'running' and lease_until < daicho.clock() and attempt >= 3;
    select j.id into picked
    from daicho.job j
    where (j.state = 'queued' and j.not_before <= daicho.clock()) or (j.state = 'running' and j.lease_until < daicho.clock())
    order by (select count(*) from daicho.job r where r.tenant = j.tenant and r.state = 'running' and r.lease_until >= daicho.clock()), j.id
    limit 1
    for update of j skip locked;
    if picked is null then
        return;
    end if;
    return query update daicho.job set state = 'running', attempt = attempt + 1, lease_until = daicho.clock() + lease,
        started_at = coalesce(started_at, daicho.clock())
    where id = picked returning *;
end
$$;

-- Progress and lease; tells whether somebody asked to cancel.
create function daicho.job_tell(id_ bigint, done_ bigint, total_ bigint, step_ text, lease interval) returns boolean
language sql security definer set search_path = pg_catalog as $$
    update daicho.job set done = done_, total = total_, step = step_, lease_until = daicho.clock() + lease
    where id = id_ and state = 'running' returning cancel_asked
$$;

create function daicho.job_finish(id_ bigint, state_ text, result_ jsonb, file_ text, name_ text) returns void
language sql security definer set search_path = pg_catalog as $$
    update daicho.job set state = state_, result = result_, result_file = file_, result_name = name_, lease_until = null,
        finished_at = daicho.clock(), done = case when state_ = 'done' then total else done end
    where id = id_
$$;

-- The schema of a tenant; its roles come from schema/bootstrap.sql, its tables from schema/tenant/.
create function daicho.tenant_schema_create(name_ text) returns void language plpgsql set search_path = pg_catalog as $$
begin
    execute format('create schema %I', 't_' || name_);
    execute format('grant usage on schema %I to %I, %I, %I', 't_' || name_, 't_' || name_, 't_' || name_ || '_masked', 't_' || name_ || '_form');
end
$$;
create function daicho.tenant_schema_drop(name_ text) returns void language plpgsql set search_path = pg_catalog as $$
begin
    execute format('drop schema if exists %I cascade', 't_' || name_);
end
$$;

revoke execute on all functions in schema daicho from public;
grant execute on function daicho.clock(), daicho.tenant() to public;
grant execute on function daicho.session_enter(bytea), daicho.key_enter(bytea) to daicho_web, daicho_auth;
grant execute on function daicho.session_close(bytea) to daicho_web, daicho_auth;
grant execute on function daicho.tenant_enter(text) to daicho_auth, daicho_jobs, daicho_cli;
grant execute on function daicho.credential_find(text, text), daicho.credential_of(bigint), daicho.credential_set(bigint, text, boolean),
    daicho.session_open(bigint, bytea, text, text), daicho.login_failed(bigint) to daicho_auth;
grant execute on function daicho.credential_set(bigint, text, boolean) to daicho_cli;
grant execute on function daicho.job_take(interval), daicho.job_tell(bigint, bigint, bigint, text, interval),
    daicho.job_finish(bigint, text, jsonb, text, text) to daicho_jobs;
