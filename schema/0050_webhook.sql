-- Why: programs of the contract want to know at once what happened, instead of asking again and again. An event is written down in the transaction of what it
-- tells about, once for each address that asked for it, and sent by the courier processes after the commit: what was rolled back is never told, what was
-- committed always is, at least once. Addresses, events and what became of them are the contract's, by row security; secrets are sealed by processes that hold
-- the key (base/seal.h), and what an address is told never goes beyond what whoever set it up may see (daicho.webhook_wants).

-- The groups that ran everything until now run what is new as well.
update daicho.account_group g set permissions = g.permissions || '{webhook.manage}'::text[]
where g.permissions @> '{record.delete,account.manage,tenant.manage}' and 'webhook.manage' <> all (g.permissions);
-- It administers: it needs a second factor as the others do.
create or replace function daicho.account_factor_out() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
begin
    new.factor_required := new.factor_anew
        or string_to_array(new.words, ' ') && array['account.manage', 'person.manage', 'policy.manage', 'session.manage', 'key.manage',
            'certificate.manage', 'provider.manage', 'webhook.manage', 'access.approve', 'support.approve', 'support.ask', 'log.erase', 'tenant.manage']
        or exists (select from daicho.account_group g where g.id = any (new.groups) and g.tenant = new.tenant and g.factor_required)
        or exists (select from daicho.tenant t where t.name = new.tenant and t.factor_everybody)
        or exists (select from daicho.policy p where p.tenant = new.tenant and p.factor_always);
    return new;
end
$$;
update daicho.account set words = '';

create table daicho.webhook (
    id bigint generated always as identity primary key,
    tenant text not null references daicho.tenant on delete cascade,
    handle text not null unique check (handle ~ '^[0-9a-f]{32}$'),  -- what its secrets are bound to
    address text not null check (length(address) between 8 and 2000),
    description text not null default '' check (length(description) <= 200),
    events text[] not null check (cardinality(events) between 1 and 6 and events <@
        '{record.created,record.changed,record.deleted,import.finished,move.made,duty.missed}'::text[]),
    registers text[] not null default '{}' check (cardinality(registers) <= 100),   -- none: all that its owner may read
    content text not null default 'names' check (content in ('names', 'values', 'personal')),
    active boolean not null default true,
    off_at timestamptz,                              -- switched off since
    off_why text check (off_why in ('hand', 'failed', 'gone')),
    told boolean not null default true,              -- false: somebody has to be told that it was switched off
    secret bytea not null,                           -- sealed
    secret_at timestamptz not null default daicho.clock(),
    secret_old bytea,
    secret_old_until timestamptz,                    -- signs as well until then
    owner_kind text not null check (owner_kind in ('account', 'key')),
    owner_id bigint not null,                        -- whose rights limit what it is told: who saved it last
    owner text not null,
    version bigint not null default 1,
    created_at timestamptz not null default daicho.clock(),
    updated_at timestamptz not null default daicho.clock(),
    failures int not null default 0,                 -- attempts in a row
    failing_since timestamptz,
    rest_until timestamptz,                          -- nothing is tried before
    busy_until timestamptz,                          -- a courier speaks with it
    taken_at timestamptz,
    slow boolean not null default false,             -- failed or took long the last time
    answered_at timestamptz,                         -- the last good answer
    missed_at timestamptz not null default daicho.clock(),  -- duties missed up to here have been told,
    missed_id bigint not null default 0,             -- of those known then
    check (active = (off_why is null)),
    check ((secret_old is null) = (secret_old_until is null))
);
create index webhook_tenant_idx on daicho.webhook (tenant, id);
create index webhook_told_idx on daicho.webhook (id) where not told;

create table daicho.webhook_delivery (
    id bigint generated always as identity primary key,
    tenant text not null references daicho.tenant on delete cascade,
    webhook_id bigint not null references daicho.webhook on delete cascade,
    message text not null unique default 'msg_' || replace(gen_random_uuid()::text, '-', ''),    -- the same at every attempt
    event text not null,
    register text,
    record bigint,
    personal boolean not null,                       -- the body holds what not everybody may see
    body text not null check (octet_length(body) <= 65536),
    state text not null default 'queued' check (state in ('queued', 'sent', 'failed')),
    created_at timestamptz not null default daicho.clock(),
    attempt int not null default 0,                  -- of this round; sending again begins a new one
    next_at timestamptz not null default daicho.clock(),
    ended_at timestamptz,
    status int,                                      -- of the last answer
    took_ms int
);
create index webhook_delivery_page_idx on daicho.webhook_delivery (webhook_id, id desc);
create index webhook_delivery_due_idx on daicho.webhook_delivery (webhook_id, next_at, id) where state = 'queued';
create index webhook_delivery_order_idx on daicho.webhook_delivery (webhook_id, register, record, id) where state = 'queued';
create index webhook_delivery_old_idx on daicho.webhook_delivery (created_at);

