-- Why: what is due by rule stands in one table, whatever it comes from: clocks of registers, reviews of rights, reviews of the log. A clock starts, stops and
-- misses by what happens to its record, in the same transaction; nobody types a deadline, moves a start, or makes a missed one met.

-- Deadlines are of whole milliseconds: pages of lists go on behind the last one.
-- Rules: one for each version of a clock of a definition. A clock that runs keeps the rule it began with.
create table daicho.clock_rule (
    id bigint generated always as identity primary key,
    tenant text not null references daicho.tenant on delete cascade,
    register_id bigint not null,
    register text not null,
    name text not null,
    title_ja text not null,
    title_en text not null,
    rule jsonb not null,                             -- {unit, count, calendar, group, ladder: [{base, minutes, every, times, to, notice}]} (register/clock_rule.c)
    made_at timestamptz not null default daicho.clock(),
    retired_at timestamptz,
    unique (tenant, id)
);
create unique index clock_rule_now_key on daicho.clock_rule (tenant, register_id, name) where retired_at is null;

create table daicho.duty (
    id bigint generated always as identity primary key,
    tenant text not null references daicho.tenant on delete cascade,
    kind text not null check (kind in ('clock', 'access_review', 'log_review')),
    rule_id bigint,                                  -- kind clock, and the four after it
    register_id bigint,
    register text,
    clock text,
    record bigint,
    ref bigint,                                      -- other kinds: the review
    word text,                                       -- other kinds: the right that does it
    group_name text,                                 -- whose it is while nobody took it
    assignee bigint,                                 -- account
    author bigint,                                   -- account by whose action it began
    started_at timestamptz not null,
    due_at timestamptz not null,
    due_first timestamptz not null,                  -- before any exception
    stopped_at timestamptz,
    stopped_by text,
    void_at timestamptz,                             -- it does not apply any more
    next_at timestamptz,                             -- when somebody is to be told next
    told_to timestamptz not null default '-infinity',   -- steps up to here have been told
    laid boolean not null default false,             -- its register was deleted and can be brought back
    foreign key (tenant, rule_id) references daicho.clock_rule (tenant, id),
    unique (tenant, id),
    check ((kind = 'clock') = (rule_id is not null and register_id is not null and record is not null) and (kind = 'clock') = (ref is null))
);
create unique index duty_clock_key on daicho.duty (tenant, register_id, record, clock) where kind = 'clock';
create unique index duty_ref_key on daicho.duty (tenant, kind, ref) where kind <> 'clock';
create index duty_next_idx on daicho.duty (next_at) where next_at is not null;
create index duty_open_idx on daicho.duty (tenant, due_at, id) where stopped_at is null and void_at is null;
create index duty_tenant_idx on daicho.duty (tenant, id);

-- An exception: a deadline rests until a moment, when a second person agrees.
create table daicho.duty_pause (
    id bigint generated always as identity primary key,
    tenant text not null,
    duty_id bigint not null,
    reason text not null check (length(reason) between 1 and 1000),
    until_at timestamptz not null,
    state text not null default 'asked' check (state in ('asked', 'approved', 'refused')),
    asked_person bigint not null,
    asked_by text not null,
    asked_at timestamptz not null default daicho.clock(),
    decided_person bigint,
    decided_by text,
    decided_at timestamptz,
    due_before timestamptz,
    due_after timestamptz,
    foreign key (tenant, duty_id) references daicho.duty (tenant, id) on delete cascade,
    constraint duty_pause_two_people check (decided_person <> asked_person),
    check ((state = 'asked') = (decided_person is null))
);
create unique index duty_pause_asked_key on daicho.duty_pause (duty_id) where state = 'asked';
create index duty_pause_duty_idx on daicho.duty_pause (tenant, duty_id);

-- The address by which a calendar program reads somebody's duties; its key is known here by its hash only.
create table daicho.duty_feed (
    account_id bigint primary key,
    tenant text not null,
    token_hash bytea not null unique,
    made_at timestamptz not null default daicho.clock(),
    used_at timestamptz,
    foreign key (account_id) references daicho.account on delete cascade,
    foreign key (tenant) references daicho.tenant on delete cascade
);

do $$
declare
    t text;
