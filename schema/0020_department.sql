-- Why: what is meant for one department stays there. Departments of a contract; groups that only people of one department hold, taken away by the
-- transfer itself; administering words that only the department of the system's administrators holds; and groups that one person holds at a time.
-- Checked here, on every path that writes an account, a person or a group: no SQL put into a tenant's role comes past it.

create table daicho.department (
    id bigint generated always as identity primary key,
    tenant text not null references daicho.tenant on delete cascade,
    name text not null check (length(name) between 1 and 100),
    administers boolean not null default false,      -- when a contract has such a one, only its people hold administering words
    merged_into bigint,                              -- counts as that one
    retired_at timestamptz,                          -- nobody comes into it any more
    version bigint not null default 1,
    created_at timestamptz not null default daicho.clock(),
    unique (tenant, id),
    foreign key (tenant, merged_into) references daicho.department (tenant, id),
    constraint department_merged_check check (merged_into is null or retired_at is not null and merged_into <> id),
    constraint department_administers_check check (not (administers and retired_at is not null))
);
create unique index department_name_key on daicho.department (tenant, lower(name)) where retired_at is null;

alter table daicho.person add column department_id bigint,
    add constraint person_department_fkey foreign key (tenant, department_id) references daicho.department (tenant, id);
create index person_department_idx on daicho.person (department_id) where department_id is not null;
alter table daicho.account_group add column department_id bigint,    -- null: people of any department
    add column held_by_one boolean not null default false,
    add constraint account_group_department_fkey foreign key (tenant, department_id) references daicho.department (tenant, id);

-- Transfers: from where to where, what it took away, who did it (names as they were then).
create table daicho.transfer (
    id bigint generated always as identity primary key,
    tenant text not null references daicho.tenant on delete cascade,
    person_id bigint not null,
    from_name text,
    to_name text,
    groups text[] not null,
    grants text[] not null,
    done_by text not null,
    done_at timestamptz not null default daicho.clock(),
    foreign key (tenant, person_id) references daicho.person (tenant, id) on delete cascade
);
create index transfer_person_idx on daicho.transfer (person_id, id desc);

do $$
declare
    t text;
begin
    foreach t in array array['department', 'transfer'] loop
        execute format('alter table daicho.%I enable row level security', t);
        execute format('alter table daicho.%I force row level security', t);
        execute format('create policy own on daicho.%I to daicho_tenant using (tenant = (select daicho.tenant())) with check (tenant = (select daicho.tenant()))', t);
        execute format('create policy house on daicho.%I to daicho_owner using (true) with check (true)', t);
    end loop;
end
$$;

-- What is asked again and again ---------------------------------------------------------------------------------------------------------------------
-- Words that run the system itself. Not those of whoever answers for it (people, approvals, the log): a security officer and the personnel department
-- work elsewhere.
create function daicho.words_administer(words text[]) returns boolean language sql immutable parallel safe set search_path = pg_catalog as $$
    select words && array['account.manage', 'policy.manage', 'session.manage', 'key.manage', 'certificate.manage', 'provider.manage', 'tenant.manage']
$$;

-- The department this one counts as.
create function daicho.department_of(id_ bigint) returns bigint language sql stable security definer set search_path = pg_catalog as $$
    select coalesce(d.merged_into, d.id) from daicho.department d where d.id = id_
$$;

-- May people of this department hold a group of that one?
create function daicho.department_fits(of_group bigint, of_person bigint) returns boolean language sql stable security definer set search_path = pg_catalog as $$
    select of_group is null or coalesce(daicho.department_of(of_group) = daicho.department_of(of_person), false)
$$;

-- May people of this department hold administering words in this contract?
create function daicho.department_administers(tenant_ text, of_person bigint) returns boolean
language sql stable security definer set search_path = pg_catalog as $$
    select not exists (select from daicho.department d where d.tenant = tenant_ and d.administers)
        or exists (select from daicho.department d where d.id = daicho.department_of(of_person) and d.administers)
