-- Why: whoever leaves takes a device of their own along, and with it what they worked with. Somebody has to say that it is gone, and somebody else has to
-- look at that; until then the leaving is not complete. What belongs to a device (sessions, certificates, keys) is dead with it. And what nobody may keep on
-- a device of their own is not handed out to it: only how somebody is reached, and what is public.

-- What belongs to which device -------------------------------------------------------------------------------------------------------------------------
-- device_how: said by the person, or known by the certificate, which counts more.
alter table daicho.session add column device_id bigint, add column device_how text check (device_how in ('said', 'certificate')),
    add foreign key (device_id) references daicho.device (id) on delete set null;
alter table daicho.certificate add column device_id bigint, add foreign key (tenant, device_id) references daicho.device (tenant, id) on delete set null (device_id);
alter table daicho.api_key add column device_id bigint, add foreign key (tenant, device_id) references daicho.device (tenant, id) on delete set null (device_id);
create index session_device_idx on daicho.session (device_id) where device_id is not null;
create index certificate_device_idx on daicho.certificate (device_id) where device_id is not null;
create index api_key_device_idx on daicho.api_key (device_id) where device_id is not null;
grant select (device_id, device_how) on daicho.session to daicho_tenant;
grant select (device_id) on daicho.api_key to daicho_tenant;

-- Declarations: signed by the owner, or written down by somebody else with the reason why not; countersigned by a third or second person. ----------------
create table daicho.declaration (
    id bigint generated always as identity primary key,
    tenant text not null references daicho.tenant on delete cascade,
    device_id bigint not null,
    person_id bigint not null,                       -- who leaves: the owner then
    signed_by text not null,
    signed_person bigint not null,
    signed_at timestamptz not null default daicho.clock(),
    reason text check (length(reason) between 1 and 1000),              -- why it is not the owner who signs
    how text check (length(how) between 1 and 1000),                    -- how it was removed, or what shows it
    countersigned_by text,
    countersigned_person bigint,
    countersigned_at timestamptz,
    void_at timestamptz,                             -- sent back, or its owner stayed
    void_by text,
    void_reason text check (length(void_reason) between 1 and 1000),
    foreign key (tenant, device_id) references daicho.device (tenant, id) on delete cascade,
    constraint declaration_signer check (signed_person = person_id or reason is not null),
    constraint declaration_counter check ((countersigned_at is null) = (countersigned_person is null)),
    constraint declaration_two_people check (countersigned_person is null or countersigned_person <> signed_person and countersigned_person <> person_id)
);
create unique index declaration_valid_key on daicho.declaration (device_id) where void_at is null;
create index declaration_device_idx on daicho.declaration (device_id, id desc);
alter table daicho.declaration enable row level security;
alter table daicho.declaration force row level security;
create policy own on daicho.declaration to daicho_tenant using (tenant = (select daicho.tenant())) with check (tenant = (select daicho.tenant()));
create policy house on daicho.declaration to daicho_owner using (true) with check (true);
grant select on daicho.declaration to daicho_tenant;

alter table daicho.device_event drop constraint device_event_what_check,
    add constraint device_event_what_check check (what in ('registered', 'attested', 'approved', 'refused', 'lost', 'leakage', 'returned', 'declared', 'recorded', 'countersigned',
        'sent_back', 'tied'));

-- As 0025_device.sql, and the declaration: declare_at is the day until which it is wanted, declaration how far it is.
create or replace view daicho.device_now with (security_invoker = true) as
    select d.*, p.name as owner, case when d.state = 'approved' and d.expires_at <= daicho.clock() then 'expired' else d.state end as standing,
        d.state in ('pending', 'approved') as used, m.version as minimum, x.missing, x.deviations,
        d.state = 'approved' and d.expires_at > daicho.clock() and x.missing = '{}' as compliant,
        case when not d.own and d.state in ('pending', 'approved', 'refused') and coalesce(p.left_at, p.leaves_at) is not null then
            (((coalesce(p.left_at, p.leaves_at) - interval '1 microsecond') at time zone 'Asia/Tokyo')::date + 1)::timestamp at time zone 'Asia/Tokyo' end as return_at,
        p.left_at is not null as owner_left,
        case when d.own and coalesce(p.left_at, p.leaves_at) is not null and c.countersigned_at is null then
            (((coalesce(p.left_at, p.leaves_at) - interval '1 microsecond') at time zone 'Asia/Tokyo')::date + 1)::timestamp at time zone 'Asia/Tokyo' end as declare_at,
        case when c.countersigned_at is not null then 'countersigned' when c.id is not null then 'signed'
            when d.own and coalesce(p.left_at, p.leaves_at) is not null then 'open' end as declaration
    from daicho.device d
    join daicho.person p on p.id = d.person_id
    join daicho.policy y on y.tenant = d.tenant
    left join daicho.device_minimum m on m.tenant = d.tenant and m.os = d.os
    left join daicho.declaration c on c.device_id = d.id and c.void_at is null
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

