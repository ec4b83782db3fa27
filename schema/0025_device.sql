-- Why: whoever works for the company does so on devices that somebody has looked at. A register of them: the owner says how a device is protected, another
-- person approves it for a while, and what is lost opens an incident in the same transaction. Who is in by which device is not guessed: a browser says
-- nothing that could be believed. What is checked is that a person has an approved device.

-- What a contract asks of devices ---------------------------------------------------------------------------------------------------------------------
alter table daicho.policy
    add column device_required boolean not null default false,          -- no way in without an approved device
    add column device_months int not null default 12 check (device_months between 1 and 36),
    add column device_lock_strict boolean not null default false,       -- a lock after more than five minutes: refused, not a deviation
    add column device_malware_strict boolean not null default false,    -- a computer without anti-malware that is on, scans and updates: likewise
    add column device_firewall_strict boolean not null default true;    -- a laptop without a firewall: likewise
grant update (device_required, device_months, device_lock_strict, device_malware_strict, device_firewall_strict) on daicho.policy to daicho_tenant;

-- 10.0.19045 -> {10,0,19045}; zeros at the end do not count. Null: it is no version.
create function daicho.version_parts(version_ text) returns bigint[] language sql immutable parallel safe set search_path = pg_catalog as $$
    select case when version_ ~ '^[0-9]{1,9}(\.[0-9]{1,9}){0,5}$' then
        string_to_array(regexp_replace(version_, '(\.0+)+$', ''), '.')::bigint[] end
$$;

create table daicho.device (
    id bigint generated always as identity primary key,
    tenant text not null references daicho.tenant on delete cascade,
    person_id bigint not null,
    kind text not null check (kind in ('laptop', 'desktop', 'phone', 'tablet', 'other')),
    own boolean not null,                            -- of the person, not of the company
    name text not null check (length(name) between 1 and 100),
    serial text check (length(serial) between 1 and 100),
    os text not null check (os in ('windows', 'macos', 'linux', 'ios', 'android', 'chromeos', 'other')),
    os_version text not null check (daicho.version_parts(os_version) is not null),
    lock_method text not null check (lock_method in ('none', 'password', 'pin', 'biometric')),
    lock_minutes int check (lock_minutes between 0 and 1440),
    malware text check (length(malware) between 1 and 100),             -- the product; null: none
    malware_on boolean not null,                     -- finds, and keeps away or removes
    malware_scan boolean not null,                   -- looks through everything regularly
    malware_update boolean not null,                 -- renews itself
    encrypted boolean not null,
    firewall boolean not null,
    separated boolean,                               -- own devices: business and private data apart; null: not answered
    separation_how text check (length(separation_how) between 1 and 500),
    separation_until date,                           -- asked again then
    evidence text check (length(evidence) <= 1000),
    attested_at timestamptz not null default daicho.clock(),
    state text not null default 'pending' check (state in ('pending', 'approved', 'refused', 'lost', 'returned')),
    decided_by text,
    decided_person bigint,
    decided_at timestamptz,
    reason text check (length(reason) <= 1000),
    expires_at timestamptz,
    warned_at timestamptz,                           -- that it expires soon
    missed_at timestamptz,                           -- that it was not returned
    version bigint not null default 1,
    created_at timestamptz not null default daicho.clock(),
    unique (tenant, id),
    foreign key (tenant, person_id) references daicho.person (tenant, id) on delete cascade,
    constraint device_lock_rule check (lock_method = 'none' or lock_minutes is not null),
    constraint device_malware_rule check (malware is not null or not (malware_on or malware_scan or malware_update)),
    constraint device_separation_rule check (separated is not true or separation_how is not null and separation_until is not null),
    -- approved: by another person, for a time, and never what no device may be
    constraint device_two_people check (state <> 'approved' or decided_person is distinct from person_id),
    constraint device_approved_rule check (state <> 'approved' or decided_at is not null and expires_at is not null and lock_method <> 'none'
        and (not own or separated is not null))
);
create index device_person_idx on daicho.device (person_id);
create index device_tenant_idx on daicho.device (tenant, id);
-- one device, one person
create unique index device_serial_key on daicho.device (tenant, lower(serial)) where state <> 'returned';