$$;

-- Whoever acts needs this word; the operator, unattended work and migrations do not.
create function daicho.department_may(word text) returns void language plpgsql stable security definer set search_path = pg_catalog as $$
declare
    asks record;
begin
    if session_user not in ('daicho_web', 'daicho_auth', 'daicho_sso', 'daicho_jobs', 'daicho_cli', 'daicho_public') then
        return;
    end if;
    select * into asks from daicho.acting();
    if asks.kind is null or not (asks.kind in ('operator', 'system') or word = any (asks.held)) then
        raise insufficient_privilege using message = 'departments are changed by those who may manage people, groups by those who may manage accounts';
    end if;
end
$$;

-- Changes of who holds what stand in line at the groups of the contract, as in account.sql.
create function daicho.department_queue_up(tenant_ text) returns void language plpgsql security definer set search_path = pg_catalog as $$
begin
    perform from daicho.account_group g where g.tenant = tenant_ order by g.id for update;
end
$$;

-- Departments ------------------------------------------------------------------------------------------------------------------------------------------
create function daicho.department_guard() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
begin
    perform daicho.department_may('person.manage');
    if new.administers is distinct from (tg_op = 'UPDATE' and old.administers) then
        perform daicho.department_may('account.manage');
        perform daicho.department_queue_up(new.tenant);
        if new.administers and exists (
                select from daicho.account a join daicho.person p on p.id = a.person_id
                where a.tenant = new.tenant and daicho.words_administer(string_to_array(a.words, ' '))
                    and daicho.department_of(p.department_id) is distinct from new.id
                    and not exists (select from daicho.department d where d.id = daicho.department_of(p.department_id) and d.administers)) then
            raise check_violation using message = 'people of other departments hold administering permissions';
        end if;
    end if;
    return new;
end
$$;
create trigger guard before insert or update on daicho.department for each row execute function daicho.department_guard();

-- Retired (into_ null): nobody and no group is in it any more. Merged: its people and groups are the other one's from now on, and nobody loses or gains
-- anything by it. Gives {people, groups}; null: there is no such department.
create function daicho.department_close(id_ bigint, into_ bigint) returns jsonb language plpgsql security definer set search_path = pg_catalog as $$
declare
    d record;
    other record;
    people int;
    names jsonb;
begin
    perform daicho.department_may('person.manage');
    perform daicho.department_queue_up(daicho.role_tenant());
    perform from daicho.department x where x.tenant = daicho.role_tenant() and x.id in (id_, into_) order by x.id for update;
    select x.* into d from daicho.department x where x.id = id_ and x.tenant = daicho.role_tenant() and x.retired_at is null;
    if d.id is null then
        return null;
    end if;
    select count(*) into people from daicho.person p where p.department_id = id_ and (into_ is not null or p.left_at is null);
    select coalesce(jsonb_agg(g.name order by lower(g.name)), '[]') into names from daicho.account_group g where g.department_id = id_;
    if into_ is null then
        if people > 0 or jsonb_array_length(names) > 0 then
            raise integrity_constraint_violation using message = 'people or groups are still in this department';
        end if;
        update daicho.department set retired_at = daicho.clock(), administers = false, version = version + 1 where id = id_;
    else
        select x.* into other from daicho.department x where x.id = into_ and x.tenant = daicho.role_tenant() and x.retired_at is null;
        if other.id is null or other.id = d.id then
            raise check_violation using message = 'a department is merged into another one that exists';
        elsif d.administers and not other.administers then
            raise check_violation using message = 'the department of the administrators is merged only into one that is marked so as well';
        end if;
        update daicho.department set merged_into = into_, retired_at = daicho.clock(), administers = false, version = version + 1 where id = id_;
        update daicho.department set merged_into = into_ where merged_into = id_;
        update daicho.account_group set department_id = into_, version = version + 1 where department_id = id_;
        update daicho.person set department_id = into_, version = version + 1 where department_id = id_;
    end if;
    return jsonb_build_object('people', people, 'groups', names);
