-- Why: whoever maintains the house does it from one place, the VDI, which is reached from the office or by its VPN only, reaches the Internet and the servers by
-- a list only, and has accounts somebody else approved. The house does not build those walls; it writes down what they should be, tries them from where they
-- should hold, and compares what it knows of people at work with what the VPN and the VDI say. All of it belongs to the operators' contract.

create table daicho.maintenance_plan (
    tenant text primary key references daicho.tenant on delete cascade,
    office cidr[] not null check (cardinality(office) between 1 and 200),
    vpn cidr[] not null check (cardinality(vpn) <= 200),          -- addresses the VPN gives to those who are in it
    vdi text not null check (length(vdi) <= 100),                 -- address:port at which people come in
    egress text[] not null check (cardinality(egress) <= 200),    -- where the VDI may go
    management text[] not null check (cardinality(management) between 1 and 50),  -- the management tool, by TLS
    plain text[] not null check (cardinality(plain) between 1 and 50),            -- where it must not answer
    unlisted text not null check (length(unlisted) <= 100),       -- a host that answers and is not on the list
    reference text not null check (length(reference) <= 100),     -- a host the place outside reaches: without an answer from there nothing was tried
    server_name text check (length(server_name) <= 253),          -- what the certificate of the management tool names; null: its address
    every int not null check (every between 1 and 1440),          -- minutes: a try older than this says nothing any more
    set_by text not null,
    set_at timestamptz not null default daicho.clock()
);

-- What was tried, from where, and what came of it.
create table daicho.maintenance_probe (
    id bigint generated always as identity primary key,
    tenant text not null references daicho.tenant on delete cascade,
    kind text not null check (kind in ('outside', 'egress', 'plain')),
    at timestamptz not null default daicho.clock(),
    tried_at timestamptz not null,                   -- by the clock of the machine that tried
    place text not null check (length(place) between 1 and 100),
    expected text not null,                          -- shut, tls
    found text not null,                             -- of the attempt that decided
    route text not null,                             -- where that went
    tls text,                                        -- TLSv1.3
    attempts jsonb not null,                         -- all of them
    verdict text not null check (verdict in ('good', 'bad', 'none')),  -- none: what must answer did not, so nothing is known
    unique (tenant, kind, place, tried_at)
);
create index maintenance_probe_idx on daicho.maintenance_probe (tenant, kind, id desc);

-- Somebody at work, as the house knows of it. Nothing is ever taken away from here.
create table daicho.maintenance_session (
    id bigint generated always as identity primary key,
    tenant text not null references daicho.tenant on delete cascade,
    kind text not null check (kind in ('login', 'support', 'command')),
    person_id bigint,                                -- null: nobody the house knows
    actor text not null,                             -- as they were called then
    source text not null,
    address text,                                    -- null: the house was not told
    network text not null check (network in ('office', 'vpn', 'elsewhere', 'unknown')),  -- by the plan of that time
    began_at timestamptz not null default daicho.clock(),
    last_at timestamptz not null default daicho.clock(),
    count int not null default 1,
    vpn_record bigint,                               -- the line of the VPN's log that covers it
    covered_at timestamptz,
    note text check (length(note) between 1 and 1000),
    noted_by text,
    noted_person bigint,
    noted_at timestamptz,
    check ((note is null) = (noted_person is null)),
    constraint maintenance_two_people check (noted_person <> person_id)
);
create index maintenance_session_idx on daicho.maintenance_session (tenant, id desc);
create index maintenance_session_open_idx on daicho.maintenance_session (tenant, began_at) where covered_at is null and network <> 'office';

create table daicho.maintenance_vpn (
    id bigint generated always as identity primary key,
    tenant text not null references daicho.tenant on delete cascade,
    username text not null,
    address text not null,
    from_at timestamptz not null,
    to_at timestamptz,                               -- null: still connected when the log was taken
    taken_at timestamptz not null default daicho.clock(),
    check (to_at >= from_at),
    unique (tenant, username, address, from_at)
);
create index maintenance_vpn_idx on daicho.maintenance_vpn (tenant, address, from_at);

-- Files that were taken: the VPN's log, the list of the VDI's accounts.
create table daicho.maintenance_import (
    id bigint generated always as identity primary key,
    tenant text not null references daicho.tenant on delete cascade,
    kind text not null check (kind in ('vpn', 'vdi')),
    at timestamptz not null default daicho.clock(),
    by text not null,
    sha256 text not null,
    lines int not null,
    until timestamptz,                               -- vpn: what the log reaches to
    names text[]                                     -- vdi: the accounts that are there
);
create index maintenance_import_idx on daicho.maintenance_import (tenant, kind, id desc);

