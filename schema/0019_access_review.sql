-- Why: rights that were given once stay for ever unless somebody looks. At least once in so many days (the operators: half a year) everything that gives
-- anybody access is written down as it stands, somebody else than its holder says of each line that it stays or goes, and what goes is gone in the same
-- transaction. A transfer asks for the same about one person.

alter table daicho.policy add column review_days int not null default 365 check (review_days between 30 and 400);

-- Accounts that lead to servers are looked through every half year, whatever the operators' own policy says besides.
create function daicho.review_policy() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
begin
    if new.review_days > 183 and exists (select from daicho.tenant t where t.name = new.tenant and t.kind = 'operator') then
        if tg_op = 'UPDATE' then
            raise check_violation using message = 'accounts of operators are reviewed every half year', constraint = 'policy_review_days_check';
        end if;
        new.review_days := 183;
    end if;
    return new;
end
$$;
update daicho.policy p set review_days = 183 from daicho.tenant t where t.name = p.tenant and t.kind = 'operator';
create trigger review before insert or update of review_days on daicho.policy for each row execute function daicho.review_policy();
grant update (review_days) on daicho.policy to daicho_tenant;

create table daicho.access_review (
    id bigint generated always as identity primary key,
    tenant text not null references daicho.tenant on delete cascade,
    scope text not null check (scope in ('all', 'event')),   -- everybody, as it falls due; or the people something happened to
    why text check (length(why) <= 1000),
    opened_at timestamptz not null default daicho.clock(),
    opened_by text not null,                         -- names as they were then
    opened_who text not null,                        -- person:ID, operator or system
    due_at timestamptz not null,
    closed_at timestamptz,
    closed_by text,
    closed_who text,
    note text check (length(note) <= 1000),          -- said at closing
    summary jsonb,                                   -- worked out at closing: {items, kept, removed, gone, added: what was given meanwhile}
    told_at timestamptz,                             -- those who decide have been told of it
    unique (tenant, id),
    check ((closed_at is null) = (closed_who is null) and (closed_at is null) = (summary is null))
);
create unique index access_review_open_key on daicho.access_review (tenant, scope) where closed_at is null;
create index access_review_closed_idx on daicho.access_review (tenant, scope, closed_at);

create table daicho.access_review_item (
    id bigint generated always as identity primary key,
    tenant text not null references daicho.tenant on delete cascade,
    review_id bigint not null,
    kind text not null check (kind in ('account', 'group', 'word', 'key')),
    account_id bigint,                               -- as it was; it may have been removed since. Null: a key nobody in particular made
    login text,
    person_id bigint,
    person text,
    department text,
    moved_from text,                                 -- the department at the last review, when it was another
    leaves_at timestamptz,
    last_login_at timestamptz,                       -- of a key: its last use
    group_id bigint,
    key_id bigint,
    name text,                                       -- of the group or key, the word; of an account null
    words text[] not null,                           -- what it meant then
    newly boolean not null default false,            -- was not there at the last review
    event text check (length(event) <= 1000),        -- what happened to the person
    added_at timestamptz not null default daicho.clock(),
    version bigint not null default 1,
    decision text check (decision in ('keep', 'remove')),
    note text check (length(note) <= 1000),
    decided_by text,
    decided_who text,
    decided_at timestamptz,
    xid xid8,                                        -- only while the transaction that decided it takes the right away
    gone_at timestamptz,                             -- at closing: was gone before anybody decided
    earlier jsonb not null default '[]',             -- decisions that an event made void: [{decision, note, decided_by, decided_at}]
    foreign key (tenant, review_id) references daicho.access_review (tenant, id) on delete cascade,
    constraint access_review_item_decided check ((decision is null) = (decided_at is null) and (decision is null) = (decided_who is null)
        and (decision is null or gone_at is null)),
    -- people, not accounts
    constraint access_review_item_not_oneself check (decided_who <> 'person:' || person_id)
);
create unique index access_review_item_key on daicho.access_review_item
    (review_id, kind, coalesce(account_id, 0), coalesce(group_id, 0), coalesce(key_id, 0), (case kind when 'word' then name else '' end));
