-- Why: who may, in full. People, the policy of a contract, stages of a log-in, second factors, sign-on, certificates, support by the operator and
-- what is to be told to somebody: their tables and the doors. What works on them stands in the migrations after this one.

-- A contract ends with its last day, and is erased later (0016_contract_end.sql).
alter table daicho.tenant
    add column ends_at timestamptz,                  -- the end of the last day in Japan
    add column erase_at timestamptz,
    add constraint tenant_erase_check check ((ends_at is null) = (erase_at is null) and (erase_at is null or erase_at > ends_at));

-- People: an account belongs to one person, a person has at most one account -------------------------------------------------------------
create table daicho.person (
    id bigint generated always as identity primary key,
    tenant text not null references daicho.tenant on delete cascade,
    name text not null check (length(name) between 1 and 100),
    email text check (length(email) <= 254),
    kind text not null default 'employee' check (kind in ('officer', 'employee', 'temporary', 'contractor', 'other')),
    leaves_at timestamptz,                           -- a leaving date to come; fires unattended
    left_at timestamptz,                             -- gone: the account is suspended and has no rights
    version bigint not null default 1,
    created_at timestamptz not null default daicho.clock(),
    unique (tenant, id)
);
create index person_tenant_idx on daicho.person (tenant, id);
create index person_leaves_idx on daicho.person (leaves_at) where left_at is null and leaves_at is not null;

alter table daicho.account_group add column factor_required boolean not null default false;
alter table daicho.tenant add column factor_everybody boolean not null default false;  -- set by the operator: a second factor for every account
alter table daicho.account
    add column person_id bigint,
    add column grants text[] not null default '{}',          -- words this account holds beside its groups
    add column denials text[] not null default '{}',         -- words it does not hold whatever its groups say
    add column factor_required boolean not null default false, -- worked out: a group asks for it, or the contract
    add column factors int not null default 0,               -- worked out: confirmed second factors
    add column factor_failures int not null default 0,       -- wrong codes in a row
    add column factor_failed_at timestamptz,                 -- the last of them
    add column factor_anew boolean not null default false,   -- taken away by somebody else: a new one comes before anything else
    add column password_at timestamptz,                      -- worked out: when the password was set
    add column locked_at timestamptz,                        -- too many wrong passwords; until somebody unlocks it
    add column suspended_for text check (suspended_for in ('leaver', 'loss', 'violation', 'other')),
    add column suspended_by text,
    add column suspended_at timestamptz,
    add column ends_at timestamptz,                          -- worked out: when its person leaves; the doors close by themselves (0008_people.sql)
    add column factor_renew boolean not null default false;  -- a device was lost: a new second factor before anything else

insert into daicho.person (tenant, name, email) select a.tenant, a.name, a.email from daicho.account a order by a.id;
update daicho.account a set person_id = p.id
from (select id, tenant, row_number() over (partition by tenant order by id) as n from daicho.person) p,
    (select id, tenant, row_number() over (partition by tenant order by id) as n from daicho.account) x
where x.id = a.id and p.tenant = x.tenant and p.n = x.n;

create function daicho.account_person() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
begin
    if new.person_id is null then
        insert into daicho.person (tenant, name, email) values (new.tenant, new.name, new.email) returning id into new.person_id;
    end if;
    return new;
end
$$;
create trigger person before insert on daicho.account for each row execute function daicho.account_person();
alter table daicho.account alter column person_id set not null,
    add constraint account_person_fkey foreign key (tenant, person_id) references daicho.person (tenant, id);
create unique index account_person_key on daicho.account (person_id);