create table daicho.vdi_account (
    id bigint generated always as identity primary key,
    tenant text not null references daicho.tenant on delete cascade,
    name text not null check (name ~ '^[A-Za-z0-9._@\\-]{1,64}$'),
    person_id bigint not null,
    purpose text not null check (length(purpose) between 1 and 1000),
    asked_by text not null,
    asked_person bigint not null,
    asked_at timestamptz not null default daicho.clock(),
    approved_by text,
    approved_person bigint,
    approved_at timestamptz,
    ended_by text,
    ended_at timestamptz,
    check ((approved_at is null) = (approved_person is null)),
    constraint vdi_account_two_people check (approved_person <> asked_person and approved_person <> person_id)
);
create unique index vdi_account_name_key on daicho.vdi_account (tenant, lower(name)) where ended_at is null;

-- The operators' contract reads them, by its people (who see no personal items: masked) and its desk; what is written is written by the functions below.
do $$
declare
    t text;
begin
    foreach t in array array['maintenance_plan', 'maintenance_probe', 'maintenance_session', 'maintenance_vpn', 'maintenance_import', 'vdi_account'] loop
        execute format('alter table daicho.%I enable row level security', t);
        execute format('alter table daicho.%I force row level security', t);
        execute format('create policy own on daicho.%I for select to daicho_tenant using (tenant = (select daicho.tenant()) and current_user::text !~ ''_form$'')', t);
        execute format('create policy house on daicho.%I to daicho_owner using (true) with check (true)', t);
        execute format('grant select on daicho.%I to daicho_tenant', t);
    end loop;
end
$$;

-- What an operator's command may do here: the contract of operators, entered at its desk.
create function daicho.maintenance_desk() returns text language plpgsql stable security definer set search_path = pg_catalog as $$
declare
    tenant_ text;
begin
    if session_user <> 'daicho_cli' then
        raise insufficient_privilege using message = 'this is for the operator''s commands';
    end if;
    select t.name into tenant_ from daicho.tenant t where t.name = daicho.role_tenant() and t.kind = 'operator';
    if not found then
        raise insufficient_privilege using message = 'this is for the contract of the operators';
    end if;
    return tenant_;
end
$$;
-- A person of the operators' contract who acts here and holds `word`.
create function daicho.maintenance_person(word text) returns daicho.account language plpgsql stable security definer set search_path = pg_catalog as $$
declare
    a daicho.account;
begin
    if not exists (select from daicho.tenant t where t.name = daicho.role_tenant() and t.kind = 'operator') then
        raise insufficient_privilege using message = 'this is for operators';
    end if;
    a := daicho.log_person(word);
    return a;
end
$$;
create function daicho.maintenance_actor() returns text language sql stable set search_path = pg_catalog as $$
    select coalesce(nullif(split_part(current_setting('daicho.actor', true), ':', 3), ''), 'operator')
$$;

create function daicho.maintenance_set(plan jsonb) returns void language plpgsql security definer set search_path = pg_catalog as $$
declare
    tenant_ text := daicho.maintenance_desk();
begin
    insert into daicho.maintenance_plan as p (tenant, office, vpn, vdi, egress, management, plain, unlisted, reference, server_name, every, set_by)
    values (tenant_, array(select jsonb_array_elements_text(plan->'office'))::cidr[], array(select jsonb_array_elements_text(plan->'vpn'))::cidr[],
        plan->>'vdi', array(select jsonb_array_elements_text(plan->'egress')), array(select jsonb_array_elements_text(plan->'management')),
        array(select jsonb_array_elements_text(plan->'plain')), plan->>'unlisted', plan->>'reference', plan->>'server_name', (plan->>'every')::int,
        daicho.maintenance_actor())
    on conflict (tenant) do update set office = excluded.office, vpn = excluded.vpn, vdi = excluded.vdi, egress = excluded.egress,
        management = excluded.management, plain = excluded.plain, unlisted = excluded.unlisted, reference = excluded.reference,
        server_name = excluded.server_name, every = excluded.every, set_by = excluded.set_by, set_at = excluded.set_at;
end
$$;

-- A red control is an alert, told by the jobs processes; once, until it has been green again.
alter table daicho.alert drop constraint alert_kind_check, add constraint alert_kind_check check (kind in ('probing', 'place', 'drift'));

