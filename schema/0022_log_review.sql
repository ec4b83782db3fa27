-- Why: entries of the operation log are looked at regularly, by people who did not make them; and what entries say exactly is kept as long as the contract
-- wants and no longer, unless a hold of two people keeps it. The entries themselves stay until the contract ends: nothing here touches them.

alter table daicho.policy
    add column log_review_months int default 3 check (log_review_months in (1, 3, 6, 12)),            -- null: no reviews
    add column log_review_days int not null default 14 check (log_review_days between 1 and 90),      -- after a period's end; then a review is overdue
    add column log_detail_days int check (log_detail_days between 365 and 3650);                      -- null: as long as the entries
grant update (log_review_months, log_review_days, log_detail_days) on daicho.policy to daicho_tenant;

-- How far these two duties of a contract have come; the processes that do them look here, and nobody else.
create table daicho.log_duty (
    id bigint generated always as identity primary key,
    tenant text not null unique references daicho.tenant on delete cascade,
    review_from timestamptz not null default daicho.clock(),  -- where the next period to review begins
    purged_to bigint not null default 0,                      -- details up to this number have been looked at
    purge_at timestamptz not null default '-infinity'         -- the next walk over them begins
);
alter table daicho.log_duty enable row level security;
alter table daicho.log_duty force row level security;
create policy house on daicho.log_duty to daicho_owner using (true) with check (true);
create function daicho.tenant_log_duty() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
begin
    insert into daicho.log_duty (tenant) values (new.name);
    return null;
end
$$;
create trigger log_duty after insert on daicho.tenant for each row execute function daicho.tenant_log_duty();
insert into daicho.log_duty (tenant) select name from daicho.tenant;
-- Reviews switched on again do not reach back into the time without; another period for details holds at once.
create function daicho.policy_log_duty() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
begin
    update daicho.log_duty set purged_to = 0, purge_at = '-infinity',
        review_from = case when old.log_review_months is null and new.log_review_months is not null then daicho.clock() else review_from end
    where tenant = new.tenant;
    return null;
end
$$;
create trigger log_duty after update on daicho.policy for each row
    when (old.log_review_months is distinct from new.log_review_months or old.log_detail_days is distinct from new.log_detail_days) execute function daicho.policy_log_duty();

-- Reviews ------------------------------------------------------------------------------------------------------------------------------------
create table daicho.log_review (
    id bigint generated always as identity primary key,
    tenant text not null references daicho.tenant on delete cascade,
    from_at timestamptz not null,
    to_at timestamptz not null check (to_at > from_at),
    opened_at timestamptz not null default daicho.clock(),
    due_at timestamptz not null,
    found bigint not null default 0,                 -- operations of the period
    important bigint not null default 0,             -- those the rule calls important
    told_at timestamptz,                             -- that it is overdue
    closed_at timestamptz,
    closed_person bigint,
    closed_by text,
    unique (tenant, to_at),
    unique (tenant, id)
);
-- The sample, drawn once. What each entry says stands in the contract's log, which nobody changes.
create table daicho.log_review_entry (
    tenant text not null,
    review_id bigint not null,
    entry bigint not null,
    why text not null,                               -- rights, policy, export, erasure, support, login, refusals; random
    actor_person bigint,                             -- whose action it was, when an account or key of this contract did it
    verdict text check (verdict in ('expected', 'follow')),
    note text check (length(note) between 1 and 1000),
    reviewer_person bigint,
    reviewed_by text,
    reviewed_at timestamptz,
    outcome text check (length(outcome) between 1 and 1000),  -- how the follow-up ended
    outcome_person bigint,
    outcome_by text,
    outcome_at timestamptz,
    primary key (review_id, entry),
    foreign key (tenant, review_id) references daicho.log_review (tenant, id) on delete cascade,
    constraint log_review_two_people check (reviewer_person <> actor_person and outcome_person <> actor_person),
    check ((verdict is null) = (reviewer_person is null) and (outcome is null) = (outcome_person is null)),
    check (verdict is distinct from 'follow' or note is not null),
    check (outcome is null or verdict = 'follow')
);
-- The contract reads them, not the operator's desk: what people note about each other is theirs.
do $$
declare
    t text;
