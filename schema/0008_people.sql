-- Why: who has left, lost a device or broken a rule is out at once and wholly, and comes back only when two people want it. One function stops a person:
-- account, sessions, keys, certificates, jobs and files in one transaction, so that a half-done stop cannot exist; another lets somebody back, and
-- nothing else can. A leaving date closes the doors by itself, to the second, whether or not anybody is awake.

-- What is worked out: when the doors close (account.ends_at, api_key.maker_ends_at; session_enter and key_enter look at them) -----------------------
create function daicho.person_tell() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
begin
    update daicho.account a set ends_at = new.leaves_at where a.person_id = new.id;
    return null;
end
$$;
create trigger tell after update of leaves_at on daicho.person for each row
    when (old.leaves_at is distinct from new.leaves_at) execute function daicho.person_tell();

create function daicho.account_ends_tell() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
begin
    update daicho.api_key k set maker_ends_at = new.ends_at where k.created_by = new.id;
    return null;
end
$$;
create trigger ends_tell after update of ends_at on daicho.account for each row
    when (old.ends_at is distinct from new.ends_at) execute function daicho.account_ends_tell();

-- What somebody begins while they are being stopped waits for the stop, and is then refused: no key and no job slips through.
create function daicho.api_key_maker() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
declare
    maker record;
begin
    if new.created_by is not null then
        select a.state, a.ends_at into maker from daicho.account a where a.id = new.created_by for share;
        if maker.state <> 'active' then
            raise insufficient_privilege using message = 'the account that makes this key is suspended';
        end if;
        new.maker_ends_at := maker.ends_at;
    end if;
    return new;
end
$$;
create trigger maker before insert on daicho.api_key for each row execute function daicho.api_key_maker();

create function daicho.job_starter() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
declare
    state_ text;
begin
    if new.account_id <> 0 then
        select a.state into state_ from daicho.account a where a.id = new.account_id for share;
        if state_ <> 'active' then
            raise insufficient_privilege using message = 'the account that starts this job is suspended';
        end if;
    end if;
    return new;
end
$$;
create trigger starter before insert on daicho.job for each row execute function daicho.job_starter();

-- Stops: who was stopped, why, by whom, what was revoked, how long it took ------------------------------------------------------------------------
create table daicho.stop (
    id bigint generated always as identity primary key,
    tenant text not null references daicho.tenant on delete cascade,
    person_id bigint not null,
    account_id bigint,                               -- as it was; it may have been removed since
    login text,
    reason text not null check (reason in ('leaver', 'loss', 'violation', 'other')),
    what text check (what in ('theft', 'loss', 'leakage')),  -- of a device or of what is on it
    device text check (length(device) <= 200),
    note text check (length(note) <= 1000),
    happened_at timestamptz not null,                -- as reported; a leaver: when they left
    reported_kind text not null,
    reported_by text not null,                       -- names as they were then
    reported_person bigint,
    reported_at timestamptz not null,
    revoked_at timestamptz not null,
    took_ms int not null,
    before jsonb not null,                           -- what they had: for the entry, and for whoever takes over
    after jsonb not null,
    ended_at timestamptz,                            -- reinstated
    foreign key (tenant, person_id) references daicho.person (tenant, id) on delete cascade
);
create index stop_person_idx on daicho.stop (person_id, id desc);

create table daicho.reinstatement (
    id bigint generated always as identity primary key,
    tenant text not null references daicho.tenant on delete cascade,
    person_id bigint not null,
    why text not null check (length(why) between 1 and 1000),
    state text not null default 'asked' check (state in ('asked', 'approved', 'refused', 'withdrawn')),
    asked_by text not null,
    asked_who text not null,                         -- person:ID or operator: people, not accounts
    asked_at timestamptz not null default daicho.clock(),
    decided_by text,
    decided_who text,
    decided_at timestamptz,
    xid xid8,                                        -- the transaction that approved it: the one that may let the account back
    foreign key (tenant, person_id) references daicho.person (tenant, id) on delete cascade,
    constraint reinstatement_two_people check (state <> 'approved' or asked_who <> decided_who),
    constraint reinstatement_not_oneself check (state <> 'approved' or decided_who <> 'person:' || person_id)
);
create unique index reinstatement_open_key on daicho.reinstatement (person_id) where state = 'asked';