-- One try. A report that came before is said to have come ('again'); one that is late or ahead of the time says nothing about now ('old'). Both clocks are
-- those of machines: a rehearsal shifts neither.
create function daicho.maintenance_observe(kind_ text, place_ text, tried_at_ timestamptz, expected_ text, found_ text, route_ text, tls_ text, attempts_ jsonb,
    verdict_ text) returns text language plpgsql security definer set search_path = pg_catalog as $$
declare
    tenant_ text := daicho.maintenance_desk();
    p daicho.maintenance_plan;
    before text;
begin
    select * into p from daicho.maintenance_plan x where x.tenant = tenant_ for update;
    if not found then
        return 'plan';
    elsif exists (select from daicho.maintenance_probe x where x.tenant = tenant_ and x.kind = kind_ and x.place = place_ and x.tried_at = tried_at_) then
        return 'again';
    elsif tried_at_ not between clock_timestamp() - make_interval(mins => p.every) and clock_timestamp() + interval '1 minute' then
        return 'old';
    end if;
    select x.verdict into before from daicho.maintenance_probe x where x.tenant = tenant_ and x.kind = kind_ and x.verdict <> 'none' order by x.id desc limit 1;
    insert into daicho.maintenance_probe (tenant, kind, tried_at, place, expected, found, route, tls, attempts, verdict)
    values (tenant_, kind_, tried_at_, place_, expected_, found_, route_, tls_, attempts_, verdict_);
    if verdict_ = 'bad' and before is distinct from 'bad' then
        insert into daicho.alert (tenant, kind, actor_kind, actor_id, actor, source) values (tenant_, 'drift', 'operator', 0, kind_, route_);
        return 'drift';
    end if;
    return 'done';
end
$$;

-- Where each of the three stands: the last try, since when it has not been as it should, and whether it still says anything.
create function daicho.maintenance_last(tenant_ text) returns table (kind text, state text, at timestamptz, place text, expected text, found text, route text,
    tls text, verdict text, good_at timestamptz, bad_since timestamptz) language sql stable security definer set search_path = pg_catalog as $$
    select k.kind, case when m.verdict = 'bad' then 'red' when l.verdict = 'good' and l.at > daicho.clock() - make_interval(mins => p.every) then 'green' else 'amber' end,
        l.at, l.place, l.expected, l.found, l.route, l.tls, l.verdict, g.at,
        case when m.verdict = 'bad' then (select min(x.at) from daicho.maintenance_probe x
            where x.tenant = p.tenant and x.kind = k.kind and x.verdict = 'bad' and x.id > coalesce(g.id, 0)) end
    from daicho.maintenance_plan p cross join (values (1, 'outside'), (2, 'egress'), (3, 'plain')) k (turn, kind)
    left join lateral (select * from daicho.maintenance_probe x where x.tenant = p.tenant and x.kind = k.kind order by x.id desc limit 1) l on true
    left join lateral (select x.verdict from daicho.maintenance_probe x where x.tenant = p.tenant and x.kind = k.kind and x.verdict <> 'none'
        order by x.id desc limit 1) m on true
    left join lateral (select x.id, x.at from daicho.maintenance_probe x where x.tenant = p.tenant and x.kind = k.kind and x.verdict = 'good'
        order by x.id desc limit 1) g on true
    where p.tenant = tenant_ and tenant_ = daicho.role_tenant()
    order by k.turn
$$;

-- Sessions ----------------------------------------------------------------------------------------------------------------------------------------
-- Does a line of the VPN's log cover it: the same address (or none known), the same person, the whole time? The VPN knows people by their log-in name or by
-- that of their account on the VDI.
create function daicho.maintenance_cover(s daicho.maintenance_session) returns bigint language sql stable security definer set search_path = pg_catalog as $$
    select v.id from daicho.maintenance_vpn v
    where v.tenant = (s).tenant and v.from_at <= (s).began_at and (v.to_at is null and (s).last_at <= v.taken_at or v.to_at >= (s).last_at)
        and ((s).address is null or v.address = (s).address)
        and (lower(v.username) = lower((s).actor)
            or exists (select from daicho.account a where a.tenant = (s).tenant and a.person_id = (s).person_id and lower(a.login) = lower(v.username))
            or exists (select from daicho.vdi_account d where d.tenant = (s).tenant and d.person_id = (s).person_id and lower(d.name) = lower(v.username)
                and d.approved_at is not null))
    order by v.id limit 1
