-- Why: conditions are saved as segments, and how many records meet one is always known: each statement that writes records adds the difference it made
-- (tenant/0013_segment.sql, register/segment_build.c). What falls due by itself stands here: counts that became unknown, numbers that wait to be added
-- up, days that begin, the check of every night. Conditions and numbers themselves stand in the schema of their contract.

create table daicho.segment_asked (
    id bigint generated always as identity primary key,
    tenant text not null references daicho.tenant on delete cascade,
    fold boolean not null,                                  -- only to be added up
    at timestamptz not null default daicho.clock()
);
create table daicho.segment_turn (
    id bigint generated always as identity primary key,
    tenant text not null unique references daicho.tenant on delete cascade,
    counted_on date not null,                               -- conditions that depend on the day are counted for this one
    checked_on date not null
);
do $$
declare
    t text;
begin
    foreach t in array array['segment_asked', 'segment_turn'] loop
        execute format('alter table daicho.%I enable row level security', t);
        execute format('alter table daicho.%I force row level security', t);
        execute format('create policy house on daicho.%I to daicho_owner using (true) with check (true)', t);
    end loop;
end
$$;

create function daicho.segment_today() returns date language sql stable as $$
    select (daicho.clock() at time zone 'Asia/Tokyo')::date
$$;

-- The day whose check is due: it begins at three o'clock.
create function daicho.segment_night() returns date language sql stable as $$
    select (daicho.clock() at time zone 'Asia/Tokyo' - interval '3 hours')::date
$$;

-- The next contract in which counts are unknown.
create function daicho.segment_due(after_ bigint) returns table (id bigint, tenant text) language sql stable security definer set search_path = pg_catalog as $$
    select min(a.id), a.tenant from daicho.segment_asked a where not a.fold group by a.tenant having min(a.id) > after_ order by 1 limit 1
$$;
-- Inside it: takes what was asked until now; false: another process was quicker.
create function daicho.segment_take() returns boolean language plpgsql security definer set search_path = pg_catalog as $$
begin
    delete from daicho.segment_asked a where a.tenant = daicho.role_tenant() and not a.fold;
    return found;
end
$$;
-- Counts of this contract are to be made, soon: for what the contract's own roles do.
create function daicho.segment_ask() returns void language sql security definer set search_path = pg_catalog as $$
    insert into daicho.segment_asked (tenant, fold) select daicho.role_tenant(), false where daicho.role_tenant() is not null
$$;
-- The next contract for which a day has begun, or the check of the night is due (three hours into the day).
create function daicho.segment_turn_due(after_ bigint) returns table (id bigint, tenant text) language sql stable security definer set search_path = pg_catalog as $$
    select t.id, t.tenant from daicho.segment_turn t
    where t.id > after_ and (t.counted_on < daicho.segment_today()
        or t.checked_on < daicho.segment_night())
    order by t.id limit 1
$$;
-- Inside it: 'day', or 'check', or null: another process was quicker.
create function daicho.segment_turn_take() returns text language plpgsql security definer set search_path = pg_catalog as $$
begin
    update daicho.segment_turn t set counted_on = daicho.segment_today() where t.tenant = daicho.role_tenant() and t.counted_on < daicho.segment_today();
    if found then
        return 'day';
    end if;
    update daicho.segment_turn t set checked_on = daicho.segment_today() where t.tenant = daicho.role_tenant() and t.checked_on < daicho.segment_night();
    return case when found then 'check' end;
end
$$;

-- Differences become one row a day. Rows that say "unknown" stay for the count.
create function daicho.segment_fold() returns bigint language plpgsql security definer set search_path = pg_catalog as $$
declare
    tenant_ text;
    folded bigint := 0;
begin
    for tenant_ in with gone as (delete from daicho.segment_asked a where a.fold returning a.tenant) select distinct g.tenant from gone g join daicho.tenant t on t.name = g.tenant and t.state <> 'ended' loop
        execute format('select 1 from %I.segment order by id for no key update', 't_' || tenant_);
        execute format('with gone as (delete from %1$I.segment_count c where c.delta is not null returning c.segment, c.day, c.delta) '
            'insert into %1$I.segment_count (segment, day, delta) select g.segment, greatest(g.day, $1), sum(g.delta) from gone g '
            'where exists (select from %1$I.segment s where s.id = g.segment) group by 1, 2 having sum(g.delta) <> 0', 't_' || tenant_)
            using daicho.segment_today() - 400;
        folded := folded + 1;
    end loop;
    return folded;
end
$$;

-- For the operator's desk, which sees no condition: how many of these registers' name one of these items.
create function daicho.segment_naming(registers_ bigint[], items_ text[]) returns bigint language plpgsql stable security definer set search_path = pg_catalog as $$
declare
    n bigint := 0;
begin
    if current_setting('role') = 't_' || daicho.role_tenant() || '_desk' then
        execute format('select count(*) from %I.segment s where s.register = any ($1) and exists (select from jsonb_path_query(s.condition, ''strict $.**.item'', ''{}'', true) v '
            'where v #>> ''{}'' = any ($2))', 't_' || daicho.role_tenant()) into n using registers_, items_;
    end if;
    return n;
end
$$;

-- For the job that builds: nobody writes into these tables at this moment, and until it commits. False: somebody did, none is locked; it tries again.
create function daicho.segment_lock(tenant_ text, registers_ text[]) returns boolean language plpgsql set search_path = pg_catalog set lock_timeout = '50ms' as $$
declare
    register_ text;
begin
    foreach register_ in array registers_ loop
        execute format('lock table %I.%I in share row exclusive mode', 't_' || tenant_, 'r_' || register_);
    end loop;
    return true;
exception when lock_not_available then
    return false;
end
$$;

revoke execute on function daicho.segment_today(), daicho.segment_night(), daicho.segment_due(bigint), daicho.segment_take(), daicho.segment_ask(), daicho.segment_turn_due(bigint),
    daicho.segment_turn_take(), daicho.segment_fold(), daicho.segment_naming(bigint[], text[]), daicho.segment_lock(text, text[]) from public;
grant execute on function daicho.segment_due(bigint), daicho.segment_turn_due(bigint), daicho.segment_fold() to daicho_jobs;
grant execute on function daicho.segment_take(), daicho.segment_turn_take(), daicho.segment_ask(), daicho.segment_today(), daicho.segment_naming(bigint[], text[])
    to daicho_tenant;
