-- Why: what an account may do, in full. New permissions for what was built around people and log-ins; rights for single registers; and the rule that
-- nobody gives what they do not hold becomes the database's own, whatever SQL is put into the mouth of a tenant's role.

-- The groups that ran everything until now run what is new as well.
update daicho.account_group g set permissions = g.permissions || array(
    select w from unnest('{person.manage,policy.manage,session.manage,certificate.manage,provider.manage,support.approve,log.export,log.erase}'::text[]) w
    where w <> all (g.permissions))
where g.permissions @> '{account.manage,key.manage,log.read,tenant.manage}';

-- Words ------------------------------------------------------------------------------------------------------------------------------------------
-- "record.read" counts for every register, "record.read:customers" for one. What an account holds is worked out into one list; there
-- "-record.read:customers" beside "record.read" says: every register but this one. Nobody stores a word with a minus.
create function daicho.words_proper(words text[]) returns boolean language sql immutable parallel safe set search_path = pg_catalog as $$
    select coalesce(bool_and(coalesce(w ~ '^[a-z]{1,30}[.][a-z]{1,30}(:[a-z][a-z0-9_]{0,23})?$', false)), true) from unnest(words) w
$$;
alter table daicho.account_group add constraint account_group_permissions_check check (daicho.words_proper(permissions));
alter table daicho.account add constraint account_grants_check check (daicho.words_proper(grants)),
    add constraint account_denials_check check (daicho.words_proper(denials));
alter table daicho.api_key add constraint api_key_permissions_check check (daicho.words_proper(permissions));

-- Does somebody who holds these words hold this one?
create function daicho.words_hold(words text[], word text) returns boolean language sql immutable parallel safe set search_path = pg_catalog as $$
    select (word = any (words) or split_part(word, ':', 1) = any (words)) and '-' || word <> all (words)
$$;

-- Those of `mine` that `other` does not hold; a word for every register misses the single ones that `other` does not hold.
create function daicho.words_missing(mine text[], other text[]) returns text[] language sql immutable parallel safe set search_path = pg_catalog as $$
    select coalesce(array_agg(distinct x.word order by x.word), '{}')
    from (
        select m as word from unnest(mine) m where left(m, 1) <> '-' and not daicho.words_hold(other, m)
        union all
        select substr(o, 2) from unnest(other) o where left(o, 1) = '-' and daicho.words_hold(mine, substr(o, 2))
    ) x
$$;

-- What both hold.
create function daicho.words_meet(mine text[], other text[]) returns text[] language sql immutable parallel safe set search_path = pg_catalog as $$
    select coalesce(array_agg(distinct x.word order by x.word), '{}')
    from (
        select m as word from unnest(mine) m where left(m, 1) <> '-' and daicho.words_hold(other, m)
        union all
        select o from unnest(other) o where left(o, 1) <> '-' and daicho.words_hold(mine, o)
        union all
        select n from unnest(mine || other) n where left(n, 1) = '-'
    ) x
$$;

create or replace function daicho.account_work_out() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
declare
    held text[];
begin
    select coalesce(string_agg(distinct g.name, ', '), ''), coalesce(bool_or(g.factor_required), false)
    into new.group_names, new.factor_required
    from daicho.account_group g where g.id = any (new.groups) and g.tenant = new.tenant;
    select coalesce(array_agg(distinct w.word order by w.word), '{}') into held
    from (
        select unnest(g.permissions) as word from daicho.account_group g where g.id = any (new.groups) and g.tenant = new.tenant
        union select unnest(new.grants)
    ) w
    where w.word <> all (new.denials) and split_part(w.word, ':', 1) <> all (new.denials);
    held := held || array(
        select distinct '-' || d from unnest(new.denials) d where position(':' in d) > 0 and split_part(d, ':', 1) = any (held) order by 1);
    new.words := array_to_string(held, ' ');
    new.sees_personal := 'personal.see' = any (held);
    return new;
end
$$;

create or replace function daicho.api_key_work_out() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
declare
    maker record;