create table daicho.webhook_attempt (
    id bigint generated always as identity primary key,
    tenant text not null references daicho.tenant on delete cascade,
    delivery_id bigint not null references daicho.webhook_delivery on delete cascade,
    at timestamptz not null,
    status int,                                      -- null: no answer
    took_ms int not null,
    said text,                                       -- why there was none
    answer text not null default '' check (length(answer) <= 4096)
);
create index webhook_attempt_idx on daicho.webhook_attempt (delivery_id, id);
create index webhook_attempt_tenant_idx on daicho.webhook_attempt (tenant);

-- Does whoever acts manage these? Asked once a statement, by row policies.
create function daicho.webhook_may() returns boolean language sql stable security definer set search_path = pg_catalog as $$
    select coalesce(a.kind = 'system' or daicho.words_hold(a.held, 'webhook.manage'), false) from daicho.acting() a
$$;

do $$
declare
    t text;
begin
    foreach t in array array['webhook', 'webhook_delivery', 'webhook_attempt'] loop
        execute format('alter table daicho.%I enable row level security', t);
        execute format('alter table daicho.%I force row level security', t);
        execute format('create policy house on daicho.%I to daicho_owner using (true) with check (true)', t);
        execute format('create policy own on daicho.%I for select to daicho_tenant using (tenant = daicho.role_tenant() and (select daicho.webhook_may()))', t);
    end loop;
end
$$;
-- Secrets, bodies and answers are in no column that is granted: bodies come through daicho.webhook_seen, which asks for the right to personal items.
grant select (id, tenant, handle, address, description, events, registers, content, active, off_at, off_why, told, secret_at, secret_old_until, owner_kind, owner_id, owner,
    version, created_at, updated_at, failures, failing_since, rest_until, answered_at) on daicho.webhook to daicho_tenant;
grant select (id, tenant, webhook_id, message, event, register, record, personal, state, created_at, attempt, next_at, ended_at, status, took_ms)
    on daicho.webhook_delivery to daicho_tenant;
grant select (id, tenant, delivery_id, at, status, took_ms) on daicho.webhook_attempt to daicho_tenant;

-- What its owner holds now. Null: the account is gone or suspended, the key revoked or over.
create function daicho.webhook_words(tenant_ text, kind_ text, id_ bigint) returns text[] language sql stable security definer set search_path = pg_catalog as $$
    select string_to_array(a.words, ' ') from daicho.account a where kind_ = 'account' and a.id = id_ and a.tenant = tenant_ and a.state = 'active'
    union all
    select string_to_array(k.words, ' ') from daicho.api_key k
    where kind_ = 'key' and k.id = id_ and k.tenant = tenant_ and k.revoked_at is null and (k.expires_at is null or k.expires_at > daicho.clock())
$$;
-- Addresses that are to be told of this, each with as much as its owner may see. register null: of no register.
create function daicho.webhook_wants(tenant_ text, event_ text, register_ text) returns table (id bigint, content text)
language sql stable security definer set search_path = pg_catalog as $$
    select w.id, case when w.content = 'personal' and not daicho.words_hold(o.words, 'personal.see') then 'values' else w.content end
    from daicho.webhook w
    cross join lateral (select daicho.webhook_words(w.tenant, w.owner_kind, w.owner_id) as words) o
    where w.tenant = tenant_ and w.active and event_ = any (w.events)
        and (register_ is null or w.registers = '{}' or register_ = any (w.registers))
        and o.words is not null and daicho.words_hold(o.words, 'webhook.manage')
        and (register_ is null or daicho.words_hold(o.words, 'record.read:' || register_))
    order by w.id
$$;

-- The columns of a register that may be told: what the view of masked accounts holds, or all of the table.
create function daicho.webhook_items(tenant_ text, register_ text, personal_ boolean) returns text[] language sql stable security definer set search_path = pg_catalog as $$
    select coalesce(array_agg(a.attname::text order by a.attnum), '{}') from pg_attribute a
    where a.attrelid = to_regclass(format('%I.%I', 't_' || tenant_, case when personal_ then 'r_' else 'm_' end || register_)) and a.attnum > 0 and not a.attisdropped
        and a.attname !~ '^_' and a.attname <> all ('{id,version,created_at,created_by,updated_at,updated_by,origin,search_text}')