create index access_review_item_person_idx on daicho.access_review_item (review_id, person_id);
create index access_review_item_account_idx on daicho.access_review_item (account_id, decided_at) where kind = 'account';
create index access_review_item_xid_idx on daicho.access_review_item (xid) where xid is not null;

-- Those who decide are told once of each day that comes near or has passed.
create table daicho.access_review_told (
    tenant text not null references daicho.tenant on delete cascade,
    due_at timestamptz not null,
    what text not null check (what in ('soon', 'overdue')),
    told_at timestamptz not null default daicho.clock(),
    primary key (tenant, due_at, what)
);

do $$
declare
    t text;
begin
    foreach t in array array['access_review', 'access_review_item', 'access_review_told'] loop
        execute format('alter table daicho.%I enable row level security', t);
        execute format('alter table daicho.%I force row level security', t);
        execute format('create policy own on daicho.%I to daicho_tenant using (tenant = (select daicho.tenant())) with check (tenant = (select daicho.tenant()))', t);
        execute format('create policy house on daicho.%I to daicho_owner using (true) with check (true)', t);
    end loop;
end
$$;
grant select on daicho.access_review, daicho.access_review_item, daicho.access_review_told to daicho_tenant;

-- What gives access now: one row an account, a group it is in, a word given to it alone, a key -------------------------------------------------------
create function daicho.review_grants(tenant_ text) returns table (kind text, account_id bigint, login text, person_id bigint, person text, group_id bigint,
    key_id bigint, name text, words text[], last_at timestamptz, leaves_at timestamptz, department text)
language sql stable security definer set search_path = pg_catalog as $$
    select g.kind, a.id, a.login, a.person_id, p.name, g.group_id, null::bigint, g.name, g.words, a.last_login_at, p.leaves_at, to_jsonb(p) ->> 'department'
    from daicho.account a
    join daicho.person p on p.id = a.person_id
    cross join lateral (
        select 'account' as kind, null::bigint as group_id, null::text as name, string_to_array(a.words, ' ') as words
        union all
        select 'group', x.id, x.name, x.permissions from daicho.account_group x where x.id = any (a.groups) and x.tenant = a.tenant
        union all
        select distinct 'word', null::bigint, w.word, array[w.word] from unnest(a.grants) w (word)
    ) g
    where a.tenant = tenant_ and a.state = 'active'
    union all
    select 'key', a.id, a.login, a.person_id, p.name, null, k.id, k.name, string_to_array(k.words, ' '), k.used_at, p.leaves_at, to_jsonb(p) ->> 'department'
    from daicho.api_key k
    left join daicho.account a on a.id = k.created_by
    left join daicho.person p on p.id = a.person_id
    where k.tenant = tenant_ and k.revoked_at is null and (k.expires_at is null or k.expires_at > daicho.clock()) and k.maker_active
$$;

-- When the next one of everybody is due: so many days after the last one was closed, or after the contract began.
create function daicho.review_due_at(tenant_ text) returns timestamptz
language sql stable security definer set search_path = pg_catalog as $$
    select coalesce((select max(r.closed_at) from daicho.access_review r where r.tenant = t.name and r.scope = 'all'), t.created_at)
        + make_interval(days => y.review_days)
    from daicho.tenant t join daicho.policy y on y.tenant = t.name where t.name = tenant_
$$;

-- What an open one still asks for, as it stands now: is the right still there, and does it mean more than when it was written down?
create view daicho.access_review_item_now with (security_invoker = true) as
    select i.*, n.live, n.grown,
        case when i.decision = 'keep' then 'kept' when i.decision = 'remove' then 'removed' when i.gone_at is not null or not n.live then 'gone'
            else 'undecided' end as state
    from daicho.access_review_item i
    join daicho.access_review r on r.id = i.review_id
    left join daicho.account a on a.id = i.account_id
    left join daicho.account_group g on g.id = i.group_id
    left join daicho.api_key k on k.id = i.key_id
    cross join lateral (
        select coalesce(case i.kind
                when 'account' then a.state = 'active'
                when 'group' then a.state = 'active' and g.id = any (a.groups)
                when 'word' then a.state = 'active' and i.name = any (a.grants)
                else k.revoked_at is null and k.maker_active and (k.expires_at is null or k.expires_at > daicho.clock()) and k.id is not null end, false)
                or r.closed_at is not null as live,
            case when r.closed_at is null and i.kind = 'group' then array(select w from unnest(g.permissions) w where w <> all (i.words)) else '{}' end as grown
    ) n;
