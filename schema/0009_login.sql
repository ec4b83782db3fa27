-- Why: guessing must not pay. Attempts are paced by name and contract, counted before the password is looked at, stop at a number the contract chooses,
-- and somebody is told. The policy gets the two figures that were missing, and a session can be locked and unlocked where it is.

alter table daicho.policy
    add column classes_min int not null default 0 check (classes_min between 0 and 4),     -- so many of the four classes, whichever
    add column alert_after int default 10 check (alert_after between 3 and 100);           -- wrong log-ins in ten minutes; null: nobody is told
grant update (classes_min, alert_after) on daicho.policy to daicho_tenant;
grant update (locked_at) on daicho.account to daicho_tenant;
alter table daicho.account add column factor_told_at timestamptz;  -- when somebody was last told that wrong codes have locked it

-- Token buckets of log-ins: one a name that was typed (whether or not anybody has it), one a contract. What is paced by address, nginx paces.
create table daicho.login_pace (
    key bytea primary key,                           -- SHA-256
    tokens double precision not null,
    at timestamptz not null
);
create index login_pace_at_idx on daicho.login_pace (at);
-- Wrong log-ins, a row a name and a row an address, for ten minutes from the first.
create table daicho.login_failure (
    tenant text not null,                            -- as it was typed; '' when it is none
    key bytea not null,                              -- SHA-256 of name or address
    since timestamptz not null,
    count int not null,
    told boolean not null default false,
    primary key (tenant, key)
);
create index login_failure_since_idx on daicho.login_failure (since);
alter table daicho.login_pace enable row level security;
alter table daicho.login_pace force row level security;
create policy house on daicho.login_pace to daicho_owner using (true) with check (true);
alter table daicho.login_failure enable row level security;
alter table daicho.login_failure force row level security;
create policy house on daicho.login_failure to daicho_owner using (true) with check (true);

-- One token, if there is one. The buckets of those who went away are poured out now and then.
create function daicho.login_pace_take(key_ text, most double precision, a_second double precision) returns boolean
language plpgsql security definer set search_path = pg_catalog as $$
begin
    if random() < 0.01 then
        delete from daicho.login_pace where key in (select p.key from daicho.login_pace p where p.at < daicho.clock() - interval '1 hour' limit 500 for update skip locked);
        delete from daicho.login_failure where (tenant, key) in
            (select f.tenant, f.key from daicho.login_failure f where f.since < daicho.clock() - interval '1 hour' limit 500 for update skip locked);
    end if;
    insert into daicho.login_pace as p (key, tokens, at) values (sha256(convert_to(key_, 'UTF8')), most - 1, daicho.clock())
    on conflict (key) do update
        set tokens = least(most, p.tokens + a_second * greatest(extract(epoch from excluded.at - p.at), 0)) - 1, at = excluded.at
        where least(most, p.tokens + a_second * greatest(extract(epoch from excluded.at - p.at), 0)) >= 1;
    return found;
end
$$;

-- Log-in, step 1: takes the tokens, and charges one failure to the account before the password is looked at (session_open takes it back), so that
-- guesses made in parallel are all counted. One row always; tenant null: no such contract; account_id null: no such account (the caller compares with a
-- dummy). locked: so many were wrong that the right one is refused too. busy: too many attempts; nothing was charged.
drop function daicho.login_begin(text, text);
create function daicho.login_begin(tenant_ text, login_ text)
returns table (tenant text, lang text, account_id bigint, login text, groups text, state text, hash text, locked boolean, busy boolean)
language plpgsql security definer set search_path = pg_catalog as $$
begin
    if not daicho.login_pace_take('login ' || tenant_ || ' ' || lower(login_), 60, 1) or not daicho.login_pace_take('contract ' || tenant_, 600, 20) then
        return query select t.name, t.lang, null::bigint, null::text, null::text, null::text, null::text, false, true
        from (select 1) one left join daicho.tenant t on t.name = tenant_ and t.state = 'active';
        return;
    end if;
    return query with charged as (
        update daicho.account a set failures = a.failures + 1
        from daicho.tenant t join daicho.policy p on p.tenant = t.name
        where t.name = tenant_ and t.state = 'active' and (t.ends_at is null or t.ends_at > daicho.clock()) and a.tenant = t.name and lower(a.login) = lower(login_)
        returning a.id, a.login, a.state, a.group_names, p.lock_after is not null and (a.locked_at is not null or a.failures > p.lock_after) as locked
    )
    select t.name, t.lang, c.id, c.login, c.group_names, c.state, h.hash, coalesce(c.locked, false), false
    from (select 1) one
    left join daicho.tenant t on t.name = tenant_ and t.state = 'active' and (t.ends_at is null or t.ends_at > daicho.clock())
    left join charged c on true
    left join daicho.credential h on h.account_id = c.id and (h.expires_at is null or h.expires_at > daicho.clock());