end
$$;

-- Groups --------------------------------------------------------------------------------------------------------------------------------------------------
create function daicho.group_department() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
begin
    if tg_op = 'INSERT' then
        if new.department_id is null and not new.held_by_one then
            return new;
        end if;
    elsif new.department_id is not distinct from old.department_id and new.held_by_one = old.held_by_one then
        return new;
    end if;
    if tg_op = 'INSERT' or new.held_by_one <> old.held_by_one
            or daicho.department_of(new.department_id) is distinct from daicho.department_of(old.department_id) then
        perform daicho.department_may('account.manage');
    end if;
    if new.department_id is not null and exists (select from daicho.department d where d.id = new.department_id and d.retired_at is not null) then
        raise check_violation using message = 'this department was retired';
    end if;
    if tg_op = 'INSERT' then
        return new;
    end if;
    -- this row is locked: whoever comes into the group waits (account_hold)
    if exists (select from daicho.account a join daicho.person p on p.id = a.person_id
            where a.tenant = new.tenant and new.id = any (a.groups) and not daicho.department_fits(new.department_id, p.department_id)) then
        raise check_violation using message = 'people of other departments are in this group';
    end if;
    if new.held_by_one and (select count(*) from daicho.account a where a.tenant = new.tenant and new.id = any (a.groups)) > 1 then
        raise check_violation using message = 'more than one person is in this group';
    end if;
    return new;
end
$$;
create trigger department before insert or update of department_id, held_by_one, tenant on daicho.account_group
    for each row execute function daicho.group_department();

-- Accounts ------------------------------------------------------------------------------------------------------------------------------------------------
-- After work_out (triggers run in the order of their names): the groups are of the person's department, administering words only where they may be.
create function daicho.account_hold() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
declare
    home bigint;
    gained boolean := new.groups <> '{}' and (tg_op = 'INSERT' or new.groups is distinct from old.groups);
    rules boolean := daicho.words_administer(string_to_array(new.words, ' '))
        and exists (select from daicho.department d where d.tenant = new.tenant and d.administers);
begin
    if gained then
        perform daicho.department_queue_up(new.tenant);
        rules := rules or exists (select from daicho.account_group g where g.id = any (new.groups) and g.tenant = new.tenant and g.department_id is not null);
    end if;
    if not rules then
        return new;
    end if;
    select p.department_id into home from daicho.person p where p.id = new.person_id for share;    -- a transfer under way is waited for
    if exists (select from daicho.account_group g
            where g.id = any (new.groups) and g.tenant = new.tenant and not daicho.department_fits(g.department_id, home)) then
        raise insufficient_privilege using message = 'a group of a department is for people of that department only';
    elsif daicho.words_administer(string_to_array(new.words, ' ')) and not daicho.department_administers(new.tenant, home) then
        raise insufficient_privilege using message = 'administering permissions are for people of the department of the administrators only';
    end if;
    return new;
end
$$;
create trigger y_hold before insert or update of tenant, groups, grants, denials, words, person_id on daicho.account
    for each row execute function daicho.account_hold();

-- Looked at when the statement is through, so that one statement can hand over. The groups are locked (account_hold): of two at once, the second waits,
-- and then sees the first.
create function daicho.account_sole() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
begin
    if exists (select from daicho.account_group g where g.id = any (new.groups) and g.tenant = new.tenant and g.held_by_one
            and (select count(*) from daicho.account a where a.tenant = g.tenant and g.id = any (a.groups)) > 1) then
        raise unique_violation using message = 'somebody else holds this group';
    end if;
    return null;
end
$$;
create trigger sole after insert on daicho.account for each row when (new.groups <> '{}') execute function daicho.account_sole();
create trigger sole_change after update of groups on daicho.account for each row when (new.groups <> '{}' and old.groups is distinct from new.groups)
    execute function daicho.account_sole();