-- Dead with the device: whatever of it could still come in. What is begun meanwhile waits for the row of the device (device_tied) and is refused.
create function daicho.device_dead(id_ bigint) returns void language plpgsql security definer set search_path = pg_catalog as $$
begin
    delete from daicho.session s where s.device_id = id_;
    update daicho.certificate set revoked_at = daicho.clock(), revoked_by = daicho.actor_name() where device_id = id_ and revoked_at is null;
    update daicho.api_key set revoked_at = daicho.clock() where device_id = id_ and revoked_at is null;
end
$$;
create function daicho.device_gone() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
begin
    perform daicho.device_dead(new.id);
    return null;
end
$$;
create trigger gone after update of state on daicho.device for each row when (new.state in ('lost', 'returned') and new.state <> old.state)
    execute function daicho.device_gone();
-- Nothing comes to a device that is gone, or whose owner is.
create function daicho.device_tied() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
begin
    perform from daicho.device d where d.id = new.device_id and d.state in ('pending', 'approved', 'refused') for share;
    if not found or exists (select from daicho.device d join daicho.person p on p.id = d.person_id where d.id = new.device_id and p.left_at is not null) then
        raise check_violation using message = 'this device is not used any more';
    end if;
    return new;
end
$$;
create trigger tied before insert or update of device_id on daicho.session for each row when (new.device_id is not null) execute function daicho.device_tied();
create trigger tied before insert or update of device_id on daicho.certificate for each row when (new.device_id is not null) execute function daicho.device_tied();
create trigger tied before insert or update of device_id on daicho.api_key for each row when (new.device_id is not null) execute function daicho.device_tied();

-- Whoever leaves: what belongs to their devices is dead in the same statement, whosever it is. Whoever stays after all has declared nothing.
create function daicho.person_devices() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
declare
    d record;
begin
    for d in select x.id from daicho.device x where x.person_id = new.id order by x.id for update loop
        if new.left_at is not null and old.left_at is null then
            perform daicho.device_dead(d.id);
        elsif new.left_at is null and (old.left_at is not null or new.leaves_at is null) then
            update daicho.declaration set void_at = daicho.clock(), void_by = daicho.actor_name(), void_reason = 'stays' where device_id = d.id and void_at is null;
        end if;
    end loop;
    return null;
end
$$;
create trigger devices after update of left_at, leaves_at on daicho.person for each row
    when (old.left_at is distinct from new.left_at or old.leaves_at is distinct from new.leaves_at) execute function daicho.person_devices();

-- A certificate or a key that is used on this device only. By somebody who manages accounts, or by the operator. Null: there is none, or it is dead.
create function daicho.device_tie(id_ bigint, certificate_id_ bigint, key_id_ bigint) returns text
language plpgsql security definer set search_path = pg_catalog as $$
declare
    asks record;
    d record;
    name_ text;
begin
    select * into asks from daicho.acting();
    if asks.kind is null or not (asks.kind = 'operator' or asks.kind = 'account' and 'account.manage' = any (asks.held)) then
        raise insufficient_privilege using message = 'whoever asks may not say what belongs to a device';
    end if;
    select x.id, x.tenant into d from daicho.device x where x.id = id_ and x.tenant = daicho.role_tenant() for update;
    if d.id is null then
        return null;
    end if;
    if certificate_id_ is not null then
        update daicho.certificate set device_id = d.id where id = certificate_id_ and tenant = d.tenant and revoked_at is null returning name into name_;
    else
        update daicho.api_key set device_id = d.id where id = key_id_ and tenant = d.tenant and revoked_at is null returning name into name_;
    end if;
    if name_ is not null then
        insert into daicho.device_event (tenant, device_id, what, by_name, note) values (d.tenant, d.id, 'tied', asks.name, name_);
    end if;
    return name_;