$$;
create function daicho.webhook_moment(at timestamptz) returns text language sql immutable set search_path = pg_catalog as $$
    select to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
$$;
create function daicho.webhook_by() returns json language sql stable set search_path = pg_catalog as $$
    select json_build_object('kind', coalesce(nullif(split_part(current_setting('daicho.actor', true), ':', 1), ''), 'system'), 'name', coalesce(daicho.actor_name(), ''))
$$;
-- Those of these items, with their values.
create function daicho.webhook_values(data jsonb, items text[]) returns json language sql immutable set search_path = pg_catalog as $$
    select coalesce(json_object_agg(i.name, data -> i.name order by i.place), '{}') from unnest(items) with ordinality i (name, place)
$$;

-- Records, each an event of its own. changed: names of items, null elsewhere; data: the record as it is, deleted ones as they were.
create function daicho.webhook_records(tenant_ text, event_ text, register_ text, ids bigint[], versions bigint[], changed jsonb[], data jsonb[]) returns void
language plpgsql security definer set search_path = pg_catalog as $$
declare
    plain text[] := daicho.webhook_items(tenant_, register_, false);
    full_ text[] := daicho.webhook_items(tenant_, register_, true);
begin
    insert into daicho.webhook_delivery (tenant, webhook_id, event, register, record, personal, body)
    select tenant_, w.id, event_, register_, r.id, w.content = 'personal',
        case when w.content = 'names' then b.short
            when octet_length(v.long) > 65536 then (b.short::jsonb || jsonb_build_object('data', b.short::jsonb -> 'data' || '{"values_left_out": true}'))::text
            else v.long end
    from unnest(ids, versions, changed, data) with ordinality r (id, version, changed, data, place)
    cross join daicho.webhook_wants(tenant_, event_, register_) w
    cross join lateral (select json_build_object('type', event_, 'timestamp', daicho.webhook_moment(daicho.clock()), 'data', json_build_object('tenant', tenant_,
        'register', register_, 'record', r.id, 'version', r.version, 'by', daicho.webhook_by(), 'job', nullif(current_setting('daicho.job', true), '')::bigint,
        'items', r.changed))::text as short) b
    cross join lateral (select case when w.content = 'names' then '' else
        left(b.short, -2) || ', "values" : ' || daicho.webhook_values(r.data, case when w.content = 'personal' then full_ else plain end)::text || '}}' end as long) v
    order by r.place, w.id;
end
$$;
-- What is not about one record.
create function daicho.webhook_tell(tenant_ text, event_ text, register_ text, record_ bigint, told json) returns void
language sql security definer set search_path = pg_catalog as $$
    insert into daicho.webhook_delivery (tenant, webhook_id, event, register, record, personal, body)
    select tenant_, w.id, event_, register_, record_, false,
        json_build_object('type', event_, 'timestamp', daicho.webhook_moment(daicho.clock()), 'data', told)::text
    from daicho.webhook_wants(tenant_, event_, register_) w
$$;

-- Of a register: one statement. More than 1 000 records at once are told of by their number.
create function daicho.webhook_noted() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
declare
    tenant_ text := substr(tg_table_schema, 3);
    register_ text := substr(tg_table_name, 3);
    event_ text := case tg_op when 'INSERT' then 'record.created' when 'UPDATE' then 'record.changed' else 'record.deleted' end;
    n bigint;
    ids bigint[];
    versions bigint[];
    changed jsonb[];
    data jsonb[];
    items text[];
begin
    if not exists (select from daicho.webhook_wants(tenant_, event_, register_)) then
        return null;
    elsif tg_op = 'DELETE' then
        select count(*) into n from before;
    else
        select count(*) into n from after;
    end if;
    if n = 0 then
        return null;
    elsif n > 1000 then
        perform daicho.webhook_tell(tenant_, event_, register_, null, json_build_object('tenant', tenant_, 'register', register_, 'count', n, 'by', daicho.webhook_by(),
            'job', nullif(current_setting('daicho.job', true), '')::bigint));
        return null;
    elsif tg_op = 'INSERT' then
        select array_agg(a.id order by a.id), array_agg(a.version order by a.id), array_agg(null::jsonb), array_agg(to_jsonb(a) order by a.id) into ids, versions, changed, data
        from after a;
    elsif tg_op = 'DELETE' then
        select array_agg(b.id order by b.id), array_agg(b.version order by b.id), array_agg(null::jsonb), array_agg(to_jsonb(b) order by b.id) into ids, versions, changed, data
        from before b;
    else
        items := daicho.webhook_items(tenant_, register_, true);
        select array_agg(x.id order by x.id), array_agg(x.version order by x.id), array_agg(x.changed order by x.id), array_agg(x.now order by x.id) into ids, versions, changed, data
        from (select a.id, a.version, to_jsonb(a) as now, (select jsonb_agg(i.name order by i.place) from unnest(items) with ordinality i (name, place)
                where to_jsonb(a) -> i.name is distinct from to_jsonb(b) -> i.name) as changed
            from before b join after a on a.id = b.id) x
        where x.changed is not null;
    end if;
    if ids is not null then
        perform daicho.webhook_records(tenant_, event_, register_, ids, versions, changed, data);
    end if;
    return null;
