-- Why: work that comes again, for each record of a condition or once for a register, is made by the house itself: no period is left out and none made twice,
-- whatever stood still meanwhile; what was missed stays missed; and when something was done is what the clock says, one at a time.

-- Rules stand beside those of clocks: a round has its time, its group and its ladder as a clock has.
-- rule: {unit, count, calendar, group, ladder} as of clocks, and {once, every: {months, month, day} | {weekdays} | null, rest: {days} | {months} | null, closed, assignee,
-- results, note} (register/round_rule.c)
alter table daicho.clock_rule add column kind text not null default 'clock' check (kind in ('clock', 'round'));
drop index daicho.clock_rule_now_key;
create unique index clock_rule_now_key on daicho.clock_rule (tenant, register_id, kind, name) where retired_at is null;

-- A period of a round is a duty; `clock` is the round's name, record null: of the register.
alter table daicho.duty drop constraint duty_kind_check, drop constraint duty_check,
    add constraint duty_kind_check check (kind in ('clock', 'round', 'access_review', 'log_review', 'move')),
    add constraint duty_check check (case kind when 'clock' then rule_id is not null and register_id is not null and record is not null and ref is null
        when 'round' then rule_id is not null and register_id is not null and clock is not null and ref is null else rule_id is null and ref is not null end),
    add constraint duty_round_check check (kind <> 'round' or due_at >= started_at and (stopped_at is null or stopped_at >= started_at and void_at is null));
create unique index duty_round_key on daicho.duty (tenant, register_id, clock, (coalesce(record, 0)), started_at) where kind = 'round';
create index duty_round_idx on daicho.duty (tenant, register_id, clock, started_at) where kind = 'round';
create index duty_record_idx on daicho.duty (tenant, register_id, record, started_at) where kind = 'round';

-- Who takes part: the records that meet the condition now, each with the period that comes next. One that left stays until what began before has been made.
create table daicho.round_member (
    id bigint generated always as identity primary key,
    tenant text not null,
    rule_id bigint not null,
    register_id bigint not null,
    register text not null,
    name text not null,
    record bigint,                                   -- null: the register itself
    since timestamptz not null,
    left_at timestamptz,
    day date,                                        -- of the next period, as the rule says
    next_at timestamptz not null,                    -- when it begins: on that day, or when business is done; infinity: never
    laid boolean not null default false,             -- its register was deleted and can be brought back
    foreign key (tenant, rule_id) references daicho.clock_rule (tenant, id) on delete cascade
);
create unique index round_member_key on daicho.round_member (tenant, register_id, name, (coalesce(record, 0))) where left_at is null;
create index round_member_left_idx on daicho.round_member (tenant, register_id, name) where left_at is not null;
create index round_member_next_idx on daicho.round_member (next_at) where not laid;
create index round_member_turn_idx on daicho.round_member (tenant, next_at, id) where not laid;
create index round_member_rule_idx on daicho.round_member (tenant, rule_id);

-- Who did it, and what came of it. One in a transaction: what is done is done one by one.
create table daicho.round_done (
    duty_id bigint primary key,
    tenant text not null,
    result text check (length(result) <= 60),
    note text check (length(note) between 1 and 2000),
    account_id bigint not null,
    person_id bigint not null,
    done_by text not null,
    done_at timestamptz not null default daicho.clock(),
    xid xid8 not null default pg_current_xact_id(),
    foreign key (tenant, duty_id) references daicho.duty (tenant, id) on delete cascade,
    constraint round_done_one_by_one unique (xid, done_at)
);
create index round_done_duty_idx on daicho.round_done (tenant, duty_id);
do $$
declare
    t text;
begin
    foreach t in array array['round_member', 'round_done'] loop
        execute format('alter table daicho.%I enable row level security', t);
        execute format('alter table daicho.%I force row level security', t);
        execute format('create policy house on daicho.%I to daicho_owner using (true) with check (true)', t);
        execute format('create policy own on daicho.%I for select to daicho_tenant using (tenant = (select daicho.tenant()) and current_user::text !~ ''_(desk|form)$'')', t);
        execute format('grant select on daicho.%I to daicho_tenant', t);
    end loop;