$$;
-- Written down. A command of the same log-in to the machine within twelve hours is the same session, going on.
create function daicho.maintenance_note(tenant_ text, kind_ text, person_ bigint, actor_ text, source_ text, address_ text) returns void
language plpgsql security definer set search_path = pg_catalog as $$
declare
    p daicho.maintenance_plan;
    s daicho.maintenance_session;
    here text := regexp_replace(address_, '^::ffff:(?=[0-9.]+$)', '');
begin
    select * into p from daicho.maintenance_plan x where x.tenant = tenant_;
    if not found then
        return;
    end if;
    if kind_ = 'command' then
        update daicho.maintenance_session x set last_at = daicho.clock(), count = x.count + 1, vpn_record = null, covered_at = null
        where x.id = (select y.id from daicho.maintenance_session y where y.tenant = tenant_ and y.kind = kind_ and y.actor = actor_ and y.source = source_
            and y.address is not distinct from here and y.note is null and y.last_at > daicho.clock() - interval '12 hours' order by y.id desc limit 1)
        returning * into s;
    end if;
    if s.id is null then
        insert into daicho.maintenance_session (tenant, kind, person_id, actor, source, address, network)
        values (tenant_, kind_, person_, actor_, source_, here, case when here is null then 'unknown'
            when daicho.address_within(here, p.office) then 'office' when daicho.address_within(here, p.vpn) then 'vpn' else 'elsewhere' end)
        returning * into s;
    end if;
    update daicho.maintenance_session x set vpn_record = daicho.maintenance_cover(s), covered_at = daicho.clock()
    where x.id = s.id and s.network <> 'office' and daicho.maintenance_cover(s) is not null;
end
$$;
create function daicho.maintenance_session_note() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
declare
    a record;
begin
    if exists (select from daicho.maintenance_plan p where p.tenant = new.tenant) then
        select x.login, x.person_id into a from daicho.account x where x.id = new.account_id;
        perform daicho.maintenance_note(new.tenant, tg_argv[0], a.person_id, a.login, new.source, case when daicho.address_network(new.source) is not null then new.source end);
    end if;
    return null;
end
$$;
create trigger maintenance_begun after insert on daicho.session for each row when (new.stage = 'full') execute function daicho.maintenance_session_note('login');
create trigger maintenance_full after update of stage on daicho.session for each row
    when (new.stage = 'full' and old.stage not in ('full', 'locked')) execute function daicho.maintenance_session_note('login');
create trigger maintenance_support after update of acting on daicho.session for each row
    when (new.acting is not null and new.acting is distinct from old.acting) execute function daicho.maintenance_session_note('support');
-- A command of the machine. source: "session 12 from 192.0.2.7", as far as the kernel and the log-in manager say.
create function daicho.maintenance_command(actor_ text, source_ text) returns void language plpgsql security definer set search_path = pg_catalog as $$
declare
    p record;
    person_ bigint;
    address text := substring(source_ from ' from ([0-9A-Fa-f.:]+)$');
begin
    if session_user not in ('daicho_cli', 'daicho_owner') then
        raise insufficient_privilege using message = 'this is for the operator''s commands';
    end if;
    select x.tenant into p from daicho.maintenance_plan x join daicho.tenant t on t.name = x.tenant and t.kind = 'operator';
    if not found then
        return;
    end if;
    select a.person_id into person_ from daicho.account a where a.tenant = p.tenant and lower(a.login) = lower(actor_);
    if person_ is null then
        select d.person_id into person_ from daicho.vdi_account d where d.tenant = p.tenant and lower(d.name) = lower(actor_) and d.ended_at is null;
    end if;
    perform daicho.maintenance_note(p.tenant, 'command', person_, actor_, source_, case when daicho.address_network(address) is not null then address end);
end
$$;
-- How far the VPN's log reaches.
create function daicho.maintenance_until(tenant_ text) returns timestamptz language sql stable security definer set search_path = pg_catalog as $$
    select max(i.until) from daicho.maintenance_import i where i.tenant = tenant_ and i.kind = 'vpn'
$$;
-- fine: from the office, or covered; waiting: the log does not reach so far yet, for a day; explained; flagged.
create function daicho.maintenance_state(s daicho.maintenance_session, until_ timestamptz) returns text language sql stable set search_path = pg_catalog as $$
    select case when (s).network = 'office' or (s).covered_at is not null then 'fine' when (s).note is not null then 'explained'
        when (s).network <> 'elsewhere' and (until_ is null or (s).last_at > until_) and (s).began_at > daicho.clock() - interval '24 hours' then 'waiting'
        else 'flagged' end