-- The policy of a contract -----------------------------------------------------------------------------------------------------------------
create table daicho.policy (
    tenant text primary key references daicho.tenant on delete cascade,
    first_reset boolean not null default true,               -- a password set by somebody else is changed at the first log-in
    valid_days int check (valid_days between 30 and 365),    -- null: unlimited
    need_lower boolean not null default false,
    need_upper boolean not null default false,
    need_digit boolean not null default false,
    need_symbol boolean not null default false,
    length_min int not null default 8 check (length_min between 8 and 30),
    length_long boolean not null default false,              -- up to 72 bytes instead of 30 characters
    lock_after int default 5 check (lock_after between 3 and 9),  -- null: off
    idle_minutes int not null default 180 check (idle_minutes between 5 and 180),
    absolute_hours int check (absolute_hours between 1 and 720),  -- null: no limit
    password_login boolean not null default true,            -- false: sign-on with a provider only
    factor_always boolean not null default false,            -- everybody proves a second factor; once on it stays on
    certificate_required boolean not null default false,     -- a client certificate of this contract
    addresses cidr[] check (cardinality(addresses) between 1 and 200),  -- null: from anywhere
    version bigint not null default 1,
    updated_at timestamptz not null default daicho.clock()
);
insert into daicho.policy (tenant) select name from daicho.tenant;
create function daicho.tenant_policy() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
begin
    insert into daicho.policy (tenant) values (new.name);
    return null;
end
$$;
create trigger policy after insert on daicho.tenant for each row execute function daicho.tenant_policy();

-- Second factors: secrets and public keys are read by the auth processes only ---------------------------------------------------------------
create table daicho.factor (
    id bigint generated always as identity primary key,
    tenant text not null references daicho.tenant on delete cascade,
    account_id bigint not null references daicho.account on delete cascade,
    kind text not null check (kind in ('totp', 'passkey')),
    name text not null check (length(name) between 1 and 100),
    secret bytea,                                    -- totp: seed, sealed with the factor key (AES-256-GCM)
    last_step bigint,                                -- totp: the newest step that was used; never again it or one before
    credential bytea unique,                         -- passkey: credential id
    public_key bytea,
    algorithm int,                                   -- COSE
    sign_count bigint not null default 0,
    confirmed_at timestamptz,                        -- null: not proven yet, counts for nothing
    created_at timestamptz not null default daicho.clock(),
    used_at timestamptz
);
create index factor_account_idx on daicho.factor (account_id);
create table daicho.recovery_code (
    account_id bigint not null references daicho.account on delete cascade,
    tenant text not null references daicho.tenant on delete cascade,
    hash bytea not null,                             -- SHA-256; 80 random bits need no slow hash
    used_at timestamptz,
    primary key (account_id, hash)
);

-- Sign-on with a provider. Its client secret is a file of the house (secret/provider/NAME), never a value here ------------------------------------
create table daicho.provider (
    id bigint generated always as identity primary key,
    tenant text not null references daicho.tenant on delete cascade,
    kind text not null check (kind in ('oidc', 'google', 'line', 'github')),
    name text not null check (length(name) between 1 and 100),
    issuer text not null check (length(issuer) <= 500),
    client_id text not null check (length(client_id) between 1 and 300),
    secret_name text not null check (secret_name ~ '^[a-z0-9][a-z0-9._-]{0,63}$'),
    domains text[] not null default '{}',            -- e-mail domains (Google: hd) or organisations (GitHub) let in; empty: any
    factor_trusted boolean not null default false,   -- its own second factor counts when its token says so
    apply boolean not null default false,            -- unknown people may apply
    active boolean not null default true,
    version bigint not null default 1,
    created_at timestamptz not null default daicho.clock(),
    unique (tenant, name)
);
create table daicho.identity (
    id bigint generated always as identity primary key,
    tenant text not null references daicho.tenant on delete cascade,
    provider_id bigint not null references daicho.provider on delete cascade,
    subject text not null check (length(subject) between 1 and 255),
    account_id bigint references daicho.account on delete cascade,  -- null: applied, not approved yet
    email text,
    name text,
    created_at timestamptz not null default daicho.clock(),
    used_at timestamptz,
    unique (provider_id, subject),
    unique (provider_id, account_id)
);
create table daicho.sign_on (                        -- one attempt, ten minutes
    state_hash bytea primary key,
    tenant text not null references daicho.tenant on delete cascade,
    provider_id bigint not null references daicho.provider on delete cascade,
    browser_hash bytea not null,                     -- of the cookie the attempt was begun with
    nonce text not null,
    verifier text not null,                          -- PKCE
    next text,
    created_at timestamptz not null default daicho.clock()
);

