-- Why: from where and with what a contract is entered: client certificates that are required unless two people said otherwise, address lists that can be
-- switched off without being lost, keys that change their secret without a gap, access tokens (RFC 6749), and a trail of who entered the database itself.

-- Address list: kept while it is off --------------------------------------------------------------------------------------------------------
alter table daicho.policy add column addresses_on boolean not null default false,
    add constraint policy_addresses_on_check check (not addresses_on or addresses is not null);
grant update (addresses_on) on daicho.policy to daicho_tenant;
grant execute on function daicho.address_within(text, cidr[]) to daicho_tenant;

-- Before a password or a provider is looked at: may this contract be entered from this address, with this certificate? No row: no such contract.
create function daicho.border_check(tenant_ text, source_ text, certificate_ text) returns table (tenant text, lang text, stage text)
language sql stable security definer set search_path = pg_catalog as $$
    select t.name, t.lang,
        case when p.addresses_on and not daicho.address_within(source_, p.addresses) then 'address'
            when p.certificate_required and not exists (select from daicho.certificate c where c.serial = certificate_ and c.tenant = t.name
                and c.revoked_at is null and c.expires_at > daicho.clock()) then 'certificate'
            else 'full' end
    from daicho.tenant t join daicho.policy p on p.tenant = t.name
    where t.name = tenant_ and t.state = 'active'
$$;

-- Certificates ------------------------------------------------------------------------------------------------------------------------------
alter table daicho.certificate add column issued_by text, add column revoked_by text;
create index certificate_revoked_idx on daicho.certificate (revoked_at) where revoked_at is not null;

-- Who acts, as the login role said when it entered: "account:12:hanako" -> hanako.
create function daicho.actor_name() returns text language sql stable set search_path = pg_catalog as $$
    select substring(current_setting('daicho.actor', true) from '^[a-z]+:[0-9]+:(.*)$')
$$;
create function daicho.actor_account() returns bigint language sql stable set search_path = pg_catalog as $$
    select substring(current_setting('daicho.actor', true) from '^account:([0-9]+):')::bigint
$$;

-- A row for a certificate that was just signed; by the processes that hold the authority's key only.
create function daicho.certificate_issue(serial_ text, name_ text, person_id_ bigint, days int) returns bigint
language plpgsql security definer set search_path = pg_catalog as $$
declare
    id_ bigint;
begin
    if session_user not in ('daicho_auth', 'daicho_cli') then
        raise insufficient_privilege using message = 'certificates are issued by the auth processes only';
    end if;
    insert into daicho.certificate (tenant, serial, name, person_id, expires_at, issued_by)
    values (daicho.role_tenant(), serial_, name_, person_id_, daicho.clock() + make_interval(days => days), daicho.actor_name())
    returning id into id_;
    return id_;
end
$$;
create function daicho.certificate_revoke(id_ bigint) returns bigint
language sql security definer set search_path = pg_catalog as $$
    update daicho.certificate set revoked_at = daicho.clock(), revoked_by = daicho.actor_name()
    where id = id_ and tenant = daicho.role_tenant() and revoked_at is null returning id
$$;

-- To do without certificates: asked by one person, approved by another ---------------------------------------------------------------------------
create table daicho.opt_out (
    id bigint generated always as identity primary key,
    tenant text not null references daicho.tenant on delete cascade,
    reason text not null check (length(reason) between 1 and 1000),
    asked_id bigint,                                 -- account; null: the operator
    asked_by text not null,
    asked_at timestamptz not null default daicho.clock(),
    approved_id bigint,
    approved_by text,
    approved_at timestamptz,
    ended_by text,                                   -- withdrawn, refused, or certificates are required again
    ended_at timestamptz,
    constraint opt_out_two_people check (approved_id is null or approved_id is distinct from asked_id)
);
create unique index opt_out_open_key on daicho.opt_out (tenant) where ended_at is null;
alter table daicho.opt_out enable row level security;
alter table daicho.opt_out force row level security;
create policy own on daicho.opt_out to daicho_tenant using (tenant = (select daicho.tenant())) with check (tenant = (select daicho.tenant()));
create policy house on daicho.opt_out to daicho_owner using (true) with check (true);
grant select on daicho.opt_out to daicho_tenant;

-- New contracts need certificates; those that were there before go on without, and that is written down.
insert into daicho.opt_out (tenant, reason, asked_by, approved_by, approved_at)
select p.tenant, 'made before client certificates were required', 'daicho', 'daicho migrate', daicho.clock() from daicho.policy p
where not p.certificate_required;
alter table daicho.policy alter column certificate_required set default true;

-- Nobody inside a contract writes this column; the functions below do.
revoke update (certificate_required) on daicho.policy from daicho_tenant;

-- The person who acts, when it is one who may manage the contract; else refused: no key, no job, no operator.
create function daicho.opt_out_person() returns bigint
language plpgsql stable security definer set search_path = pg_catalog as $$
declare
    who bigint := daicho.actor_account();