end
$$;

-- What never happens, whoever asks for it. As in 0039; of rounds, more: a period that is over stays as it was, and none is done without saying who did it.
create or replace function daicho.duty_guard() returns trigger language plpgsql set search_path = pg_catalog as $$
begin
    if new.started_at <> old.started_at or new.due_first <> old.due_first then
        raise 'the start of a duty does not move' using errcode = 'integrity_constraint_violation';
    elsif new.due_at <> old.due_at and (new.due_at < old.due_at or daicho.clock() > old.due_at) then
        raise 'a deadline is not made shorter, nor moved once it was missed' using errcode = 'integrity_constraint_violation';
    elsif new.stopped_at is distinct from old.stopped_at and new.stopped_at <> daicho.clock() or new.void_at is distinct from old.void_at and new.void_at <> daicho.clock() then
        raise 'a duty ends when it ends' using errcode = 'integrity_constraint_violation';
    elsif new.kind = 'round' and (new.due_at <> old.due_at or new.kind <> old.kind or new.record is distinct from old.record or new.rule_id <> old.rule_id) then
        raise 'a period does not move' using errcode = 'integrity_constraint_violation';
    elsif new.kind = 'round' and (old.stopped_at is not null or old.void_at is not null) and (new.stopped_at, new.void_at) is distinct from (old.stopped_at, old.void_at) then
        raise 'a period that is over stays as it was' using errcode = 'integrity_constraint_violation';
    elsif new.kind = 'round' and new.stopped_at is not null and old.stopped_at is null
        and not exists (select from daicho.round_done r where r.duty_id = new.id and r.tenant = new.tenant and r.done_at = new.stopped_at) then
        raise 'a period is done by somebody' using errcode = 'integrity_constraint_violation';
    end if;
    return new;
end
$$;
create function daicho.round_guard() returns trigger language plpgsql set search_path = pg_catalog as $$
begin
    raise 'a period is done after it has begun' using errcode = 'integrity_constraint_violation';
end
$$;
create trigger round_begin before insert on daicho.duty for each row when (new.kind = 'round' and (new.stopped_at is not null or new.started_at > daicho.clock()))
    execute function daicho.round_guard();
create trigger round_done before update on daicho.round_done for each row execute function daicho.round_guard();

-- When periods begin ------------------------------------------------------------------------------------------------------------------------------------------
-- The next day the rule names behind a day; it may be one on which no business is done. Every so many months counts from its first month in January's year: quarters that
-- begin in April are April, July, October, January.
create function daicho.round_day(rule jsonb, after_ date) returns date language plpgsql immutable set search_path = pg_catalog as $$
declare
    every_ jsonb := rule -> 'every';
    d date;
    m int := extract(year from after_)::int * 12 + extract(month from after_)::int - 1;
begin
    if jsonb_exists(every_, 'weekdays') then
        return (select min(after_ + n) from generate_series(1, 7) n where every_ -> 'weekdays' @> to_jsonb(extract(isodow from after_ + n)::int));
    end if;
    loop
        if (m - (every_ ->> 'month')::int + 1) % (every_ ->> 'months')::int = 0 then
            d := make_date(m / 12, m % 12 + 1, 1);
            d := d + least((every_ ->> 'day')::int, extract(day from d + interval '1 month' - interval '1 day')::int) - 1;
            exit when d > after_;
        end if;
        m := m + 1;
    end loop;
    return d;
end
$$;
-- When the period of a day begins: at 0:00 of it, or of the next or the last day before on which business is done. Null: it does not take place.
create function daicho.round_at(tenant_ text, rule jsonb, day_ date) returns timestamptz language plpgsql stable set search_path = pg_catalog as $$
declare
    calendar_ bigint;
    way text := coalesce(rule ->> 'closed', 'open');
    d date := day_;
begin
    if way <> 'open' then
        select c.id into calendar_ from daicho.calendar c where c.tenant = tenant_ and c.name = rule ->> 'calendar';
        for n in 0 .. 366 loop
            exit when daicho.calendar_hours(calendar_, d) is not null;
            if way = 'skip' or n = 366 then
                return null;
            end if;
            d := d + case way when 'before' then -1 else 1 end;
        end loop;
    end if;
    return daicho.tokyo(d, 0);