-- Client certificates: issued per contract; the key leaves the house once, in the PKCS#12 ----------------------------------------------------
create table daicho.certificate (
    id bigint generated always as identity primary key,
    tenant text not null references daicho.tenant on delete cascade,
    serial text not null unique check (serial ~ '^[0-9A-F]{1,40}$'),
    name text not null check (length(name) between 1 and 100),
    person_id bigint,                                -- whose device it is on; null: nobody's in particular
    issued_at timestamptz not null default daicho.clock(),
    expires_at timestamptz not null,
    revoked_at timestamptz,
    foreign key (tenant, person_id) references daicho.person (tenant, id)
);
create index certificate_tenant_idx on daicho.certificate (tenant, id);

alter table daicho.api_key add column addresses cidr[] check (cardinality(addresses) between 1 and 200),
    add column maker_ends_at timestamptz;            -- worked out: account.ends_at of its maker

-- Support by the operator: asked, approved by somebody else, for a time ----------------------------------------------------------------------
create table daicho.support_grant (
    id bigint generated always as identity primary key,
    tenant text not null references daicho.tenant on delete cascade,   -- whose records
    operator_id bigint not null references daicho.account on delete cascade,
    operator text not null,                          -- log-in name as it was then
    reason text not null check (length(reason) between 1 and 1000),
    personal boolean not null default false,
    minutes int not null check (minutes between 5 and 480),
    asked_at timestamptz not null default daicho.clock(),
    approved_by text,
    approved_id bigint,
    approved_at timestamptz,
    ends_at timestamptz,
    ended_at timestamptz,
    constraint support_grant_two_people check (approved_id is distinct from operator_id)
);
create index support_grant_tenant_idx on daicho.support_grant (tenant, id desc);

-- One message to one person by one channel; the mailer sends what is due -----------------------------------------------------------------------
create table daicho.notice (
    id bigint generated always as identity primary key,
    tenant text references daicho.tenant on delete cascade,  -- null: the house's own
    kind text not null check (length(kind) between 1 and 50),
    channel text not null default 'mail' check (channel in ('mail')),
    recipient text not null check (length(recipient) between 3 and 254),
    subject text not null check (length(subject) between 1 and 300),
    body text not null check (length(body) <= 20000),
    secret boolean not null default false,           -- the body is wiped once it was sent
    state text not null default 'queued' check (state in ('queued', 'sent', 'failed')),
    attempt int not null default 0,
    not_before timestamptz not null default daicho.clock(),
    said text,                                       -- what the mail server answered
    created_at timestamptz not null default daicho.clock(),
    sent_at timestamptz
);
create index notice_due_idx on daicho.notice (not_before) where state = 'queued';

-- Sessions and their stages: what is still to be proven before anything else can be reached -----------------------------------------------------
alter table daicho.session
    add column stage text not null default 'full' check (stage in ('factor', 'enroll', 'confirm', 'locked', 'full')),
    add column factor text,                          -- what proved the second factor: totp | passkey | recovery | provider
    add column proven_at timestamptz not null default daicho.clock(),  -- when somebody last proved who they are
    add column expires_at timestamptz,               -- never lives longer: the provider's token, the policy's limit
    add column challenge bytea,                      -- passkey: what the browser must sign, once
    add column challenge_at timestamptz,
    add column provider_id bigint references daicho.provider on delete cascade,
    add column acting bigint references daicho.support_grant on delete set null;
delete from daicho.session;
create unique index session_one_key on daicho.session (account_id) where stage in ('full', 'locked');

do $$
declare
    t text;
begin
    foreach t in array array['person', 'policy', 'factor', 'recovery_code', 'provider', 'identity', 'sign_on', 'certificate', 'support_grant', 'notice'] loop
        execute format('alter table daicho.%I enable row level security', t);
        execute format('alter table daicho.%I force row level security', t);
        execute format('create policy own on daicho.%I to daicho_tenant using (tenant = (select daicho.tenant())) with check (tenant = (select daicho.tenant()))', t);
        execute format('create policy house on daicho.%I to daicho_owner using (true) with check (true)', t);
    end loop;
end
$$;

-- What the rows say about themselves -------------------------------------------------------------------------------------------------------
-- Words: of the groups and its own, without what is denied. A denial of a word denies it for every register, too ("record.read" and
-- "record.read:customers").
create or replace function daicho.account_work_out() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
declare
    all_words text[];
