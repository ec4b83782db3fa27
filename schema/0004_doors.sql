-- Why: the look-up of a session or key stands before every request. Joining groups, unpacking their words and asking regular expressions took 200
-- microseconds; what they give changes when somebody edits a group or an account, so it is worked out then, by triggers, and kept in the row.

alter table daicho.account
    add column words text not null default '',              -- permissions of all its groups, separated by spaces
    add column group_names text not null default '',
    add column sees_personal boolean not null default false,
    add column must_change boolean not null default false;  -- of its credential
alter table daicho.api_key
    add column words text not null default '',              -- its permissions, as far as its maker holds them
    add column sees_personal boolean not null default false,
    add column maker_active boolean not null default true;

-- Groups of another tenant count for nothing, whoever wrote their numbers there.
create function daicho.account_work_out() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
begin
    select coalesce(string_agg(distinct w.word, ' '), ''), coalesce(string_agg(distinct g.name, ', '), ''), coalesce(bool_or(w.word = 'personal.see'), false)
    into new.words, new.group_names, new.sees_personal
    from daicho.account_group g left join lateral unnest(g.permissions) w (word) on true
    where g.id = any (new.groups) and g.tenant = new.tenant;
    return new;
end
$$;
create trigger work_out before insert or update of tenant, groups, words, group_names, sees_personal on daicho.account
    for each row execute function daicho.account_work_out();

create function daicho.account_group_tell() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
begin
    update daicho.account a set words = '' where a.tenant = old.tenant and old.id = any (a.groups);
    return null;
end
$$;
create trigger tell after update of name, permissions, tenant or delete on daicho.account_group
    for each row execute function daicho.account_group_tell();

create function daicho.api_key_work_out() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
declare
    maker record;
begin
    if new.created_by is null then          -- made by the operator
        new.words := array_to_string(new.permissions, ' ');
        new.maker_active := true;
    else
        select a.state = 'active' as active, string_to_array(a.words, ' ') as words into maker
        from daicho.account a where a.id = new.created_by and a.tenant = new.tenant;
        select coalesce(string_agg(w.word, ' '), '') into new.words from unnest(new.permissions) w (word) where w.word = any (maker.words);
        new.maker_active := coalesce(maker.active, false);
    end if;
    new.sees_personal := 'personal.see' = any (string_to_array(new.words, ' '));
    return new;
end
$$;
create trigger work_out before insert or update of tenant, permissions, created_by, words, sees_personal, maker_active on daicho.api_key
    for each row execute function daicho.api_key_work_out();

create function daicho.account_tell() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
begin
    update daicho.api_key k set words = '' where k.created_by = new.id;
    return null;
end
$$;
create trigger tell after update on daicho.account for each row
    when (old.words is distinct from new.words or old.state is distinct from new.state)
    execute function daicho.account_tell();

create function daicho.credential_tell() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
begin
    update daicho.account a set must_change = new.must_change where a.id = new.account_id;
    return null;
end
$$;
create trigger tell after insert or update of must_change on daicho.credential
    for each row execute function daicho.credential_tell();

-- What stands in the rows already.
update daicho.account set words = '';
update daicho.api_key set words = '';
update daicho.account a set must_change = c.must_change from daicho.credential c where c.account_id = a.id;

-- People of the tenant write what is theirs to write; what is worked out only the triggers write.
revoke insert, update on daicho.account, daicho.api_key from daicho_tenant;
grant insert (tenant, login, name, email, lang, theme, groups, state),
    update (login, name, email, lang, theme, groups, state, failures, version) on daicho.account to daicho_tenant;
grant insert (tenant, name, token_hash, hint, permissions, created_by, expires_at), update (revoked_at) on daicho.api_key to daicho_tenant;

-- The doors again, now three look-ups by primary key. Many requests of one key at once: one writes the minute, the others go on (skip locked).
alter type daicho.entrance add attribute stale boolean;         -- seen_at is to be written

create or replace function daicho.session_enter(token_hash_ bytea) returns setof daicho.entrance
language plpgsql security definer set search_path = pg_catalog as $$
declare
    e daicho.entrance;
begin
    select a.tenant, case when a.sees_personal then 't_' || a.tenant else 't_' || a.tenant || '_masked' end, not a.sees_personal, 'account', a.id,
        a.login, a.group_names, a.words, coalesce(a.lang, t.lang), a.theme, x.id, a.must_change,
        (extract(epoch from daicho.clock()) * 1000)::bigint, x.seen_at < daicho.clock() - interval '1 minute'
    into e
    from daicho.session x
    join daicho.account a on a.id = x.account_id
    join daicho.tenant t on t.name = a.tenant
    where x.token_hash = token_hash_ and x.seen_at > daicho.clock() - interval '3 hours' and a.state = 'active' and t.state = 'active';
    if not found then
        return;
    end if;
    if e.stale then
        update daicho.session set seen_at = daicho.clock()
        where id = (select x.id from daicho.session x where x.token_hash = token_hash_ for update skip locked);
    end if;
    return next e;
end
$$;

create or replace function daicho.key_enter(token_hash_ bytea) returns setof daicho.entrance
language plpgsql security definer set search_path = pg_catalog as $$
declare
    e daicho.entrance;
begin
    select x.tenant, case when x.sees_personal then 't_' || x.tenant else 't_' || x.tenant || '_masked' end, not x.sees_personal, 'key', x.id,
        x.name, '', x.words, t.lang, 'auto', 0::bigint, false,
        (extract(epoch from daicho.clock()) * 1000)::bigint, x.used_at is null or x.used_at < daicho.clock() - interval '1 minute'
    into e
    from daicho.api_key x
    join daicho.tenant t on t.name = x.tenant
    where x.token_hash = token_hash_ and x.revoked_at is null and x.maker_active and (x.expires_at is null or x.expires_at > daicho.clock())
        and t.state = 'active';
    if not found then
        return;
    end if;
    if e.stale then
        update daicho.api_key set used_at = daicho.clock()
        where id = (select x.id from daicho.api_key x where x.id = e.id for update skip locked);
    end if;
    return next e;
end
$$;

revoke execute on function daicho.account_work_out(), daicho.account_group_tell(), daicho.api_key_work_out(), daicho.account_tell(),
    daicho.credential_tell() from public;

-- By name: the same, with the new attribute.
create or replace function daicho.tenant_enter(tenant_ text) returns setof daicho.entrance
language sql security definer set search_path = pg_catalog as $$
    select t.name, 't_' || t.name, false, 'operator', 0::bigint, '', '', '', t.lang, 'auto', 0::bigint, false,
        (extract(epoch from daicho.clock()) * 1000)::bigint, false
    from daicho.tenant t where t.name = tenant_ and t.state <> 'ended'
$$;