$$;

-- Lines of the VPN's log: each once, however often it is given; one that was open gets its end. Then what it covers is looked for.
create function daicho.maintenance_vpn_take(lines_ jsonb, until_ timestamptz, sha256_ text, out added int, out covered int)
language plpgsql security definer set search_path = pg_catalog as $$
declare
    tenant_ text := daicho.maintenance_desk();
begin
    with given as (
        select distinct on (x.username, x.address, x.from_at) x.*
        from jsonb_to_recordset(lines_) as x (username text, address text, from_at timestamptz, to_at timestamptz)
        order by x.username, x.address, x.from_at, x.to_at nulls last
    ), kept as (
        insert into daicho.maintenance_vpn as v (tenant, username, address, from_at, to_at) select tenant_, g.username, host(g.address::inet), g.from_at, g.to_at from given g
        on conflict (tenant, username, address, from_at) do update set to_at = coalesce(excluded.to_at, v.to_at),
            taken_at = case when v.to_at is null then excluded.taken_at else v.taken_at end
        returning xmax = 0 as new
    )
    select count(*) filter (where k.new) into added from kept k;
    insert into daicho.maintenance_import (tenant, kind, by, sha256, lines, until)
    values (tenant_, 'vpn', daicho.maintenance_actor(), sha256_, jsonb_array_length(lines_), least(until_, daicho.clock()));
    update daicho.maintenance_session s set vpn_record = daicho.maintenance_cover(s), covered_at = daicho.clock()
    where s.tenant = tenant_ and s.covered_at is null and s.network <> 'office' and daicho.maintenance_cover(s) is not null;
    get diagnostics covered = row_count;
end
$$;
create function daicho.maintenance_vdi_take(names_ text[], sha256_ text) returns void language plpgsql security definer set search_path = pg_catalog as $$
begin
    insert into daicho.maintenance_import (tenant, kind, by, sha256, lines, names)
    values (daicho.maintenance_desk(), 'vdi', daicho.maintenance_actor(), sha256_, cardinality(names_), names_);
end
$$;

-- Why a flagged session was all right: said by somebody else than whose session it was. 'done', 'unknown', 'own' or 'state'.
create function daicho.maintenance_explain(id_ bigint, note_ text) returns text language plpgsql security definer set search_path = pg_catalog as $$
declare
    who daicho.account := daicho.maintenance_person('support.ask');
    s daicho.maintenance_session;
begin
    select * into s from daicho.maintenance_session x where x.id = id_ and x.tenant = who.tenant for update;
    if not found then
        return 'unknown';
    elsif s.person_id = who.person_id or lower(s.actor) = lower(who.login) then
        return 'own';
    elsif daicho.maintenance_state(s, daicho.maintenance_until(who.tenant)) <> 'flagged' then
        return 'state';
    end if;
    update daicho.maintenance_session set note = note_, noted_by = who.login, noted_person = who.person_id, noted_at = daicho.clock() where id = s.id;
    return 'done';
end
$$;

-- Accounts of the VDI -----------------------------------------------------------------------------------------------------------------------------
create function daicho.vdi_account_ask(name_ text, person_ bigint, purpose_ text, out said text, out id bigint) language plpgsql security definer set search_path = pg_catalog as $$
declare
    who daicho.account := daicho.maintenance_person('support.ask');
begin
    if not exists (select from daicho.person x where x.id = person_ and x.tenant = who.tenant and x.left_at is null) then
        said := 'person';
        return;
    elsif exists (select from daicho.vdi_account v where v.tenant = who.tenant and lower(v.name) = lower(name_) and v.ended_at is null) then
        said := 'twice';
        return;
    end if;
    insert into daicho.vdi_account as v (tenant, name, person_id, purpose, asked_by, asked_person) values (who.tenant, name_, person_, purpose_, who.login, who.person_id)
    returning v.id into id;
    said := 'done';
end
$$;
-- By somebody who may approve access, is not the one who asked, and is not who gets it.
create function daicho.vdi_account_approve(id_ bigint) returns text language plpgsql security definer set search_path = pg_catalog as $$
declare
    who daicho.account := daicho.maintenance_person('access.approve');
    v daicho.vdi_account;
begin
    select * into v from daicho.vdi_account x where x.id = id_ and x.tenant = who.tenant for update;
    if not found then
        return 'unknown';
    elsif v.approved_at is not null or v.ended_at is not null then
        return 'state';
    elsif who.person_id in (v.asked_person, v.person_id) then
        return 'own';
    elsif exists (select from daicho.person x where x.id = v.person_id and x.left_at is not null) then
        return 'person';
    end if;
    update daicho.vdi_account set approved_by = who.login, approved_person = who.person_id, approved_at = daicho.clock() where id = v.id;
    return 'done';