begin
    select coalesce(string_agg(distinct g.name, ', '), ''), coalesce(bool_or(g.factor_required), false)
    into new.group_names, new.factor_required
    from daicho.account_group g where g.id = any (new.groups) and g.tenant = new.tenant;
    select coalesce(array_agg(distinct w.word order by w.word), '{}') into all_words
    from (
        select unnest(g.permissions) as word from daicho.account_group g where g.id = any (new.groups) and g.tenant = new.tenant
        union select unnest(new.grants)
    ) w
    where w.word <> all (new.denials) and split_part(w.word, ':', 1) <> all (new.denials);
    new.words := array_to_string(all_words, ' ');
    new.sees_personal := 'personal.see' = any (all_words);
    return new;
end
$$;
drop trigger work_out on daicho.account;
create trigger work_out before insert or update of tenant, groups, grants, denials, words, group_names, sees_personal, factor_required on daicho.account
    for each row execute function daicho.account_work_out();
drop trigger tell on daicho.account_group;
create trigger tell after update of name, permissions, factor_required, tenant or delete on daicho.account_group
    for each row execute function daicho.account_group_tell();

create or replace function daicho.credential_tell() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
begin
    update daicho.account a set must_change = new.must_change, password_at = new.changed_at where a.id = new.account_id;
    return null;
end
$$;
drop trigger tell on daicho.credential;
alter table daicho.credential add column expires_at timestamptz;  -- a first password that was not used until then is worth nothing; null: no such limit
create trigger tell after insert or update on daicho.credential for each row execute function daicho.credential_tell();
update daicho.account a set password_at = c.changed_at, words = '' from daicho.credential c where c.account_id = a.id;

create function daicho.factor_tell() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
declare
    whose bigint := case when tg_op = 'DELETE' then old.account_id else new.account_id end;
    confirmed int;
begin
    select count(*) into confirmed from daicho.factor f where f.account_id = whose and f.confirmed_at is not null;
    update daicho.account a set factors = confirmed, factor_anew = a.factor_anew and confirmed = 0 where a.id = whose;
    return null;
end
$$;
create trigger tell after insert or delete or update of confirmed_at on daicho.factor for each row execute function daicho.factor_tell();

-- The doors ----------------------------------------------------------------------------------------------------------------------------------
-- Is the address in one of the ranges? What is no address is in none.
create function daicho.address_within(source_ text, ranges cidr[]) returns boolean
language plpgsql immutable set search_path = pg_catalog as $$
declare
    source inet;
begin
    source := source_;
    if source <<= '::ffff:0:0/96' then               -- IPv4 in IPv6 clothes
        source := substring(host(source) from 8);
    end if;
    return exists (select from unnest(ranges) r where source <<= r);
exception when invalid_text_representation then
    return false;
end
$$;

alter type daicho.entrance add attribute stage text;         -- full, or what is missing: address | certificate | factor | enroll | confirm | locked | password
alter type daicho.entrance add attribute proven_ms bigint;   -- when somebody last proved who they are
alter type daicho.entrance add attribute acting bigint;      -- support grant by which an operator works in another contract; null: none

drop function daicho.session_enter(bytea);
drop function daicho.key_enter(bytea);

-- By session cookie, from this address, with this certificate's serial ('' none). No row: unknown, idle too long, or account or contract not active.
create function daicho.session_enter(token_hash_ bytea, source_ text, certificate_ text) returns setof daicho.entrance
language plpgsql security definer set search_path = pg_catalog as $$
declare
    e daicho.entrance;