end
$$;

-- Signed: by the owner, logged in, while they are still here; or by somebody who manages accounts, with the reason. From then on the device is not used any
-- more: what belongs to it is dead. Null: nothing is wanted of it, or it is signed already.
create function daicho.device_declare(id_ bigint, version_ bigint, reason_ text, how_ text) returns bigint
language plpgsql security definer set search_path = pg_catalog as $$
declare
    asks record;
    d record;
begin
    select * into asks from daicho.acting();
    perform from daicho.policy y where y.tenant = daicho.role_tenant() for update;
    perform from daicho.device x where x.id = id_ and x.tenant = daicho.role_tenant() and x.version = version_ for update;
    select n.id, n.tenant, n.person_id, n.state, n.declaration into d from daicho.device_now n where n.id = id_ and n.tenant = daicho.role_tenant() and n.version = version_;
    if d.id is null or d.declaration is distinct from 'open' then
        return null;
    elsif asks.kind is distinct from 'account' or not (asks.person_id = d.person_id or 'account.manage' = any (asks.held)) then
        raise insufficient_privilege using message = 'a declaration is signed by whoever leaves, or by somebody logged in who manages accounts';
    elsif asks.person_id <> d.person_id and coalesce(reason_, '') = '' then
        raise check_violation using message = 'whoever signs for somebody else says why';
    end if;
    insert into daicho.declaration (tenant, device_id, person_id, signed_by, signed_person, reason, how)
    values (d.tenant, d.id, d.person_id, asks.name, asks.person_id, case when asks.person_id <> d.person_id then reason_ end, nullif(how_, ''));
    update daicho.device set state = case when state in ('pending', 'approved', 'refused') then 'returned' else state end, version = version + 1 where id = d.id;
    -- where their other sessions come from nobody has said
    delete from daicho.session s using daicho.account a where a.id = s.account_id and a.person_id = d.person_id and s.device_id is null;
    perform daicho.device_approver_left(d.tenant);
    insert into daicho.device_event (tenant, device_id, what, by_name, note)
    values (d.tenant, d.id, case when asks.person_id = d.person_id then 'declared' else 'recorded' end, asks.name,
        nullif(concat_ws(' / ', case when asks.person_id <> d.person_id then reason_ end, nullif(how_, '')), ''));
    return d.id;
end
$$;

-- Countersigned, or sent back with a reason: by somebody logged in who manages accounts, who has not signed and does not leave. Null: nothing is signed.
create function daicho.device_countersign(id_ bigint, version_ bigint, good boolean, reason_ text) returns bigint
language plpgsql security definer set search_path = pg_catalog as $$
declare
    asks record;
    d record;
    c record;
begin
    select * into asks from daicho.acting();
    if asks.kind is distinct from 'account' or not ('account.manage' = any (asks.held)) then
        raise insufficient_privilege using message = 'a declaration is countersigned by somebody logged in who manages accounts';
    end if;
    select x.id, x.tenant into d from daicho.device x where x.id = id_ and x.tenant = daicho.role_tenant() and x.version = version_ for update;
    select x.id, x.person_id, x.signed_person into c from daicho.declaration x where x.device_id = d.id and x.void_at is null and x.countersigned_at is null for update;
    if c.id is null then
        return null;
    elsif asks.person_id in (c.person_id, c.signed_person) then
        raise insufficient_privilege using message = 'nobody countersigns what they signed, or their own leaving';
    elsif not good and coalesce(reason_, '') = '' then
        raise check_violation using message = 'whoever sends a declaration back says why';
    end if;
    if good then
        update daicho.declaration set countersigned_by = asks.name, countersigned_person = asks.person_id, countersigned_at = daicho.clock() where id = c.id;
    else
        update daicho.declaration set void_at = daicho.clock(), void_by = asks.name, void_reason = reason_ where id = c.id;
    end if;
    update daicho.device set version = version + 1 where id = d.id;
    insert into daicho.device_event (tenant, device_id, what, by_name, note)
    values (d.tenant, d.id, case when good then 'countersigned' else 'sent_back' end, asks.name, case when not good then reason_ end);
    return d.id;
