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

-- Networks an account has logged in from.
create table daicho.place (
    tenant text not null references daicho.tenant on delete cascade,
    account_id bigint not null references daicho.account on delete cascade,
    network text not null,                           -- 203.0.113.0/24, 2001:db8:1:2::/64
    seen_at timestamptz not null,
    primary key (account_id, network)
);

do $$
declare
    t text;
begin
    foreach t in array array['alert', 'probe', 'place'] loop
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

-- The network of an address, as one office or household has it: a /24 of IPv4, a /64 of IPv6. Null: it is no address.
create function daicho.address_network(source_ text) returns text language plpgsql immutable set search_path = pg_catalog as $$
declare
    source inet;
begin
    source := regexp_replace(source_, '^::ffff:(?=[0-9.]+$)', '');
    return network(set_masklen(source, case family(source) when 4 then 24 else 64 end))::text;
exception when invalid_text_representation then
    return null;
end
$$;

-- A log-in has proven everything. From a network this account was not used from for ninety days it is an alert; its very first one is not. What is older
-- is forgotten, but for the last.
create function daicho.place_note(account_id_ bigint, source_ text) returns void
language plpgsql security definer set search_path = pg_catalog as $$
declare
    network_ text := daicho.address_network(source_);
    now_ timestamptz := daicho.clock();
begin
    if network_ is null then
        return;
    end if;
    insert into daicho.alert (tenant, kind, actor_kind, actor_id, actor, source)
    select a.tenant, 'place', 'account', a.id, a.login, source_ from daicho.account a
    where a.id = account_id_ and exists (select from daicho.place p where p.account_id = a.id)
        and not exists (select from daicho.place p where p.account_id = a.id and p.network = network_ and p.seen_at > now_ - interval '90 days');
    insert into daicho.place as p (tenant, account_id, network, seen_at)
    select a.tenant, a.id, network_, now_ from daicho.account a where a.id = account_id_
    on conflict (account_id, network) do update set seen_at = excluded.seen_at;
    delete from daicho.place p where p.account_id = account_id_ and p.seen_at <= now_ - interval '90 days';
end
$$;
-- From where people are logged in now is not new to anybody.
insert into daicho.place (tenant, account_id, network, seen_at)
select s.tenant, s.account_id, daicho.address_network(s.source), max(s.seen_at) from daicho.session s
where s.stage in ('full', 'locked') and daicho.address_network(s.source) is not null group by 1, 2, 3;

-- As before (0006_access.sql), and the place is noted.
create or replace function daicho.session_last_stage(account_id_ bigint, take_over boolean, source_ text) returns text
language plpgsql security definer set search_path = pg_catalog as $$
begin
    perform daicho.sharing_note(account_id_, source_);
    perform daicho.place_note(account_id_, source_);
    if take_over then
        delete from daicho.session where account_id = account_id_ and stage in ('full', 'locked');
    elsif exists (select from daicho.session where account_id = account_id_ and stage in ('full', 'locked')) then
        return 'confirm';
    end if;
    return 'full';
end
$$;

-- Somebody works as root, and nothing says who: an entry in the house's log, and a message to those named for the house and to the operators' own people,
-- once an hour.
create table daicho.root_use (
    one boolean primary key default true check (one),
    told_at timestamptz
);
alter table daicho.root_use enable row level security;
alter table daicho.root_use force row level security;
create policy house on daicho.root_use to daicho_owner using (true) with check (true);
insert into daicho.root_use default values;
create function daicho.root_note(actor_ text, source_ text, recipients text[], subject_ text, body_ text) returns boolean
language plpgsql security definer set search_path = pg_catalog as $$
begin
    if session_user not in ('daicho_cli', 'daicho_owner') then
        raise insufficient_privilege using message = 'this is for the operator''s commands';
    end if;
    update daicho.root_use set told_at = daicho.clock()
    where told_at is null or told_at not between daicho.clock() - interval '1 hour' and daicho.clock();
    if not found then
        return false;
    end if;
    insert into daicho.log (actor_kind, actor, source, verb, kind, result) values ('operator', actor_, source_, 'alert', 'root', 'OK');
    insert into daicho.notice (kind, recipient, subject, body)
    select 'root', x.email, subject_, body_ from (
        select unnest(recipients) as email
        union select a.email from daicho.account a join daicho.tenant t on t.name = a.tenant and t.kind = 'operator'
        where a.state = 'active' and a.email is not null and 'account.manage' = any (string_to_array(a.words, ' '))
    ) x;
    return true;
end
$$;

-- A contract that is suspended, not over: whoever knows the password, or has the key, is told so; everybody else hears what they hear of a contract that is
-- not there. In the same work: one hash is compared either way.