begin
    foreach t in array array['log_review', 'log_review_entry'] loop
        execute format('alter table daicho.%I enable row level security', t);
        execute format('alter table daicho.%I force row level security', t);
        execute format('create policy own on daicho.%I for select to daicho_tenant using (tenant = (select daicho.tenant()) and current_user::text !~ ''_(desk|form)$'')', t);
        execute format('create policy house on daicho.%I to daicho_owner using (true) with check (true)', t);
        execute format('grant select on daicho.%I to daicho_tenant', t);
    end loop;
end
$$;

-- The end of the period that from_ lies in: calendar months, quarters, half-years, years in Japan.
create function daicho.log_review_end(from_ timestamptz, months int) returns timestamptz language sql immutable set search_path = pg_catalog as $$
    select make_timestamptz(n / 12, n % 12 + 1, 1, 0, 0, 0, 'Asia/Tokyo')
    from (select ((extract(year from t) * 12 + extract(month from t) - 1)::int / months + 1) * months as n from (select from_ at time zone 'Asia/Tokyo' as t) x) y
$$;

-- What an entry is looked at for; null: it is one of the many.
create function daicho.log_why(actor_kind text, verb text, kind text, result text) returns text language sql immutable set search_path = pg_catalog as $$
    select case
        when actor_kind = 'operator' or kind = 'support' then 'support'
        when result <> 'OK' then case when verb in ('login', 'login_step', 'sign_on', 'unlock') then 'login' end
        when verb = 'erase' or kind = 'log_hold' and verb <> 'list' then 'erasure'
        when verb in ('export', 'download') then 'export'
        when verb in ('view', 'list', 'search') then null
        when kind in ('policy', 'provider', 'opt_out', 'certificate') then 'policy'
        when kind in ('account', 'person', 'group', 'department', 'key', 'applicant', 'review', 'access') and verb not in ('login', 'logout', 'lock', 'unlock', 'password') then 'rights'
    end
$$;

-- The person behind an entry, when it is one of this contract: by account, by the maker of a key, by the name typed at a log-in.
create function daicho.log_actor_person(tenant_ text, actor_kind text, actor_id_ bigint, actor text) returns bigint
language sql stable security definer set search_path = pg_catalog as $$
    select a.person_id from daicho.account a
    where a.tenant = tenant_ and case actor_kind
        when 'account' then a.id = actor_id_
        when 'key' then a.id = (select k.created_by from daicho.api_key k where k.id = actor_id_ and k.tenant = tenant_)
        when 'nobody' then lower(a.login) = lower(actor) end
$$;

create function daicho.log_review_due(after_ bigint) returns table (tenant text, id bigint)
language sql stable security definer set search_path = pg_catalog as $$
    select d.tenant, d.id from daicho.log_duty d join daicho.policy p on p.tenant = d.tenant join daicho.tenant t on t.name = d.tenant and t.state = 'active'
    where d.id > after_ and p.log_review_months is not null and daicho.log_review_end(d.review_from, p.log_review_months) <= daicho.clock()
    order by d.id limit 1
$$;

-- The review of the oldest period that is over. The sample: of what is important at most 40, each reason in turn so that none crowds out the others, and
-- 10 of all the rest by lot. What the system did by itself is nobody's action. No row: there is none, or another process does it.
create function daicho.log_review_open() returns setof daicho.log_review
language plpgsql security definer set search_path = pg_catalog as $$
declare
    d daicho.log_duty;
    p daicho.policy;
    r daicho.log_review;