begin
    foreach t in array array['clock_rule', 'duty', 'duty_pause', 'duty_feed'] loop
        execute format('alter table daicho.%I enable row level security', t);
        execute format('alter table daicho.%I force row level security', t);
        execute format('create policy house on daicho.%I to daicho_owner using (true) with check (true)', t);
    end loop;
    foreach t in array array['clock_rule', 'duty', 'duty_pause'] loop
        execute format('create policy own on daicho.%I for select to daicho_tenant using (tenant = (select daicho.tenant()) and current_user::text !~ ''_(desk|form)$'')', t);
        execute format('grant select on daicho.%I to daicho_tenant', t);
    end loop;
end
$$;

-- What never happens, whoever asks for it: also functions of the owner are held to it.
create function daicho.duty_guard() returns trigger language plpgsql set search_path = pg_catalog as $$
begin
    if new.started_at <> old.started_at or new.due_first <> old.due_first then
        raise 'the start of a duty does not move' using errcode = 'integrity_constraint_violation';
    elsif new.due_at <> old.due_at and (new.due_at < old.due_at or daicho.clock() > old.due_at) then
        raise 'a deadline is not made shorter, nor moved once it was missed' using errcode = 'integrity_constraint_violation';
    elsif new.stopped_at is distinct from old.stopped_at and new.stopped_at <> daicho.clock() or new.void_at is distinct from old.void_at and new.void_at <> daicho.clock() then
        raise 'a duty ends when it ends' using errcode = 'integrity_constraint_violation';
    end if;
    return new;
end
$$;
create trigger guard before update on daicho.duty for each row execute function daicho.duty_guard();

-- running and missed are open; met, late and void are over. One that was missed and does not apply any more stays missed.
create function daicho.duty_state(due timestamptz, stopped timestamptz, void timestamptz) returns text language sql stable set search_path = pg_catalog as $$
    select case when stopped <= due then 'met' when stopped > due then 'late' when void <= due then 'void' when void > due or daicho.clock() > due then 'missed'
        else 'running' end
$$;

-- Rules at work ---------------------------------------------------------------------------------------------------------------------------------------
create function daicho.clock_due(tenant_ text, rule jsonb, at_ timestamptz) returns timestamptz language plpgsql stable security definer set search_path = pg_catalog as $$
declare
    n int := (rule ->> 'count')::int;
    calendar_ bigint := (select c.id from daicho.calendar c where c.tenant = tenant_ and c.name = rule ->> 'calendar');
begin
    return coalesce(case rule ->> 'unit'
        when 'minutes' then at_ + make_interval(mins => n)
        when 'hours' then at_ + make_interval(hours => n)
        when 'days' then at_ + make_interval(hours => 24 * n)
        when 'calendar_days' then ((at_ at time zone 'Asia/Tokyo')::date + n + 1)::timestamp at time zone 'Asia/Tokyo'
        when 'months' then daicho.months_add(at_, n)
        when 'business_hours' then daicho.calendar_add(calendar_, at_, n * 60)
        when 'business_days' then daicho.calendar_day_add(calendar_, at_, n) end, 'infinity');
end
$$;

-- When who is told: each step of the ladder, as often as it says.
create function daicho.duty_schedule(rule jsonb, started timestamptz, due timestamptz) returns table (step int, at timestamptz)
language sql immutable set search_path = pg_catalog as $$
    select s.n::int, case s.one ->> 'base' when 'start' then started else due end
        + make_interval(mins => (s.one ->> 'minutes')::int + k * coalesce((s.one ->> 'every')::int, 0))
    from jsonb_array_elements(rule -> 'ladder') with ordinality s (one, n)
    cross join lateral generate_series(0, coalesce((s.one ->> 'times')::int, 1) - 1) k
    where due < 'infinity'
$$;
create function daicho.duty_next(rule jsonb, started timestamptz, due timestamptz, told timestamptz) returns timestamptz
language sql immutable set search_path = pg_catalog as $$
    select min(s.at) from daicho.duty_schedule(rule, started, due) s where s.at > told
$$;