begin
    if new.created_by is null then          -- made by the operator
        new.words := array_to_string(new.permissions, ' ');
        new.maker_active := true;
    else
        select a.state = 'active' as active, string_to_array(a.words, ' ') as words into maker
        from daicho.account a where a.id = new.created_by and a.tenant = new.tenant;
        new.words := array_to_string(daicho.words_meet(new.permissions, coalesce(maker.words, '{}')), ' ');
        new.maker_active := coalesce(maker.active, false);
    end if;
    new.sees_personal := 'personal.see' = any (string_to_array(new.words, ' '));
    return new;
end
$$;
update daicho.account set words = '';
update daicho.api_key set words = '';

-- Nobody gives what they do not hold -----------------------------------------------------------------------------------------------------------------
-- What the one that acts holds; null: nobody's limit (the operator's commands, migrations, unattended work). daicho.actor is set by the login role at
-- the moment it enters the tenant; nothing inside can change it.
create function daicho.actor_words() returns text[] language plpgsql stable security definer set search_path = pg_catalog as $$
declare
    kind text := split_part(current_setting('daicho.actor', true), ':', 1);
    id_ text := split_part(current_setting('daicho.actor', true), ':', 2);
    held text;
begin
    if session_user not in ('daicho_web', 'daicho_auth', 'daicho_sso', 'daicho_jobs')
        or session_user = 'daicho_jobs' and kind in ('operator', 'system') then
        return null;
    elsif kind = 'account' then
        select a.words into held from daicho.account a where a.id = id_::bigint and a.tenant = daicho.role_tenant();
    elsif kind = 'key' then
        select k.words into held from daicho.api_key k where k.id = id_::bigint and k.tenant = daicho.role_tenant();
    end if;
    return string_to_array(coalesce(held, ''), ' ');
end
$$;

create function daicho.giving_check() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
declare
    limits text[] := daicho.actor_words();
    gained text[];
    maker bigint;
    kind text := split_part(current_setting('daicho.actor', true), ':', 1);
begin
    if limits is null then
        return new;
    elsif tg_table_name = 'account' then
        gained := daicho.words_missing(string_to_array(new.words, ' '), case when tg_op = 'UPDATE' then string_to_array(old.words, ' ') else '{}' end);
    elsif tg_table_name = 'account_group' then
        gained := daicho.words_missing(new.permissions, case when tg_op = 'UPDATE' then old.permissions else '{}' end);
    else
        -- a key belongs to who made it: it is never more than they are, and goes with them
        select k.created_by into maker from daicho.api_key k
        where kind = 'key' and k.id::text = split_part(current_setting('daicho.actor', true), ':', 2);
        if kind = 'account' then
            maker := split_part(current_setting('daicho.actor', true), ':', 2)::bigint;
        end if;
        if new.created_by is distinct from maker then
            raise insufficient_privilege using message = 'a key is made in the name of who makes it';
        end if;
        gained := new.permissions;
    end if;
    if daicho.words_missing(gained, limits) <> '{}' then
        raise insufficient_privilege using message = 'nobody gives what they do not hold';
    end if;
    return new;
end
$$;
-- after work_out, by their names
create trigger x_giving before insert or update of groups, grants, denials on daicho.account for each row execute function daicho.giving_check();
create trigger x_giving before insert or update of permissions on daicho.account_group for each row execute function daicho.giving_check();
create trigger x_giving before insert on daicho.api_key for each row execute function daicho.giving_check();

-- The masked role: what the words came to, whatever they came from (groups, grants, a denial taken back).
drop policy masked_write on daicho.account;
drop policy masked_change on daicho.account;
create policy masked_write on daicho.account as restrictive for insert to daicho_tenant
    with check (current_user::text !~ '_masked$' or not sees_personal);
create policy masked_change on daicho.account as restrictive for update to daicho_tenant
    using (current_user::text !~ '_masked$' or not sees_personal)
    with check (current_user::text !~ '_masked$' or not sees_personal);
create policy masked_erase on daicho.account as restrictive for delete to daicho_tenant
    using (current_user::text !~ '_masked$' or not sees_personal);