-- Accounts nobody has used for long: what was decided about them.
create table daicho.dormant (
    id bigint generated always as identity primary key,
    tenant text not null references daicho.tenant on delete cascade,
    account_id bigint not null,
    login text not null,
    decision text not null check (decision in ('keep', 'remove')),
    note text not null check (length(note) between 1 and 1000),
    decided_by text not null,
    decided_at timestamptz not null default daicho.clock()
);
create index dormant_account_idx on daicho.dormant (account_id, decided_at);
alter table daicho.policy add column dormant_days int not null default 90 check (dormant_days between 7 and 730);

-- Files that were ready for somebody who was stopped: no row leads to them any more; the jobs processes take them from the disk.
create table daicho.withdrawn (
    id bigint generated always as identity primary key,
    tenant text not null,                            -- perhaps gone meanwhile
    path text not null
);

-- One account in two places far apart at the same time: a password that was lent, or stolen.
create table daicho.sharing (
    id bigint generated always as identity primary key,
    tenant text not null references daicho.tenant on delete cascade,
    account_id bigint not null references daicho.account on delete cascade,
    here text not null,                              -- where the session is that was in use
    there text not null,                             -- from where somebody logged in meanwhile
    at timestamptz not null default daicho.clock(),
    told_at timestamptz
);
create index sharing_account_idx on daicho.sharing (account_id, id desc);
create index sharing_due_idx on daicho.sharing (id) where told_at is null;

do $$
declare
    t text;
begin
    foreach t in array array['stop', 'reinstatement', 'dormant', 'withdrawn', 'sharing'] loop
        execute format('alter table daicho.%I enable row level security', t);
        execute format('alter table daicho.%I force row level security', t);
        execute format('create policy own on daicho.%I to daicho_tenant using (tenant = (select daicho.tenant())) with check (tenant = (select daicho.tenant()))', t);
        execute format('create policy house on daicho.%I to daicho_owner using (true) with check (true)', t);
    end loop;
end
$$;

-- Who asks, as the gate has written it down (nobody inside a tenant can change it), with what they hold now. kind null: nobody, or somebody this
-- process cannot speak for.
create function daicho.acting(out kind text, out id bigint, out name text, out person_id bigint, out who text, out held text[])
language plpgsql stable security definer set search_path = pg_catalog as $$
declare
    part text[] := regexp_match(current_setting('daicho.actor', true), '^([a-z]+):([0-9]{1,18}):(.*)$');
begin
    id := part[2]::bigint;
    name := part[3];
    held := '{}';
    case part[1]
        when 'operator' then
            kind := case when session_user = 'daicho_cli' then 'operator' end;
            who := 'operator';
        when 'system' then
            kind := case when session_user = 'daicho_jobs' then 'system' end;
            who := 'system';
        when 'account' then
            select 'account', a.person_id, 'person:' || a.person_id, string_to_array(a.words, ' ') into kind, person_id, who, held
            from daicho.account a where a.id = part[2]::bigint and a.tenant = daicho.role_tenant() and a.state = 'active';
        when 'key' then
            select 'key', a.person_id, coalesce('person:' || a.person_id, 'operator'), string_to_array(k.words, ' ') into kind, person_id, who, held
            from daicho.api_key k left join daicho.account a on a.id = k.created_by
            where k.id = part[2]::bigint and k.tenant = daicho.role_tenant() and k.revoked_at is null;
        else
            kind := null;
    end case;
end
$$;