-- What a rule would come to: for what begins at from_, everything that falls due; and of a start on each of so many days, at that time of day, the shortest and
-- the longest. Nothing is written.
create function daicho.clock_simulate(rule jsonb, from_ timestamptz, days int) returns table (what text, start_at timestamptz, at timestamptz, who text)
language sql stable security definer set search_path = pg_catalog as $$
    with one as (
        select from_ as s, daicho.clock_due(daicho.role_tenant(), rule, from_) as d
    ), every as (
        select g as s, daicho.clock_due(daicho.role_tenant(), rule, g) as d from generate_series(from_, from_ + make_interval(days => least(days, 3660)), interval '1 day') g
    )
    select x.what, x.s, x.at, x.who from (
        select 1 as part, 'due' as what, o.s, o.d as at, '' as who from one o
        union all
        select 1, rule -> 'ladder' -> (t.step - 1) ->> 'notice', o.s, t.at, (select string_agg(w, ', ') from jsonb_array_elements_text(rule -> 'ladder' -> (t.step - 1) -> 'to') w)
        from one o cross join lateral daicho.duty_schedule(rule, o.s, o.d) t
        union all
        (select 2, 'shortest', e.s, e.d, '' from every e where e.d < 'infinity' order by e.d - e.s, e.s limit 1)
        union all
        (select 3, 'longest', e.s, e.d, '' from every e where e.d < 'infinity' order by e.d - e.s desc, e.s limit 1)
    ) x order by x.part, x.at, x.what
$$;

-- What a definition says of its clocks, as the define job found it; names that are gone are retired with their rules.
create function daicho.clock_rule_set(mine text, register_id_ bigint, register_ text, rules jsonb) returns void language plpgsql set search_path = pg_catalog as $$
begin
    update daicho.clock_rule c set retired_at = daicho.clock()
    where c.tenant = mine and c.register_id = register_id_ and c.retired_at is null and not exists (
        select from jsonb_array_elements(rules) x where x ->> 'name' = c.name and x -> 'rule' = c.rule and x ->> 'ja' = c.title_ja and x ->> 'en' = c.title_en);
    insert into daicho.clock_rule (tenant, register_id, register, name, title_ja, title_en, rule)
    select mine, register_id_, register_, x ->> 'name', x ->> 'ja', x ->> 'en', x -> 'rule' from jsonb_array_elements(rules) x
    where not exists (select from daicho.clock_rule c where c.tenant = mine and c.register_id = register_id_ and c.name = x ->> 'name' and c.retired_at is null);
end
$$;

-- What records now say of one clock. Called by the trigger of their register, for all records one statement wrote.
-- since: the earliest moment that anybody knew, as the record has it; begins, keeps, stops: what its conditions come to.
create function daicho.clock_settle(tenant_ text, register_ bigint, name_ text, records bigint[], since_ timestamptz[], begins_ boolean[], keeps_ boolean[], stops_ boolean[])
returns void language plpgsql set search_path = pg_catalog as $$
declare
    c daicho.clock_rule;
    now_ timestamptz := daicho.clock();
    who text := daicho.actor_name();
begin
    if records is null then
        return;
    end if;
    select * into c from daicho.clock_rule x where x.tenant = tenant_ and x.register_id = register_ and x.name = name_ and x.retired_at is null;
    if not found then
        return;
    end if;
    -- of clocks that run or ran
    update daicho.duty d set
        stopped_at = case when not u.stops then null when d.stopped_at is null then now_ else d.stopped_at end,
        stopped_by = case when not u.stops then null when d.stopped_at is null then who else d.stopped_by end,
        void_at = case when u.keeps then null when d.stopped_at is null and d.void_at is null and not u.stops then now_ else d.void_at end,
        next_at = case when u.keeps and not u.stops then daicho.duty_next(r.rule, d.started_at, d.due_at, d.told_to) end
    from unnest(records, keeps_, stops_) u (record, keeps, stops), daicho.clock_rule r
    where d.kind = 'clock' and d.tenant = tenant_ and d.register_id = register_ and d.clock = name_ and d.record = u.record and r.id = d.rule_id
        and ((d.stopped_at is not null) <> u.stops or (d.void_at is not null) <> not u.keeps);
    -- of those that begin. The start is the earliest moment anybody knew, and never later than this one.
    insert into daicho.duty (tenant, kind, rule_id, register_id, register, clock, record, group_name, author, started_at, due_at, due_first, stopped_at, stopped_by, next_at)
    select tenant_, 'clock', c.id, register_, c.register, name_, u.record, c.rule ->> 'group', daicho.actor_account(), s.at, d.at, d.at,
        case when u.stops then now_ end, case when u.stops then who end, case when not u.stops then daicho.duty_next(c.rule, s.at, d.at, '-infinity') end
    from unnest(records, since_, begins_, stops_) u (record, since, begins, stops)
    cross join lateral (select date_trunc('milliseconds', least(u.since, now_)) as at) s
    cross join lateral (select daicho.clock_due(tenant_, c.rule, s.at) as at) d
    where u.begins and not exists (select from daicho.duty x where x.kind = 'clock' and x.tenant = tenant_ and x.register_id = register_ and x.clock = name_ and x.record = u.record);