create table daicho.device_event (
    id bigint generated always as identity primary key,
    tenant text not null references daicho.tenant on delete cascade,
    device_id bigint not null,
    what text not null check (what in ('registered', 'attested', 'approved', 'refused', 'lost', 'leakage', 'returned')),
    by_name text not null,                           -- as they were called then
    at timestamptz not null default daicho.clock(),
    note text,
    detail jsonb,                                    -- what was attested
    foreign key (tenant, device_id) references daicho.device (tenant, id) on delete cascade
);
create index device_event_idx on daicho.device_event (device_id, id desc);

create table daicho.device_minimum (
    tenant text not null references daicho.tenant on delete cascade,
    os text not null check (os in ('windows', 'macos', 'linux', 'ios', 'android', 'chromeos', 'other')),
    version text not null check (daicho.version_parts(version) is not null),
    set_by text not null,
    set_at timestamptz not null default daicho.clock(),
    primary key (tenant, os)
);

create table daicho.incident (
    id bigint generated always as identity primary key,
    tenant text not null references daicho.tenant on delete cascade,
    kind text not null check (kind in ('theft', 'loss', 'leakage')),
    severity text not null check (severity in ('medium', 'high', 'critical')),
    person_id bigint not null,                       -- whose device, or who had the information
    device_id bigint,
    device text,                                     -- what it was called then, or what the report says
    encrypted boolean,                               -- as attested then; null: nobody knows
    stop_id bigint references daicho.stop on delete set null,
    note text,
    reporter_kind text not null,
    reporter text not null,
    reporter_person bigint,
    happened_at timestamptz not null,
    reported_at timestamptz not null,
    state text not null default 'open' check (state in ('open', 'closed')),
    closed_by text,
    closed_person bigint,
    closed_at timestamptz,
    closing text check (length(closing) between 1 and 1000),
    foreign key (tenant, person_id) references daicho.person (tenant, id) on delete cascade,
    foreign key (tenant, device_id) references daicho.device (tenant, id),
    constraint incident_closed_rule check (state = 'open' or closed_at is not null and closing is not null),
    constraint incident_two_people check (state = 'open' or closed_person is distinct from person_id)
);
create index incident_tenant_idx on daicho.incident (tenant, id desc);
create index incident_device_idx on daicho.incident (device_id) where device_id is not null;

do $$
declare
    t text;
begin
    foreach t in array array['device', 'device_event', 'device_minimum', 'incident'] loop
        execute format('alter table daicho.%I enable row level security', t);
        execute format('alter table daicho.%I force row level security', t);
        execute format('create policy own on daicho.%I to daicho_tenant using (tenant = (select daicho.tenant())) with check (tenant = (select daicho.tenant()))', t);
        execute format('create policy house on daicho.%I to daicho_owner using (true) with check (true)', t);
    end loop;
end
$$;

-- Devices as they stand now, as whoever asks may see them. missing: what keeps it from being approved; deviations: what is recommended and is not so;
-- compliant: approved, still, and nothing missing. The five minutes are the recommendation of every company that gives a figure.
create view daicho.device_now with (security_invoker = true) as
    select d.*, p.name as owner, case when d.state = 'approved' and d.expires_at <= daicho.clock() then 'expired' else d.state end as standing,
        d.state in ('pending', 'approved') as used, m.version as minimum, x.missing, x.deviations,
        d.state = 'approved' and d.expires_at > daicho.clock() and x.missing = '{}' as compliant,
        case when not d.own and d.state in ('pending', 'approved', 'refused') and coalesce(p.left_at, p.leaves_at) is not null then
            (((coalesce(p.left_at, p.leaves_at) - interval '1 microsecond') at time zone 'Asia/Tokyo')::date + 1)::timestamp at time zone 'Asia/Tokyo' end as return_at,
        p.left_at is not null as owner_left
    from daicho.device d
    join daicho.person p on p.id = d.person_id
    join daicho.policy y on y.tenant = d.tenant
    left join daicho.device_minimum m on m.tenant = d.tenant and m.os = d.os
    cross join lateral (select array_remove(array[
            case when d.lock_method = 'none' then 'lock_none' end,
            case when y.device_lock_strict and d.lock_minutes > 5 then 'lock_delay' end,
            case when daicho.version_parts(d.os_version) < daicho.version_parts(m.version) then 'version' end,
            case when y.device_malware_strict and d.kind in ('laptop', 'desktop') and not (d.malware_on and d.malware_scan and d.malware_update) then 'malware' end,
            case when y.device_firewall_strict and d.kind = 'laptop' and not d.firewall then 'firewall' end,
            case when d.own and d.separated is null then 'separation' end,
            case when exists (select from daicho.incident i where i.device_id = d.id and i.state = 'open' and i.kind <> 'leakage') then 'incident' end], null) as missing,
        array_remove(array[
            case when d.lock_minutes > 5 then 'lock_delay' end,
            case when not (d.malware_on and d.malware_scan and d.malware_update) then 'malware' end,
            case when not d.encrypted then 'encryption' end,
            case when d.kind in ('laptop', 'desktop') and not d.firewall then 'firewall' end,
            case when d.own and not d.separated then 'separation' end], null) as deviations) x;