grant select on daicho.access_review_item_now to daicho_tenant;

-- What is written down stays as it was; what is closed stays closed; nothing is closed with a line undecided. Whoever writes it.
create function daicho.review_guard() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
begin
    if old.closed_at is not null then
        raise integrity_constraint_violation using message = 'a review that is closed does not change';
    elsif row(new.id, new.tenant, new.scope, new.why, new.opened_at, new.opened_by, new.opened_who, new.due_at)
            is distinct from row(old.id, old.tenant, old.scope, old.why, old.opened_at, old.opened_by, old.opened_who, old.due_at) then
        raise integrity_constraint_violation using message = 'how a review was opened does not change';
    elsif new.closed_at is not null and exists (select from daicho.access_review_item i where i.review_id = new.id and i.decision is null and i.gone_at is null) then
        raise integrity_constraint_violation using message = 'a review is closed when everything in it is decided';
    end if;
    return new;
end
$$;
create trigger guard before update on daicho.access_review for each row execute function daicho.review_guard();
create function daicho.review_item_guard() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
declare
    may_change text[] := array['version', 'decision', 'note', 'decided_by', 'decided_who', 'decided_at', 'xid', 'gone_at', 'event', 'earlier'];
begin
    if not exists (select from daicho.access_review r where r.id = new.review_id and r.closed_at is null) then
        raise integrity_constraint_violation using message = 'a review that is closed does not change';
    elsif tg_op = 'UPDATE' and to_jsonb(new) - may_change <> to_jsonb(old) - may_change then
        raise integrity_constraint_violation using message = 'what a review has written down does not change';
    elsif tg_op = 'UPDATE' and old.decision = 'remove' and new.decision is distinct from 'remove' then
        raise integrity_constraint_violation using message = 'what was taken away comes back only by being given anew';
    end if;
    return new;
end
$$;
create trigger guard before insert or update on daicho.access_review_item for each row execute function daicho.review_item_guard();

-- Does a review take something away right now (from this person)? For whoever lets rights change only in certain ways: true only inside the function
-- below, so nothing else of the same transaction can lean on it.
create function daicho.review_decides(person_id_ bigint default null) returns boolean
language sql stable security definer set search_path = pg_catalog as $$
    select exists (select from daicho.access_review_item i where i.xid = pg_catalog.pg_current_xact_id_if_assigned() and i.decision = 'remove'
        and (person_id_ is null or i.person_id = person_id_))
$$;

-- Write down what the person (null: everybody) has, as far as it does not stand there yet. Called by the functions below only.
create function daicho.review_write_down(review_id_ bigint, person_id_ bigint, event_ text) returns void
language sql security definer set search_path = pg_catalog as $$
    with last as (
        select max(x.id) as id from daicho.access_review x join daicho.access_review r on r.id = review_id_ and x.tenant = r.tenant
        where x.scope = 'all' and x.closed_at is not null
    )
    insert into daicho.access_review_item (tenant, review_id, kind, account_id, login, person_id, person, department, moved_from, leaves_at, last_login_at,
        group_id, key_id, name, words, newly, event)
    select r.tenant, r.id, g.kind, g.account_id, g.login, g.person_id, g.person, g.department, m.department, g.leaves_at, g.last_at, g.group_id, g.key_id, g.name,
        coalesce(g.words, '{}'),
        l.id is not null and not exists (select from daicho.access_review_item o where o.review_id = l.id and o.kind = g.kind and o.decision = 'keep'
            and coalesce(o.account_id, 0) = coalesce(g.account_id, 0) and coalesce(o.group_id, 0) = coalesce(g.group_id, 0)
            and coalesce(o.key_id, 0) = coalesce(g.key_id, 0)
            and (case o.kind when 'word' then o.name else '' end) = (case g.kind when 'word' then g.name else '' end)), event_
    from daicho.access_review r
    cross join last l
    cross join lateral daicho.review_grants(r.tenant) g
    left join lateral (select o.department from daicho.access_review_item o where o.review_id = l.id and o.person_id = g.person_id
        and o.department is distinct from g.department limit 1) m on true
    where r.id = review_id_ and (person_id_ is null or g.person_id = person_id_)
    order by g.person_id nulls last, array_position(array['account', 'group', 'word', 'key'], g.kind), g.name
    on conflict do nothing