end
$$;

-- A register has these triggers only while some address of its contract asks for what they see: nobody else pays for them.
create function daicho.webhook_attach(tenant_ text, register_ text) returns void language plpgsql security definer set search_path = pg_catalog set lock_timeout = '2s' as $$
declare
    t regclass := to_regclass(format('%I.%I', 't_' || tenant_, 'r_' || register_));
    wanted text[] := (select array_agg(distinct e) from daicho.webhook w, unnest(w.events) e
        where w.tenant = tenant_ and w.active and (w.registers = '{}' or register_ = any (w.registers)));
    one record;
begin
    for one in select v.*, exists (select from pg_trigger g where g.tgrelid = t and g.tgname = 'webhook_' || v.op) as stands, v.event = any (coalesce(wanted, '{}')) as needed
        from (values ('record.created', 'insert', 'new table as after'), ('record.changed', 'update', 'old table as before new table as after'),
            ('record.deleted', 'delete', 'old table as before')) v (event, op, tables) where t is not null loop
        if one.needed and not one.stands then
            execute format('create trigger %I after %s on %s referencing %s for each statement execute function daicho.webhook_noted()', 'webhook_' || one.op, one.op, t, one.tables);
        elsif one.stands and not one.needed then
            begin
                execute format('drop trigger %I on %s', 'webhook_' || one.op, t);
            exception when lock_not_available then
                null;       -- it stays and finds nobody to tell
            end;
        end if;
    end loop;
exception when lock_not_available then
    raise lock_not_available using message = 'the register is being written by long work; try again when it is done';
end
$$;
create function daicho.webhook_attach_all(tenant_ text) returns void language plpgsql security definer set search_path = pg_catalog as $$
declare
    name_ text;
begin
    for name_ in execute format('select r.name from %I.register r where r.state = ''active'' order by r.id', 't_' || tenant_) loop
        perform daicho.webhook_attach(tenant_, name_);
    end loop;
end
$$;

-- Sources beside records ------------------------------------------------------------------------------------------------------------------------------
create function daicho.webhook_job() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
begin
    perform daicho.webhook_tell(new.tenant, 'import.finished', new.register, null, json_build_object('tenant', new.tenant, 'register', new.register, 'job', new.id,
        'state', new.state, 'by', json_build_object('kind', new.actor_kind, 'name', new.actor),
        'counts', (select coalesce(json_object_agg(x.key, x.value order by x.key), '{}') from jsonb_each(case when jsonb_typeof(new.result) = 'object' then new.result end) x
            where jsonb_typeof(x.value) = 'number')));
    return null;
end
$$;
create trigger webhook after update of state on daicho.job for each row
    when (new.kind = 'import' and new.state is distinct from old.state and new.state in ('done', 'failed', 'cancelled')) execute function daicho.webhook_job();

create function daicho.webhook_move() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
declare
    r daicho.move_rule;
begin
    select * into r from daicho.move_rule x where x.tenant = new.tenant and x.id = new.rule_id;
    perform daicho.webhook_tell(new.tenant, 'move.made', r.register, new.record, json_build_object('tenant', new.tenant, 'register', r.register, 'record', new.record,
        'by', daicho.webhook_by(), 'move', r.name, 'from', new.from_state, 'to', new.to_state, 'request', new.id));
    return null;
end
$$;
create trigger webhook_made after insert on daicho.move for each row when (new.state = 'done') execute function daicho.webhook_move();
create trigger webhook_ended after update of state on daicho.move for each row when (new.state = 'done' and old.state <> 'done') execute function daicho.webhook_move();

-- A deadline passes without anybody doing anything: looked for by the jobs processes. How many were told.
create function daicho.webhook_missed() returns bigint language plpgsql security definer set search_path = pg_catalog as $$
declare
    w daicho.webhook;
    d daicho.duty;
    now_ timestamptz := daicho.clock();
    last bigint;
    n bigint := 0;