grant execute on function daicho.version_parts(text) to daicho_tenant;

-- Has this person a device that lets them in?
create function daicho.device_held(person_id_ bigint) returns boolean language sql stable security definer set search_path = pg_catalog as $$
    select exists (select from daicho.device d where d.person_id = person_id_ and d.state = 'approved' and d.expires_at > daicho.clock())
$$;

-- While devices are required: is somebody left who can come in and approve them?
create function daicho.device_approver_left(tenant_ text) returns void language plpgsql security definer set search_path = pg_catalog as $$
begin
    if (select y.device_required from daicho.policy y where y.tenant = tenant_) and not exists (select from daicho.account a where a.tenant = tenant_
            and a.state = 'active' and 'account.manage' = any (string_to_array(a.words, ' ')) and daicho.device_held(a.person_id)) then
        raise check_violation using message = 'nobody could approve devices any more';
    end if;
end
$$;

create function daicho.device_require_guard() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
declare
    asks record;
begin
    select * into asks from daicho.acting();
    if asks.kind = 'operator' then
        return new;
    elsif asks.person_id is null or not daicho.device_held(asks.person_id) then
        raise check_violation using message = 'whoever requires devices needs an approved one';
    end if;
    return new;
end
$$;
create trigger device_required before update of device_required on daicho.policy for each row when (new.device_required and not old.device_required)
    execute function daicho.device_require_guard();
create function daicho.device_require_check() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
begin
    perform daicho.device_approver_left(new.tenant);
    return null;
end
$$;
create trigger device_required_check after update of device_required on daicho.policy for each row when (new.device_required and not old.device_required)
    execute function daicho.device_require_check();

-- Changing them ---------------------------------------------------------------------------------------------------------------------------------------
-- How the device is protected, in the owner's words; id null: a new one. By the owner, logged in; or by the operator for somebody. It waits for approval
-- from then on, whatever it was. Null: no such device of this person, returned already, or changed meanwhile.
create function daicho.device_attest(id_ bigint, version_ bigint, person_id_ bigint, said jsonb) returns bigint
language plpgsql security definer set search_path = pg_catalog as $$
declare
    asks record;
    tenant_ text := daicho.role_tenant();
    d daicho.device;
begin
    select * into asks from daicho.acting();
    if asks.kind is null or not (asks.kind = 'operator' or asks.kind = 'account' and asks.person_id = person_id_) then
        raise insufficient_privilege using message = 'devices are attested by their owners';
    end if;
    perform from daicho.person p where p.id = person_id_ and p.tenant = tenant_ for share;
    if not found then
        return null;
    end if;
    perform from daicho.policy y where y.tenant = tenant_ for update;       -- one after the other: who is left to approve is counted
    if id_ is not null then
        select * into d from daicho.device x where x.id = id_ and x.tenant = tenant_ and x.person_id = person_id_ and x.version = version_
            and x.state <> 'returned' for update;
        if d.id is null then
            return null;
        end if;
    end if;
    -- only what is said; never who decides, until when, or whose it is
    said := said - array['id', 'tenant', 'person_id', 'state', 'decided_by', 'decided_person', 'decided_at', 'reason', 'expires_at', 'warned_at', 'missed_at', 'version',
        'created_at', 'attested_at'];
    d := jsonb_populate_record(d, said);
    if d.lock_minutes > 5 and (select y.device_lock_strict from daicho.policy y where y.tenant = tenant_) then
        raise check_violation using message = 'devices lock after five minutes at most here';
    end if;
    if id_ is null then
        insert into daicho.device (tenant, person_id, kind, own, name, serial, os, os_version, lock_method, lock_minutes, malware, malware_on, malware_scan,
            malware_update, encrypted, firewall, separated, separation_how, separation_until, evidence)
        values (tenant_, person_id_, d.kind, d.own, d.name, d.serial, d.os, d.os_version, d.lock_method, d.lock_minutes, d.malware, d.malware_on, d.malware_scan,
            d.malware_update, d.encrypted, d.firewall, d.separated, d.separation_how, d.separation_until, d.evidence)
        returning id into d.id;
    else
        update daicho.device set kind = d.kind, own = d.own, name = d.name, serial = d.serial, os = d.os, os_version = d.os_version, lock_method = d.lock_method,
            lock_minutes = d.lock_minutes, malware = d.malware, malware_on = d.malware_on, malware_scan = d.malware_scan, malware_update = d.malware_update,
            encrypted = d.encrypted, firewall = d.firewall, separated = d.separated, separation_how = d.separation_how, separation_until = d.separation_until,
            evidence = d.evidence, attested_at = daicho.clock(), state = 'pending', decided_by = null, decided_person = null, decided_at = null, reason = null,
            expires_at = null, warned_at = null, version = version + 1
        where id = d.id;
        perform daicho.device_approver_left(tenant_);
    end if;
    insert into daicho.device_event (tenant, device_id, what, by_name, detail)
    values (tenant_, d.id, case when id_ is null then 'registered' else 'attested' end, asks.name, said);
    return d.id;
