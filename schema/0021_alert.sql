-- Why: what looks like an attack is told by itself, to people, in time. Somebody known who tries one address after another that is not theirs; an account
-- that is used from a place it was never used from.

-- What was noticed about somebody. The jobs processes tell it: an entry in the contract's log, and messages.
create table daicho.alert (
    id bigint generated always as identity primary key,
    tenant text not null references daicho.tenant on delete cascade,
    kind text not null check (kind in ('probing', 'place')),
    actor_kind text not null check (actor_kind in ('account', 'key', 'operator')),
    actor_id bigint not null,
    actor text not null,                             -- as they were called then
    source text not null,
    count int not null default 1,
    at timestamptz not null default daicho.clock(),
    told_at timestamptz
);
create index alert_actor_idx on daicho.alert (actor_id, id desc);
create index alert_due_idx on daicho.alert (id) where told_at is null;

-- Addresses with a name or number in them that were refused or not found: a row for whoever asked, for ten minutes from the first. Marks, not addresses.
create table daicho.probe (
    tenant text not null references daicho.tenant on delete cascade,
    actor_kind text not null,
    actor_id bigint not null,
    since timestamptz not null,
    seen bigint[] not null,                          -- different ones
    primary key (tenant, actor_kind, actor_id)
);

do $$
declare
    t text;
begin
    foreach t in array array['alert', 'probe'] loop
        execute format('alter table daicho.%I enable row level security', t);
        execute format('alter table daicho.%I force row level security', t);
        execute format('create policy house on daicho.%I to daicho_owner using (true) with check (true)', t);
    end loop;
end
$$;
create policy own on daicho.alert to daicho_tenant using (tenant = (select daicho.tenant())) with check (tenant = (select daicho.tenant()));
grant select, update (told_at) on daicho.alert to daicho_tenant;

-- Whoever acts was refused at this address. Twenty different ones within ten minutes are an alert, one for these ten minutes; what comes after it in them
-- costs no write. The same address again (a page that asks once a second) is nothing new.
create function daicho.probe_note(path text) returns void
language plpgsql security definer set search_path = pg_catalog as $$
declare
    tenant_ text := daicho.role_tenant();
    who text[] := regexp_match(current_setting('daicho.actor', true), '^(account|key|operator):([0-9]{1,18}):(.*)$');
    most constant int := 20;
    span constant interval := '10 minutes';
    seen_ int;
begin
    if tenant_ is null or who is null then
        return;
    end if;
    insert into daicho.probe as p (tenant, actor_kind, actor_id, since, seen)
    values (tenant_, who[1], who[2]::bigint, daicho.clock(), array[hashtextextended(path, 0)])
    on conflict (tenant, actor_kind, actor_id) do update set
        since = case when p.since between excluded.since - span and excluded.since then p.since else excluded.since end,
        seen = case when p.since between excluded.since - span and excluded.since then p.seen || excluded.seen else excluded.seen end
        where p.since not between excluded.since - span and excluded.since or cardinality(p.seen) < most and not p.seen @> excluded.seen
    returning cardinality(p.seen) into seen_;
    if seen_ = most then
        insert into daicho.alert (tenant, kind, actor_kind, actor_id, actor, source, count)
        values (tenant_, 'probing', who[1], who[2]::bigint, who[3], coalesce(current_setting('daicho.source', true), '-'), most);
    end if;
end
$$;

create function daicho.alert_due(after_ bigint) returns table (tenant text, id bigint)
language sql stable security definer set search_path = pg_catalog as $$
    select x.tenant, x.id from daicho.alert x join daicho.tenant t on t.name = x.tenant and t.state <> 'ended'
    where x.told_at is null and x.id > after_ order by x.id limit 1
$$;

revoke execute on function daicho.probe_note(text), daicho.alert_due(bigint) from public;
grant execute on function daicho.probe_note(text) to daicho_tenant;
grant execute on function daicho.alert_due(bigint) to daicho_jobs;
