-- Why: deadlines in business time need to know when business is done: Japan's national holidays, computed by the rules of the law for 1948 to 2099, and
-- for each contract calendars of its own, with opening hours, days off every year, and days that are other than their weekday says.
-- All of it in Asia/Tokyo. C asks; what time is left or when it is up is computed here.

-- National holidays -------------------------------------------------------------------------------------------------------------------------------
-- The day of an equinox: the formula of the Japan Coast Guard's hydrographers (新こよみ便利帳), good for 1900 to 2099. The law leaves the day to the
-- observatory, which announces it each February for the year after: a day that was announced otherwise comes by a migration.
create function daicho.equinox(year int, spring boolean) returns date language sql immutable set search_path = pg_catalog as $$
    select make_date(year, case when spring then 3 else 9 end, floor(case
        when spring and year < 1980 then 20.8357 when spring then 20.8431 when year < 1980 then 23.2588 else 23.2488 end
        + 0.242194 * (year - 1980) - case when year < 1980 then (year - 1983) / 4 else (year - 1980) / 4 end)::int)
$$;

-- The n-th Monday of a month.
create function daicho.monday(year int, month int, n int) returns date language sql immutable set search_path = pg_catalog as $$
    select d + (8 - extract(isodow from d)::int) % 7 + 7 * (n - 1) from (select make_date(year, month, 1) as d) x
$$;

-- One year's, by the rules: Act on National Holidays (昭和23年法律第178号, in force since 1948-07-20) with its changes, and the special acts. name: key of a
-- text (calendar.holiday of the catalogues).
create function daicho.holiday_rules(y int) returns table (day date, name text) language sql immutable set search_path = pg_catalog as $$
    with named (day, name, from_year, to_year) as (values
        (make_date(y, 1, 1), 'new_year', 1949, 2099),
        (make_date(y, 1, 15), 'adults', 1949, 1999),
        (daicho.monday(y, 1, 2), 'adults', 2000, 2099),
        (make_date(y, 2, 11), 'foundation', 1967, 2099),
        (make_date(y, 2, 23), 'emperor', 2020, 2099),
        (daicho.equinox(y, true), 'spring', 1949, 2099),
        (make_date(y, 4, 29), 'emperor', 1949, 1988),
        (make_date(y, 4, 29), 'greenery', 1989, 2006),
        (make_date(y, 4, 29), 'showa', 2007, 2099),
        (make_date(y, 5, 3), 'constitution', 1949, 2099),
        (make_date(y, 5, 4), 'greenery', 2007, 2099),
        (make_date(y, 5, 5), 'children', 1949, 2099),
        (make_date(y, 7, 20), 'marine', 1996, 2002),
        (daicho.monday(y, 7, 3), 'marine', 2003, 2019),
        (make_date(2020, 7, 23), 'marine', 2020, 2020),            -- the Olympic year, and the year it became
        (make_date(2021, 7, 22), 'marine', 2021, 2021),
        (daicho.monday(y, 7, 3), 'marine', 2022, 2099),
        (make_date(y, 8, 11), 'mountain', 2016, 2019),
        (make_date(2020, 8, 10), 'mountain', 2020, 2020),
        (make_date(2021, 8, 8), 'mountain', 2021, 2021),
        (make_date(y, 8, 11), 'mountain', 2022, 2099),
        (make_date(y, 9, 15), 'aged', 1966, 2002),
        (daicho.monday(y, 9, 3), 'aged', 2003, 2099),
        (daicho.equinox(y, false), 'autumn', 1948, 2099),
        (make_date(y, 10, 10), 'sports', 1966, 1999),
        (daicho.monday(y, 10, 2), 'sports', 2000, 2019),
        (make_date(2020, 7, 24), 'sports', 2020, 2020),
        (make_date(2021, 7, 23), 'sports', 2021, 2021),
        (daicho.monday(y, 10, 2), 'sports', 2022, 2099),
        (make_date(y, 11, 3), 'culture', 1948, 2099),
        (make_date(y, 11, 23), 'labour', 1948, 2099),
        (make_date(y, 12, 23), 'emperor', 1989, 2018),
        (make_date(1959, 4, 10), 'wedding', 1959, 1959),           -- each by an act of its own
        (make_date(1989, 2, 24), 'funeral', 1989, 1989),
        (make_date(1990, 11, 12), 'enthronement', 1990, 1990),
        (make_date(1993, 6, 9), 'wedding', 1993, 1993),
        (make_date(2019, 5, 1), 'accession', 2019, 2019),
        (make_date(2019, 10, 22), 'enthronement', 2019, 2019)
    ), held as (
        select n.day, n.name from named n where y between n.from_year and n.to_year
    ), substitute as (
        -- since 1973-04-12: a holiday on a Sunday moves to the next day; since 2007 to the next day that is no holiday itself
        select case when y < 2007 then h.day + 1 else (
            select min(d.day) from (select h.day + i as day from generate_series(1, 7) i) d where d.day not in (select x.day from held x)) end as day
        from held h
        where h.day >= date '1973-04-12' and extract(isodow from h.day) = 7
    ), between_two as (
        -- since 1985-12-27: the day between two holidays, unless it is a Sunday, or (before 2007) stands in for one
        select h.day + 1 as day from held h join held n on n.day = h.day + 2
        where h.day >= date '1985-12-27' and h.day + 1 not in (select x.day from held x)
            and (y >= 2007 or extract(isodow from h.day + 1) <> 7) and h.day + 1 not in (select s.day from substitute s)
    )
    select h.day, h.name from held h
    union all select s.day, 'substitute' from substitute s where s.day not in (select x.day from held x)
    union all select b.day, 'between' from between_two b