end
$$;

-- Approved or refused, by somebody logged in who manages accounts and does not own it (a key is nobody), or by the operator. Null: it does not wait.
create function daicho.device_decide(id_ bigint, version_ bigint, approve boolean, reason_ text) returns bigint
language plpgsql security definer set search_path = pg_catalog as $$
declare
    asks record;
    d daicho.device;
    missing_ text[];
begin
    select * into asks from daicho.acting();
    if asks.kind is null or not (asks.kind = 'operator' or asks.kind = 'account' and 'account.manage' = any (asks.held)) then
        raise insufficient_privilege using message = 'whoever asks may not decide about devices';
    end if;
    select * into d from daicho.device x where x.id = id_ and x.tenant = daicho.role_tenant() and x.version = version_ and x.state = 'pending' for update;
    if d.id is null then
        return null;
    elsif asks.kind = 'account' and asks.person_id is not distinct from d.person_id then
        raise insufficient_privilege using message = 'nobody decides about their own device';
    elsif approve then
        select n.missing into missing_ from daicho.device_now n where n.id = d.id;
        if missing_ <> '{}' then
            raise check_violation using message = 'this device cannot be approved: ' || array_to_string(missing_, ', ');
        end if;
    elsif coalesce(reason_, '') = '' then
        raise check_violation using message = 'a refusal says why';
    end if;
    update daicho.device set state = case when approve then 'approved' else 'refused' end, decided_by = asks.name, decided_person = asks.person_id,
        decided_at = daicho.clock(), reason = nullif(reason_, ''), version = version + 1,
        -- asked again when the separation of data is
        expires_at = case when approve then least(daicho.clock() + make_interval(months => (select y.device_months from daicho.policy y where y.tenant = d.tenant)),
            case when d.own and d.separated then (d.separation_until + 1)::timestamp at time zone 'Asia/Tokyo' end) end
    where id = d.id;
    insert into daicho.device_event (tenant, device_id, what, by_name, note)
    values (d.tenant, d.id, case when approve then 'approved' else 'refused' end, asks.name, nullif(reason_, ''));
    return d.id;
end
$$;

-- Given back, or not used for work any more. Nobody says so of a company's device that is theirs. Null: it was already.
create function daicho.device_return(id_ bigint, version_ bigint, note_ text) returns bigint
language plpgsql security definer set search_path = pg_catalog as $$
declare
    asks record;
    d record;
begin
    select * into asks from daicho.acting();
    if asks.kind is null or not (asks.kind = 'operator' or asks.kind = 'account' and 'account.manage' = any (asks.held)) then
        raise insufficient_privilege using message = 'whoever asks may not take devices back';
    end if;
    perform from daicho.policy y where y.tenant = daicho.role_tenant() for update;
    select x.id, x.tenant, x.own, x.person_id into d from daicho.device x where x.id = id_ and x.tenant = daicho.role_tenant() and x.version = version_
        and x.state <> 'returned' for update;
    if d.id is null then
        return null;
    elsif asks.kind = 'account' and not d.own and asks.person_id is not distinct from d.person_id then
        raise insufficient_privilege using message = 'nobody takes back their own device';
    end if;
    update daicho.device set state = 'returned', version = version + 1 where id = d.id;
    perform daicho.device_approver_left(d.tenant);
    insert into daicho.device_event (tenant, device_id, what, by_name, note) values (d.tenant, d.id, 'returned', asks.name, nullif(note_, ''));
    return d.id;
end
$$;