end
$$;
-- The period behind one that is of day_ and begins at_. Two days that come to the same one are one period.
create function daicho.round_after(tenant_ text, rule jsonb, day_ date, at_ timestamptz, out day date, out at timestamptz) language plpgsql stable set search_path = pg_catalog as $$
begin
    day := day_;
    for n in 1 .. 3660 loop
        day := daicho.round_day(rule, day);
        at := daicho.round_at(tenant_, rule, day);
        if at > at_ then
            return;
        end if;
    end loop;
    at := 'infinity';
end
$$;
-- So long after something was done, or was to be done.
create function daicho.round_rest(tenant_ text, rule jsonb, at_ timestamptz, out day date, out at timestamptz) language plpgsql stable set search_path = pg_catalog as $$
declare
    d date := (at_ at time zone 'Asia/Tokyo')::date;
begin
    day := case when jsonb_exists(rule -> 'rest', 'months') then (d + make_interval(months => (rule -> 'rest' ->> 'months')::int))::date else d + (rule -> 'rest' ->> 'days')::int end;
    at := daicho.round_at(tenant_, rule, day);
    if at is null or at <= at_ then
        at := daicho.tokyo(d + 1, 0);
    end if;
end
$$;
-- The first of who joins now.
create function daicho.round_first(tenant_ text, rule jsonb, at_ timestamptz, out day date, out at timestamptz) language plpgsql stable set search_path = pg_catalog as $$
begin
    if rule -> 'rest' <> 'null' then
        select x.day, x.at into day, at from daicho.round_rest(tenant_, rule, at_) x;
    else
        select x.day, x.at into day, at from daicho.round_after(tenant_, rule, (at_ at time zone 'Asia/Tokyo')::date - 40, at_) x;
    end if;
end
$$;
-- A period: its deadline, which never lies behind the beginning of the next one, and that next one when it is not done.
create function daicho.round_period(tenant_ text, rule jsonb, day_ date, at_ timestamptz, out due timestamptz, out day date, out at timestamptz)
language plpgsql stable set search_path = pg_catalog as $$
begin
    due := daicho.clock_due(tenant_, rule, at_);
    if rule -> 'rest' <> 'null' then
        select x.day, x.at into day, at from daicho.round_rest(tenant_, rule, case when due < 'infinity' then due else at_ end) x;
    else
        select x.day, x.at into day, at from daicho.round_after(tenant_, rule, day_, at_) x;
        due := least(due, at - interval '1 millisecond');
    end if;
end
$$;

-- What a round would make due for what takes part from from_ on. With an interval: when each is done at its deadline. Nothing is written.
create function daicho.round_simulate(rule jsonb, from_ timestamptz, days int) returns table (what text, start_at timestamptz, at timestamptz, who text)
language plpgsql stable security definer set search_path = pg_catalog as $$
declare
    mine text := daicho.role_tenant();
    f record := daicho.round_first(mine, rule, from_);
    p record;
begin
    for n in 1 .. 1000 loop
        exit when f.at is null or f.at > from_ + make_interval(days => least(days, 3660));
        p := daicho.round_period(mine, rule, f.day, f.at);
        return query select x.what, f.at, x.at, x.who from (
            select 'due' as what, p.due as at, '' as who
            union all
            select rule -> 'ladder' -> (t.step - 1) ->> 'notice', t.at, (select string_agg(w, ', ') from jsonb_array_elements_text(rule -> 'ladder' -> (t.step - 1) -> 'to') w)
            from daicho.duty_schedule(rule, f.at, p.due) t) x order by x.at, x.what;
        select p.day as day, p.at as at into f;
    end loop;
end
$$;