begin
    select a.tenant, case when masked_ then 't_' || a.tenant || '_masked' else 't_' || a.tenant end, masked_, 'account', a.id,
        a.login, a.group_names, a.words, coalesce(a.lang, t.lang), a.theme, x.id,
        -- who came by a provider did not use the password
        x.provider_id is null and (a.must_change or a.password_at < daicho.clock() - make_interval(days => p.valid_days)),
        (extract(epoch from daicho.clock()) * 1000)::bigint, x.seen_at < daicho.clock() - make_interval(secs => p.idle_minutes / 10.0),
        case when p.addresses_on and not daicho.address_within(source_, p.addresses) then 'address'
            when p.certificate_required and not exists (select from daicho.certificate c where c.serial = certificate_ and c.tenant = a.tenant
                and c.revoked_at is null and c.expires_at > daicho.clock()) then 'certificate'
            -- required since this session began, or taken away meanwhile
            when x.stage = 'full' and a.factor_required and (x.factor is null or a.factors = 0 and x.factor <> 'provider')
                then case when a.factors > 0 then 'factor' else 'enroll' end
            -- set up meanwhile by another log-in: then it is to be given
            when x.stage = 'enroll' and a.factors > 0 then 'factor'
            else x.stage end,
        (extract(epoch from x.proven_at) * 1000)::bigint, x.acting
    into e
    from daicho.session x
    join daicho.account a on a.id = x.account_id
    join daicho.tenant t on t.name = a.tenant
    join daicho.policy p on p.tenant = a.tenant
    cross join lateral (select not a.sees_personal or session_user = 'daicho_sso' as masked_) m  -- the process at the network sees nobody
    where x.token_hash = token_hash_ and a.state = 'active' and (a.ends_at is null or a.ends_at > daicho.clock()) and t.state = 'active'
        and (t.ends_at is null or t.ends_at > daicho.clock())  -- 0016_contract_end.sql
        and x.seen_at > daicho.clock() - case when x.stage in ('full', 'locked') then make_interval(mins => p.idle_minutes) else interval '10 minutes' end
        and (x.expires_at is null or x.expires_at > daicho.clock());
    if not found then
        return;
    end if;
    e.must_change := coalesce(e.must_change, false);
    if e.stage = 'full' and e.must_change then
        e.stage := 'password';
    end if;
    if e.stage = 'full' and e.acting is not null then
        e := daicho.support_acting(e);
    end if;
    if e.stale then
        update daicho.session set seen_at = daicho.clock()
        where id = (select x.id from daicho.session x where x.token_hash = token_hash_ for update skip locked);
    end if;
    return next e;
end
$$;

-- By API key, by the secret it had before for as long as that still counts, or by an access token of the key (0012_edge.sql). An address outside the
-- key's own ranges, or when it has none outside the contract's, is a stage of its own: a refusal that is written down.
create function daicho.key_enter(token_hash_ bytea, source_ text) returns setof daicho.entrance
language plpgsql security definer set search_path = pg_catalog as $$
declare
    e daicho.entrance;
    id_ bigint;
    scope_ text[];
begin
    select x.id into id_ from daicho.api_key x where x.token_hash = token_hash_;
    if not found then
        select x.id into id_ from daicho.api_key x where x.old_hash = token_hash_ and x.old_until > daicho.clock();
        if not found then
            select o.key_id, o.scope into id_, scope_ from daicho.access_token o where o.token_hash = token_hash_ and o.expires_at > daicho.clock();
            if not found then
                return;
            end if;
        end if;
    end if;
    select x.tenant, case when x.sees_personal then 't_' || x.tenant else 't_' || x.tenant || '_masked' end, not x.sees_personal, 'key', x.id,
        x.name, '', x.words, t.lang, 'auto', 0::bigint, false,
        (extract(epoch from daicho.clock()) * 1000)::bigint, x.used_at is null or x.used_at < daicho.clock() - interval '1 minute',
        case when x.addresses is not null and not daicho.address_within(source_, x.addresses) then 'address'
            when x.addresses is null and p.addresses_on and not daicho.address_within(source_, p.addresses) then 'address'
            else 'full' end, 0::bigint
    into e
    from daicho.api_key x
    join daicho.tenant t on t.name = x.tenant
    join daicho.policy p on p.tenant = x.tenant
    where x.id = id_ and x.revoked_at is null and x.maker_active and (x.expires_at is null or x.expires_at > daicho.clock())
        and (x.maker_ends_at is null or x.maker_ends_at > daicho.clock()) and t.state = 'active'
        and (t.ends_at is null or t.ends_at > daicho.clock());
    if not found then
        return;
    end if;
    if scope_ is not null then                       -- of what the key may now, what the token was asked for
        select coalesce(string_agg(w.word, ' '), '') into e.permissions
        from (
            select unnest(scope_) as word union select x.word from unnest(string_to_array(e.permissions, ' ')) x (word) where x.word like '-%'
        ) w
        where w.word like '-%' or w.word = any (string_to_array(e.permissions, ' ')) or split_part(w.word, ':', 1) = any (string_to_array(e.permissions, ' '));
        e.masked := e.masked or not 'personal.see' = any (string_to_array(e.permissions, ' '));
        e.role := 't_' || e.tenant || case when e.masked then '_masked' else '' end;
    end if;
    if session_user = 'daicho_sso' then              -- the process at the network sees nobody
        e.masked := true;
        e.role := 't_' || e.tenant || '_masked';
    end if;
    if e.stale then
        update daicho.api_key set used_at = daicho.clock(), used_from = source_
        where id = (select x.id from daicho.api_key x where x.id = e.id for update skip locked);
    end if;
    return next e;