begin
    if not exists (select from daicho.account a where a.id = who and a.tenant = daicho.role_tenant() and a.state = 'active'
        and 'tenant.manage' = any (string_to_array(a.words, ' '))) then
        raise insufficient_privilege using message = 'this needs a person who may manage the contract';
    end if;
    return who;
end
$$;
create function daicho.opt_out_ask(reason_ text) returns bigint
language sql security definer set search_path = pg_catalog as $$
    insert into daicho.opt_out (tenant, reason, asked_id, asked_by)
    select daicho.role_tenant(), reason_, daicho.opt_out_person(), daicho.actor_name()
    where exists (select from daicho.policy p where p.tenant = daicho.role_tenant() and p.certificate_required)
    returning id
$$;
-- Gives the id; null: nothing of this number waits.
create function daicho.opt_out_approve(id_ bigint) returns bigint
language plpgsql security definer set search_path = pg_catalog as $$
declare
    o record;
    who bigint := daicho.opt_out_person();
begin
    select * into o from daicho.opt_out x where x.id = id_ and x.tenant = daicho.role_tenant() and x.ended_at is null and x.approved_at is null for update;
    if not found then
        return null;
    end if;
    if o.asked_id = who then
        raise insufficient_privilege using message = 'another person must approve this';
    end if;
    update daicho.opt_out set approved_id = who, approved_by = daicho.actor_name(), approved_at = daicho.clock() where id = id_;
    update daicho.policy set certificate_required = false, version = version + 1, updated_at = daicho.clock() where tenant = o.tenant;
    return id_;
end
$$;
-- Withdrawn or refused before it was approved.
create function daicho.opt_out_end(id_ bigint) returns bigint
language sql security definer set search_path = pg_catalog as $$
    update daicho.opt_out set ended_by = daicho.actor_name(), ended_at = daicho.clock()
    where id = id_ and tenant = daicho.role_tenant() and ended_at is null and approved_at is null returning id
$$;
-- Required (again). Whoever may manage the contract; that they do not lock themselves out is for the caller to see.
create function daicho.certificate_require() returns boolean
language plpgsql security definer set search_path = pg_catalog as $$
begin
    update daicho.opt_out set ended_by = daicho.actor_name(), ended_at = daicho.clock() where tenant = daicho.role_tenant() and ended_at is null;
    update daicho.policy set certificate_required = true, version = version + 1, updated_at = daicho.clock()
    where tenant = daicho.role_tenant() and not certificate_required;
    return found;
end
$$;

-- Keys: the secret until now works on for a while after a new one was made -------------------------------------------------------------------------
alter table daicho.api_key
    add column used_from text,                       -- where it was last used from; written together with used_at
    add column old_hash bytea unique,
    add column old_until timestamptz,
    add column rotated_at timestamptz;
grant select (used_from, old_until, rotated_at, addresses), update (addresses) on daicho.api_key to daicho_tenant;
create function daicho.key_rotate(id_ bigint, token_hash_ bytea, hint_ text, overlap_minutes int, days int) returns bigint
language plpgsql security definer set search_path = pg_catalog as $$
begin
    -- what the masked role must not do by the back door: get at a key that sees more than it
    if current_setting('role') ~ '_masked$' and exists (select from daicho.api_key k where k.id = id_ and 'personal.see' = any (k.permissions)) then
        raise insufficient_privilege using message = 'this key sees more than the account that asks';
    end if;
    update daicho.api_key set old_hash = case when overlap_minutes > 0 then token_hash end,
        old_until = case when overlap_minutes > 0 then daicho.clock() + make_interval(mins => overlap_minutes) end,
        token_hash = token_hash_, hint = hint_, rotated_at = daicho.clock(),
        expires_at = case when days is null then expires_at else daicho.clock() + make_interval(days => days) end
    where id = id_ and tenant = daicho.role_tenant() and revoked_at is null;
    return case when found then id_ end;
end
$$;

-- Access tokens: RFC 6749, 4.4. Found by key_enter (0006_access.sql); gone with their key, and as weak as it has become since.
create table daicho.access_token (
    token_hash bytea primary key,                    -- SHA-256
    key_id bigint not null references daicho.api_key on delete cascade,
    tenant text not null references daicho.tenant on delete cascade,
    scope text[] not null,
    created_at timestamptz not null default daicho.clock(),
    expires_at timestamptz not null
);
create index access_token_key_idx on daicho.access_token (key_id, expires_at);
alter table daicho.access_token enable row level security;
alter table daicho.access_token force row level security;
create policy house on daicho.access_token to daicho_owner using (true) with check (true);

-- Which client says this, and is it? No row: there is none of this number in an active contract.
create function daicho.token_client(client_ bigint, secret_hash bytea, source_ text)
returns table (tenant text, lang text, id bigint, name text, words text, stage text, good boolean)
language sql stable security definer set search_path = pg_catalog as $$
    select k.tenant, t.lang, k.id, k.name, k.words,
        case when k.addresses is not null and not daicho.address_within(source_, k.addresses) then 'address'
            when k.addresses is null and p.addresses_on and not daicho.address_within(source_, p.addresses) then 'address'
            else 'full' end,
        (k.token_hash = secret_hash or (k.old_hash = secret_hash and k.old_until > daicho.clock())) is true
            and k.revoked_at is null and k.maker_active and (k.expires_at is null or k.expires_at > daicho.clock())
    from daicho.api_key k
    join daicho.tenant t on t.name = k.tenant
    join daicho.policy p on p.tenant = k.tenant
    where k.id = client_ and t.state = 'active'