end
$$;
-- Their records are gone: what was missed stays so.
create function daicho.clock_gone(tenant_ text, register_ bigint, records bigint[]) returns void language sql set search_path = pg_catalog as $$
    update daicho.duty d set void_at = daicho.clock(), next_at = null
    where d.kind = 'clock' and d.tenant = tenant_ and d.register_id = register_ and d.record = any (records) and d.stopped_at is null and d.void_at is null
$$;

-- Their register was deleted, or brought back: by the define job.
create function daicho.clock_lay(mine text, register_ bigint, laid_ boolean) returns void language sql set search_path = pg_catalog as $$
    update daicho.duty d set laid = laid_, next_at = case when not laid_ and d.stopped_at is null and d.void_at is null
        then (select daicho.duty_next(r.rule, d.started_at, d.due_at, d.told_to) from daicho.clock_rule r where r.id = d.rule_id) end
    where d.tenant = mine and d.register_id = register_ and d.kind = 'clock'
$$;

-- Duties of the house -----------------------------------------------------------------------------------------------------------------------------------
create function daicho.duty_of_review() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
begin
    insert into daicho.duty (tenant, kind, ref, word, started_at, due_at, due_first) values (new.tenant, tg_argv[0], new.id, tg_argv[1], new.opened_at,
        date_trunc('milliseconds', new.due_at), date_trunc('milliseconds', new.due_at))
    on conflict (tenant, kind, ref) where kind <> 'clock' do nothing;
    if tg_op = 'UPDATE' then
        update daicho.duty d set stopped_at = daicho.clock(), stopped_by = new.closed_by
        where d.tenant = new.tenant and d.kind = tg_argv[0] and d.ref = new.id and new.closed_at is not null and d.stopped_at is null;
    end if;
    return null;
end
$$;
create trigger duty after insert or update of closed_at on daicho.log_review for each row execute function daicho.duty_of_review('log_review', 'log.read');
create trigger duty after insert or update of closed_at on daicho.access_review for each row execute function daicho.duty_of_review('access_review', 'access.approve');
insert into daicho.duty (tenant, kind, ref, word, started_at, due_at, due_first, stopped_at, stopped_by)
    select r.tenant, 'log_review', r.id, 'log.read', r.opened_at, date_trunc('milliseconds', r.due_at), date_trunc('milliseconds', r.due_at), r.closed_at, r.closed_by from daicho.log_review r
    union all select r.tenant, 'access_review', r.id, 'access.approve', r.opened_at, date_trunc('milliseconds', r.due_at), date_trunc('milliseconds', r.due_at), r.closed_at, r.closed_by from daicho.access_review r;

-- Telling --------------------------------------------------------------------------------------------------------------------------------------------------
-- Outside any contract: the next one in which something is to be told. One look at an index when there is nothing.
create function daicho.duty_due(after_ bigint) returns table (tenant text, number bigint) language sql stable security definer set search_path = pg_catalog as $$
    select x.tenant, hashtextextended(x.tenant, 0) & 9223372036854775807
    from (select distinct d.tenant from (select y.tenant from daicho.duty y where y.next_at <= daicho.clock() order by y.next_at limit 2000) d) x
    join daicho.tenant t on t.name = x.tenant and t.state = 'active'
    where hashtextextended(x.tenant, 0) & 9223372036854775807 > after_
    order by 2 limit 1
$$;

-- Members of a group, as far as they can be written to.
create function daicho.duty_people(tenant_ text, who text, d daicho.duty) returns setof bigint language sql stable security definer set search_path = pg_catalog as $$
    select a.id from daicho.account a where a.tenant = tenant_ and a.state = 'active' and case
        when who = 'author' then a.id = d.author
        when who = 'managers' then 'account.manage' = any (string_to_array(a.words, ' '))
        when who = 'assignee' and d.assignee is not null then a.id = d.assignee
        when who = 'assignee' or who ~ '^group:' then a.groups && array(select g.id from daicho.account_group g
            where g.tenant = tenant_ and lower(g.name) = lower(case when who = 'assignee' then d.group_name else substr(who, 7) end))
        when who ~ '^account:' then lower(a.login) = lower(substr(who, 9)) end