-- Somebody who may manage accounts is always left, whichever way the last one would go. Changes stand in line at the groups of the contract, so two
-- cannot remove each other. Operators may, and can put it right; so may a leaving date that fires unattended; and a lost device does not wait for
-- a successor (0008_people.sql).
create function daicho.account_manager_left() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
begin
    if session_user not in ('daicho_web', 'daicho_auth', 'daicho_sso') then
        return null;
    end if;
    perform from daicho.account_group g where g.tenant = old.tenant order by g.id for update;
    if not exists (select from daicho.account a
            where a.tenant = old.tenant and a.state = 'active' and 'account.manage' = any (string_to_array(a.words, ' '))) then
        raise integrity_constraint_violation using message = 'somebody who may manage accounts must be left';
    end if;
    return null;
end
$$;
create trigger manager_left after update on daicho.account for each row
    when (old.state = 'active' and 'account.manage' = any (string_to_array(old.words, ' '))
        and (new.state <> 'active' or 'account.manage' <> all (string_to_array(new.words, ' '))) and new.suspended_for is distinct from 'loss')
    execute function daicho.account_manager_left();
create trigger manager_left_delete after delete on daicho.account for each row
    when (old.state = 'active' and 'account.manage' = any (string_to_array(old.words, ' ')))
    execute function daicho.account_manager_left();

-- Jobs: queued as who acts, with no more words than they hold; and asked again when they begin and end ------------------------------------------------
create function daicho.job_giving_check() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
declare
    limits text[] := daicho.actor_words();
begin
    if limits is null then
        return new;
    end if;
    if new.actor_kind || ':' || new.actor_id <> split_part(current_setting('daicho.actor', true), ':', 1) || ':'
            || split_part(current_setting('daicho.actor', true), ':', 2)
        or daicho.words_missing(string_to_array(new.permissions, ' '), limits) <> '{}'
        or not new.masked and current_setting('role') ~ '_masked$' then
        raise insufficient_privilege using message = 'a job is queued as who asks for it';
    end if;
    return new;
end
$$;
create trigger giving before insert on daicho.job for each row execute function daicho.job_giving_check();

-- What who started it may do now, of what they could then. Null: they are out.
create function daicho.job_words(id_ bigint) returns text language sql stable security definer set search_path = pg_catalog as $$
    select case j.actor_kind
        when 'account' then (select array_to_string(daicho.words_meet(string_to_array(j.permissions, ' '), string_to_array(a.words, ' ')), ' ')
            from daicho.account a where a.id = j.actor_id and a.tenant = j.tenant and a.state = 'active')
        when 'key' then (select array_to_string(daicho.words_meet(string_to_array(j.permissions, ' '), string_to_array(k.words, ' ')), ' ')
            from daicho.api_key k
            where k.id = j.actor_id and k.tenant = j.tenant and k.maker_active and k.revoked_at is null
                and (k.expires_at is null or k.expires_at > daicho.clock()))
        else j.permissions end
    from daicho.job j where j.id = id_
$$;

-- What masked accounts must not learn -------------------------------------------------------------------------------------------------------------------
-- Conditions and refused rows of a job hold values: jobs of those who see personal items are theirs alone.
create policy masked_read on daicho.job as restrictive for select to daicho_tenant using (current_user::text !~ '_masked$' or masked);

-- About how many records: what the statistics of the running server say, or after a crash the last ANALYZE. The catalogue itself is closed to tenants
-- (bootstrap.sql).
create function daicho.register_about(names text[]) returns table (name text, about bigint)
language sql stable security definer set search_path = pg_catalog as $$
    select x.name, case when pg_stat_get_live_tuples(c.oid) > 0 then pg_stat_get_live_tuples(c.oid) else greatest(c.reltuples, 0)::bigint end
    from unnest(names) x (name)
    join pg_class c on c.oid = to_regclass(format('%I.%I', 't_' || daicho.role_tenant(), 'r_' || x.name))
$$;

grant select (words, sees_personal, maker_active) on daicho.api_key to daicho_tenant;
revoke execute on function daicho.words_hold(text[], text), daicho.words_missing(text[], text[]), daicho.words_meet(text[], text[]),
    daicho.account_work_out(), daicho.api_key_work_out(), daicho.actor_words(), daicho.giving_check(), daicho.account_manager_left(),
    daicho.job_giving_check(), daicho.job_words(bigint), daicho.register_about(text[]) from public;
grant execute on function daicho.words_proper(text[]) to public;
grant execute on function daicho.job_words(bigint) to daicho_jobs;
grant execute on function daicho.register_about(text[]) to daicho_tenant, daicho_owner;