$$;

-- Something happened to a person (another department, another post): what they may do is to be decided anew, in the review that is open or in one of its
-- own. What was decided before it happened is asked again. Called by triggers of whoever knows of it.
create function daicho.review_person(person_id_ bigint, why_ text) returns bigint
language plpgsql security definer set search_path = pg_catalog as $$
declare
    asks record;
    tenant_ text;
    id_ bigint;
begin
    select p.tenant into tenant_ from daicho.person p where p.id = person_id_;
    if not found or not exists (select from daicho.review_grants(tenant_) g where g.person_id = person_id_) then
        return null;
    end if;
    select * into asks from daicho.acting();
    perform from daicho.policy y where y.tenant = tenant_ for update;       -- one after the other
    select r.id into id_ from daicho.access_review r where r.tenant = tenant_ and r.closed_at is null order by r.scope limit 1 for share;
    if id_ is null then
        insert into daicho.access_review (tenant, scope, opened_by, opened_who, due_at)
        values (tenant_, 'event', case when asks.kind is null or asks.kind = 'system' then 'system' else asks.name end, coalesce(asks.who, 'system'), daicho.clock() + interval '14 days')
        returning id into id_;
    end if;
    update daicho.access_review_item i set event = left(why_, 1000), version = version + 1,
        earlier = case when i.decision is null then i.earlier else i.earlier || jsonb_build_array(jsonb_build_object('decision', i.decision, 'note', i.note,
            'decided_by', i.decided_by, 'decided_at', to_char(i.decided_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))) end,
        decision = null, note = null, decided_by = null, decided_who = null, decided_at = null
    where i.review_id = id_ and i.person_id = person_id_ and i.decision is distinct from 'remove';
    perform daicho.review_write_down(id_, person_id_, left(why_, 1000));
    return id_;
end
$$;

-- Stopping somebody, again: a review stops whom nobody needs, by whoever decides in it.
create or replace function daicho.person_stop(person_id_ bigint, reason_ text, what_ text, device_ text, note_ text, happened_at_ timestamptz) returns jsonb
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
        or reason_ = 'loss' and asks.kind = 'account' and asks.person_id = p.id or reason_ = 'other' and ('account.manage' = any (asks.held) or daicho.review_decides(p.id))) then
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

-- Open one of everything. Null: one is open already.
create function daicho.review_open(why_ text) returns bigint
language plpgsql security definer set search_path = pg_catalog as $$
declare
    asks record;
    tenant_ text := daicho.role_tenant();
    id_ bigint;
begin
    select * into asks from daicho.acting();
    if asks.kind is null or not (asks.kind in ('operator', 'system') or 'access.approve' = any (asks.held)) then
        raise insufficient_privilege using message = 'whoever asks may not open a review';
    end if;
    perform from daicho.policy y where y.tenant = tenant_ for update;
    if exists (select from daicho.access_review r where r.tenant = tenant_ and r.scope = 'all' and r.closed_at is null) then
        return null;
    end if;
    insert into daicho.access_review (tenant, scope, why, opened_by, opened_who, due_at)
    values (tenant_, 'all', why_, case asks.kind when 'system' then 'system' else asks.name end, asks.who, daicho.review_due_at(tenant_))
    returning id into id_;
    perform daicho.review_write_down(id_, null, null);
    return id_;
end
$$;

-- Who decides: somebody logged in who holds the word. A key is nobody.
create function daicho.review_decider(out name text, out who text) language plpgsql stable security definer set search_path = pg_catalog as $$
declare
    asks record;
begin
    select * into asks from daicho.acting();
    if asks.kind is distinct from 'account' or not 'access.approve' = any (asks.held) then
        raise insufficient_privilege using message = 'whoever asks may not decide in a review';
    end if;
    name := asks.name;
    who := asks.who;
end
$$;