-- Who takes part -----------------------------------------------------------------------------------------------------------------------------------------------
-- What is open is open no more: in time it does not apply, behind its deadline it was missed.
create function daicho.round_leave(tenant_ text, register_ bigint, name_ text, records bigint[]) returns void language plpgsql set search_path = pg_catalog as $$
begin
    update daicho.round_member m set left_at = daicho.clock()
    where m.tenant = tenant_ and m.register_id = register_ and m.name = name_ and coalesce(m.record, 0) = any (records) and m.left_at is null;
    delete from daicho.round_member m where m.tenant = tenant_ and m.register_id = register_ and m.name = name_ and m.left_at is not null and m.next_at >= m.left_at;
    update daicho.duty d set void_at = daicho.clock(), next_at = null
    where d.kind = 'round' and d.tenant = tenant_ and d.register_id = register_ and d.clock = name_ and coalesce(d.record, 0) = any (records)
        and d.stopped_at is null and d.void_at is null;
end
$$;
create function daicho.round_join(tenant_ text, register_ bigint, name_ text, records bigint[]) returns void language plpgsql set search_path = pg_catalog as $$
declare
    r daicho.clock_rule;
begin
    select * into r from daicho.clock_rule x where x.tenant = tenant_ and x.register_id = register_ and x.kind = 'round' and x.name = name_ and x.retired_at is null;
    insert into daicho.round_member (tenant, rule_id, register_id, register, name, record, since, day, next_at)
    select tenant_, r.id, register_, r.register, name_, nullif(u, 0), daicho.clock(), f.day, f.at
    from unnest(records) u cross join daicho.round_first(tenant_, r.rule, daicho.clock()) f
    where r.id is not null
    on conflict (tenant, register_id, name, (coalesce(record, 0))) where left_at is null do nothing;
end
$$;
-- What records now say of one round: do they meet its condition. Called by the trigger of their register, for all records one statement wrote.
create function daicho.round_settle(tenant_ text, register_ bigint, name_ text, records bigint[], meets boolean[]) returns void language plpgsql set search_path = pg_catalog as $$
declare
    goes bigint[];
    comes bigint[];
begin
    select array_agg(u.record) filter (where not u.meets and m.id is not null), array_agg(u.record) filter (where u.meets and m.id is null) into goes, comes
    from unnest(records, meets) u (record, meets)
    left join daicho.round_member m on m.tenant = tenant_ and m.register_id = register_ and m.name = name_ and coalesce(m.record, 0) = u.record and m.left_at is null;
    if goes is not null then
        perform daicho.round_leave(tenant_, register_, name_, goes);
    end if;
    if comes is not null then
        perform daicho.round_join(tenant_, register_, name_, comes);
    end if;
end
$$;
create function daicho.round_gone(tenant_ text, register_ bigint, records bigint[]) returns void language sql set search_path = pg_catalog as $$
    select daicho.round_leave(tenant_, register_, r.name, records) from daicho.clock_rule r
    where r.tenant = tenant_ and r.register_id = register_ and r.kind = 'round' and r.retired_at is null and records is not null
$$;

-- By the define job: what a definition says of its rounds. Who takes part of rounds for each record is settled behind it.
create function daicho.round_rule_set(mine text, register_id_ bigint, register_ text, rules jsonb) returns void language plpgsql set search_path = pg_catalog as $$
declare
    x jsonb;
    was daicho.clock_rule;
    r daicho.clock_rule;