$$;

-- Steps that are due are told now: who is to be written to about what. A step that came several times while nobody was there is told once.
create function daicho.duty_fire(max_ int) returns table (duty bigint, notice text, account bigint, email text, lang text, title_ja text, title_en text, register text,
    record bigint, due_at timestamptz, missed boolean)
language plpgsql security definer set search_path = pg_catalog as $$
declare
    mine text := daicho.role_tenant();
    now_ timestamptz := daicho.clock();
begin
    if session_user <> 'daicho_jobs' or mine is null then
        raise insufficient_privilege using message = 'duties are told by the jobs processes only';
    end if;
    return query
        with due as (
            select d.* from daicho.duty d where d.tenant = mine and d.next_at <= now_ order by d.next_at limit max_ for update skip locked
        ), told as (
            update daicho.duty d set told_to = now_, next_at = daicho.duty_next(r.rule, d.started_at, d.due_at, now_)
            from due o, daicho.clock_rule r where d.id = o.id and r.id = o.rule_id returning d.id
        ), step as (
            select distinct o.id, r.rule -> 'ladder' -> (s.step - 1) as one
            from due o join told t on t.id = o.id join daicho.clock_rule r on r.id = o.rule_id
            cross join lateral daicho.duty_schedule(r.rule, o.started_at, o.due_at) s
            where s.at > o.told_to and s.at <= now_
        )
        select o.id, s.one ->> 'notice', a.id, a.email, coalesce(a.lang, t.lang), r.title_ja, r.title_en, o.register, o.record, o.due_at, now_ > o.due_at
        from step s join due o on o.id = s.id join daicho.clock_rule r on r.id = o.rule_id join daicho.tenant t on t.name = mine
        left join lateral (select distinct p from jsonb_array_elements_text(s.one -> 'to') w cross join lateral daicho.duty_people(mine, w, row(
            o.id, o.tenant, o.kind, o.rule_id, o.register_id, o.register, o.clock, o.record, o.ref, o.word, o.group_name, o.assignee, o.author, o.started_at, o.due_at,
            o.due_first, o.stopped_at, o.stopped_by, o.void_at, o.next_at, o.told_to, o.laid)::daicho.duty) p) w on true
        left join daicho.account a on a.id = w.p
        order by a.id, s.one ->> 'notice', o.due_at, o.id;
end
$$;

-- Whose it is -----------------------------------------------------------------------------------------------------------------------------------------------
-- Who acts, when it is a person; the words they hold.
create function daicho.duty_person(out who daicho.account, out held text[]) language plpgsql stable security definer set search_path = pg_catalog as $$
begin
    select x.* into who from daicho.account x where x.id = daicho.actor_account() and x.tenant = daicho.role_tenant() and x.state = 'active';
    held := string_to_array(who.words, ' ');
end
$$;
create function daicho.duty_word(held text[], word text, register_ text) returns boolean language sql stable set search_path = pg_catalog as $$
    select coalesce(case when register_ = '' then word = any (held) else daicho.words_hold(held, word || ':' || register_) end, false)
$$;
-- account 0: nobody in particular. 'done', or why not: unknown, over, stranger (who it is given to could not do it), forbidden.
create function daicho.duty_assign(id_ bigint, account_ bigint) returns text language plpgsql security definer set search_path = pg_catalog as $$
declare
    p record := daicho.duty_person();
    d daicho.duty;
    a daicho.account;
    needed text;
begin
    select * into d from daicho.duty x where x.id = id_ and x.tenant = daicho.role_tenant() for update;
    needed := coalesce(d.word, 'record.write');
    if d.id is null or (p.who).id is null or not daicho.duty_word(p.held, coalesce(d.word, 'record.read'), coalesce(d.register, '')) then
        return 'unknown';
    elsif d.stopped_at is not null or d.void_at is not null then
        return 'over';
    elsif not daicho.duty_word(p.held, needed, coalesce(d.register, '')) then
        return 'forbidden';
    end if;
    if account_ <> 0 then
        select * into a from daicho.account x where x.id = account_ and x.tenant = d.tenant and x.state = 'active';
        if a.id is null or not daicho.duty_word(string_to_array(a.words, ' '), needed, coalesce(d.register, '')) then
            return 'stranger';
        end if;
    end if;
    update daicho.duty set assignee = nullif(account_, 0) where id = id_;
    return 'done';
end
$$;