begin
    if session_user <> 'daicho_jobs' then
        raise insufficient_privilege using message = 'reviews are opened by the jobs processes only';
    end if;
    select * into d from daicho.log_duty x where x.tenant = daicho.role_tenant() for update skip locked;
    if not found then
        return;
    end if;
    select * into p from daicho.policy x where x.tenant = d.tenant;
    r.to_at := daicho.log_review_end(d.review_from, p.log_review_months);
    if r.to_at is null or r.to_at > daicho.clock() then
        return;
    end if;
    insert into daicho.log_review (tenant, from_at, to_at, due_at) values (d.tenant, d.review_from, r.to_at, r.to_at + make_interval(days => p.log_review_days))
    returning * into r;
    execute format($q$
        with worth as (
            select l.id, daicho.log_why(l.actor_kind, l.verb, l.kind, l.result) as why, l.actor_kind, l.actor_id, l.actor
            from %1$I.log l where l.at >= $3 and l.at < $4 and l.actor_kind <> 'system' and daicho.log_why(l.actor_kind, l.verb, l.kind, l.result) is not null
            union all
            select max(l.id), 'refusals', l.actor_kind, l.actor_id, l.actor
            from %1$I.log l
            where l.at >= $3 and l.at < $4 and l.actor_kind <> 'system' and l.result <> 'OK' and daicho.log_why(l.actor_kind, l.verb, l.kind, l.result) is null
            group by l.actor_kind, l.actor_id, l.actor, date_trunc('hour', l.at) having count(*) >= 10
        ), important as (
            select w.*, row_number() over (partition by w.why order by random()) as turn from worth w order by turn, random() limit 40
        ), lot as (
            select l.id, 'random', l.actor_kind, l.actor_id, l.actor
            from %1$I.log l where l.at >= $3 and l.at < $4 and l.actor_kind <> 'system' and daicho.log_why(l.actor_kind, l.verb, l.kind, l.result) is null
                and l.id not in (select i.id from important i)
            order by random() limit 10
        ), sample as (
            select id, why, actor_kind, actor_id, actor from important union all select * from lot
        ), kept as (
            insert into daicho.log_review_entry (tenant, review_id, entry, why, actor_person)
            select $1, $2, s.id, s.why, daicho.log_actor_person($1, s.actor_kind, s.actor_id, s.actor) from sample s
        )
        update daicho.log_review set important = (select count(*) from worth),
            found = (select count(*) from %1$I.log l where l.at >= $3 and l.at < $4 and l.actor_kind <> 'system')
        where id = $2 returning *$q$, 't_' || d.tenant) into r using d.tenant, r.id, r.from_at, r.to_at;
    update daicho.log_duty set review_from = r.to_at where id = d.id;
    return next r;
end
$$;

create function daicho.log_review_late(after_ bigint) returns table (tenant text, id bigint)
language sql stable security definer set search_path = pg_catalog as $$
    select r.tenant, r.id from daicho.log_review r join daicho.tenant t on t.name = r.tenant and t.state = 'active'
    where r.id > after_ and r.closed_at is null and r.told_at is null and r.due_at <= daicho.clock() order by r.id limit 1
$$;
-- It is being told that this review is overdue; once.
create function daicho.log_review_tell(id_ bigint) returns setof daicho.log_review
language plpgsql security definer set search_path = pg_catalog as $$
begin
    if session_user <> 'daicho_jobs' then
        raise insufficient_privilege using message = 'this is told by the jobs processes only';
    end if;
    return query update daicho.log_review r set told_at = daicho.clock()
        where r.id = (select x.id from daicho.log_review x where x.id = id_ and x.tenant = daicho.role_tenant() and x.closed_at is null and x.told_at is null
            for update skip locked)
        returning r.*;
end
$$;

-- The person who acts, when it is one who holds `word` here; else refused: no key, no job, no operator.
create function daicho.log_person(word text) returns daicho.account
language plpgsql stable security definer set search_path = pg_catalog as $$
declare
    a daicho.account;
begin
    select x.* into a from daicho.account x where x.id = daicho.actor_account() and x.tenant = daicho.role_tenant() and x.state = 'active'
        and word = any (string_to_array(x.words, ' '));
    if not found then
        raise insufficient_privilege using message = 'this needs a person who holds ' || word;
    end if;
    return a;