begin
    for was in select * from daicho.clock_rule c where c.tenant = mine and c.register_id = register_id_ and c.kind = 'round' and c.retired_at is null and not exists (
        select from jsonb_array_elements(rules) y where y ->> 'name' = c.name and y -> 'rule' = c.rule and y ->> 'ja' = c.title_ja and y ->> 'en' = c.title_en) loop
        update daicho.clock_rule c set retired_at = daicho.clock() where c.id = was.id;
        x := null;
        select y into x from jsonb_array_elements(rules) y where y ->> 'name' = was.name and y -> 'rule' -> 'once' = was.rule -> 'once';
        if x is null then
            perform daicho.round_leave(mine, register_id_, was.name, array(select coalesce(m.record, 0) from daicho.round_member m
                where m.tenant = mine and m.register_id = register_id_ and m.name = was.name and m.left_at is null));
            continue;
        end if;
        insert into daicho.clock_rule (kind, tenant, register_id, register, name, title_ja, title_en, rule)
        values ('round', mine, register_id_, register_, was.name, x ->> 'ja', x ->> 'en', x -> 'rule') returning * into r;
        update daicho.round_member m set rule_id = r.id where m.rule_id = was.id and m.tenant = mine;
        if (was.rule -> 'every', was.rule -> 'rest', was.rule -> 'closed', was.rule -> 'calendar')
            is distinct from (r.rule -> 'every', r.rule -> 'rest', r.rule -> 'closed', r.rule -> 'calendar') then      -- what has begun and was not made is made all the same
            update daicho.round_member m set day = f.day, next_at = f.at from daicho.round_first(mine, r.rule, daicho.clock()) f
            where m.rule_id = r.id and m.tenant = mine and m.next_at > daicho.clock();
        end if;
    end loop;
    for x in select y from jsonb_array_elements(rules) y where not exists (select from daicho.clock_rule c
        where c.tenant = mine and c.register_id = register_id_ and c.kind = 'round' and c.name = y ->> 'name' and c.retired_at is null) loop
        insert into daicho.clock_rule (kind, tenant, register_id, register, name, title_ja, title_en, rule)
        values ('round', mine, register_id_, register_, x ->> 'name', x ->> 'ja', x ->> 'en', x -> 'rule');
        if (x -> 'rule' -> 'once')::boolean then
            perform daicho.round_join(mine, register_id_, x ->> 'name', '{0}');
        end if;
    end loop;
end
$$;
-- Their register was deleted, or brought back: nothing begins meanwhile.
create function daicho.round_lay(mine text, register_ bigint, laid_ boolean) returns void language sql set search_path = pg_catalog as $$
    update daicho.round_member m set laid = laid_, day = case when m.next_at <= daicho.clock() and not laid_ then f.day else m.day end,
        next_at = case when m.next_at <= daicho.clock() and not laid_ then f.at else m.next_at end
    from daicho.clock_rule r cross join lateral daicho.round_first(mine, r.rule, daicho.clock()) f
    where m.tenant = mine and m.register_id = register_ and r.id = m.rule_id;
    update daicho.duty d set laid = laid_, next_at = case when not laid_ and d.stopped_at is null and d.void_at is null
        then (select daicho.duty_next(r.rule, d.started_at, d.due_at, d.told_to) from daicho.clock_rule r where r.id = d.rule_id) end
    where d.tenant = mine and d.register_id = register_ and d.kind = 'round'
$$;
-- A calendar says something else of the days to come: periods that have not begun follow.
create function daicho.round_calendar() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
declare
    row_ jsonb := to_jsonb(case when tg_op = 'DELETE' then old else new end);
    now_ timestamptz := daicho.clock();
begin
    update daicho.round_member m set day = s.day, next_at = s.at
    from (select x.rule_id, x.day as was, case when a.at is null then n.day else x.day end as day, coalesce(a.at, n.at) as at
        from (select distinct y.rule_id, y.day from daicho.round_member y join daicho.clock_rule r on r.id = y.rule_id
            join daicho.calendar c on c.tenant = y.tenant and c.name = r.rule ->> 'calendar' and c.id = coalesce((row_ ->> 'calendar_id')::bigint, (row_ ->> 'id')::bigint)
            where y.tenant = row_ ->> 'tenant' and y.next_at > now_ and y.day is not null and jsonb_exists(r.rule, 'closed')) x
        join daicho.clock_rule r on r.id = x.rule_id
        cross join lateral (select daicho.round_at(r.tenant, r.rule, x.day) as at) a
        cross join lateral daicho.round_after(r.tenant, jsonb_set(r.rule, '{every}', case when r.rule -> 'every' = 'null' then '{"weekdays": [1, 2, 3, 4, 5, 6, 7]}' else r.rule -> 'every' end),
            x.day, now_) n) s
    where m.rule_id = s.rule_id and m.day = s.was and m.next_at > now_;
    return null;
end
$$;
create trigger round_calendar after update on daicho.calendar for each row execute function daicho.round_calendar();
create trigger round_calendar after insert or update or delete on daicho.calendar_day for each row execute function daicho.round_calendar();

