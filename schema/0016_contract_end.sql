-- The end of a contract: a last day, until which everything works; then nothing is reached; on the seventh of the month after it everything is erased,
-- unattended, and a certificate stays: what there was, how much of it, and when it went. The columns ends_at and
-- erase_at of daicho.tenant stand in 0006_access.sql; the doors look at them.

-- Nothing of a customer: names of registers and numbers.
create table daicho.erasure (
    id bigint generated always as identity primary key,
    tenant text not null,
    title text not null,
    began_at timestamptz not null,
    ended_at timestamptz,                            -- null: erased at once, by the operator
    due_at timestamptz,
    erased_at timestamptz not null default daicho.clock(),
    erased_by text not null,
    accounts bigint not null,
    records jsonb not null,                          -- {register: records}
    entries bigint not null,                         -- of the operation log
    files bigint not null
);
alter table daicho.erasure enable row level security;
alter table daicho.erasure force row level security;
create policy house on daicho.erasure to daicho_owner using (true) with check (true);

-- The seventh of the month after the last day, 00:00 in Japan.
create function daicho.erasure_day(ends timestamptz) returns timestamptz language sql immutable set search_path = pg_catalog as $$
    select (date_trunc('month', (ends - interval '1 microsecond') at time zone 'Asia/Tokyo') + interval '1 month 6 days') at time zone 'Asia/Tokyo'
$$;

-- Everything of a contract, at once: its rows in every shared table, its schema, its roles; its files are given to the jobs processes to take from the
-- disk. The jobs processes may only when it is due. Null: there is no such contract, or another process was first. Gives the certificate.
create function daicho.tenant_erase(name_ text, by_ text) returns jsonb
language plpgsql security definer set search_path = pg_catalog as $$
declare
    t daicho.tenant;
    r record;
    n bigint;
    records_ jsonb := '{}';
    e daicho.erasure;
begin
    select * into t from daicho.tenant x where x.name = name_ for update skip locked;
    if not found then
        return null;
    end if;
    if session_user = 'daicho_jobs' and (t.erase_at is null or t.erase_at > daicho.clock()) then
        raise insufficient_privilege using message = 'this contract is not due';
    end if;
    for r in execute format('select x.name from %I.register x', 't_' || t.name) loop
        if to_regclass(format('%I.%I', 't_' || t.name, 'r_' || r.name)) is not null then
            execute format('select count(*) from %I.%I', 't_' || t.name, 'r_' || r.name) into n;
            records_ := records_ || jsonb_build_object(r.name, n);
        end if;
    end loop;
    execute format('select count(*) from %I.log', 't_' || t.name) into n;
    e := row (0, t.name, t.title, t.created_at, t.ends_at, t.erase_at, daicho.clock(), by_,
        (select count(*) from daicho.account a where a.tenant = t.name), records_, n, 0);
    insert into daicho.withdrawn (tenant, path)
    select t.name, f.path
    from daicho.job j cross join lateral (values (j.result_file), (j.args ->> 'file')) f (path)
    where j.tenant = t.name and f.path is not null;
    get diagnostics n = row_count;
    delete from daicho.tenant x where x.name = t.name;
    perform daicho.tenant_schema_drop(t.name);
    perform daicho_admin.tenant_roles_drop(t.name);
    insert into daicho.erasure (tenant, title, began_at, ended_at, due_at, erased_at, erased_by, accounts, records, entries, files)
    values (e.tenant, e.title, e.began_at, e.ended_at, e.due_at, e.erased_at, e.erased_by, e.accounts, e.records, e.entries, n)
    returning * into e;
    return to_jsonb(e);
end
$$;

-- The next contract whose last day is over but that still says it is active or suspended; after it nothing of it is entered, not even by a command.
create function daicho.tenant_end_due() returns text
language plpgsql security definer set search_path = pg_catalog as $$
declare
    name_ text;
begin
    select t.name into name_ from daicho.tenant t where t.ends_at <= daicho.clock() and t.state <> 'ended' order by t.ends_at limit 1 for update skip locked;
    if name_ is not null then
        update daicho.tenant set state = 'ended' where name = name_;
        delete from daicho.session where tenant = name_;
    end if;
    return name_;
end
$$;

create function daicho.tenant_erase_due() returns jsonb language sql security definer set search_path = pg_catalog as $$
    select daicho.tenant_erase(x.name, 'system')
    from (select t.name from daicho.tenant t where t.erase_at <= daicho.clock() order by t.erase_at limit 1) x
$$;

revoke execute on function daicho.erasure_day(timestamptz), daicho.tenant_erase(text, text), daicho.tenant_end_due(), daicho.tenant_erase_due() from public;
grant execute on function daicho.tenant_end_due(), daicho.tenant_erase_due() to daicho_jobs;