-- Exceptions: asked for by a person who may write the record, agreed to by another who may set the policy. Past its deadline nothing rests.
create function daicho.duty_pause_ask(id_ bigint, reason_ text, until_ timestamptz) returns text language plpgsql security definer set search_path = pg_catalog as $$
declare
    p record := daicho.duty_person();
    d daicho.duty;
begin
    select * into d from daicho.duty x where x.id = id_ and x.tenant = daicho.role_tenant() and x.kind = 'clock' for update;
    if d.id is null or (p.who).id is null or not daicho.duty_word(p.held, 'record.read', d.register) then
        return 'unknown';
    elsif not daicho.duty_word(p.held, 'record.write', d.register) then
        return 'forbidden';
    elsif daicho.duty_state(d.due_at, d.stopped_at, d.void_at) <> 'running' then
        return 'over';
    elsif until_ <= daicho.clock() or until_ > daicho.clock() + interval '366 days' then
        return 'until';
    elsif exists (select from daicho.duty_pause x where x.duty_id = id_ and x.state = 'asked') then
        return 'asked';
    end if;
    insert into daicho.duty_pause (tenant, duty_id, reason, until_at, asked_person, asked_by) values (d.tenant, id_, reason_, until_, (p.who).person_id, (p.who).login);
    return 'done';
end
$$;
-- What was left of the time is left again when the rest is over: hours of business in business time, all else as the clock on the wall counts.
create function daicho.duty_pause_decide(id_ bigint, approve boolean) returns text language plpgsql security definer set search_path = pg_catalog as $$
declare
    p record := daicho.duty_person();
    d daicho.duty;
    q daicho.duty_pause;
    r daicho.clock_rule;
    calendar_ bigint;
    due_ timestamptz;
begin
    select x.* into d from daicho.duty x where x.id = id_ and x.tenant = daicho.role_tenant() for update;
    select x.* into q from daicho.duty_pause x where x.duty_id = id_ and x.tenant = daicho.role_tenant() and x.state = 'asked' for update;
    if d.id is null or (p.who).id is null or not daicho.duty_word(p.held, 'record.read', d.register) then
        return 'unknown';
    elsif not ('policy.manage' = any (p.held)) then
        return 'forbidden';
    elsif q.id is null then
        return 'none';
    elsif q.asked_person = (p.who).person_id then
        return 'own';
    elsif approve and (daicho.duty_state(d.due_at, d.stopped_at, d.void_at) <> 'running' or q.until_at <= daicho.clock()) then
        return 'over';
    end if;
    if approve then
        select x.* into r from daicho.clock_rule x where x.id = d.rule_id;
        select c.id into calendar_ from daicho.calendar c where c.tenant = d.tenant and c.name = r.rule ->> 'calendar';
        due_ := greatest(d.due_at, case when r.rule ->> 'unit' = 'business_hours'
            then daicho.calendar_add(calendar_, q.until_at, daicho.calendar_between(calendar_, daicho.clock(), d.due_at))
            else q.until_at + (d.due_at - daicho.clock()) end);
        due_ := date_trunc('milliseconds', due_);
        update daicho.duty set due_at = greatest(due_, due_at), next_at = daicho.duty_next(r.rule, started_at, due_, told_to) where id = id_;
    end if;
    update daicho.duty_pause set state = case when approve then 'approved' else 'refused' end, decided_person = (p.who).person_id, decided_by = (p.who).login,
        decided_at = daicho.clock(), due_before = d.due_at, due_after = due_ where id = q.id;
    return 'done';
end
$$;

-- The feed ----------------------------------------------------------------------------------------------------------------------------------------------------
create function daicho.duty_feed_set(hash bytea) returns boolean language plpgsql security definer set search_path = pg_catalog as $$
declare
    p record := daicho.duty_person();
begin
    if (p.who).id is null then
        return false;
    end if;
    delete from daicho.duty_feed f where f.account_id = (p.who).id;
    if hash is not null then
        insert into daicho.duty_feed (account_id, tenant, token_hash) values ((p.who).id, (p.who).tenant, hash);
    end if;
    return true;
end
$$;
create function daicho.duty_feed_mine() returns table (made_at timestamptz, used_at timestamptz) language sql stable security definer set search_path = pg_catalog as $$
    select f.made_at, f.used_at from daicho.duty_feed f where f.account_id = daicho.actor_account() and f.tenant = daicho.role_tenant()