end
$$;

-- As 0025_device.sql, and a declaration that is late.
create or replace function daicho.device_due(after_ bigint) returns table (tenant text, id bigint)
language sql stable security definer set search_path = pg_catalog as $$
    select d.tenant, d.id from daicho.device_now d join daicho.tenant t on t.name = d.tenant and t.state <> 'ended'
    where d.id > after_ and (d.state = 'approved' and d.warned_at is null and not d.owner_left
            and d.expires_at between daicho.clock() and daicho.clock() + interval '14 days'
        or d.missed_at is null and (d.return_at <= daicho.clock() or d.declare_at <= daicho.clock()))
    order by d.id limit 1
$$;
create or replace function daicho.device_tell(id_ bigint) returns text
language plpgsql security definer set search_path = pg_catalog as $$
declare
    d record;
begin
    perform from daicho.device x where x.id = id_ and x.tenant = daicho.role_tenant() for update;
    select x.* into d from daicho.device_now x where x.id = id_ and x.tenant = daicho.role_tenant();
    if d.missed_at is null and (d.return_at <= daicho.clock() or d.declare_at <= daicho.clock()) then
        update daicho.device set missed_at = daicho.clock() where id = id_;
        return case when d.declare_at is not null then 'undeclared' else 'unreturned' end;
    elsif d.state = 'approved' and d.warned_at is null and d.expires_at between daicho.clock() and daicho.clock() + interval '14 days' then
        update daicho.device set warned_at = daicho.clock() where id = id_;
        return 'expiring';
    end if;
    return null;
end
$$;

-- Where somebody sits -----------------------------------------------------------------------------------------------------------------------------------
-- Devices of their own that somebody could be at. Who has one and has not said where they sit counts as sitting at it.
create function daicho.person_own_device(person_id_ bigint) returns boolean language sql stable security definer set search_path = pg_catalog as $$
    select exists (select from daicho.device d where d.person_id = person_id_ and d.own and d.state in ('pending', 'approved', 'refused'))
$$;

-- Of the session, or else of the key that asks. A certificate that belongs to a device says where its bearer sits, whatever they said; it is written down.
create function daicho.session_place(session_id_ bigint, certificate_ text, out shared boolean, out own boolean, out known boolean, out device_id bigint, out device text)
language plpgsql security definer set search_path = pg_catalog as $$
declare
    asks record;
    s record;
    c bigint;
begin
    shared := false;
    own := false;
    known := false;
    if session_id_ = 0 then
        select * into asks from daicho.acting();
        select d.own, true, d.id, d.name into own, known, device_id, device from daicho.api_key k join daicho.device d on d.id = k.device_id
        where asks.kind = 'key' and k.id = asks.id and k.tenant = daicho.role_tenant();
        own := coalesce(own, false);
        known := coalesce(known, false);
        return;
    end if;
    select x.id, x.tenant, x.device_id, x.shared, x.account_id into s from daicho.session x where x.id = session_id_ and (x.tenant = daicho.role_tenant()
        or exists (select from daicho.support_grant g where g.id = x.acting and g.tenant = daicho.role_tenant()));
    if s.id is null then
        return;
    end if;
    select x.device_id into c from daicho.certificate x where x.serial = certificate_ and x.tenant = s.tenant and x.device_id is not null and x.revoked_at is null
        and x.expires_at > daicho.clock();
    if c is not null and c is distinct from s.device_id then
        update daicho.session x set device_id = c, device_how = 'certificate' where x.id = s.id;
        s.device_id := c;
    end if;
    shared := s.shared;
    select d.id, d.name, d.own into device_id, device, own from daicho.device d where d.id = s.device_id;
    known := device_id is not null;
    own := coalesce(own, (select daicho.person_own_device(a.person_id) from daicho.account a where a.id = s.account_id));
end
$$;

-- At which of their devices somebody sits, as they say. From a device of their own there is no way back but logging out: it is the same browser. Null: no
-- such device of theirs that is in use; '': the session is known to come from another. The company's needs its approval.
create function daicho.session_sit(session_id_ bigint, device_id_ bigint) returns text
language plpgsql security definer set search_path = pg_catalog as $$
declare
    asks record;
    d record;
    s record;