-- version null: none any more. Gives the devices that fell below by it.
create function daicho.device_minimum_set(os_ text, version_ text) returns setof bigint
language plpgsql security definer set search_path = pg_catalog as $$
declare
    asks record;
    tenant_ text := daicho.role_tenant();
    before_ text;
begin
    select * into asks from daicho.acting();
    if asks.kind is null or not (asks.kind = 'operator' or 'account.manage' = any (asks.held)) then
        raise insufficient_privilege using message = 'whoever asks may not set versions';
    end if;
    select m.version into before_ from daicho.device_minimum m where m.tenant = tenant_ and m.os = os_ for update;
    if version_ is null then
        delete from daicho.device_minimum m where m.tenant = tenant_ and m.os = os_;
        return;
    end if;
    insert into daicho.device_minimum as m (tenant, os, version, set_by) values (tenant_, os_, version_, asks.name)
    on conflict (tenant, os) do update set version = excluded.version, set_by = excluded.set_by, set_at = daicho.clock();
    return query select d.id from daicho.device d where d.tenant = tenant_ and d.os = os_ and d.state in ('pending', 'approved')
        and daicho.version_parts(d.os_version) < daicho.version_parts(version_)
        and (before_ is null or daicho.version_parts(d.os_version) >= daicho.version_parts(before_)) order by d.id;
end
$$;

-- Losses ----------------------------------------------------------------------------------------------------------------------------------------------
-- Every loss that stops somebody opens an incident, whoever reports it and however. Nobody knows whether an unknown device is encrypted: it counts as not.
create function daicho.incident_severity(kind_ text, encrypted_ boolean) returns text language sql immutable set search_path = pg_catalog as $$
    select (array['medium', 'high', 'critical'])[1 + (kind_ = 'leakage')::int + (not coalesce(encrypted_, false))::int]
$$;
create function daicho.stop_incident() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
begin
    insert into daicho.incident (tenant, kind, severity, person_id, device, stop_id, note, reporter_kind, reporter, reporter_person, happened_at, reported_at)
    values (new.tenant, coalesce(new.what, 'loss'), daicho.incident_severity(coalesce(new.what, 'loss'), null), new.person_id, new.device, new.id, new.note,
        new.reported_kind, new.reported_by, new.reported_person, new.happened_at, new.reported_at);
    return null;
end
$$;
create trigger incident after insert on daicho.stop for each row when (new.reason = 'loss') execute function daicho.stop_incident();

-- As person_stop with reason loss, about a device of the register: it is lost from now on (leaked: it is still there). No device named in any way: the only
-- one the person has.
create function daicho.person_loss(person_id_ bigint, device_id_ bigint, what_ text, device_ text, note_ text, happened_at_ timestamptz) returns jsonb
language plpgsql security definer set search_path = pg_catalog as $$
declare
    d record;
    done jsonb;
    name_ text := device_;
    gone boolean := what_ is distinct from 'leakage';
begin
    if device_id_ is null and device_ is null then
        select min(x.id) into device_id_ from daicho.device x where x.person_id = person_id_ and x.tenant = daicho.role_tenant()
            and x.state in ('pending', 'approved', 'refused') having count(*) = 1;
    end if;
    if device_id_ is not null then
        select x.id, x.tenant, x.name, x.encrypted into d from daicho.device x where x.id = device_id_ and x.person_id = person_id_
            and x.tenant = daicho.role_tenant() for update;
        if d.id is null then
            raise foreign_key_violation using message = 'there is no such device of this person';
        end if;
        name_ := coalesce(device_, d.name);
    end if;
    done := daicho.person_stop(person_id_, 'loss', what_, name_, note_, happened_at_);
    if done is null then
        return null;
    elsif device_id_ is null then
        return done || jsonb_build_object('incident_id', (select i.id from daicho.incident i where i.stop_id = (done ->> 'id')::bigint), 'device', name_);
    end if;
    update daicho.incident i set device_id = d.id, encrypted = d.encrypted, severity = daicho.incident_severity(i.kind, d.encrypted)
    where i.stop_id = (done ->> 'id')::bigint;
    if gone then
        update daicho.device set state = 'lost', version = version + 1 where id = d.id;
    end if;
    insert into daicho.device_event (tenant, device_id, what, by_name, note)
    select d.tenant, d.id, case when gone then 'lost' else 'leakage' end, s.reported_by, s.note from daicho.stop s where s.id = (done ->> 'id')::bigint;
    return done || jsonb_build_object('incident_id', (select i.id from daicho.incident i where i.stop_id = (done ->> 'id')::bigint), 'device_id', d.id,
        'device', name_);