begin
    if session_user <> 'daicho_jobs' then
        raise insufficient_privilege using message = 'missed duties are told by the jobs processes only';
    end if;
    for w in select * from daicho.webhook x where x.active and 'duty.missed' = any (x.events) order by x.id for update skip locked loop
        select coalesce(max(x.id), w.missed_id) into last from daicho.duty x where x.tenant = w.tenant;
        for d in select * from daicho.duty x where x.tenant = w.tenant and x.kind = 'clock' and x.due_at <= now_ and (x.due_at > w.missed_at or x.id > w.missed_id)
            and x.id <= last and x.void_at is null and not x.laid and (x.stopped_at is null or x.stopped_at > x.due_at) order by x.due_at, x.id limit 10000 loop
            insert into daicho.webhook_delivery (tenant, webhook_id, event, register, record, personal, body)
            select w.tenant, w.id, 'duty.missed', d.register, d.record, false, json_build_object('type', 'duty.missed', 'timestamp', daicho.webhook_moment(now_),
                'data', json_build_object('tenant', w.tenant, 'register', d.register, 'record', d.record, 'by', json_build_object('kind', 'system', 'name', ''),
                'duty', d.id, 'clock', d.clock, 'started_at', daicho.webhook_moment(d.started_at), 'due_at', daicho.webhook_moment(d.due_at)))::text
            from daicho.webhook_wants(w.tenant, 'duty.missed', d.register) x where x.id = w.id;
            n := n + 1;
        end loop;
        update daicho.webhook x set missed_at = now_, missed_id = last where x.id = w.id and (x.missed_at, x.missed_id) is distinct from (now_, last)
            and (n > 0 or x.missed_at < now_ - interval '1 minute' or x.missed_at > now_ or x.missed_id < last);
    end loop;
    return n;
end
$$;

-- By people -------------------------------------------------------------------------------------------------------------------------------------------
create function daicho.webhook_asks() returns record language plpgsql stable security definer set search_path = pg_catalog as $$
declare
    asks record;
begin
    select * into asks from daicho.acting();
    if daicho.role_tenant() is null or asks.kind is null or asks.kind not in ('account', 'key') or not daicho.words_hold(asks.held, 'webhook.manage') then
        raise insufficient_privilege using message = 'webhooks are managed by those who may';
    end if;
    return asks;
end
$$;
create function daicho.webhook_check(asks record, registers_ text[], content_ text) returns void language plpgsql stable set search_path = pg_catalog as $$
begin
    if content_ = 'personal' and not daicho.words_hold(asks.held, 'personal.see') then
        raise insufficient_privilege using message = 'personal items are told only by who may see them';
    elsif exists (select from unnest(registers_) r where not daicho.words_hold(asks.held, 'record.read:' || r)) then
        raise insufficient_privilege using message = 'a register is told of only by who may read it';
    end if;
end
$$;
-- Addresses are judged, and secrets sealed, by the processes that may look names up and hold the key: no others write them. Null: there are as many as there can be.
create function daicho.webhook_make(handle_ text, sealed bytea, address_ text, description_ text, events_ text[], registers_ text[], content_ text) returns bigint
language plpgsql security definer set search_path = pg_catalog as $$
declare
    asks record := daicho.webhook_asks();
    id_ bigint;
begin
    if session_user <> 'daicho_sso' then
        raise insufficient_privilege using message = 'addresses are written by the processes that look them up only';
    end if;
    perform daicho.webhook_check(asks, registers_, content_);
    perform from daicho.tenant t where t.name = daicho.role_tenant() for no key update;
    if (select count(*) from daicho.webhook w where w.tenant = daicho.role_tenant()) >= 20 then
        return null;
    end if;
    insert into daicho.webhook (tenant, handle, secret, address, description, events, registers, content, owner_kind, owner_id, owner, missed_id)
    values (daicho.role_tenant(), handle_, sealed, address_, description_, events_, registers_, content_, asks.kind, asks.id, asks.name,
        (select coalesce(max(d.id), 0) from daicho.duty d where d.tenant = daicho.role_tenant())) returning id into id_;
    perform daicho.webhook_attach_all(daicho.role_tenant());
    return id_;
end
$$;
-- Null: not in this version. Whoever saves it is its owner from now on. Switched on again it begins anew, with what waits.
create function daicho.webhook_change(id_ bigint, version_ bigint, address_ text, description_ text, events_ text[], registers_ text[], content_ text, active_ boolean) returns bigint
language plpgsql security definer set search_path = pg_catalog as $$
declare
    asks record := daicho.webhook_asks();
    n bigint;