$$;

-- Computed once, looked up a thousand times.
create table daicho.holiday (
    day date primary key,
    name text not null
);
insert into daicho.holiday select r.day, r.name from generate_series(1948, 2099) y cross join lateral daicho.holiday_rules(y) r order by 1;
grant select on daicho.holiday to daicho_tenant;

-- Calendars -----------------------------------------------------------------------------------------------------------------------------------------
create table daicho.calendar (
    id bigint generated always as identity primary key,
    tenant text not null references daicho.tenant on delete cascade,
    name text not null check (name ~ '^[a-z][a-z0-9_]{0,23}$'),       -- what clocks of definitions call it
    title text not null check (length(title) between 1 and 60),
    weekdays int[] not null check (weekdays <@ array[1, 2, 3, 4, 5, 6, 7] and cardinality(weekdays) > 0),
    hours int4multirange not null check (not isempty(hours) and lower(hours) >= 0 and upper(hours) <= 1440),      -- minutes of a day
    holidays boolean not null default true,                           -- closed on national holidays
    yearly text[] not null default '{}' check (cardinality(yearly) <= 366),        -- 'MM-DD': closed every year
    version bigint not null default 1,
    unique (tenant, name),
    unique (tenant, id)
);
-- Single days: company holidays, and days that are worked all the same.
create table daicho.calendar_day (
    tenant text not null,
    calendar_id bigint not null,
    day date not null check (day between date '1948-01-01' and date '2099-12-31'),
    hours int4multirange,                            -- null: closed
    note text not null check (length(note) between 1 and 100),
    primary key (calendar_id, day),
    foreign key (tenant, calendar_id) references daicho.calendar (tenant, id) on delete cascade,
    check (hours is null or not isempty(hours) and lower(hours) >= 0 and upper(hours) <= 1440)
);
do $$
declare
    t text;
begin
    foreach t in array array['calendar', 'calendar_day'] loop
        execute format('alter table daicho.%I enable row level security', t);
        execute format('alter table daicho.%I force row level security', t);
        execute format('create policy own on daicho.%I to daicho_tenant using (tenant = (select daicho.tenant())) with check (tenant = (select daicho.tenant()))', t);
        execute format('create policy house on daicho.%I to daicho_owner using (true) with check (true)', t);
        execute format('grant select on daicho.%I to daicho_tenant', t);
    end loop;
end
$$;
alter table daicho.holiday enable row level security;
alter table daicho.holiday force row level security;
create policy read on daicho.holiday for select to daicho_tenant using ((select daicho.tenant()) is not null);
create policy house on daicho.holiday to daicho_owner using (true) with check (true);

-- The two that every contract begins with. Support: weekdays 10 to 12 and 13 to 18, but for holidays and 28 December to 4 January.
create function daicho.calendar_first(tenant_ text) returns void language sql security definer set search_path = pg_catalog as $$
    insert into daicho.calendar (tenant, name, title, weekdays, hours, yearly) values
        (tenant_, 'business', '営業日', '{1,2,3,4,5}', '{[540,1080)}', '{12-29,12-30,12-31,01-01,01-02,01-03}'),
        (tenant_, 'support', 'サポート時間', '{1,2,3,4,5}', '{[600,720),[780,1080)}', '{12-28,12-29,12-30,12-31,01-01,01-02,01-03,01-04}')
    on conflict do nothing
$$;
create function daicho.tenant_calendar() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
begin
    perform daicho.calendar_first(new.name);
    return null;
end
$$;
create trigger calendar after insert on daicho.tenant for each row execute function daicho.tenant_calendar();
select daicho.calendar_first(t.name) from daicho.tenant t;