begin
    select * into asks from daicho.acting();
    select x.id, x.device_id, x.device_how, coalesce(b.own, false) as own into s from daicho.session x left join daicho.device b on b.id = x.device_id
    where x.id = session_id_ and x.tenant = daicho.role_tenant() and x.account_id = asks.id for update of x;
    select x.id, x.name, x.own into d from daicho.device x where x.id = device_id_ and x.tenant = daicho.role_tenant() and x.person_id = asks.person_id
        and (x.own and x.state in ('pending', 'approved', 'refused') or x.state = 'approved' and x.expires_at > daicho.clock());
    if asks.kind is distinct from 'account' or s.id is null or d.id is null then
        return null;
    elsif s.device_id is distinct from d.id and (s.device_how = 'certificate' or s.own and not d.own) then
        return '';       -- it is known to come from another device
    end if;
    update daicho.session set device_id = d.id, device_how = coalesce(device_how, 'said') where id = s.id;
    return d.name;
end
$$;

-- What items are: public, contact (how somebody is reached: excepted by clause 20), internal, confidential. What a definition does not say follows from it,
-- as src/register/definition_items.c does.
create function daicho.item_classification(definition jsonb, item jsonb) returns text language sql immutable set search_path = pg_catalog as $$
    select coalesce(item ->> 'classification', case when not coalesce((item ->> 'personal')::boolean, false) then 'internal'
        when item ->> 'type' in ('email', 'telephone') or item ->> 'type' <> 'reference' and coalesce(definition -> 'heading', jsonb_build_array(definition #> '{items,0,name}')) ? (item ->> 'name') then 'contact' else 'confidential' end)
$$;

-- Whatever the program does: who sits at a device of their own, and a key that belongs to one, start no export of anything else.
create function daicho.job_takeaway() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
declare
    own_ boolean;
    definition_ jsonb;
    in_the_way text;
begin
    own_ := case new.actor_kind
        when 'key' then exists (select from daicho.api_key k join daicho.device d on d.id = k.device_id where k.id = new.actor_id and d.own)
        when 'account' then exists (select from daicho.session s join daicho.account a on a.id = s.account_id left join daicho.device d on d.id = s.device_id
            where s.account_id = new.actor_id and s.stage in ('full', 'locked') and coalesce(d.own, daicho.person_own_device(a.person_id))) end;
    if own_ is not true then
        return new;
    elsif new.kind <> 'export' then
        raise insufficient_privilege using message = 'on a device of one''s own this is not exported';
    end if;
    execute format('select definition from %I.register where name = $1', 't_' || new.tenant) into definition_ using new.register;
    if jsonb_array_length(coalesce(new.args -> 'items', '[]')) = 0 then
        raise insufficient_privilege using message = 'on a device of one''s own an export names its items';
    end if;
    select string_agg(n, ', ') into in_the_way from jsonb_array_elements_text(new.args -> 'items') n
    where not exists (select from jsonb_array_elements(definition_ -> 'items') i where i ->> 'name' = n
        and daicho.item_classification(definition_, i) in ('public', 'contact'));
    if in_the_way is not null then
        raise insufficient_privilege using message = 'on a device of one''s own these items are not exported: ' || in_the_way;
    end if;
    return new;
end
$$;
create trigger takeaway before insert on daicho.job for each row when (new.kind in ('export', 'log_export')) execute function daicho.job_takeaway();

revoke execute on function daicho.device_dead(bigint), daicho.device_gone(), daicho.device_tied(), daicho.person_devices(), daicho.device_tie(bigint, bigint, bigint),
    daicho.device_declare(bigint, bigint, text, text), daicho.device_countersign(bigint, bigint, boolean, text), daicho.person_own_device(bigint),
    daicho.session_place(bigint, text), daicho.session_sit(bigint, bigint), daicho.item_classification(jsonb, jsonb), daicho.job_takeaway() from public;
grant execute on function daicho.device_tie(bigint, bigint, bigint), daicho.device_declare(bigint, bigint, text, text),
    daicho.device_countersign(bigint, bigint, boolean, text), daicho.session_place(bigint, text), daicho.session_sit(bigint, bigint) to daicho_tenant;