begin
    if session_user <> 'daicho_sso' then
        raise insufficient_privilege using message = 'addresses are written by the processes that look them up only';
    end if;
    perform daicho.webhook_check(asks, registers_, content_);
    update daicho.webhook w set address = address_, description = description_, events = events_, registers = registers_, content = content_, version = w.version + 1,
        updated_at = daicho.clock(), owner_kind = asks.kind, owner_id = asks.id, owner = asks.name, active = active_, told = true,
        off_why = case when active_ then null when w.active then 'hand' else w.off_why end,
        off_at = case when active_ then null when w.active then daicho.clock() else w.off_at end,
        failures = case when active_ and (not w.active or address_ <> w.address) then 0 else w.failures end,
        failing_since = case when active_ and (not w.active or address_ <> w.address) then null else w.failing_since end,
        rest_until = case when active_ and (not w.active or address_ <> w.address) then null else w.rest_until end,
        missed_at = case when active_ and (not w.active or not 'duty.missed' = any (w.events)) then daicho.clock() else w.missed_at end,
        missed_id = case when active_ and (not w.active or not 'duty.missed' = any (w.events))
            then (select coalesce(max(d.id), 0) from daicho.duty d where d.tenant = w.tenant) else w.missed_id end
    where w.id = id_ and w.version = version_ and w.tenant = daicho.role_tenant() returning w.version into n;
    if n is not null then
        perform daicho.webhook_attach_all(daicho.role_tenant());
    end if;
    return n;
end
$$;
-- The one before signs as well for 24 hours.
create function daicho.webhook_rotate(id_ bigint, sealed bytea) returns bigint language plpgsql security definer set search_path = pg_catalog as $$
declare
    asks record := daicho.webhook_asks();
    n bigint;
begin
    if session_user <> 'daicho_sso' then
        raise insufficient_privilege using message = 'secrets are sealed by the processes that hold the key only';
    end if;
    update daicho.webhook w set secret_old = w.secret, secret_old_until = daicho.clock() + interval '24 hours', secret = sealed, secret_at = daicho.clock(), version = w.version + 1
    where w.id = id_ and w.tenant = daicho.role_tenant() returning w.version into n;
    return n;
end
$$;
create function daicho.webhook_drop(id_ bigint, version_ bigint) returns bigint language plpgsql security definer set search_path = pg_catalog as $$
declare
    asks record := daicho.webhook_asks();
    n bigint;
begin
    delete from daicho.webhook w where w.id = id_ and w.version = version_ and w.tenant = daicho.role_tenant() returning w.id into n;
    if n is not null then
        perform daicho.webhook_attach_all(daicho.role_tenant());
    end if;
    return n;
end
$$;
-- Sent once, now, whether it is on or not. Null: there is no such address.
create function daicho.webhook_try(id_ bigint) returns bigint language plpgsql security definer set search_path = pg_catalog as $$
declare
    asks record := daicho.webhook_asks();
    n bigint;
begin
    insert into daicho.webhook_delivery (tenant, webhook_id, event, personal, body)
    select w.tenant, w.id, 'test', false, json_build_object('type', 'test', 'timestamp', daicho.webhook_moment(daicho.clock()),
        'data', json_build_object('tenant', w.tenant, 'by', json_build_object('kind', asks.kind, 'name', asks.name)))::text
    from daicho.webhook w where w.id = id_ and w.tenant = daicho.role_tenant() returning id into n;
    update daicho.webhook w set rest_until = null where w.id = id_ and w.tenant = daicho.role_tenant();
    return n;
end
$$;
-- The same message once more, from the first attempt. Null: there is none, or it is under way.
create function daicho.webhook_again(id_ bigint) returns bigint language plpgsql security definer set search_path = pg_catalog as $$
declare
    asks record := daicho.webhook_asks();
    n bigint;
begin
    update daicho.webhook_delivery d set state = 'queued', attempt = 0, next_at = daicho.clock(), ended_at = null
    where d.id = id_ and d.tenant = daicho.role_tenant() and d.state <> 'queued' returning d.id into n;
    update daicho.webhook w set rest_until = null from daicho.webhook_delivery d where d.id = n and w.id = d.webhook_id;
    return n;
end
$$;
-- What was sent and what came back. No row: somebody who may not see personal items asks for one that holds some.
create function daicho.webhook_seen(id_ bigint) returns table (at timestamptz, status int, took_ms int, said text, answer text, body text)
language plpgsql stable security definer set search_path = pg_catalog as $$
declare
    asks record := daicho.webhook_asks();
