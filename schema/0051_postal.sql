-- Why: people who write down an address know its postal code; prefecture, city and town follow from it. Japan Post publishes all codes once a month as one
-- file. It is read by the operator's command and kept here, once for the whole house: contracts read it, nobody but the owner writes it. Nothing in it is
-- about a person.

create table daicho.postal (
    code text not null check (code ~ '^[0-9]{7}$'),
    line bigint not null,                            -- where it stood in the file: the order in which towns are offered
    place text not null check (place ~ '^[0-9]{5}$'), -- JIS X 0401 and X 0402: prefecture and municipality
    prefecture text not null check (length(prefecture) between 1 and 10),
    city text not null check (length(city) between 1 and 100),
    town text not null check (length(town) <= 300),  -- empty: the code stands for the rest of the municipality
    prefecture_kana text not null,
    city_kana text not null,
    town_kana text not null,
    primary key (code, place, town)
);

-- The file in use: one row.
create table daicho.postal_data (
    one boolean primary key default true check (one),
    imported_at timestamptz not null,
    file text not null check (length(file) between 1 and 255),
    rows bigint not null,
    codes bigint not null,
    sample boolean not null,                         -- a small made one, for trying things out: nobody is told that it is old
    told_at timestamptz
);

do $$
declare
    t text;
begin
    foreach t in array array['postal', 'postal_data'] loop
        execute format('alter table daicho.%I enable row level security', t);
        execute format('alter table daicho.%I force row level security', t);
        execute format('create policy house on daicho.%I to daicho_owner using (true) with check (true)', t);
        execute format('create policy read on daicho.%I for select to daicho_tenant using (true)', t);
        execute format('grant select on daicho.%I to daicho_tenant', t);
    end loop;
end
$$;

-- The data in use is older than 40 days: told once a week. A house without data, or with the sample, is silent.
create function daicho.postal_late() returns timestamptz
language plpgsql security definer set search_path = pg_catalog as $$
declare
    since_ timestamptz;
begin
    if session_user <> 'daicho_jobs' then
        raise insufficient_privilege using message = 'this is for the jobs processes';
    end if;
    update daicho.postal_data d set told_at = daicho.clock()
    where not d.sample and d.imported_at < daicho.clock() - interval '40 days'
        and (d.told_at is null or d.told_at not between daicho.clock() - interval '7 days' and daicho.clock())
    returning d.imported_at into since_;
    return since_;
end
$$;
-- … to those who look after the operators' own people.
create function daicho.postal_tell(subject_ text, body_ text) returns bigint
language plpgsql security definer set search_path = pg_catalog as $$
declare
    n bigint;
begin
    if session_user <> 'daicho_jobs' then
        raise insufficient_privilege using message = 'this is for the jobs processes';
    end if;
    insert into daicho.notice (kind, recipient, subject, body)
    select 'postal_old', a.email, subject_, body_ from daicho.account a join daicho.tenant t on t.name = a.tenant and t.kind = 'operator'
    where a.state = 'active' and a.email is not null and 'account.manage' = any (string_to_array(a.words, ' '));
    get diagnostics n = row_count;
    return n;
end
$$;
revoke execute on function daicho.postal_late(), daicho.postal_tell(text, text) from public;
grant execute on function daicho.postal_late(), daicho.postal_tell(text, text) to daicho_jobs;