-- Inside this contract's walls, had it not been suspended?
create function daicho.held_border(tenant_ text, source_ text, certificate_ text) returns boolean
language sql stable security definer set search_path = pg_catalog as $$
    select exists (select from daicho.tenant t join daicho.policy p on p.tenant = t.name
        where t.name = tenant_ and t.state = 'suspended' and (t.ends_at is null or t.ends_at > daicho.clock())
            and (not p.addresses_on or daicho.address_within(source_, p.addresses))
            and (not p.certificate_required or exists (select from daicho.certificate c where c.serial = certificate_ and c.tenant = t.name
                and c.revoked_at is null and c.expires_at > daicho.clock())))
$$;
-- Beside login_begin, which finds no contract then: charges the account as that does.
create function daicho.login_held(tenant_ text, login_ text, source_ text, certificate_ text)
returns table (tenant text, lang text, account_id bigint, login text, groups text, state text, hash text, locked boolean)
language plpgsql security definer set search_path = pg_catalog as $$
begin
    if session_user <> 'daicho_auth' then
        raise insufficient_privilege using message = 'log-ins are for the auth processes only';
    elsif not daicho.held_border(tenant_, source_, certificate_) then
        return;
    end if;
    return query with charged as (
        update daicho.account a set failures = a.failures + 1
        from daicho.tenant t join daicho.policy p on p.tenant = t.name
        where t.name = tenant_ and a.tenant = t.name and lower(a.login) = lower(login_)
        returning a.id, a.login, a.state, a.group_names, t.lang, p.lock_after is not null and (a.locked_at is not null or a.failures > p.lock_after) as locked
    )
    select tenant_, c.lang, c.id, c.login, c.group_names, c.state, h.hash, c.locked
    from charged c left join daicho.credential h on h.account_id = c.id and (h.expires_at is null or h.expires_at > daicho.clock());
end
$$;
-- The password was right: the charge is taken back, nothing is opened.
create function daicho.login_held_right(account_id_ bigint) returns void
language plpgsql security definer set search_path = pg_catalog as $$
begin
    if session_user <> 'daicho_auth' then
        raise insufficient_privilege using message = 'log-ins are for the auth processes only';
    end if;
    update daicho.account a set failures = 0 from daicho.tenant t
    where a.id = account_id_ and t.name = a.tenant and t.state = 'suspended' and a.locked_at is null;
end
$$;
-- A key, or an access token of it, that would open its contract if that were not suspended.
create function daicho.key_held(token_hash_ bytea, source_ text) returns boolean
language sql stable security definer set search_path = pg_catalog as $$
    select exists (select from daicho.api_key k join daicho.tenant t on t.name = k.tenant join daicho.policy p on p.tenant = t.name
        where (k.token_hash = token_hash_ or k.old_hash = token_hash_ and k.old_until > daicho.clock()
                or k.id = (select o.key_id from daicho.access_token o where o.token_hash = token_hash_ and o.expires_at > daicho.clock()))
            and k.revoked_at is null and k.maker_active and (k.expires_at is null or k.expires_at > daicho.clock())
            and (k.maker_ends_at is null or k.maker_ends_at > daicho.clock())
            and t.state = 'suspended' and (t.ends_at is null or t.ends_at > daicho.clock())
            and case when k.addresses is not null then daicho.address_within(source_, k.addresses)
                else not p.addresses_on or daicho.address_within(source_, p.addresses) end)
$$;

-- Wrong log-ins are counted under the name that was typed, whoever has it: with the contract they go as well.
create function daicho.tenant_gone() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
begin
    delete from daicho.login_failure f where f.tenant = old.name;
    return null;
end
$$;
create trigger gone after delete on daicho.tenant for each row execute function daicho.tenant_gone();

create function daicho.alert_due(after_ bigint) returns table (tenant text, id bigint)
language sql stable security definer set search_path = pg_catalog as $$
    select x.tenant, x.id from daicho.alert x join daicho.tenant t on t.name = x.tenant and t.state <> 'ended'
    where x.told_at is null and x.id > after_ order by x.id limit 1
$$;

revoke execute on function daicho.probe_note(text), daicho.address_network(text), daicho.place_note(bigint, text),
    daicho.root_note(text, text, text[], text, text), daicho.alert_due(bigint), daicho.held_border(text, text, text),
    daicho.login_held(text, text, text, text), daicho.login_held_right(bigint), daicho.key_held(bytea, text), daicho.tenant_gone() from public;
grant execute on function daicho.login_held(text, text, text, text), daicho.login_held_right(bigint) to daicho_auth;
grant execute on function daicho.key_held(bytea, text) to daicho_web, daicho_auth, daicho_sso;
grant execute on function daicho.probe_note(text) to daicho_tenant;
grant execute on function daicho.alert_due(bigint) to daicho_jobs;
grant execute on function daicho.root_note(text, text, text[], text, text) to daicho_cli;