end
$$;
-- The reviewer and the entry, locked; said: null, or why not: unknown, closed, own.
create function daicho.log_review_take(review_ bigint, entry_ bigint, out who daicho.account, out e daicho.log_review_entry, out said text)
language plpgsql security definer set search_path = pg_catalog as $$
declare
    l record;
    r daicho.log_review;
begin
    who := daicho.log_person('log.read');
    select x.* into r from daicho.log_review x where x.id = review_ and x.tenant = who.tenant for update;
    select x.* into e from daicho.log_review_entry x where x.review_id = r.id and x.entry = entry_ for update;
    if e.entry is null then
        said := 'unknown';
        return;
    end if;
    execute format('select l.actor_kind, l.actor_id, l.actor from %I.log l where l.id = $1', 't_' || who.tenant) into l using entry_;
    said := case when r.closed_at is not null then 'closed'
        when coalesce(e.actor_person, daicho.log_actor_person(who.tenant, l.actor_kind, l.actor_id, l.actor)) = who.person_id
            or l.actor_kind <> 'key' and lower(l.actor) = lower(who.login) then 'own' end;
end
$$;
-- A verdict on one entry. Who gave one may change it; nobody waves away what somebody else wants followed up. 'done', or why not.
create function daicho.log_review_judge(review_ bigint, entry_ bigint, verdict_ text, note_ text) returns text
language plpgsql security definer set search_path = pg_catalog as $$
declare
    t record := daicho.log_review_take(review_, entry_);
begin
    if t.said is not null then
        return t.said;
    elsif (t.e).reviewer_person <> (t.who).person_id then
        return 'other';
    end if;
    update daicho.log_review_entry set verdict = verdict_, note = note_, reviewer_person = (t.who).person_id, reviewed_by = (t.who).login,
        reviewed_at = daicho.clock(), outcome = null, outcome_person = null, outcome_by = null, outcome_at = null
    where review_id = review_ and entry = entry_;
    return 'done';
end
$$;
-- How a follow-up ended. 'done', or why not; 'none': nobody wants it followed up.
create function daicho.log_review_outcome(review_ bigint, entry_ bigint, outcome_ text) returns text
language plpgsql security definer set search_path = pg_catalog as $$
declare
    t record := daicho.log_review_take(review_, entry_);
begin
    if t.said is not null then
        return t.said;
    elsif (t.e).verdict is distinct from 'follow' then
        return 'none';
    end if;
    update daicho.log_review_entry set outcome = outcome_, outcome_person = (t.who).person_id, outcome_by = (t.who).login, outcome_at = daicho.clock()
    where review_id = review_ and entry = entry_;
    return 'done';
end
$$;
-- 'done', 'unknown', 'closed', or 'open': something is still without a verdict or an end.
create function daicho.log_review_close(review_ bigint) returns text
language plpgsql security definer set search_path = pg_catalog as $$
declare
    who daicho.account := daicho.log_person('log.read');
    r daicho.log_review;
begin
    select x.* into r from daicho.log_review x where x.id = review_ and x.tenant = who.tenant for update;
    if r.id is null then
        return 'unknown';
    elsif r.closed_at is not null then
        return 'closed';
    elsif exists (select from daicho.log_review_entry e where e.review_id = r.id and (e.verdict is null or e.verdict = 'follow' and e.outcome is null)) then
        return 'open';
    end if;
    update daicho.log_review set closed_at = daicho.clock(), closed_person = who.person_id, closed_by = who.login where id = r.id;
    return 'done';
end
$$;