$$;
-- At most 100 live ones of a key: the oldest go.
create function daicho.token_open(key_id_ bigint, token_hash_ bytea, scope_ text[], seconds int) returns bigint
language plpgsql security definer set search_path = pg_catalog as $$
begin
    if session_user <> 'daicho_auth' then
        raise insufficient_privilege using message = 'access tokens are opened by the auth processes only';
    end if;
    perform 1 from daicho.api_key k where k.id = key_id_ and k.tenant = daicho.role_tenant() and k.revoked_at is null for update;
    if not found then
        return null;
    end if;
    delete from daicho.access_token x where x.key_id = key_id_ and (x.expires_at <= daicho.clock() or x.token_hash in (
        select y.token_hash from daicho.access_token y where y.key_id = key_id_ and y.expires_at > daicho.clock() order by y.created_at desc offset 99));
    insert into daicho.access_token (token_hash, key_id, tenant, scope, expires_at)
    values (token_hash_, key_id_, daicho.role_tenant(), scope_, daicho.clock() + make_interval(secs => seconds));
    return key_id_;
end
$$;

-- Who entered the database itself: the watch process reads the server's log -----------------------------------------------------------------------
create table daicho.watch (
    one boolean primary key default true check (one),
    file text not null default '',                   -- of the server's log
    place bigint not null default 0                  -- bytes of it that were read
);
insert into daicho.watch default values;
create function daicho.watch_place() returns table (file text, place bigint)
language sql stable security definer set search_path = pg_catalog as $$
    select w.file, w.place from daicho.watch w
$$;
-- What was read up to `place_`, and what is to be told of it: one notice for each recipient, one entry in the house's log for each connection
-- ([{"user", "source", "result", "detail"}]).
create function daicho.watch_tell(file_ text, place_ bigint, subject_ text, body_ text, recipients text[], connections jsonb) returns void
language plpgsql security definer set search_path = pg_catalog as $$
declare
    c jsonb;
    salt_ bytea;
begin
    update daicho.watch set file = file_, place = place_;
    insert into daicho.notice (kind, recipient, subject, body) select 'database', r, subject_, body_ from unnest(recipients) r where subject_ is not null;
    for c in select * from jsonb_array_elements(connections) loop
        salt_ := sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));
        insert into daicho.log (actor_kind, actor, source, verb, kind, result, detail, salt, commitment)
        values ('system', c ->> 'user', c ->> 'source', 'login', 'database', c ->> 'result', (c -> 'detail')::text::json, salt_,
            sha256(salt_ || convert_to((c -> 'detail')::text, 'UTF8')));
    end loop;
end
$$;
-- Serials nginx must refuse; what has ended it refuses anyway.
create function daicho.watch_revoked() returns setof text
language sql stable security definer set search_path = pg_catalog as $$
    select c.serial from daicho.certificate c where c.revoked_at is not null and c.expires_at > daicho.clock() - interval '1 day' order by 1 limit 100000
$$;

-- PostgreSQL's own trail: whoever comes by another role than the service's leaves a line for each statement on these tables (pgaudit; bootstrap.sql
-- says the same of tables to come).
do $$
declare
    s text;
begin
    for s in select nspname from pg_catalog.pg_namespace where nspname = 'daicho' or nspname ~ '^t_[a-z][a-z0-9]*$' loop
        execute format('grant select, insert, update, delete on all tables in schema %I to daicho_auditor', s);
    end loop;
end
$$;

revoke execute on function daicho.border_check(text, text, text), daicho.certificate_issue(text, text, bigint, int), daicho.certificate_revoke(bigint),
    daicho.opt_out_person(), daicho.opt_out_ask(text), daicho.opt_out_approve(bigint), daicho.opt_out_end(bigint), daicho.certificate_require(),
    daicho.key_rotate(bigint, bytea, text, int, int), daicho.token_client(bigint, bytea, text), daicho.token_open(bigint, bytea, text[], int),
    daicho.watch_place(), daicho.watch_tell(text, bigint, text, text, text[], jsonb), daicho.watch_revoked() from public;
grant execute on function daicho.border_check(text, text, text) to daicho_auth, daicho_sso;
grant execute on function daicho.token_client(bigint, bytea, text) to daicho_auth;
grant execute on function daicho.certificate_issue(text, text, bigint, int), daicho.certificate_revoke(bigint), daicho.opt_out_ask(text),
    daicho.opt_out_approve(bigint), daicho.opt_out_end(bigint), daicho.certificate_require(), daicho.key_rotate(bigint, bytea, text, int, int),
    daicho.token_open(bigint, bytea, text[], int) to daicho_tenant;
grant execute on function daicho.watch_place(), daicho.watch_tell(text, bigint, text, text, text[], jsonb), daicho.watch_revoked() to daicho_watch;