-- What an account and its person have that a stop takes away.
create function daicho.person_having(person_id_ bigint, account_id_ bigint) returns jsonb
language sql stable security definer set search_path = pg_catalog as $$
    select jsonb_build_object(
        'state', (select a.state from daicho.account a where a.id = account_id_),
        'groups', (select coalesce(jsonb_agg(g.name order by g.name), '[]') from daicho.account a join daicho.account_group g on g.id = any (a.groups)
            and g.tenant = a.tenant where a.id = account_id_),
        'grants', (select coalesce(to_jsonb(a.grants), '[]') from daicho.account a where a.id = account_id_),
        'denials', (select coalesce(to_jsonb(a.denials), '[]') from daicho.account a where a.id = account_id_),
        'sessions', (select count(*) from daicho.session s where s.account_id = account_id_),
        'keys', (select coalesce(jsonb_agg(k.name order by k.id), '[]') from daicho.api_key k where k.created_by = account_id_ and k.revoked_at is null),
        'certificates', (select coalesce(jsonb_agg(c.name || ' (' || c.serial || ')' order by c.id), '[]') from daicho.certificate c
            where c.person_id = person_id_ and c.revoked_at is null),
        'jobs', (select coalesce(jsonb_agg(j.id order by j.id), '[]') from daicho.job j where j.account_id = account_id_ and account_id_ <> 0
            and j.state in ('queued', 'running') and not j.cancel_asked),
        'files', (select coalesce(jsonb_agg(j.id order by j.id), '[]') from daicho.job j where j.account_id = account_id_ and account_id_ <> 0
            and j.result_file is not null),
        'factors', (select count(*) from daicho.factor f where f.account_id = account_id_),
        'sign_on', (select count(*) from daicho.identity i where i.account_id = account_id_),
        'password', exists (select from daicho.credential c where c.account_id = account_id_))
$$;

-- All ways in and everything under way, gone. Called by the functions below only.
create function daicho.person_revoke(person_id_ bigint, account_id_ bigint, wholly boolean, secrets boolean) returns void
language plpgsql security definer set search_path = pg_catalog as $$
begin
    delete from daicho.session s where s.account_id = account_id_;
    update daicho.job set cancel_asked = true, state = case when state = 'queued' then 'cancelled' else state end,
        finished_at = case when state = 'queued' then daicho.clock() end
    where account_id = account_id_ and state in ('queued', 'running');
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

-- Put somebody out, at once and wholly: account suspended; sessions, jobs, support grants ended; but for 'other' (a pause) keys and certificates
-- revoked and ready files withdrawn; after 'leaver' and 'loss' password, factors and sign-on gone as well; a leaver's rights taken away, too.
-- Null: there is no such person. Whoever may not: refused. Gives the row's number, what they had, what is left, and how long it took.
create function daicho.person_stop(person_id_ bigint, reason_ text, what_ text, device_ text, note_ text, happened_at_ timestamptz) returns jsonb
language plpgsql security definer set search_path = pg_catalog as $$
declare
    asks record;
    p record;
    a record;
    wholly boolean := reason_ <> 'other';
    secrets boolean := reason_ in ('leaver', 'loss');
    before_ jsonb;
    after_ jsonb;
    took interval;
    id_ bigint;