-- As people write them: 10:00-12:00, 13:00-18:00.
create function daicho.hours_text(hours int4multirange) returns text language sql immutable set search_path = pg_catalog as $$
    select string_agg(format('%s:%s-%s:%s', lpad((lower(r) / 60)::text, 2, '0'), lpad((lower(r) % 60)::text, 2, '0'), lpad((upper(r) / 60)::text, 2, '0'),
        lpad((upper(r) % 60)::text, 2, '0')), ', ' order by lower(r)) from unnest(hours) r
$$;

-- Business time ---------------------------------------------------------------------------------------------------------------------------------------
-- The open minutes of a day; null: closed.
create function daicho.calendar_hours(calendar_ bigint, day_ date) returns int4multirange language sql stable security definer set search_path = pg_catalog as $$
    select case when d.day is not null then d.hours
        when extract(isodow from day_)::int = any (c.weekdays) and to_char(day_, 'MM-DD') <> all (c.yearly)
            and not (c.holidays and exists (select from daicho.holiday h where h.day = day_)) then c.hours end
    from daicho.calendar c left join daicho.calendar_day d on d.calendar_id = c.id and d.day = day_
    where c.id = calendar_ and (daicho.role_tenant() is null or c.tenant = daicho.role_tenant())
$$;
create function daicho.tokyo(day_ date, minute_ numeric) returns timestamptz language sql immutable set search_path = pg_catalog as $$
    select (day_ + make_interval(secs => (minute_ * 60)::float8)) at time zone 'Asia/Tokyo'
$$;
create function daicho.calendar_open(calendar_ bigint, at_ timestamptz) returns boolean language sql stable set search_path = pg_catalog as $$
    select coalesce(daicho.calendar_hours(calendar_, (at_ at time zone 'Asia/Tokyo')::date)
        @> (extract(hour from at_ at time zone 'Asia/Tokyo') * 60 + extract(minute from at_ at time zone 'Asia/Tokyo'))::int, false)
$$;

-- When `minutes` of business time after at_ are up; before it for a negative number. A second is a second: seconds of at_ are kept. Ten years without an
-- open hour is no calendar: null.
create function daicho.calendar_add(calendar_ bigint, at_ timestamptz, minutes numeric) returns timestamptz
language plpgsql stable set search_path = pg_catalog as $$
declare
    d date := (at_ at time zone 'Asia/Tokyo')::date;
    m numeric := extract(epoch from (at_ at time zone 'Asia/Tokyo') - d::timestamp) / 60;
    left_ numeric := abs(minutes);
    span record;
begin
    if minutes = 0 then
        return at_;
    end if;
    for n in 0 .. 3660 loop
        if minutes > 0 then
            for span in select greatest(lower(r), m) as a, upper(r)::numeric as b from unnest(daicho.calendar_hours(calendar_, d)) r where upper(r) > m order by lower(r) loop
                if span.b - span.a >= left_ then
                    return daicho.tokyo(d, span.a + left_);
                end if;
                left_ := left_ - (span.b - span.a);
            end loop;
            d := d + 1;
            m := 0;
        else
            for span in select lower(r)::numeric as a, least(upper(r), m) as b from unnest(daicho.calendar_hours(calendar_, d)) r where lower(r) < m order by lower(r) desc loop
                if span.b - span.a >= left_ then
                    return daicho.tokyo(d, span.b - left_);
                end if;
                left_ := left_ - (span.b - span.a);
            end loop;
            d := d - 1;
            m := 1440;
        end if;
    end loop;
    return null;
end
$$;

-- Minutes of business time from one moment to another; negative when the other comes first.
create function daicho.calendar_between(calendar_ bigint, from_ timestamptz, to_ timestamptz) returns numeric language sql stable set search_path = pg_catalog as $$
    select sign(extract(epoch from to_ - from_)) * coalesce(sum(greatest(0, extract(epoch from
        least(greatest(from_, to_), daicho.tokyo(d::date, upper(r))) - greatest(least(from_, to_), daicho.tokyo(d::date, lower(r)))) / 60)), 0)
    from generate_series((least(from_, to_) at time zone 'Asia/Tokyo')::date::timestamp, (greatest(from_, to_) at time zone 'Asia/Tokyo')::date::timestamp, interval '1 day') d
    cross join lateral unnest(daicho.calendar_hours(calendar_, d::date)) r
$$;

-- The end of the n-th business day after the day of at_: "by the next business day" is 1. Negative: before it. Null as above.
create function daicho.calendar_day_add(calendar_ bigint, at_ timestamptz, days int) returns timestamptz language plpgsql stable set search_path = pg_catalog as $$
declare
    d date := (at_ at time zone 'Asia/Tokyo')::date;
    left_ int := abs(days);
    open_ int4multirange;