-- Holds --------------------------------------------------------------------------------------------------------------------------------------
-- What entries of a time, or about a record or account (and by it), say exactly is kept: neither the purge nor an erasure takes it. Somebody asks, with a
-- legal ground, and it holds at once; somebody else approves within seven days, or it lapses by itself. Whoever reads the log reads why.
create table daicho.log_hold (
    id bigint generated always as identity primary key,
    tenant text not null references daicho.tenant on delete cascade,
    reason text not null check (length(reason) between 1 and 1000),
    basis text not null check (length(basis) between 1 and 1000),
    kind text check (length(kind) between 1 and 40),
    subject_id bigint,
    from_at timestamptz,
    to_at timestamptz,                               -- null: until the hold ends
    asked_person bigint not null,
    asked_by text not null,
    asked_at timestamptz not null default daicho.clock(),
    approved_person bigint,
    approved_by text,
    approved_at timestamptz,
    ended_person bigint,
    ended_by text,
    ended_at timestamptz,
    ended_why text check (length(ended_why) between 1 and 1000),
    check ((kind is null) = (subject_id is null) and (kind is not null or from_at is not null)),
    check (to_at is null or to_at > from_at),
    constraint log_hold_two_people check (approved_person <> asked_person and (approved_person is null or ended_person <> asked_person)),
    check ((approved_at is null) = (approved_person is null) and (ended_at is null) = (ended_person is null))
);
create index log_hold_open_idx on daicho.log_hold (tenant) where ended_at is null;
alter table daicho.log_hold enable row level security;
alter table daicho.log_hold force row level security;
create policy own on daicho.log_hold for select to daicho_tenant using (tenant = (select daicho.tenant()) and current_user::text !~ '_form$');
create policy house on daicho.log_hold to daicho_owner using (true) with check (true);
grant select on daicho.log_hold to daicho_tenant;

-- The first hold in force that keeps what this entry says; null: none.
create function daicho.log_hold_on(tenant_ text, at_ timestamptz, kind_ text, subject_ bigint, actor_kind_ text, actor_ bigint) returns bigint
language sql stable set search_path = pg_catalog as $$
    select min(h.id) from daicho.log_hold h
    where h.tenant = tenant_ and h.ended_at is null and (h.approved_at is not null or h.asked_at > daicho.clock() - interval '7 days')
        and (h.from_at is null or at_ >= h.from_at) and (h.to_at is null or at_ < h.to_at)
        and (h.kind is null or h.kind = kind_ and h.subject_id = subject_ or h.kind = 'account' and actor_kind_ = 'account' and h.subject_id = actor_)
$$;

create function daicho.log_hold_ask(kind_ text, subject_ bigint, from_ timestamptz, to_ timestamptz, reason_ text, basis_ text) returns bigint
language plpgsql security definer set search_path = pg_catalog as $$
declare
    who daicho.account := daicho.log_person('log.erase');
    id_ bigint;
begin
    insert into daicho.log_hold (tenant, reason, basis, kind, subject_id, from_at, to_at, asked_person, asked_by)
    values (who.tenant, reason_, basis_, kind_, subject_, from_, to_, who.person_id, who.login) returning id into id_;
    return id_;
end
$$;
-- Is this hold about the one who acts?
create function daicho.log_hold_about(h daicho.log_hold, who daicho.account) returns boolean language sql immutable set search_path = pg_catalog as $$
    select coalesce(h.kind = 'account' and h.subject_id = who.id or h.kind = 'person' and h.subject_id = who.person_id, false)
$$;
-- 'done', 'unknown', 'over' (nothing waits), 'own', 'about'.
create function daicho.log_hold_approve(id_ bigint) returns text
language plpgsql security definer set search_path = pg_catalog as $$
declare
    who daicho.account := daicho.log_person('log.erase');
    h daicho.log_hold;
begin
    select x.* into h from daicho.log_hold x where x.id = id_ and x.tenant = who.tenant for update;
    if h.id is null then
        return 'unknown';
    elsif h.ended_at is not null or h.approved_at is not null or h.asked_at <= daicho.clock() - interval '7 days' then
        return 'over';
    elsif h.asked_person = who.person_id then
        return 'own';
    elsif daicho.log_hold_about(h, who) then
        return 'about';
    end if;
    update daicho.log_hold set approved_person = who.person_id, approved_by = who.login, approved_at = daicho.clock() where id = h.id;
    return 'done';
end
$$;
-- Ended: before it was approved by anybody who may, afterwards not by the one who asked; never by the one it is about.
create function daicho.log_hold_end(id_ bigint, why_ text) returns text
language plpgsql security definer set search_path = pg_catalog as $$
declare
    who daicho.account := daicho.log_person('log.erase');
    h daicho.log_hold;