-- Making periods ---------------------------------------------------------------------------------------------------------------------------------------------------
-- Outside any contract: the next one in which a period begins.
create function daicho.round_due(after_ bigint) returns table (tenant text, number bigint) language sql stable security definer set search_path = pg_catalog as $$
    select x.tenant, hashtextextended(x.tenant, 0) & 9223372036854775807
    from (select distinct d.tenant from (select y.tenant from daicho.round_member y where y.next_at <= daicho.clock() and not y.laid order by y.next_at limit 2000) d) x
    join daicho.tenant t on t.name = x.tenant and t.state = 'active'
    where hashtextextended(x.tenant, 0) & 9223372036854775807 > after_
    order by 2 limit 1
$$;
-- Whose it is: by name, or as the record says; null: nobody's in particular, or somebody who is not there any more.
create function daicho.round_whose(m daicho.round_member, rule jsonb) returns bigint language plpgsql stable set search_path = pg_catalog as $$
declare
    who text := rule ->> 'assignee';
    account_ bigint;
begin
    if who ~ '^item:' then
        execute format('select r.%I from %I.%I r where r.id = $1', substr(who, 6), 't_' || m.tenant, 'r_' || m.register) into account_ using m.record;
        return (select a.id from daicho.account a where a.id = account_ and a.tenant = m.tenant and a.state = 'active');
    end if;
    return (select a.id from daicho.account a where lower(a.login) = lower(substr(who, 9)) and a.tenant = m.tenant and a.state = 'active');
end
$$;
-- Every period that has begun, at most max_ of them; who was quicker holds the row of who takes part. Of those before the one that runs now nothing can be done any more.
create function daicho.round_turn(max_ int, out seen bigint, out made bigint, out missed bigint) language plpgsql security definer set search_path = pg_catalog as $$
declare
    mine text := daicho.role_tenant();
    now_ timestamptz := daicho.clock();
    m daicho.round_member;
    r daicho.clock_rule;
    p record;
    whose bigint;
    over_ timestamptz;
    of_rule bigint;
    of_day date;
    of_at timestamptz;
    put bigint;
begin
    if session_user <> 'daicho_jobs' or mine is null then
        raise insufficient_privilege using message = 'rounds are turned by the jobs processes only';
    end if;
    seen := 0;
    made := 0;
    missed := 0;
    for m in select x.* from daicho.round_member x where x.tenant = mine and x.next_at <= now_ and not x.laid order by x.next_at, x.id limit max_ for update skip locked loop
        exit when made >= max_;
        seen := seen + 1;
        if r.id is distinct from m.rule_id then
            select * into r from daicho.clock_rule x where x.id = m.rule_id;
        end if;
        update daicho.duty d set void_at = now_, next_at = null
        where d.kind = 'round' and d.tenant = mine and d.register_id = m.register_id and d.clock = m.name and coalesce(d.record, 0) = coalesce(m.record, 0)
            and d.stopped_at is null and d.void_at is null;
        get diagnostics put = row_count;
        missed := missed + put;
        whose := case when jsonb_exists(r.rule, 'assignee') then daicho.round_whose(m, r.rule) end;
        while m.next_at <= now_ and m.next_at < coalesce(m.left_at, 'infinity') and made < max_ loop
            if (of_rule, of_day, of_at) is distinct from (r.id, m.day, m.next_at) then       -- mostly they begin together
                p := daicho.round_period(mine, r.rule, m.day, m.next_at);
                of_rule := r.id;
                of_day := m.day;
                of_at := m.next_at;
            end if;
            over_ := case when m.left_at < p.at then m.left_at when p.at <= now_ then now_ end;
            insert into daicho.duty (tenant, kind, rule_id, register_id, register, clock, record, group_name, assignee, started_at, due_at, due_first, void_at, next_at)
            values (mine, 'round', r.id, m.register_id, m.register, m.name, m.record, r.rule ->> 'group', whose, m.next_at, p.due, p.due, over_,
                case when over_ is null then daicho.duty_next(r.rule, m.next_at, p.due, '-infinity') end)
            on conflict (tenant, register_id, clock, (coalesce(record, 0)), started_at) where kind = 'round' do nothing;
            get diagnostics put = row_count;
            made := made + put;
            missed := missed + case when over_ > p.due then put else 0 end;
            m.day := p.day;
            m.next_at := p.at;
        end loop;
        if m.next_at >= m.left_at then
            delete from daicho.round_member x where x.id = m.id;
        else
            update daicho.round_member x set day = m.day, next_at = m.next_at where x.id = m.id;
        end if;
    end loop;