end
$$;

-- Counts a wrong log-in of the last ten minutes; gives how many there are, and whether somebody was told already.
create function daicho.login_failure_count(tenant_ text, key_ text) returns table (count int, told boolean)
language sql security definer set search_path = pg_catalog as $$
    insert into daicho.login_failure as f (tenant, key, since, count) values (tenant_, sha256(convert_to(key_, 'UTF8')), daicho.clock(), 1)
    on conflict (tenant, key) do update set
        count = case when f.since > excluded.since - interval '10 minutes' then f.count + 1 else 1 end,
        told = f.told and f.since > excluded.since - interval '10 minutes',
        since = case when f.since > excluded.since - interval '10 minutes' then f.since else excluded.since end
    returning f.count, f.told
$$;

-- Where a log-in comes from, as far as it says who: an IPv4 address, the first half of an IPv6 address (the other half costs nothing).
create function daicho.address_home(source_ text) returns text language plpgsql immutable set search_path = pg_catalog as $$
declare
    source inet;
begin
    source := source_;
    if family(source) = 6 and not source <<= '::ffff:0:0/96' then
        return network(set_masklen(source, 64))::text;
    end if;
    return source_;
exception when invalid_text_representation then
    return source_;
end
$$;

-- After a wrong one (a password, or the code after it), in the same work whoever was meant: locks the account when it was one too many, and says whom to
-- tell: a row for each of the contract's managers of accounts with an address; none when nothing is to be told, or was. alert: locked | burst. A burst is
-- alert_after under one name or from one place, or ten times that in the whole contract, however they are spread. Of more than twenty accounts locked
-- in ten minutes nobody wants one letter each.
create function daicho.login_failed(tenant_ text, login_ text, account_id_ bigint, source_ text)
returns table (alert text, count int, recipient text, lang text, title text, now timestamptz)
language plpgsql security definer set search_path = pg_catalog as $$
declare
    by_name record;
    by_source record;
    by_all record;
    most int;
    limit_ int;
    alert_ text;
begin
    if session_user <> 'daicho_auth' then
        raise insufficient_privilege using message = 'log-ins are for the auth processes only';
    end if;
    update daicho.account a
    set locked_at = case when a.failures >= p.lock_after then coalesce(a.locked_at, daicho.clock()) else a.locked_at end,
        factor_told_at = case when a.factor_failures >= p.lock_after then daicho.clock() else a.factor_told_at end
    from daicho.policy p where a.id = account_id_ and p.tenant = a.tenant and a.tenant = tenant_
        and (a.locked_at is null and a.failures >= p.lock_after
            or a.factor_failures >= p.lock_after and a.factor_failed_at > coalesce(a.factor_told_at, '-infinity'));
    if found then
        select f.count into most from daicho.login_failure_count(tenant_, 'locked') f;
        alert_ := case when most <= 20 then 'locked' end;
    end if;
    select * into by_name from daicho.login_failure_count(coalesce(tenant_, ''), 'name ' || lower(login_));
    select * into by_source from daicho.login_failure_count(coalesce(tenant_, ''), 'address ' || daicho.address_home(source_));
    select * into by_all from daicho.login_failure_count(coalesce(tenant_, ''), 'all');
    most := greatest(by_name.count, by_source.count);
    select p.alert_after into limit_ from daicho.policy p where p.tenant = tenant_;
    if alert_ is null and not by_name.told and not by_source.told and most >= limit_ then
        alert_ := 'burst';
    elsif alert_ is null and not by_all.told and by_all.count >= limit_ * 10 then
        alert_ := 'burst';
        most := by_all.count;
        update daicho.login_failure f set told = true where f.tenant = tenant_ and f.key = sha256(convert_to('all', 'UTF8'));
    end if;
    if alert_ is null then
        return;
    end if;
    update daicho.login_failure f set told = true
    where f.tenant = tenant_
        and f.key in (sha256(convert_to('name ' || lower(login_), 'UTF8')), sha256(convert_to('address ' || daicho.address_home(source_), 'UTF8')));
    return query select alert_, most, a.email, coalesce(a.lang, t.lang), t.title, daicho.clock()
    from daicho.account a join daicho.tenant t on t.name = a.tenant
    where a.tenant = tenant_ and a.state = 'active' and a.email is not null and 'account.manage' = any (string_to_array(a.words, ' '))
    order by a.id;
end
$$;
create function daicho.login_tell(tenant_ text, alert text, recipient_ text, subject_ text, body_ text) returns void
language plpgsql security definer set search_path = pg_catalog as $$
begin
    if session_user <> 'daicho_auth' then
        raise insufficient_privilege using message = 'log-ins are for the auth processes only';
    end if;
    insert into daicho.notice (tenant, kind, recipient, subject, body) values (tenant_, 'login_' || alert, recipient_, subject_, body_);
end
$$;