-- People --------------------------------------------------------------------------------------------------------------------------------------------------
create function daicho.person_department_guard() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
begin
    if tg_op = 'UPDATE' and new.department_id is not distinct from old.department_id or tg_op = 'INSERT' and new.department_id is null then
        return new;
    end if;
    perform daicho.department_may('person.manage');
    if exists (select from daicho.department d where d.id = new.department_id and d.retired_at is not null) then
        raise check_violation using message = 'this department was retired';
    end if;
    return new;
end
$$;
create trigger department before insert or update of department_id on daicho.person for each row execute function daicho.person_department_guard();

-- A transfer takes away what belongs to the department left, at once: groups of other departments, and where one department administers, what
-- administers. What remains appears for decision, where a contract reviews rights (0019_access_review.sql).
create function daicho.person_transfer() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
declare
    a record;
    may boolean;
    kept bigint[] := '{}';
    kept_grants text[] := '{}';
    gone text[] := '{}';
    gone_grants text[] := '{}';
begin
    if daicho.department_of(new.department_id) is not distinct from daicho.department_of(old.department_id) then
        return null;             -- the department was merged
    end if;
    may := daicho.department_administers(new.tenant, new.department_id);
    select x.id, x.groups, x.grants into a from daicho.account x where x.person_id = new.id for update;
    if a.id is not null then
        select coalesce(array_agg(g.id order by u.n) filter (where f.fits), '{}'), coalesce(array_agg(g.name order by g.name) filter (where not f.fits), '{}')
        into kept, gone
        from unnest(a.groups) with ordinality u (id, n)
        join daicho.account_group g on g.id = u.id and g.tenant = new.tenant
        cross join lateral (select daicho.department_fits(g.department_id, new.department_id) and (may or not daicho.words_administer(g.permissions)) as fits) f;
        select coalesce(array_agg(w) filter (where f.fits), '{}'), coalesce(array_agg(w) filter (where not f.fits), '{}') into kept_grants, gone_grants
        from unnest(a.grants) w cross join lateral (select may or not daicho.words_administer(array[w]) as fits) f;
        if gone <> '{}' or gone_grants <> '{}' then
            update daicho.account set groups = kept, grants = kept_grants, version = version + 1 where id = a.id;
        end if;
    end if;
    insert into daicho.transfer (tenant, person_id, from_name, to_name, groups, grants, done_by)
    values (new.tenant, new.id, (select d.name from daicho.department d where d.id = old.department_id),
        (select d.name from daicho.department d where d.id = new.department_id), gone, gone_grants, coalesce((daicho.acting()).name, session_user::text));
    -- the first department somebody is given is no transfer
    if old.department_id is not null and to_regprocedure('daicho.review_person(bigint,text)') is not null then
        execute 'select daicho.review_person($1, $2)' using new.id, concat(
            (select d.name from daicho.department d where d.id = old.department_id), ' → ',
            coalesce((select d.name from daicho.department d where d.id = new.department_id), '-'));
    end if;
    return null;
end
$$;
create trigger transfer after update of department_id on daicho.person for each row
    when (old.department_id is distinct from new.department_id) execute function daicho.person_transfer();