-- Keep it, take it away, or (null) take back a "keep". What came of it: 'done', or why not: 'unknown', 'closed', 'stale', 'own', 'gone', 'removed'.
-- What is taken away is gone when this returns; an account that nobody needs is stopped, with its sessions, keys and certificates.
create function daicho.review_decide(item_id_ bigint, version_ bigint, decision_ text, note_ text) returns text
language plpgsql security definer set search_path = pg_catalog as $$
declare
    decider record;
    i daicho.access_review_item;
    live_ boolean;
begin
    select * into decider from daicho.review_decider();
    select x.* into i from daicho.access_review_item x where x.id = item_id_ and x.tenant = daicho.role_tenant();
    if not found then
        return 'unknown';
    end if;
    if decision_ = 'remove' then        -- in the order of everybody who changes accounts
        perform from daicho.account_group g where g.tenant = i.tenant order by g.id for update;
        perform from daicho.person p where p.id = i.person_id for update;
    end if;
    perform from daicho.access_review r where r.id = i.review_id and r.closed_at is null for share;
    if not found then
        return 'closed';
    end if;
    select x.* into i from daicho.access_review_item x where x.id = item_id_ for update;
    if i.decision = 'remove' then
        return 'removed';
    elsif i.version <> version_ then
        return 'stale';
    elsif decider.who = 'person:' || i.person_id then
        return 'own';
    end if;
    select n.live into live_ from daicho.access_review_item_now n where n.id = i.id;
    if not live_ then
        return 'gone';
    end if;
    update daicho.access_review_item set version = version + 1, decision = decision_, note = case when decision_ is not null then note_ end,
        decided_by = case when decision_ is not null then decider.name end, decided_who = case when decision_ is not null then decider.who end,
        decided_at = case when decision_ is not null then daicho.clock() end,
        xid = case when decision_ = 'remove' then pg_catalog.pg_current_xact_id() end
    where id = i.id;
    if decision_ is distinct from 'remove' then
        return 'done';
    end if;
    case i.kind
        when 'account' then
            perform daicho.person_stop(i.person_id, 'other', null, null, coalesce(note_, 'access review ' || i.review_id), null);
            perform daicho.person_revoke(i.person_id, i.account_id, true, false);
        when 'group' then
            update daicho.account set groups = array_remove(groups, i.group_id), version = version + 1 where id = i.account_id;
        when 'word' then
            update daicho.account set grants = array_remove(grants, i.name), version = version + 1 where id = i.account_id;
        else
            update daicho.api_key set revoked_at = daicho.clock() where id = i.key_id and revoked_at is null;
    end case;
    select n.live into live_ from daicho.access_review_item_now n where n.id = i.id;
    if live_ then
        raise exception 'a right that was to be taken away is still there';
    end if;
    update daicho.access_review_item set xid = null where id = i.id;
    return 'done';
end
$$;

-- Everything of this person (0: of nobody in particular) that is undecided stays. How many; null: no such review is open; -1: oneself.
create function daicho.review_keep(review_id_ bigint, person_id_ bigint, note_ text) returns bigint
language plpgsql security definer set search_path = pg_catalog as $$
declare
    decider record;
    count_ bigint;
begin
    select * into decider from daicho.review_decider();
    perform from daicho.access_review r where r.id = review_id_ and r.tenant = daicho.role_tenant() and r.closed_at is null for share;
    if not found then
        return null;
    elsif decider.who = 'person:' || person_id_ then
        return -1;
    end if;
    update daicho.access_review_item i set version = version + 1, decision = 'keep', note = note_, decided_by = decider.name, decided_who = decider.who,
        decided_at = daicho.clock()
    where i.review_id = review_id_ and coalesce(i.person_id, 0) = person_id_ and i.decision is null
        and exists (select from daicho.access_review_item_now n where n.id = i.id and n.live);
    get diagnostics count_ = row_count;
    return count_;
end
$$;