begin
    select * into asks from daicho.acting();
    select x.id, x.tenant, x.left_at into p from daicho.person x where x.id = person_id_ and x.tenant = daicho.role_tenant() for update;
    if p.id is null then
        return null;
    end if;
    if asks.kind is null or not (asks.kind in ('operator', 'system') or 'person.manage' = any (asks.held)
        or reason_ = 'loss' and asks.kind = 'account' and asks.person_id = p.id or reason_ = 'other' and 'account.manage' = any (asks.held)) then
        raise insufficient_privilege using message = 'whoever asks may not stop this person';
    end if;
    select x.id, x.login, x.suspended_for into a from daicho.account x where x.person_id = p.id for update;
    before_ := daicho.person_having(p.id, a.id);
    if reason_ = 'leaver' then
        update daicho.person set left_at = coalesce(left_at, daicho.clock()), version = version + 1 where id = p.id;
    end if;
    if a.id is not null then
        -- the gravest reason stays: what it took away does not come back because of a lighter one
        update daicho.account set state = 'suspended', version = version + 1,
            suspended_for = case when a.suspended_for is null or array_position(array['other', 'violation', 'loss', 'leaver'], reason_)
                > array_position(array['other', 'violation', 'loss', 'leaver'], a.suspended_for) then reason_ else a.suspended_for end,
            suspended_by = asks.name, suspended_at = daicho.clock(),
            groups = case when reason_ = 'leaver' then '{}' else groups end,
            grants = case when reason_ = 'leaver' then '{}' else grants end,
            denials = case when reason_ = 'leaver' then '{}' else denials end
        where id = a.id;
    end if;
    perform daicho.person_revoke(p.id, a.id, wholly, secrets);
    update daicho.reinstatement set state = 'withdrawn', decided_by = asks.name, decided_who = coalesce(asks.who, 'system'), decided_at = daicho.clock()
    where state = 'asked' and (person_id = p.id or reason_ = 'leaver' and asked_who = 'person:' || p.id);
    after_ := daicho.person_having(p.id, a.id);
    if a.id is not null and after_ ->> 'state' <> 'suspended' or (after_ ->> 'sessions')::int > 0 or jsonb_array_length(after_ -> 'jobs') > 0
        or wholly and (jsonb_array_length(after_ -> 'keys') > 0 or jsonb_array_length(after_ -> 'certificates') > 0 or jsonb_array_length(after_ -> 'files') > 0) then
        raise exception 'the stop was not complete: %', after_;
    end if;
    -- from the report (the beginning of this transaction) to here
    took := pg_catalog.clock_timestamp() - pg_catalog.now();
    insert into daicho.stop (tenant, person_id, account_id, login, reason, what, device, note, happened_at, reported_kind, reported_by, reported_person,
        reported_at, revoked_at, took_ms, before, after)
    values (p.tenant, p.id, a.id, a.login, reason_, what_, device_, note_, coalesce(happened_at_, daicho.clock()), asks.kind, asks.name, asks.person_id,
        daicho.clock(), daicho.clock() + took, ceil(extract(epoch from took) * 1000)::int, before_, after_)
    returning id into id_;
    return jsonb_build_object('id', id_, 'before', before_, 'after', after_, 'took_ms', ceil(extract(epoch from took) * 1000)::int,
        'reported_ms', (extract(epoch from daicho.clock()) * 1000)::bigint, 'revoked_ms', (extract(epoch from daicho.clock() + took) * 1000)::bigint);
end
$$;

-- An account about to be removed: the same, without a row of its own. The caller holds the account's row.
create function daicho.account_put_out(account_id_ bigint) returns void
language plpgsql security definer set search_path = pg_catalog as $$
declare
    asks record;
    a record;
begin
    select * into asks from daicho.acting();
    select x.id, x.person_id into a from daicho.account x where x.id = account_id_ and x.tenant = daicho.role_tenant() for update;
    if a.id is null then
        return;
    end if;
    if asks.kind is null or not (asks.kind in ('operator', 'system') or asks.held && array['person.manage', 'account.manage']) then
        raise insufficient_privilege using message = 'whoever asks may not remove this account';
    end if;
    perform daicho.person_revoke(a.person_id, a.id, true, true);
end
$$;

-- Back ---------------------------------------------------------------------------------------------------------------------------------------------
-- Is this person out? By a stop, by having left, or by an account suspended before there were stops.
create function daicho.person_out(person_id_ bigint) returns boolean
language sql stable security definer set search_path = pg_catalog as $$
    select exists (select from daicho.person p where p.id = person_id_ and p.left_at is not null)
        or exists (select from daicho.stop s where s.person_id = person_id_ and s.ended_at is null)
        or exists (select from daicho.account a where a.person_id = person_id_ and a.state = 'suspended')