begin
    return query select a.at, a.status, a.took_ms, a.said, a.answer, d.body from daicho.webhook_delivery d left join daicho.webhook_attempt a on a.delivery_id = d.id
        where d.id = id_ and d.tenant = daicho.role_tenant() and (not d.personal or daicho.words_hold(asks.held, 'personal.see')) order by a.id desc limit 50;
end
$$;

-- May its owner still see all that it is to be told?
create function daicho.webhook_held(id_ bigint) returns boolean language sql stable security definer set search_path = pg_catalog as $$
    select coalesce(daicho.words_hold(o.words, 'webhook.manage') and (w.content <> 'personal' or daicho.words_hold(o.words, 'personal.see'))
        and not exists (select from unnest(w.registers) r where not daicho.words_hold(o.words, 'record.read:' || r)), false)
    from daicho.webhook w cross join lateral (select daicho.webhook_words(w.tenant, w.owner_kind, w.owner_id) as words) o
    where w.id = id_ and w.tenant = daicho.role_tenant()
$$;

-- By the couriers -------------------------------------------------------------------------------------------------------------------------------------
-- One delivery that is due. An address speaks with one courier at a time, contracts take turns, records keep their order. brisk: only of addresses that
-- answered well the last time, so that some couriers are never held up by those that do not.
create function daicho.webhook_take(brisk boolean) returns table (id bigint, tenant text, webhook_id bigint, handle text, address text, message text, body text, attempt int,
    at timestamptz, secret bytea, secret_old bytea)
language plpgsql security definer set search_path = pg_catalog as $$
declare
    hook daicho.webhook;
    due bigint;
    now_ timestamptz := daicho.clock();
begin
    for hook in select w.* from daicho.webhook w join daicho.tenant t on t.name = w.tenant and t.state = 'active'
        where (w.busy_until is null or w.busy_until < now_ or w.busy_until > now_ + interval '2 minutes') and (w.rest_until is null or w.rest_until <= now_)
            and not (brisk and w.slow)
            and exists (select from daicho.webhook_delivery d where d.webhook_id = w.id and d.state = 'queued' and d.next_at <= now_ and (w.active or d.event = 'test'))
        order by (select max(x.taken_at) from daicho.webhook x where x.tenant = w.tenant) nulls first, w.taken_at nulls first, w.id for update of w skip locked loop
        select d.id into due from daicho.webhook_delivery d
        where d.webhook_id = hook.id and d.state = 'queued' and d.next_at <= now_ and (hook.active or d.event = 'test') and (d.record is null or not exists (
            select from daicho.webhook_delivery e where e.webhook_id = d.webhook_id and e.register = d.register and e.record = d.record and e.state = 'queued' and e.id < d.id))
        order by d.next_at, d.id limit 1;
        continue when due is null;
        update daicho.webhook w set busy_until = now_ + interval '1 minute', taken_at = now_ where w.id = hook.id;
        return query update daicho.webhook_delivery d set attempt = d.attempt + 1 where d.id = due
            returning d.id, d.tenant, hook.id, hook.handle, hook.address, d.message, d.body, d.attempt, now_, hook.secret,
                case when hook.secret_old_until > now_ then hook.secret_old end;
        return;
    end loop;
end
$$;
-- What became of it: eight attempts over about 27 hours, each wait up to a fifth longer. An address that answers 410, or that has failed for three days and
-- at least eight times, is switched off. A test is tried once and says nothing about the address.
create function daicho.webhook_end(id_ bigint, attempt_ int, status_ int, took_ms_ int, said_ text, answer_ text) returns text
language plpgsql security definer set search_path = pg_catalog as $$
declare
    waits interval[] := array['5 seconds', '5 minutes', '30 minutes', '2 hours', '5 hours', '10 hours', '10 hours'];
    d daicho.webhook_delivery;
    good boolean := coalesce(status_ between 200 and 299, false);
    now_ timestamptz := daicho.clock();
    outcome text;