end
$$;

-- By name: commands and jobs.
create or replace function daicho.tenant_enter(tenant_ text) returns setof daicho.entrance
language sql security definer set search_path = pg_catalog as $$
    select t.name, 't_' || t.name, false, 'operator', 0::bigint, '', '', '', t.lang, 'auto', 0::bigint, false,
        (extract(epoch from daicho.clock()) * 1000)::bigint, false, 'full', 0::bigint, null::bigint
    from daicho.tenant t where t.name = tenant_ and t.state <> 'ended'
$$;

-- Which stage comes when everything up to the second factor is proven: one live session for one account. The caller holds the account's row.
create function daicho.session_last_stage(account_id_ bigint, take_over boolean, source_ text) returns text
language plpgsql security definer set search_path = pg_catalog as $$
begin
    perform daicho.sharing_note(account_id_, source_);   -- 0008_people.sql
    if take_over then
        delete from daicho.session where account_id = account_id_ and stage in ('full', 'locked');
    elsif exists (select from daicho.session where account_id = account_id_ and stage in ('full', 'locked')) then
        return 'confirm';
    end if;
    return 'full';
end
$$;

-- A new session, opened inside the tenant by an auth process only, after the password was right. The browser's session until now ends, so do idle ones
-- and log-ins left half done. Gives the stage; null: the account is gone or suspended. Log-ins of one account wait for each other at its row.
drop function daicho.session_open(bigint, bytea, bytea, text, text);
create function daicho.session_open(account_id_ bigint, token_hash_ bytea, old_hash bytea, source_ text, agent_ text, take_over boolean) returns text
language plpgsql security definer set search_path = pg_catalog as $$
declare
    a record;
    stage_ text;
begin
    if session_user <> 'daicho_auth' then
        raise insufficient_privilege using message = 'sessions are opened by the auth processes only';
    end if;
    select x.factors, x.factor_required or x.factor_renew or p.factor_always as factor_required, p.idle_minutes, p.absolute_hours into a
    from daicho.account x join daicho.policy p on p.tenant = x.tenant
    where x.id = account_id_ and x.tenant = daicho.role_tenant() and x.state = 'active'
        and (x.ends_at is null or x.ends_at > daicho.clock()) for update of x;
    if not found then
        return null;
    end if;
    update daicho.account set last_login_at = daicho.clock(), failures = 0, locked_at = null where id = account_id_;
    delete from daicho.session s
    where s.token_hash = old_hash or s.account_id = account_id_
        and (s.seen_at <= daicho.clock() - case when s.stage in ('full', 'locked') then make_interval(mins => a.idle_minutes) else interval '10 minutes' end
            or s.expires_at <= daicho.clock());
    stage_ := case when a.factors > 0 then 'factor' when a.factor_required then 'enroll' else daicho.session_last_stage(account_id_, take_over, source_) end;
    insert into daicho.session (token_hash, account_id, tenant, source, agent, stage, expires_at)
    values (token_hash_, account_id_, daicho.role_tenant(), source_, left(agent_, 300), stage_,
        daicho.clock() + make_interval(hours => a.absolute_hours));
    return stage_;
end
$$;

-- Log-in, step 1: as before, but for a first password that was not used in time: it is as if there were none.
create or replace function daicho.login_begin(tenant_ text, login_ text)
returns table (tenant text, lang text, account_id bigint, login text, groups text, state text, hash text)
language sql security definer set search_path = pg_catalog as $$
    with charged as (
        update daicho.account a set failures = a.failures + 1
        from daicho.tenant t
        where t.name = tenant_ and t.state = 'active' and a.tenant = t.name and lower(a.login) = lower(login_)
        returning a.id, a.login, a.state, a.group_names
    )
    select t.name, t.lang, c.id, c.login, c.group_names, c.state, h.hash
    from (select 1) one
    left join daicho.tenant t on t.name = tenant_ and t.state = 'active'
    left join charged c on true
    left join daicho.credential h on h.account_id = c.id and (h.expires_at is null or h.expires_at > daicho.clock())