$$;

-- Null: there is no such person, or it is not out.
create function daicho.reinstate_ask(person_id_ bigint, why_ text) returns bigint
language plpgsql security definer set search_path = pg_catalog as $$
declare
    asks record;
    id_ bigint;
begin
    select * into asks from daicho.acting();
    if asks.kind is null or not (asks.kind = 'operator' or 'person.manage' = any (asks.held)) then
        raise insufficient_privilege using message = 'whoever asks may not ask for a reinstatement';
    end if;
    perform from daicho.person p where p.id = person_id_ and p.tenant = daicho.role_tenant() for update;
    if not found or not daicho.person_out(person_id_) then
        return null;
    end if;
    insert into daicho.reinstatement (tenant, person_id, why, asked_by, asked_who) values (daicho.role_tenant(), person_id_, why_, asks.name, asks.who)
    returning id into id_;
    return id_;
end
$$;

create function daicho.reinstate_refuse(person_id_ bigint) returns bigint
language plpgsql security definer set search_path = pg_catalog as $$
declare
    asks record;
    id_ bigint;
begin
    select * into asks from daicho.acting();
    if asks.kind is null or not (asks.kind = 'operator' or 'person.manage' = any (asks.held)) then
        raise insufficient_privilege using message = 'whoever asks may not refuse a reinstatement';
    end if;
    update daicho.reinstatement set state = 'refused', decided_by = asks.name, decided_who = asks.who, decided_at = daicho.clock()
    where person_id = person_id_ and tenant = daicho.role_tenant() and state = 'asked'
    returning id into id_;
    return id_;
end
$$;

-- The only way from suspended to active. A second person, logged in (a key is nobody), who holds all the account may do. After a loss or a leaving
-- no earlier password, factor or sign-on is left; after a loss a new second factor is set up before anything else; a leaver has no rights until
-- somebody gives them anew. Null: nobody has asked.
create function daicho.reinstate_approve(person_id_ bigint) returns jsonb
language plpgsql security definer set search_path = pg_catalog as $$
declare
    asks record;
    r record;
    a record;
    reasons text[];
    fresh boolean;
begin
    select * into asks from daicho.acting();
    if asks.kind is null or not (asks.kind = 'operator' or asks.kind = 'account' and 'person.manage' = any (asks.held)) then
        raise insufficient_privilege using message = 'whoever asks may not approve a reinstatement';
    end if;
    perform from daicho.person p where p.id = person_id_ and p.tenant = daicho.role_tenant() for update;
    select x.id into r from daicho.reinstatement x where x.person_id = person_id_ and x.tenant = daicho.role_tenant() and x.state = 'asked' for update;
    if r.id is null then
        return null;
    end if;
    select x.id, x.words, x.suspended_for into a from daicho.account x where x.person_id = person_id_ for update;
    if asks.kind = 'account' and daicho.words_missing(string_to_array(coalesce(a.words, ''), ' '), asks.held) <> '{}' then
        raise insufficient_privilege using message = 'the account may do more than the one that approves';
    end if;
    select array_agg(distinct s.reason) into reasons from daicho.stop s where s.person_id = person_id_ and s.ended_at is null;
    reasons := coalesce(reasons, '{}') || array_remove(array[a.suspended_for], null);
    fresh := reasons && array['leaver', 'loss'];
    update daicho.reinstatement set state = 'approved', decided_by = asks.name, decided_who = asks.who, decided_at = daicho.clock(),
        xid = pg_catalog.pg_current_xact_id()
    where id = r.id;
    update daicho.stop set ended_at = daicho.clock() where person_id = person_id_ and ended_at is null;
    update daicho.person set left_at = null, leaves_at = case when leaves_at > daicho.clock() then leaves_at end, version = version + 1 where id = person_id_;
    if a.id is not null then
        perform daicho.person_revoke(person_id_, a.id, false, fresh);
        update daicho.account set state = 'active', suspended_for = null, suspended_by = null, suspended_at = null, failures = 0, factor_failures = 0,
            factor_renew = factor_renew or 'loss' = any (reasons), version = version + 1
        where id = a.id;
    end if;
    return jsonb_build_object('id', r.id, 'account_id', a.id, 'fresh', fresh and a.id is not null, 'reasons', to_jsonb(reasons));