begin
    select x.* into h from daicho.log_hold x where x.id = id_ and x.tenant = who.tenant for update;
    if h.id is null then
        return 'unknown';
    elsif h.ended_at is not null then
        return 'over';
    elsif h.approved_at is not null and h.asked_person = who.person_id then
        return 'own';
    elsif daicho.log_hold_about(h, who) then
        return 'about';
    end if;
    update daicho.log_hold set ended_person = who.person_id, ended_by = who.login, ended_at = daicho.clock(), ended_why = why_ where id = h.id;
    update daicho.log_duty set purged_to = 0, purge_at = '-infinity' where tenant = h.tenant;
    return 'done';
end
$$;

-- Erasing at a person's request (0014_seal.sql) takes what no hold keeps.
create or replace function daicho.log_erase(kind_ text, subject_ bigint) returns bigint
language plpgsql security definer set search_path = pg_catalog as $$
declare
    tenant_ text := daicho.role_tenant();
    actor_ text := coalesce(current_setting('daicho.actor', true), '');
    allowed boolean := false;
    gone bigint;
begin
    if tenant_ is null or current_setting('role') ~ '_(masked|form)$' then
        raise insufficient_privilege using message = 'what an entry says is erased inside its contract, by those who may see it';
    end if;
    if session_user = 'daicho_cli' then
        allowed := true;
    elsif actor_ ~ '^account:[0-9]+:' then
        allowed := exists (select from daicho.account a where a.id = split_part(actor_, ':', 2)::bigint and a.tenant = tenant_ and a.state = 'active'
            and 'log.erase' = any (string_to_array(a.words, ' ')));
    elsif actor_ ~ '^key:[0-9]+:' then
        allowed := exists (select from daicho.api_key k where k.id = split_part(actor_, ':', 2)::bigint and k.tenant = tenant_ and k.revoked_at is null
            and 'log.erase' = any (string_to_array(k.words, ' ')));
    end if;
    if not allowed then
        raise insufficient_privilege using message = 'erasing needs the permission log.erase';
    end if;
    execute format($q$
        delete from %1$I.log_detail d using %1$I.log l
        where d.id = l.id and (l.kind = $1 and l.subject_id = $2 or $1 = 'account' and l.actor_kind = 'account' and l.actor_id = $2)
            and daicho.log_hold_on($3, l.at, l.kind, l.subject_id, l.actor_kind, l.actor_id) is null$q$, 't_' || tenant_)
        using kind_, subject_, tenant_;
    get diagnostics gone = row_count;
    return gone;
end
$$;

-- The purge ----------------------------------------------------------------------------------------------------------------------------------
-- The next `max_` details behind `after_` that are too old, oldest first. free: they go; held: a hold keeps them. What a purge says about itself stays.
create function daicho.log_purge_look(duty daicho.log_duty, max_ int) returns table (id bigint, at timestamptz, free boolean, held boolean)
language plpgsql stable security definer set search_path = pg_catalog as $$
declare
    before_ timestamptz := daicho.clock() - make_interval(days => (select p.log_detail_days from daicho.policy p where p.tenant = duty.tenant));
begin
    return query execute format($q$
        select x.id, x.at, not x.held and not x.own, x.held
        from (select d.id, l.at, daicho.log_hold_on($1, l.at, l.kind, l.subject_id, l.actor_kind, l.actor_id) is not null as held,
                l.actor_kind = 'system' and l.verb = 'erase' and l.kind = 'log' as own
            from (select y.id from %1$I.log_detail y where y.id > $2 order by y.id limit $4) d join %1$I.log l on l.id = d.id
            where l.at < $3) x
        order by x.id$q$, 't_' || duty.tenant) using duty.tenant, duty.purged_to, before_, max_;
end
$$;
-- The next contract with something to purge. Steps over what is held; a contract where nothing is left is walked again a day later, since holds lapse.
create function daicho.log_purge_due(after_ bigint) returns table (tenant text, id bigint)
language plpgsql security definer set search_path = pg_catalog as $$
declare
    d daicho.log_duty;
    looked record;