begin
    select * into d from daicho.webhook_delivery x where x.id = id_ and x.attempt = attempt_ and x.state = 'queued' for update;
    if d.id is null then
        return null;
    end if;
    insert into daicho.webhook_attempt (tenant, delivery_id, at, status, took_ms, said, answer)
    values (d.tenant, d.id, now_, status_, took_ms_, left(said_, 300), left(answer_, 4096));
    outcome := case when good then 'sent' when d.event = 'test' or attempt_ > 7 or status_ = 410 then 'failed' else 'queued' end;
    update daicho.webhook_delivery x set state = outcome, status = status_, took_ms = took_ms_, ended_at = case when outcome <> 'queued' then now_ end,
        next_at = case when outcome = 'queued' then now_ + waits[attempt_] * (1 + random() * 0.2) else x.next_at end
    where x.id = d.id;
    update daicho.webhook w set busy_until = null, slow = not good or took_ms_ > 1000, answered_at = case when good then now_ else w.answered_at end,
        failures = case when good then 0 when d.event = 'test' then w.failures else w.failures + 1 end,
        failing_since = case when good then null when d.event = 'test' then w.failing_since else coalesce(w.failing_since, now_) end,
        rest_until = case when good then null when d.event = 'test' or w.failures < 4 then w.rest_until
            else now_ + least(interval '30 seconds' * power(2, least(w.failures - 4, 10)), interval '30 minutes') end
    where w.id = d.webhook_id;
    if outcome <> 'sent' and d.event <> 'test' then
        update daicho.webhook w set active = false, off_at = now_, off_why = case when status_ = 410 then 'gone' else 'failed' end, told = false
        where w.id = d.webhook_id and w.active and (status_ = 410 or w.failures >= 8 and w.failing_since <= now_ - interval '3 days');
    end if;
    return outcome;
end
$$;

-- By the jobs processes -------------------------------------------------------------------------------------------------------------------------------
create function daicho.webhook_due(after_ bigint) returns table (tenant text, id bigint) language sql stable security definer set search_path = pg_catalog as $$
    select w.tenant, w.id from daicho.webhook w join daicho.tenant t on t.name = w.tenant and t.state <> 'ended' where not w.told and w.id > after_ order by w.id limit 1
$$;
create function daicho.webhook_told(id_ bigint) returns table (address text, off_why text, failures int, failing_since timestamptz, waiting bigint)
language plpgsql security definer set search_path = pg_catalog as $$
begin
    if session_user <> 'daicho_jobs' then
        raise insufficient_privilege using message = 'what was switched off is told by the jobs processes only';
    end if;
    return query update daicho.webhook w set told = true where w.id = id_ and w.tenant = daicho.role_tenant() and not w.told
        returning w.address, w.off_why, w.failures, w.failing_since, (select count(*) from daicho.webhook_delivery d where d.webhook_id = w.id and d.state = 'queued');
end
$$;
-- Kept for 30 days.
create function daicho.webhook_sweep() returns bigint language sql security definer set search_path = pg_catalog as $$
    with gone as (delete from daicho.webhook_delivery d where d.id in (
        select x.id from daicho.webhook_delivery x where x.created_at < daicho.clock() - interval '30 days' order by x.created_at limit 1000) returning 1)
    select count(*) from gone
$$;

revoke execute on function daicho.webhook_may(), daicho.webhook_words(text, text, bigint), daicho.webhook_wants(text, text, text), daicho.webhook_items(text, text, boolean),
    daicho.webhook_moment(timestamptz), daicho.webhook_by(), daicho.webhook_values(jsonb, text[]),
    daicho.webhook_records(text, text, text, bigint[], bigint[], jsonb[], jsonb[]), daicho.webhook_tell(text, text, text, bigint, json), daicho.webhook_noted(),
    daicho.webhook_attach(text, text), daicho.webhook_attach_all(text), daicho.webhook_job(), daicho.webhook_move(), daicho.webhook_missed(), daicho.webhook_asks(),
    daicho.webhook_check(record, text[], text), daicho.webhook_make(text, bytea, text, text, text[], text[], text),
    daicho.webhook_change(bigint, bigint, text, text, text[], text[], text, boolean), daicho.webhook_rotate(bigint, bytea), daicho.webhook_drop(bigint, bigint),
    daicho.webhook_try(bigint), daicho.webhook_again(bigint), daicho.webhook_seen(bigint), daicho.webhook_held(bigint), daicho.webhook_take(boolean),
    daicho.webhook_end(bigint, int, int, int, text, text), daicho.webhook_due(bigint), daicho.webhook_told(bigint), daicho.webhook_sweep() from public;
grant execute on function daicho.webhook_may(), daicho.webhook_make(text, bytea, text, text, text[], text[], text),
    daicho.webhook_change(bigint, bigint, text, text, text[], text[], text, boolean), daicho.webhook_rotate(bigint, bytea), daicho.webhook_drop(bigint, bigint),
    daicho.webhook_try(bigint), daicho.webhook_again(bigint), daicho.webhook_seen(bigint), daicho.webhook_held(bigint), daicho.webhook_told(bigint) to daicho_tenant;
grant execute on function daicho.webhook_take(boolean), daicho.webhook_end(bigint, int, int, int, text, text) to daicho_courier;
grant execute on function daicho.webhook_due(bigint), daicho.webhook_missed(), daicho.webhook_sweep() to daicho_jobs;