end
$$;

-- Whoever writes it, the owner's other functions included.
create function daicho.account_state_guard() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
begin
    if tg_op = 'INSERT' then
        if daicho.person_out(new.person_id) then
            raise insufficient_privilege using message = 'this person was stopped; a reinstatement must be approved first';
        end if;
        select p.leaves_at into new.ends_at from daicho.person p where p.id = new.person_id;
    elsif not exists (select from daicho.reinstatement r where r.person_id = new.person_id and r.state = 'approved'
            and r.xid = pg_catalog.pg_current_xact_id()) then
        raise insufficient_privilege using message = 'a suspended account comes back only by a reinstatement that a second person approves';
    end if;
    return new;
end
$$;
create trigger state_guard before update on daicho.account for each row when (old.state = 'suspended' and new.state <> 'suspended')
    execute function daicho.account_state_guard();
create trigger state_guard_new before insert on daicho.account for each row execute function daicho.account_state_guard();

-- A second factor set up anew: the order to do so is fulfilled.
create function daicho.factor_renewed() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
begin
    update daicho.account a set factor_renew = false where a.id = new.account_id and a.factor_renew;
    return null;
end
$$;
create trigger renewed after insert or update of confirmed_at on daicho.factor for each row when (new.confirmed_at is not null)
    execute function daicho.factor_renewed();

-- Whose leaving date has come: asked for by the jobs processes, outside any tenant.
create function daicho.people_leave_due(after_ bigint) returns table (tenant text, person_id bigint)
language sql stable security definer set search_path = pg_catalog as $$
    select p.tenant, p.id from daicho.person p join daicho.tenant t on t.name = p.tenant and t.state <> 'ended'
    where p.left_at is null and p.leaves_at <= daicho.clock() and p.id > after_ order by p.id limit 1
$$;

-- Two addresses of one network (a /16 of IPv4, a /32 of IPv6), as one office or one carrier has it; what is no address is near to everything.
create function daicho.address_near(a text, b text) returns boolean
language plpgsql immutable set search_path = pg_catalog as $$
begin
    return family(a::inet) = family(b::inet)
        and network(set_masklen(a::inet, case family(a::inet) when 4 then 16 else 32 end)) >>= b::inet;
exception when invalid_text_representation then
    return true;
end
$$;

-- A log-in that comes as far as a session of its own, while another session of the account was in use within a quarter of an hour: is it far away?
-- Once an hour for the same two places.
create function daicho.sharing_note(account_id_ bigint, source_ text) returns void
language sql security definer set search_path = pg_catalog as $$
    insert into daicho.sharing (tenant, account_id, here, there)
    select s.tenant, s.account_id, s.source, source_ from daicho.session s
    where s.account_id = account_id_ and s.stage in ('full', 'locked') and s.seen_at > daicho.clock() - interval '15 minutes'
        and not daicho.address_near(s.source, source_)
        and not exists (select from daicho.sharing x where x.account_id = account_id_ and x.here = s.source and x.there = source_
            and x.at > daicho.clock() - interval '1 hour')
$$;

create function daicho.sharing_due(after_ bigint) returns table (tenant text, id bigint)
language sql stable security definer set search_path = pg_catalog as $$
    select x.tenant, x.id from daicho.sharing x where x.told_at is null and x.id > after_ order by x.id limit 1