-- What is there now and was not decided on: given since, or given anew after it was taken away.
create function daicho.review_added(review_id_ bigint) returns jsonb
language sql stable security definer set search_path = pg_catalog as $$
    select coalesce(jsonb_agg(jsonb_build_object('kind', g.kind, 'login', g.login, 'person', g.person, 'name', g.name, 'words', to_jsonb(coalesce(g.words, '{}')))
        order by g.person_id nulls last, g.kind, g.name), '[]')
    from daicho.access_review r
    cross join lateral daicho.review_grants(r.tenant) g
    where r.id = review_id_ and r.tenant = coalesce(daicho.role_tenant(), r.tenant)
        and (r.scope = 'all' or g.person_id in (select i.person_id from daicho.access_review_item i where i.review_id = r.id))
        and not exists (select from daicho.access_review_item i where i.review_id = r.id and i.kind = g.kind and i.decision is distinct from 'remove'
            and coalesce(i.account_id, 0) = coalesce(g.account_id, 0) and coalesce(i.group_id, 0) = coalesce(g.group_id, 0)
            and coalesce(i.key_id, 0) = coalesce(g.key_id, 0)
            and (case i.kind when 'word' then i.name else '' end) = (case g.kind when 'word' then g.name else '' end))
$$;

-- Close it. Null: there is no such review, or it is closed. {undecided: n} with n > 0: it stays open.
create function daicho.review_close(review_id_ bigint, note_ text) returns jsonb
language plpgsql security definer set search_path = pg_catalog as $$
declare
    decider record;
    undecided_ bigint;
    summary_ jsonb;
begin
    select * into decider from daicho.review_decider();
    perform from daicho.access_review r where r.id = review_id_ and r.tenant = daicho.role_tenant() and r.closed_at is null for update;
    if not found then
        return null;
    end if;
    select count(*) into undecided_ from daicho.access_review_item_now n where n.review_id = review_id_ and n.state = 'undecided';
    if undecided_ > 0 then
        return jsonb_build_object('undecided', undecided_);
    end if;
    update daicho.access_review_item set gone_at = daicho.clock() where review_id = review_id_ and decision is null;
    select jsonb_build_object('items', count(*), 'kept', count(*) filter (where i.decision = 'keep'), 'removed', count(*) filter (where i.decision = 'remove'),
        'gone', count(*) filter (where i.decision is null), 'added', daicho.review_added(review_id_))
    into summary_ from daicho.access_review_item i where i.review_id = review_id_;
    update daicho.access_review set closed_at = daicho.clock(), closed_by = decider.name, closed_who = decider.who, note = note_, summary = summary_
    where id = review_id_;
    return summary_ || jsonb_build_object('undecided', 0);
end
$$;

-- Unattended -----------------------------------------------------------------------------------------------------------------------------------------
-- Contracts for which something is to be done: a day that comes near or has passed and nobody was told, a review to open, one that an event opened.
-- The number only tells how far the caller has come.
create function daicho.review_tasks() returns table (tenant text, number bigint, due_at timestamptz, open boolean, tell text, event bigint)
language sql stable security definer set search_path = pg_catalog as $$
    select t.name, hashtextextended(t.name, 0) & 9223372036854775807, d.at, o.due and not o.opened,
        case when o.due and not exists (select from daicho.access_review_told x where x.tenant = t.name and x.due_at = d.at and x.what = 'overdue') then 'overdue'
            when not o.due and d.at <= daicho.clock() + interval '14 days'
                and not exists (select from daicho.access_review_told x where x.tenant = t.name and x.due_at = d.at) then 'soon' end, e.id
    from daicho.tenant t
    cross join lateral (select daicho.review_due_at(t.name) as at) d
    cross join lateral (select d.at <= daicho.clock() as due,
        exists (select from daicho.access_review r where r.tenant = t.name and r.scope = 'all' and r.closed_at is null) as opened) o
    left join lateral (select min(r.id) as id from daicho.access_review r where r.tenant = t.name and r.scope = 'event' and r.closed_at is null and r.told_at is null) e
        on true
    where t.state = 'active' and exists (select from daicho.account a where a.tenant = t.name and a.state = 'active')
$$;
create function daicho.review_due(after_ bigint) returns table (tenant text, number bigint)
language sql stable security definer set search_path = pg_catalog as $$
    select x.tenant, x.number from daicho.review_tasks() x where (x.open or x.tell is not null or x.event is not null) and x.number > after_ order by x.number limit 1
$$;