end
$$;

-- Done ------------------------------------------------------------------------------------------------------------------------------------------------------------------
-- 'done', or why not: unknown, forbidden, person, over, early, result, note. When is not asked: it is now. Who takes part is locked first, as where periods are made.
create function daicho.round_finish(id_ bigint, result_ text, note_ text) returns text language plpgsql security definer set search_path = pg_catalog as $$
declare
    p record := daicho.move_person();
    now_ timestamptz := daicho.clock();
    d daicho.duty;
    m daicho.round_member;
    r daicho.clock_rule;
begin
    select * into d from daicho.duty x where x.id = id_ and x.tenant = daicho.role_tenant() and x.kind = 'round' and not x.laid;
    if d.id is null or not coalesce(daicho.duty_word(p.held, 'record.read', d.register), false) then
        return 'unknown';
    elsif not daicho.duty_word(p.held, 'record.write', d.register) then
        return 'forbidden';
    elsif p.person is null or p.account is null then
        return 'person';
    end if;
    select * into m from daicho.round_member x where x.tenant = d.tenant and x.register_id = d.register_id and x.name = d.clock and coalesce(x.record, 0) = coalesce(d.record, 0)
        and x.left_at is null for update;
    select * into d from daicho.duty x where x.id = id_ for update;
    select * into r from daicho.clock_rule x where x.id = d.rule_id;
    if d.started_at > now_ then
        return 'early';
    elsif d.stopped_at is not null or d.void_at is not null or m.id is null or m.next_at <= now_ then
        return 'over';
    elsif (case when r.rule -> 'results' = '[]' then result_ is not null else not coalesce(jsonb_exists(r.rule -> 'results', result_), false) end) then
        return 'result';
    elsif (r.rule -> 'note')::boolean and note_ is null then
        return 'note';
    elsif exists (select from daicho.round_done x where x.xid = pg_current_xact_id() and x.done_at = now_) then
        raise 'what is done is told one by one' using errcode = 'integrity_constraint_violation';
    end if;
    insert into daicho.round_done (duty_id, tenant, result, note, account_id, person_id, done_by) values (d.id, d.tenant, result_, note_, p.account, p.person, p.login);
    update daicho.duty x set stopped_at = now_, stopped_by = p.login, next_at = null where x.id = d.id;
    if r.rule -> 'rest' <> 'null' then
        update daicho.round_member x set day = f.day, next_at = f.at
        from daicho.clock_rule c cross join lateral daicho.round_rest(d.tenant, c.rule, now_) f where x.id = m.id and c.id = m.rule_id and c.rule -> 'rest' <> 'null';
    end if;
    return 'done';
end
$$;

revoke execute on function daicho.round_guard(), daicho.round_day(jsonb, date), daicho.round_at(text, jsonb, date), daicho.round_after(text, jsonb, date, timestamptz),
    daicho.round_rest(text, jsonb, timestamptz), daicho.round_first(text, jsonb, timestamptz), daicho.round_period(text, jsonb, date, timestamptz),
    daicho.round_simulate(jsonb, timestamptz, int), daicho.round_leave(text, bigint, text, bigint[]), daicho.round_join(text, bigint, text, bigint[]),
    daicho.round_settle(text, bigint, text, bigint[], boolean[]), daicho.round_gone(text, bigint, bigint[]), daicho.round_rule_set(text, bigint, text, jsonb),
    daicho.round_lay(text, bigint, boolean), daicho.round_calendar(), daicho.round_due(bigint), daicho.round_whose(daicho.round_member, jsonb), daicho.round_turn(int),
    daicho.round_finish(bigint, text, text) from public;
grant execute on function daicho.round_due(bigint) to daicho_jobs;
grant execute on function daicho.round_simulate(jsonb, timestamptz, int), daicho.round_turn(int), daicho.round_finish(bigint, text, text) to daicho_tenant;