end
$$;

-- By somebody logged in who manages accounts and whom it is not about, or by the operator. Null: none, or closed.
create function daicho.incident_close(id_ bigint, closing_ text) returns bigint
language plpgsql security definer set search_path = pg_catalog as $$
declare
    asks record;
    i record;
begin
    select * into asks from daicho.acting();
    if asks.kind is null or not (asks.kind = 'operator' or asks.kind = 'account' and 'account.manage' = any (asks.held)) then
        raise insufficient_privilege using message = 'whoever asks may not close incidents';
    end if;
    select x.id, x.person_id into i from daicho.incident x where x.id = id_ and x.tenant = daicho.role_tenant() and x.state = 'open' for update;
    if i.id is null then
        return null;
    elsif asks.kind = 'account' and asks.person_id is not distinct from i.person_id then
        raise insufficient_privilege using message = 'nobody closes an incident of their own';
    end if;
    update daicho.incident set state = 'closed', closed_by = asks.name, closed_person = asks.person_id, closed_at = daicho.clock(), closing = closing_ where id = i.id;
    return i.id;
end
$$;

-- Told unattended: an approval that ends within two weeks; a company's device that somebody who left has not returned.
create function daicho.device_due(after_ bigint) returns table (tenant text, id bigint)
language sql stable security definer set search_path = pg_catalog as $$
    select d.tenant, d.id from daicho.device_now d join daicho.tenant t on t.name = d.tenant and t.state <> 'ended'
    where d.id > after_ and (d.state = 'approved' and d.warned_at is null and not d.owner_left
            and d.expires_at between daicho.clock() and daicho.clock() + interval '14 days'
        or d.missed_at is null and d.return_at <= daicho.clock())
    order by d.id limit 1
$$;
-- What is to be told about it: expiring or unreturned. Null: it was told meanwhile.
create function daicho.device_tell(id_ bigint) returns text
language plpgsql security definer set search_path = pg_catalog as $$
declare
    d record;
begin
    perform from daicho.device x where x.id = id_ and x.tenant = daicho.role_tenant() for update;
    select x.* into d from daicho.device_now x where x.id = id_ and x.tenant = daicho.role_tenant();
    if d.missed_at is null and d.return_at <= daicho.clock() then
        update daicho.device set missed_at = daicho.clock() where id = id_;
        return 'unreturned';
    elsif d.state = 'approved' and d.warned_at is null and d.expires_at between daicho.clock() and daicho.clock() + interval '14 days' then
        update daicho.device set warned_at = daicho.clock() where id = id_;
        return 'expiring';
    end if;
    return null;
end
$$;

-- The door, again: who needs a device and has none gets as far as registering one. A password that must be changed comes first.
create or replace function daicho.session_enter(token_hash_ bytea, source_ text, certificate_ text) returns setof daicho.entrance
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
            when x.stage = 'full' and p.device_required and not exists (select from daicho.device d where d.person_id = a.person_id and d.state = 'approved'
                and d.expires_at > daicho.clock()) then 'device'
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
    if e.stage in ('full', 'device') and e.must_change then
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

grant select on daicho.device, daicho.device_event, daicho.device_minimum, daicho.incident, daicho.device_now to daicho_tenant;
revoke execute on function daicho.version_parts(text), daicho.device_held(bigint), daicho.device_approver_left(text), daicho.device_require_guard(),
    daicho.device_require_check(), daicho.device_attest(bigint, bigint, bigint, jsonb), daicho.device_decide(bigint, bigint, boolean, text),
    daicho.device_return(bigint, bigint, text), daicho.device_minimum_set(text, text), daicho.incident_severity(text, boolean), daicho.stop_incident(),
    daicho.person_loss(bigint, bigint, text, text, text, timestamptz), daicho.incident_close(bigint, text), daicho.device_due(bigint),
    daicho.device_tell(bigint) from public;
grant execute on function daicho.device_attest(bigint, bigint, bigint, jsonb), daicho.device_decide(bigint, bigint, boolean, text),
    daicho.device_return(bigint, bigint, text), daicho.device_minimum_set(text, text),
    daicho.person_loss(bigint, bigint, text, text, text, timestamptz), daicho.incident_close(bigint, text), daicho.device_tell(bigint) to daicho_tenant;
grant execute on function daicho.device_due(bigint) to daicho_jobs;