end
$$;
create function daicho.vdi_account_end(id_ bigint) returns text language plpgsql security definer set search_path = pg_catalog as $$
declare
    who daicho.account := daicho.maintenance_person('support.ask');
    v daicho.vdi_account;
begin
    select * into v from daicho.vdi_account x where x.id = id_ and x.tenant = who.tenant for update;
    if not found then
        return 'unknown';
    elsif v.ended_at is not null then
        return 'state';
    end if;
    update daicho.vdi_account set ended_by = who.login, ended_at = daicho.clock() where id = v.id;
    return 'done';
end
$$;
-- The register and what is really there, side by side. here null: no list was taken yet.
-- state: fine, asked (nobody has approved it), unapproved (it is there and nobody has), left (its person has left), ended (it should be gone), missing.
create function daicho.vdi_account_list(tenant_ text) returns table (id bigint, name text, person text, purpose text, asked_by text, asked_at timestamptz,
    approved_by text, approved_at timestamptz, ended_at timestamptz, here boolean, state text) language sql stable security definer set search_path = pg_catalog as $$
    with seen as (
        select i.names from daicho.maintenance_import i where i.tenant = tenant_ and i.kind = 'vdi' order by i.id desc limit 1
    ), there as (
        select distinct lower(n) as key, n as name from seen, unnest(seen.names) n
    ), known as (
        select v.*, p.name as person, p.id is null or p.left_at is not null as gone, exists (select from seen) as listed,
            exists (select from there t where t.key = lower(v.name)) as here
        from daicho.vdi_account v left join daicho.person p on p.id = v.person_id and p.tenant = v.tenant
        where v.tenant = tenant_ and (v.ended_at is null or exists (select from there t where t.key = lower(v.name))
            and not exists (select from daicho.vdi_account w where w.tenant = v.tenant and lower(w.name) = lower(v.name) and w.id > v.id))
    )
    select k.id, k.name, k.person, k.purpose, k.asked_by, k.asked_at, k.approved_by, k.approved_at, k.ended_at, case when k.listed then k.here end,
        case when k.ended_at is not null then 'ended' when k.gone then 'left' when k.approved_at is null then case when k.here then 'unapproved' else 'asked' end
            when k.listed and not k.here then 'missing' else 'fine' end
    from known k where tenant_ = daicho.role_tenant()
    union all
    select null, t.name, null, null, null, null, null, null, null, true, 'unapproved' from there t
    where tenant_ = daicho.role_tenant() and not exists (select from known k where lower(k.name) = t.key)
$$;

revoke execute on function daicho.maintenance_desk(), daicho.maintenance_person(text), daicho.maintenance_actor(), daicho.maintenance_set(jsonb),
    daicho.maintenance_observe(text, text, timestamptz, text, text, text, text, jsonb, text), daicho.maintenance_last(text),
    daicho.maintenance_cover(daicho.maintenance_session), daicho.maintenance_note(text, text, bigint, text, text, text), daicho.maintenance_session_note(),
    daicho.maintenance_command(text, text), daicho.maintenance_until(text), daicho.maintenance_state(daicho.maintenance_session, timestamptz),
    daicho.maintenance_vpn_take(jsonb, timestamptz, text), daicho.maintenance_vdi_take(text[], text), daicho.maintenance_explain(bigint, text),
    daicho.vdi_account_ask(text, bigint, text), daicho.vdi_account_approve(bigint), daicho.vdi_account_end(bigint), daicho.vdi_account_list(text) from public;
grant execute on function daicho.maintenance_desk(), daicho.maintenance_set(jsonb), daicho.maintenance_observe(text, text, timestamptz, text, text, text, text, jsonb, text),
    daicho.maintenance_last(text), daicho.maintenance_until(text), daicho.maintenance_state(daicho.maintenance_session, timestamptz),
    daicho.maintenance_vpn_take(jsonb, timestamptz, text), daicho.maintenance_vdi_take(text[], text), daicho.maintenance_explain(bigint, text),
    daicho.vdi_account_ask(text, bigint, text), daicho.vdi_account_approve(bigint), daicho.vdi_account_end(bigint), daicho.vdi_account_list(text) to daicho_tenant;
grant execute on function daicho.maintenance_command(text, text) to daicho_cli;