begin
    for n in 1 .. 3660 loop
        d := d + case when days < 0 then -1 else 1 end;
        open_ := daicho.calendar_hours(calendar_, d);
        if open_ is not null then
            left_ := left_ - 1;
            if left_ <= 0 then
                return daicho.tokyo(d, upper(open_));
            end if;
        end if;
    end loop;
    return null;
end
$$;

-- The same day and time n months on, clamped to the end of the month: 31 January and a month is 28 or 29 February.
create function daicho.months_add(at_ timestamptz, months int) returns timestamptz language sql immutable set search_path = pg_catalog as $$
    select ((at_ at time zone 'Asia/Tokyo') + make_interval(months => months)) at time zone 'Asia/Tokyo'
$$;

-- Changing them: who may set the contract's policy. Doors of the owner.
create function daicho.calendar_may() returns text language plpgsql stable security definer set search_path = pg_catalog as $$
declare
    asks record;
begin
    select * into asks from daicho.acting();
    if daicho.role_tenant() is null or asks.kind is null or not (asks.kind = 'operator' or 'policy.manage' = any (asks.held)) then
        raise insufficient_privilege using message = 'calendars are changed by those who may set the policy';
    end if;
    return daicho.role_tenant();
end
$$;
-- id 0: a new one. No row: there is no such calendar, or not in this version.
create function daicho.calendar_write(id_ bigint, version_ bigint, name_ text, title_ text, weekdays_ int[], hours_ int4multirange, holidays_ boolean, yearly_ text[])
returns bigint language plpgsql security definer set search_path = pg_catalog as $$
declare
    mine text := daicho.calendar_may();
    done bigint;
begin
    if id_ = 0 then
        insert into daicho.calendar (tenant, name, title, weekdays, hours, holidays, yearly) values (mine, name_, title_, weekdays_, hours_, holidays_, yearly_)
        returning id into done;
    else
        update daicho.calendar c set title = title_, weekdays = weekdays_, hours = hours_, holidays = holidays_, yearly = yearly_, version = version + 1
        where c.id = id_ and c.tenant = mine and c.version = version_ returning c.id into done;
    end if;
    return done;
end
$$;
-- A single day; open_ null: it is again what its weekday says. False: there is no such calendar.
create function daicho.calendar_day_write(id_ bigint, day_ date, open_ boolean, hours_ int4multirange, note_ text) returns boolean
language plpgsql security definer set search_path = pg_catalog as $$
declare
    mine text := daicho.calendar_may();
    c daicho.calendar;
begin
    select * into c from daicho.calendar x where x.id = id_ and x.tenant = mine for update;
    if not found then
        return false;
    elsif open_ is null then
        delete from daicho.calendar_day x where x.calendar_id = id_ and x.day = day_;
        return found;
    end if;
    insert into daicho.calendar_day (tenant, calendar_id, day, hours, note) values (mine, id_, day_, case when open_ then coalesce(hours_, c.hours) end, note_)
    on conflict (calendar_id, day) do update set hours = excluded.hours, note = excluded.note;
    return true;
end
$$;

revoke execute on function daicho.hours_text(int4multirange), daicho.equinox(int, boolean), daicho.monday(int, int, int), daicho.holiday_rules(int), daicho.calendar_first(text), daicho.tenant_calendar(),
    daicho.calendar_hours(bigint, date), daicho.tokyo(date, numeric), daicho.calendar_open(bigint, timestamptz), daicho.calendar_add(bigint, timestamptz, numeric),
    daicho.calendar_between(bigint, timestamptz, timestamptz), daicho.calendar_day_add(bigint, timestamptz, int), daicho.months_add(timestamptz, int),
    daicho.calendar_may(), daicho.calendar_write(bigint, bigint, text, text, int[], int4multirange, boolean, text[]),
    daicho.calendar_day_write(bigint, date, boolean, int4multirange, text) from public;
grant execute on function daicho.hours_text(int4multirange), daicho.calendar_hours(bigint, date), daicho.tokyo(date, numeric), daicho.calendar_open(bigint, timestamptz),
    daicho.calendar_add(bigint, timestamptz, numeric), daicho.calendar_between(bigint, timestamptz, timestamptz), daicho.calendar_day_add(bigint, timestamptz, int),
    daicho.months_add(timestamptz, int), daicho.calendar_write(bigint, bigint, text, text, int[], int4multirange, boolean, text[]),
    daicho.calendar_day_write(bigint, date, boolean, int4multirange, text) to daicho_tenant;