$$;

-- The next stage of a log-in, after a second factor was proven ('totp', 'passkey', 'recovery') or the other session was given up ('confirm'). The token
-- changes with the stage. Gives the new stage; null: this session is not at a stage that waits for it. A full session may prove the factor again: it
-- may be required since.
create function daicho.session_raise(session_id_ bigint, token_hash_ bytea, proof text, take_over boolean) returns text
language plpgsql security definer set search_path = pg_catalog as $$
declare
    s record;
    stage_ text;
begin
    if session_user <> 'daicho_auth' then
        raise insufficient_privilege using message = 'sessions are raised by the auth processes only';
    end if;
    perform 1 from daicho.account a join daicho.session x on x.account_id = a.id
    where x.id = session_id_ and a.tenant = daicho.role_tenant() and a.state = 'active' and (proof = 'confirm' or a.factors > 0) for update of a;
    if not found then
        return null;
    end if;
    select x.account_id, x.stage, x.source into s from daicho.session x
    where x.id = session_id_ and x.tenant = daicho.role_tenant()
        and x.stage = any (case when proof = 'confirm' then array['confirm'] else array['factor', 'enroll', 'full'] end) for update;
    if not found then
        return null;
    end if;
    stage_ := case when s.stage = 'full' then 'full' else daicho.session_last_stage(s.account_id, take_over or proof = 'confirm', s.source) end;
    update daicho.session set stage = stage_, token_hash = token_hash_, factor = case when proof = 'confirm' then factor else proof end,
        seen_at = daicho.clock(), proven_at = daicho.clock(), challenge = null
    where id = session_id_;
    return stage_;
end
$$;

-- People of the tenant read and write what is theirs; secrets, seeds and the way a session stands only through the doors.
grant select, insert, update (name, email, kind, leaves_at, version) on daicho.person to daicho_tenant;
grant insert (person_id, grants, denials), update (grants, denials) on daicho.account to daicho_tenant;
grant select, update (first_reset, valid_days, need_lower, need_upper, need_digit, need_symbol, length_min, length_long, lock_after, idle_minutes,
    absolute_hours, password_login, certificate_required, addresses, version, updated_at) on daicho.policy to daicho_tenant;
grant select (id, tenant, account_id, kind, name, confirmed_at, created_at, used_at) on daicho.factor to daicho_tenant;
grant select (account_id, tenant, used_at) on daicho.recovery_code to daicho_tenant;
grant select, insert (tenant, kind, name, issuer, client_id, secret_name, domains, factor_trusted, apply, active),
    update (name, issuer, client_id, secret_name, domains, factor_trusted, apply, active, version), delete on daicho.provider to daicho_tenant;
grant select, insert (tenant, provider_id, subject, account_id, email, name), update (account_id), delete on daicho.identity to daicho_tenant;
grant select on daicho.certificate to daicho_tenant;
grant select on daicho.support_grant to daicho_tenant;
grant select (id, tenant, kind, channel, recipient, subject, state, created_at, sent_at) on daicho.notice to daicho_tenant;
grant select (stage, factor, proven_at, expires_at) on daicho.session to daicho_tenant;
grant insert (addresses) on daicho.api_key to daicho_tenant;

revoke execute on function daicho.account_person(), daicho.tenant_policy(), daicho.factor_tell(), daicho.address_within(text, cidr[]),
    daicho.session_enter(bytea, text, text), daicho.key_enter(bytea, text), daicho.session_last_stage(bigint, boolean, text),
    daicho.session_open(bigint, bytea, bytea, text, text, boolean), daicho.session_raise(bigint, bytea, text, boolean) from public;
grant execute on function daicho.session_enter(bytea, text, text), daicho.key_enter(bytea, text) to daicho_web, daicho_auth;
grant execute on function daicho.session_open(bigint, bytea, bytea, text, text, boolean), daicho.session_raise(bigint, bytea, text, boolean) to daicho_tenant;