create or replace view daicho.person_now with (security_invoker = true) as
    select p.id, p.tenant, p.name, p.email, p.kind, p.version, p.created_at, p.leaves_at, p.left_at,
        (((p.leaves_at - interval '1 microsecond') at time zone 'Asia/Tokyo')::date + 1)::timestamp at time zone 'Asia/Tokyo' as due_at,
        p.left_at is null and p.leaves_at < daicho.clock() - interval '1 minute' as overdue,
        case when p.left_at is not null then 'left'
            when a.state = 'suspended' or exists (select from daicho.stop s where s.person_id = p.id and s.ended_at is null) then 'suspended'
            when p.leaves_at is not null then 'leaving' when a.id is null then 'none' else 'active' end as state,
        a.id as account_id, a.login, a.state as account_state, a.suspended_for, a.suspended_by, a.suspended_at, a.last_login_at, a.group_names, a.words,
        a.version as account_version,
        (select count(*) from daicho.api_key k where k.created_by = a.id and k.revoked_at is null) as keys,
        (select count(*) from daicho.certificate c where c.person_id = p.id and c.revoked_at is null and c.expires_at > daicho.clock()) as certificates,
        (extract(epoch from daicho.clock() - coalesce(a.last_login_at, a.created_at)) / 86400)::int as idle_days,
        a.state = 'active' and coalesce(a.last_login_at, a.created_at) < daicho.clock() - make_interval(days => y.dormant_days)
            and not exists (select from daicho.dormant d where d.account_id = a.id and d.decision = 'keep'
                and d.decided_at > daicho.clock() - make_interval(days => y.dormant_days)) as dormant,
        p.department_id, (select d.name from daicho.department d where d.id = p.department_id) as department
    from daicho.person p
    join daicho.policy y on y.tenant = p.tenant
    left join daicho.account a on a.person_id = p.id;

-- What gives access now (0019_access_review.sql), with the department.
create or replace function daicho.review_grants(tenant_ text) returns table (kind text, account_id bigint, login text, person_id bigint, person text, group_id bigint,
    key_id bigint, name text, words text[], last_at timestamptz, leaves_at timestamptz, department text)
language sql stable security definer set search_path = pg_catalog as $$
    select g.kind, a.id, a.login, a.person_id, p.name, g.group_id, null::bigint, g.name, g.words, a.last_login_at, p.leaves_at, d.name
    from daicho.account a
    join daicho.person p on p.id = a.person_id
    left join daicho.department d on d.id = p.department_id
    cross join lateral (
        select 'account' as kind, null::bigint as group_id, null::text as name, string_to_array(a.words, ' ') as words
        union all
        select 'group', x.id, x.name, x.permissions from daicho.account_group x where x.id = any (a.groups) and x.tenant = a.tenant
        union all
        select distinct 'word', null::bigint, w.word, array[w.word] from unnest(a.grants) w (word)
    ) g
    where a.tenant = tenant_ and a.state = 'active'
    union all
    select 'key', a.id, a.login, a.person_id, p.name, null, k.id, k.name, string_to_array(k.words, ' '), k.used_at, p.leaves_at, d.name
    from daicho.api_key k
    left join daicho.account a on a.id = k.created_by
    left join daicho.person p on p.id = a.person_id
    left join daicho.department d on d.id = p.department_id
    where k.tenant = tenant_ and k.revoked_at is null and (k.expires_at is null or k.expires_at > daicho.clock()) and k.maker_active
$$;

-- The operators' contract: its administrators are one department from the beginning (tenant.sql makes it for a new one).
insert into daicho.department (tenant, name, administers)
select t.name, case t.lang when 'en' then 'System administration' else 'システム管理' end, false from daicho.tenant t where t.kind = 'operator';
update daicho.person p set department_id = d.id
from daicho.department d, daicho.account a
where d.tenant = p.tenant and a.person_id = p.id and daicho.words_administer(string_to_array(a.words, ' '));
update daicho.account_group g set department_id = d.id from daicho.department d where d.tenant = g.tenant and daicho.words_administer(g.permissions);
update daicho.department set administers = true;

grant select, insert (tenant, name, administers), update (name, administers, version) on daicho.department to daicho_tenant;
grant select on daicho.transfer to daicho_tenant;
grant update (department_id) on daicho.person to daicho_tenant;
revoke execute on function daicho.words_administer(text[]), daicho.department_of(bigint), daicho.department_fits(bigint, bigint), daicho.department_administers(text, bigint),
    daicho.department_may(text), daicho.department_queue_up(text), daicho.department_guard(), daicho.department_close(bigint, bigint),
    daicho.group_department(), daicho.account_hold(), daicho.account_sole(), daicho.person_department_guard(), daicho.person_transfer() from public;
grant execute on function daicho.department_close(bigint, bigint) to daicho_tenant;