$$;
-- Is it theirs, or could it be: what somebody finds on the page of their own duties.
create function daicho.duty_mine(d daicho.duty, a daicho.account) returns boolean language sql stable security definer set search_path = pg_catalog as $$
    select coalesce(d.assignee = a.id or d.assignee is null and (
        d.word = any (string_to_array(a.words, ' '))
        or d.group_name is not null and a.groups && array(select g.id from daicho.account_group g where g.tenant = a.tenant and lower(g.name) = lower(d.group_name))
        or d.kind = 'clock' and d.group_name is null and d.author = a.id), false)
        and daicho.duty_word(string_to_array(a.words, ' '), coalesce(d.word, 'record.read'), coalesce(d.register, ''))
$$;
-- By an auth process, outside of any contract: the duties of whose key that is, when they may log in from there. Rows without a duty: the key is good.
create function daicho.duty_feed_read(hash bytea, source_ text) returns table (tenant text, account bigint, login text, lang text, id bigint, kind text, title_ja text, title_en text,
    register text, record bigint, due_at timestamptz, missed boolean)
language plpgsql security definer set search_path = pg_catalog as $$
declare
    f daicho.duty_feed;
begin
    if session_user <> 'daicho_auth' then
        raise insufficient_privilege using message = 'feeds are read by the auth processes only';
    end if;
    select x.* into f from daicho.duty_feed x join daicho.account a on a.id = x.account_id and a.state = 'active'
        join daicho.tenant t on t.name = x.tenant and t.state = 'active' join daicho.policy y on y.tenant = x.tenant
    where x.token_hash = hash and (not y.addresses_on or daicho.address_within(source_, y.addresses));
    if not found then
        return;
    end if;
    update daicho.duty_feed x set used_at = daicho.clock() where x.account_id = f.account_id and (x.used_at is null or x.used_at < daicho.clock() - interval '1 minute');
    return query
        select f.tenant, f.account_id, a.login, coalesce(a.lang, t.lang), d.id, d.kind, r.title_ja, r.title_en, d.register, d.record, d.due_at, daicho.clock() > d.due_at
        from daicho.account a join daicho.tenant t on t.name = a.tenant
        left join daicho.duty d on d.tenant = a.tenant and d.stopped_at is null and d.void_at is null and d.due_at < 'infinity' and not d.laid and daicho.duty_mine(d, a)
        left join daicho.clock_rule r on r.id = d.rule_id
        where a.id = f.account_id order by d.due_at, d.id limit 1000;
end
$$;

revoke execute on function daicho.duty_guard(), daicho.duty_state(timestamptz, timestamptz, timestamptz), daicho.clock_due(text, jsonb, timestamptz),
    daicho.duty_schedule(jsonb, timestamptz, timestamptz), daicho.duty_next(jsonb, timestamptz, timestamptz, timestamptz),
    daicho.clock_rule_set(text, bigint, text, jsonb), daicho.clock_simulate(jsonb, timestamptz, int), daicho.clock_settle(text, bigint, text, bigint[], timestamptz[], boolean[], boolean[], boolean[]),
    daicho.clock_gone(text, bigint, bigint[]), daicho.clock_lay(text, bigint, boolean), daicho.duty_of_review(), daicho.duty_due(bigint), daicho.duty_people(text, text, daicho.duty), daicho.duty_fire(int),
    daicho.duty_person(), daicho.duty_word(text[], text, text), daicho.duty_assign(bigint, bigint), daicho.duty_pause_ask(bigint, text, timestamptz),
    daicho.duty_pause_decide(bigint, boolean), daicho.duty_feed_set(bytea), daicho.duty_feed_mine(), daicho.duty_mine(daicho.duty, daicho.account),
    daicho.duty_feed_read(bytea, text) from public;
grant execute on function daicho.duty_due(bigint) to daicho_jobs;
grant execute on function daicho.duty_feed_read(bytea, text) to daicho_auth;
grant execute on function daicho.clock_simulate(jsonb, timestamptz, int), daicho.duty_state(timestamptz, timestamptz, timestamptz), daicho.duty_schedule(jsonb, timestamptz, timestamptz), daicho.duty_fire(int),
    daicho.duty_assign(bigint, bigint), daicho.duty_pause_ask(bigint, text, timestamptz), daicho.duty_pause_decide(bigint, boolean), daicho.duty_feed_set(bytea),
    daicho.duty_feed_mine() to daicho_tenant;