$$;

create function daicho.withdrawn_take() returns setof text
language sql security definer set search_path = pg_catalog as $$
    delete from daicho.withdrawn where id in (select id from daicho.withdrawn order by id limit 100 for update skip locked) returning path
$$;

-- People as they stand now; as whoever asks may see them. due_at: the end of the local day on which they leave.
create view daicho.person_now with (security_invoker = true) as
    select p.id, p.tenant, p.name, p.email, p.kind, p.version, p.created_at, p.leaves_at, p.left_at,
        (((p.leaves_at - interval '1 microsecond') at time zone 'Asia/Tokyo')::date + 1)::timestamp at time zone 'Asia/Tokyo' as due_at,
        p.left_at is null and p.leaves_at < daicho.clock() - interval '1 minute' as overdue,
        case when p.left_at is not null then 'left'
            when a.state = 'suspended' or exists (select from daicho.stop s where s.person_id = p.id and s.ended_at is null) then 'suspended'
            when p.leaves_at is not null then 'leaving' when a.id is null then 'none' else 'active' end as state,
        a.id as account_id, a.login, a.state as account_state, a.suspended_for, a.suspended_by, a.suspended_at, a.last_login_at, a.group_names, a.words,
        a.version as account_version,
        (select count(*) from daicho.api_key k where k.created_by = a.id and k.revoked_at is null) as keys,
        (select count(*) from daicho.certificate c where c.person_id = p.id and c.revoked_at is null and c.expires_at > daicho.clock()) as certificates,
        (extract(epoch from daicho.clock() - coalesce(a.last_login_at, a.created_at)) / 86400)::int as idle_days,
        a.state = 'active' and coalesce(a.last_login_at, a.created_at) < daicho.clock() - make_interval(days => y.dormant_days)
            and not exists (select from daicho.dormant d where d.account_id = a.id and d.decision = 'keep'
                and d.decided_at > daicho.clock() - make_interval(days => y.dormant_days)) as dormant
    from daicho.person p
    join daicho.policy y on y.tenant = p.tenant
    left join daicho.account a on a.person_id = p.id;
grant select on daicho.person_now to daicho_tenant;

-- The state of an account is nobody's to write but those functions'.
revoke insert (state), update (state) on daicho.account from daicho_tenant;
grant select on daicho.stop, daicho.reinstatement, daicho.dormant, daicho.sharing to daicho_tenant;
grant update (told_at) on daicho.sharing to daicho_tenant;
grant insert (tenant, account_id, login, decision, note, decided_by) on daicho.dormant to daicho_tenant;
grant update (dormant_days) on daicho.policy to daicho_tenant;

revoke execute on function daicho.person_tell(), daicho.account_ends_tell(), daicho.api_key_maker(), daicho.job_starter(), daicho.acting(),
    daicho.person_having(bigint, bigint), daicho.person_revoke(bigint, bigint, boolean, boolean),
    daicho.person_stop(bigint, text, text, text, text, timestamptz), daicho.account_put_out(bigint), daicho.person_out(bigint),
    daicho.reinstate_ask(bigint, text), daicho.reinstate_refuse(bigint), daicho.reinstate_approve(bigint), daicho.account_state_guard(),
    daicho.factor_renewed(), daicho.people_leave_due(bigint), daicho.withdrawn_take(),
    daicho.address_near(text, text), daicho.sharing_note(bigint, text), daicho.sharing_due(bigint) from public;
grant execute on function daicho.acting(), daicho.person_stop(bigint, text, text, text, text, timestamptz), daicho.account_put_out(bigint),
    daicho.reinstate_ask(bigint, text), daicho.reinstate_refuse(bigint), daicho.reinstate_approve(bigint) to daicho_tenant;
grant execute on function daicho.people_leave_due(bigint), daicho.withdrawn_take(), daicho.sharing_due(bigint) to daicho_jobs;