-- Inside the contract: do it. {review, opened, tell: soon | overdue | event, due_at}; null: another process has.
create function daicho.review_tick() returns jsonb
language plpgsql security definer set search_path = pg_catalog as $$
declare
    x record;
    id_ bigint;
    tell_ text;
begin
    if session_user <> 'daicho_jobs' then
        raise insufficient_privilege using message = 'this is for the jobs processes';
    end if;
    perform from daicho.policy y where y.tenant = daicho.role_tenant() for update;
    select * into x from daicho.review_tasks() y where y.tenant = daicho.role_tenant();
    if x.tenant is null or not (x.open or x.tell is not null or x.event is not null) then
        return null;
    end if;
    if x.open then
        id_ := daicho.review_open(null);
    end if;
    tell_ := x.tell;
    if tell_ is not null then
        insert into daicho.access_review_told (tenant, due_at, what) values (x.tenant, x.due_at, tell_);
    elsif not x.open then
        update daicho.access_review set told_at = daicho.clock() where id = x.event;
        tell_ := 'event';
    end if;
    select coalesce(id_, case tell_ when 'event' then x.event else (select r.id from daicho.access_review r where r.tenant = x.tenant and r.scope = 'all'
        and r.closed_at is null) end) into id_;
    return jsonb_build_object('review', id_, 'opened', x.open, 'tell', tell_,
        'due_ms', (extract(epoch from case tell_ when 'event' then (select r.due_at from daicho.access_review r where r.id = id_) else x.due_at end) * 1000)::bigint);
end
$$;

-- How the contract stands; as whoever asks may see it.
create view daicho.access_review_state with (security_invoker = true) as
    select y.tenant, y.review_days, d.at as due_at, d.at <= daicho.clock() as overdue,
        not d.at <= daicho.clock() and d.at <= daicho.clock() + interval '14 days' as soon,
        (select max(r.closed_at) from daicho.access_review r where r.scope = 'all') as closed_at,
        (select r.id from daicho.access_review r where r.scope = 'all' and r.closed_at is null) as open_id,
        (select r.id from daicho.access_review r where r.scope = 'event' and r.closed_at is null) as event_id,
        (select count(*) from daicho.account a join daicho.person p on p.id = a.person_id
            where a.state = 'active' and (p.left_at is not null or p.leaves_at <= daicho.clock())) as left_active
    from daicho.policy y
    cross join lateral (select coalesce((select max(r.closed_at) from daicho.access_review r where r.scope = 'all'),
        (select t.created_at from daicho.tenant t where t.name = y.tenant)) + make_interval(days => y.review_days) as at) d;
-- Accounts of which nobody has said for so long that they are needed.
create view daicho.account_unreviewed with (security_invoker = true) as
    select a.id, a.tenant, a.login, a.person_id, p.name as person, a.created_at, l.decided_at
    from daicho.account a
    join daicho.person p on p.id = a.person_id
    join daicho.policy y on y.tenant = a.tenant
    left join lateral (select max(i.decided_at) as decided_at from daicho.access_review_item i where i.account_id = a.id and i.kind = 'account'
        and i.decision = 'keep') l on true
    where a.state = 'active' and coalesce(l.decided_at, a.created_at) <= daicho.clock() - make_interval(days => y.review_days);
grant select on daicho.access_review_state, daicho.account_unreviewed to daicho_tenant;

revoke execute on function daicho.review_policy(), daicho.review_grants(text), daicho.review_due_at(text), daicho.review_guard(), daicho.review_item_guard(),
    daicho.review_decides(bigint), daicho.review_write_down(bigint, bigint, text), daicho.review_person(bigint, text), daicho.review_open(text),
    daicho.review_decider(), daicho.review_decide(bigint, bigint, text, text), daicho.review_keep(bigint, bigint, text), daicho.review_added(bigint),
    daicho.review_close(bigint, text), daicho.review_tasks(), daicho.review_due(bigint), daicho.review_tick() from public;
grant execute on function daicho.review_open(text), daicho.review_decide(bigint, bigint, text, text), daicho.review_keep(bigint, bigint, text),
    daicho.review_added(bigint), daicho.review_close(bigint, text), daicho.review_tick() to daicho_tenant;
grant execute on function daicho.review_due(bigint) to daicho_jobs;