begin
    for d in select x.* from daicho.log_duty x join daicho.policy p on p.tenant = x.tenant and p.log_detail_days is not null
        join daicho.tenant t on t.name = x.tenant and t.state = 'active'
        where x.id > after_ and x.purge_at <= daicho.clock() order by x.id for update of x skip locked
    loop
        for i in 1 .. 20 loop
            select count(*) filter (where l.free) as free, max(l.id) as reached into looked from daicho.log_purge_look(d, 5000) l;
            if looked.free > 0 then
                update daicho.log_duty x set purged_to = d.purged_to where x.id = d.id;
                return query select d.tenant, d.id;
                return;
            end if;
            d.purged_to := coalesce(looked.reached, 0);
            exit when looked.reached is null;
        end loop;
        update daicho.log_duty x set purged_to = d.purged_to, purge_at = case when d.purged_to = 0 then daicho.clock() + interval '1 day' else x.purge_at end
        where x.id = d.id;
    end loop;
end
$$;
-- One batch. No row: nothing to do, or another process does it.
create function daicho.log_purge() returns table (gone bigint, held bigint, to_at timestamptz, days int)
language plpgsql security definer set search_path = pg_catalog as $$
declare
    d daicho.log_duty;
    reached bigint;
begin
    if session_user <> 'daicho_jobs' then
        raise insufficient_privilege using message = 'the log is purged by the jobs processes only';
    end if;
    select x.* into d from daicho.log_duty x where x.tenant = daicho.role_tenant() for update skip locked;
    if not found then
        return;
    end if;
    execute format($q$
        with old as (select * from daicho.log_purge_look($1, 5000)), gone as (delete from %I.log_detail x using old o where x.id = o.id and o.free)
        select count(*) filter (where free), count(*) filter (where o.held), max(o.at) filter (where free), max(o.id) from old o$q$, 't_' || d.tenant)
        into gone, held, to_at, reached using d;
    if gone = 0 then
        return;
    end if;
    update daicho.log_duty x set purged_to = reached where x.id = d.id;
    days := (select p.log_detail_days from daicho.policy p where p.tenant = d.tenant);
    return next;
end
$$;

revoke execute on function daicho.tenant_log_duty(), daicho.policy_log_duty(), daicho.log_review_end(timestamptz, int), daicho.log_why(text, text, text, text),
    daicho.log_actor_person(text, text, bigint, text), daicho.log_review_due(bigint), daicho.log_review_open(), daicho.log_review_late(bigint),
    daicho.log_review_tell(bigint), daicho.log_person(text), daicho.log_review_take(bigint, bigint), daicho.log_review_judge(bigint, bigint, text, text),
    daicho.log_review_outcome(bigint, bigint, text), daicho.log_review_close(bigint), daicho.log_hold_on(text, timestamptz, text, bigint, text, bigint),
    daicho.log_hold_ask(text, bigint, timestamptz, timestamptz, text, text), daicho.log_hold_about(daicho.log_hold, daicho.account),
    daicho.log_hold_approve(bigint), daicho.log_hold_end(bigint, text), daicho.log_purge_look(daicho.log_duty, int), daicho.log_purge_due(bigint),
    daicho.log_purge() from public;
grant execute on function daicho.log_review_due(bigint), daicho.log_review_late(bigint), daicho.log_purge_due(bigint) to daicho_jobs;
grant execute on function daicho.log_review_open(), daicho.log_review_tell(bigint), daicho.log_review_judge(bigint, bigint, text, text),
    daicho.log_review_outcome(bigint, bigint, text), daicho.log_review_close(bigint), daicho.log_hold_on(text, timestamptz, text, bigint, text, bigint),
    daicho.log_hold_ask(text, bigint, timestamptz, timestamptz, text, text), daicho.log_hold_approve(bigint), daicho.log_hold_end(bigint, text),
    daicho.log_review_end(timestamptz, int), daicho.log_purge() to daicho_tenant;