-- Whoever is logged in gives the password again (own change, unlocking the screen): charged like a log-in.
create function daicho.login_again(account_id_ bigint) returns table (login text, hash text, locked boolean, busy boolean)
language plpgsql security definer set search_path = pg_catalog as $$
begin
    if session_user <> 'daicho_auth' then
        raise insufficient_privilege using message = 'log-ins are for the auth processes only';
    end if;
    return query select b.login, b.hash, b.locked, b.busy
    from daicho.account a cross join lateral daicho.login_begin(a.tenant, a.login) b
    where a.id = account_id_ and a.tenant = daicho.role_tenant();
end
$$;
create function daicho.login_right(account_id_ bigint) returns void
language plpgsql security definer set search_path = pg_catalog as $$
begin
    if session_user <> 'daicho_auth' then
        raise insufficient_privilege using message = 'log-ins are for the auth processes only';
    end if;
    update daicho.account a set failures = 0, locked_at = null where a.id = account_id_ and a.tenant = daicho.role_tenant();
end
$$;

-- As before (0003_identity.sql), but what the other account sees is asked of what was worked out for it: a grant of its own counts, too.
create or replace function daicho.credential_set(account_id_ bigint, hash_ text, must_change_ boolean) returns boolean
language plpgsql security definer set search_path = pg_catalog as $$
begin
    if session_user not in ('daicho_auth', 'daicho_cli') then
        raise insufficient_privilege using message = 'passwords are set by the auth processes only';
    end if;
    if current_setting('role') ~ '_masked$' and account_id_::text is distinct from split_part(current_setting('daicho.actor', true), ':', 2)
        and exists (select from daicho.account a where a.id = account_id_ and a.sees_personal) then
        raise insufficient_privilege using message = 'this account sees more than the one that asks';
    end if;
    insert into daicho.credential (account_id, hash, must_change)
    select a.id, hash_, must_change_ from daicho.account a where a.id = account_id_ and a.tenant = daicho.role_tenant()
    on conflict (account_id) do update set hash = excluded.hash, must_change = excluded.must_change, changed_at = daicho.clock();
    return found;
end
$$;

-- The same password with the cost of today, at the log-in: an older hash would answer in another time than an account that does not exist.
create function daicho.credential_recost(account_id_ bigint, before_ text, hash_ text) returns void
language plpgsql security definer set search_path = pg_catalog as $$
begin
    if session_user <> 'daicho_auth' then
        raise insufficient_privilege using message = 'hashes are renewed by the auth processes only';
    end if;
    update daicho.credential c set hash = hash_ from daicho.account a
    where c.account_id = account_id_ and c.hash = before_ and c.expires_at is null and a.id = c.account_id and a.tenant = daicho.role_tenant();
end
$$;

-- The lock screen. Locking: the session stays, with its cookie, and reaches nothing. Unlocking, after the password: as it was, or at its second factor.
create function daicho.session_lock(session_id_ bigint) returns boolean
language plpgsql security definer set search_path = pg_catalog as $$
begin
    update daicho.session s set stage = 'locked' where s.id = session_id_ and s.stage = 'full' and (s.tenant = daicho.role_tenant()
        or exists (select from daicho.support_grant g where g.id = s.acting and g.tenant = daicho.role_tenant()));  -- an operator inside another contract
    return found;
end
$$;
create function daicho.session_unlock(session_id_ bigint) returns text
language plpgsql security definer set search_path = pg_catalog as $$
declare
    stage_ text;
begin
    if session_user <> 'daicho_auth' then
        raise insufficient_privilege using message = 'sessions are unlocked by the auth processes only';
    end if;
    update daicho.session s set stage = case when a.factors > 0 then 'factor' else 'full' end, seen_at = daicho.clock(),
        proven_at = case when a.factors > 0 then s.proven_at else daicho.clock() end
    from daicho.account a where s.id = session_id_ and a.id = s.account_id and s.tenant = daicho.role_tenant() and s.stage = 'locked'
    returning s.stage into stage_;
    return stage_;
end
$$;

revoke execute on function daicho.login_begin(text, text), daicho.login_pace_take(text, double precision, double precision),
    daicho.login_failure_count(text, text), daicho.address_home(text), daicho.login_failed(text, text, bigint, text), daicho.login_tell(text, text, text, text, text),
    daicho.login_again(bigint), daicho.login_right(bigint), daicho.credential_recost(bigint, text, text), daicho.session_lock(bigint),
    daicho.session_unlock(bigint) from public;
grant execute on function daicho.login_begin(text, text), daicho.login_failed(text, text, bigint, text), daicho.login_tell(text, text, text, text, text)
    to daicho_auth;
grant execute on function daicho.login_again(bigint), daicho.login_right(bigint), daicho.credential_recost(bigint, text, text), daicho.session_lock(bigint),
    daicho.session_unlock(bigint) to daicho_tenant;
