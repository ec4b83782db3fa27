-- Why: an operator is not a tenant. Operators are accounts of one contract of a kind of its own; they hold nothing in any other contract, and nobody
-- elsewhere holds what is theirs. Into the records of a contract an operator comes by a support grant only: asked for with a reason, approved there by
-- somebody else, for a time by the database's clock, to read, and written down in that contract's own log.

alter table daicho.tenant add column kind text not null default 'customer' check (kind in ('customer', 'operator'));
create unique index tenant_operator_key on daicho.tenant (kind) where kind = 'operator';

-- Passwords that lead to servers: three of the four classes at least, whatever the operators' own policy says besides. No expiry is demanded.
create function daicho.operator_policy() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
begin
    if new.classes_min < 3 and exists (select from daicho.tenant t where t.name = new.tenant and t.kind = 'operator') then
        if tg_op = 'UPDATE' then
            raise check_violation using message = 'passwords of operators have three of the four classes', constraint = 'policy_classes_min_check';
        end if;
        new.classes_min := 3;
    end if;
    return new;
end
$$;
create trigger operators before insert or update on daicho.policy for each row execute function daicho.operator_policy();

-- Words that belong to operators alone, and words operators never hold: on every path that gives any.
create function daicho.words_check(tenant_ text, words text[]) returns void
language plpgsql stable security definer set search_path = pg_catalog as $$
begin
    if (select t.kind from daicho.tenant t where t.name = tenant_) = 'operator' then
        if exists (select from unnest(words) w where w ~ '^(record|register|personal|support\.approve|key)\M') then
            raise check_violation using message = 'an operator holds no right on records', constraint = 'account_group_permissions_check';
        end if;
    elsif 'support.ask' = any (words) then
        raise check_violation using message = 'only operators ask for support grants', constraint = 'account_group_permissions_check';
    end if;
end
$$;
create function daicho.group_words() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
begin
    perform daicho.words_check(new.tenant, new.permissions);
    return new;
end
$$;
create trigger words before insert or update of permissions, tenant on daicho.account_group for each row execute function daicho.group_words();
create function daicho.account_words() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
begin
    perform daicho.words_check(new.tenant, new.grants);
    return new;
end
$$;
create trigger words before insert or update of grants, tenant on daicho.account for each row execute function daicho.account_words();

alter table daicho.support_grant add column refused_by text,
    add column approved_person bigint;

-- Is it open: approved, not ended, its time not over?
create function daicho.support_open(g daicho.support_grant) returns boolean language sql stable set search_path = pg_catalog as $$
    select (g).approved_at is not null and (g).ended_at is null and (g).ends_at > daicho.clock()
$$;

-- What session_enter gives an operator who works by a grant: the other contract's role, to read. When the grant is over, the operator's own contract.
create function daicho.support_acting(e daicho.entrance) returns daicho.entrance
language plpgsql stable security definer set search_path = pg_catalog as $$
declare
    g daicho.support_grant;
begin
    select x.* into g from daicho.support_grant x join daicho.tenant t on t.name = x.tenant
    where x.id = e.acting and x.operator_id = e.id and t.state = 'active';
    if not found or not daicho.support_open(g) then
        e.acting := null;
        return e;
    end if;
    e.tenant := g.tenant;
    e.masked := not g.personal;
    e.role := 't_' || g.tenant || case when g.personal then '' else '_masked' end;
    e.kind := 'operator';
    e.groups := 'support ' || g.id;
    e.permissions := case when g.personal then 'record.read personal.see' else 'record.read' end;
    return e;
end
$$;

-- An entry in the contract's own log about what happens to a grant, also by those outside.
create function daicho.support_log(g daicho.support_grant, verb text) returns void
language plpgsql security definer set search_path = pg_catalog as $$
begin
    execute format('insert into %I.log (actor_kind, actor_id, actor, groups, source, verb, kind, subject_id, result) '
        'values (''operator'', $1, $2, $3, ''-'', $4, ''support'', $5, ''OK'')', 't_' || g.tenant)
    using g.operator_id, g.operator, 'support ' || g.id, verb, g.id;
end
$$;

-- Asked by an account of the operators' contract. Null: there is no such contract.
create function daicho.support_ask(tenant_ text, reason_ text, minutes_ int, personal_ boolean) returns bigint
language plpgsql security definer set search_path = pg_catalog as $$
declare
    g daicho.support_grant;
    a record;
begin
    select x.id, x.login into a from daicho.account x join daicho.tenant t on t.name = x.tenant and t.kind = 'operator'
    where x.id = daicho.actor_account() and x.tenant = daicho.role_tenant() and 'support.ask' = any (string_to_array(x.words, ' '));
    if not found then
        raise insufficient_privilege using message = 'operators ask for support grants';
    end if;
    insert into daicho.support_grant (tenant, operator_id, operator, reason, personal, minutes)
    select t.name, a.id, a.login, reason_, personal_, minutes_ from daicho.tenant t where t.name = tenant_ and t.kind = 'customer' and t.state = 'active'
    returning * into g;
    if g.id is null then
        return null;
    end if;
    perform daicho.support_log(g, 'create');
    return g.id;
end
$$;

-- In what follows null says that the grant is not in a state for it, 'unknown' that the caller has no such grant.

-- Approved by an account of the contract it is about that holds support.approve: never the operator, whose account is of another contract.
create function daicho.support_approve(id_ bigint) returns text
language plpgsql security definer set search_path = pg_catalog as $$
declare
    a record;
begin
    select x.id, x.login, x.person_id into a from daicho.account x
    where x.id = daicho.actor_account() and x.tenant = daicho.role_tenant() and 'support.approve' = any (string_to_array(x.words, ' '));
    if not found then
        raise insufficient_privilege using message = 'the contract itself approves support';
    end if;
    update daicho.support_grant g set approved_by = a.login, approved_id = a.id, approved_person = a.person_id, approved_at = daicho.clock(),
        ends_at = daicho.clock() + make_interval(mins => g.minutes)
    where g.id = id_ and g.tenant = daicho.role_tenant() and g.approved_at is null and g.ended_at is null
        and g.asked_at > daicho.clock() - interval '7 days';
    return case when found then 'approved'
        when not exists (select from daicho.support_grant g where g.id = id_ and g.tenant = daicho.role_tenant()) then 'unknown' end;
end
$$;

-- Ended (or refused, when it was not approved yet) by either side.
create function daicho.support_end(id_ bigint) returns text
language plpgsql security definer set search_path = pg_catalog as $$
declare
    g daicho.support_grant;
begin
    update daicho.support_grant x set ended_at = daicho.clock(),
        refused_by = case when x.approved_at is null and x.tenant = daicho.role_tenant() then split_part(current_setting('daicho.actor', true), ':', 3) end
    where x.id = id_ and x.ended_at is null
        and (x.tenant = daicho.role_tenant() or x.operator_id = daicho.actor_account() and exists (
            select from daicho.account a where a.id = x.operator_id and a.tenant = daicho.role_tenant()))
    returning * into g;
    if not found then
        return case when not exists (select from daicho.support_grant x where x.id = id_
            and (x.tenant = daicho.role_tenant() or x.operator_id = daicho.actor_account())) then 'unknown' end;
    end if;
    update daicho.session set acting = null where acting = id_;
    if g.tenant <> daicho.role_tenant() then
        perform daicho.support_log(g, 'revoke');
    end if;
    return case when g.approved_at is null then 'refused' else 'ended' end;
end
$$;

-- Into the contract, with the operator's own session.
create function daicho.support_enter(session_id_ bigint, id_ bigint) returns text
language plpgsql security definer set search_path = pg_catalog as $$
declare
    g daicho.support_grant;
begin
    select x.* into g from daicho.support_grant x where x.id = id_ and x.operator_id = daicho.actor_account();
    if not found then
        return 'unknown';
    elsif not daicho.support_open(g) then
        return null;
    end if;
    update daicho.session set acting = id_
    where id = session_id_ and account_id = g.operator_id and tenant = daicho.role_tenant() and stage = 'full';
    if not found then
        return null;
    end if;
    perform daicho.support_log(g, 'login');
    return g.tenant;
end
$$;

-- Out again; called inside the other contract.
create function daicho.support_leave(session_id_ bigint) returns boolean
language plpgsql security definer set search_path = pg_catalog as $$
declare
    g daicho.support_grant;
begin
    select x.* into g from daicho.session s join daicho.support_grant x on x.id = s.acting where s.id = session_id_ and x.tenant = daicho.role_tenant();
    if not found then
        return false;
    end if;
    update daicho.session set acting = null where id = session_id_;
    return true;
end
$$;

-- Log-out, also of an operator inside another contract.
create function daicho.session_quit(session_id_ bigint) returns boolean
language plpgsql security definer set search_path = pg_catalog as $$
begin
    delete from daicho.session s where s.id = session_id_ and (s.tenant = daicho.role_tenant()
        or exists (select from daicho.support_grant g where g.id = s.acting and g.tenant = daicho.role_tenant()));
    return found;
end
$$;

-- What operators see of contracts: names, states, sizes; never what is in them.
create function daicho.operator_contracts()
returns table (name text, title text, state text, lang text, created_at timestamptz, accounts bigint, sessions bigint, jobs bigint, bytes bigint)
language plpgsql stable security definer set search_path = pg_catalog as $$
begin
    if not exists (select from daicho.tenant t where t.name = daicho.role_tenant() and t.kind = 'operator') then
        raise insufficient_privilege using message = 'this is for operators';
    end if;
    return query select t.name, t.title, t.state, t.lang, t.created_at,
        (select count(*) from daicho.account a where a.tenant = t.name),
        (select count(*) from daicho.session s where s.tenant = t.name and s.stage = 'full'),
        (select count(*) from daicho.job j where j.tenant = t.name and j.state in ('queued', 'running')),
        (select coalesce(sum(pg_catalog.pg_total_relation_size(c.oid)), 0)::bigint from pg_catalog.pg_class c
            join pg_catalog.pg_namespace n on n.oid = c.relnamespace where n.nspname = 't_' || t.name and c.relkind = 'r')
    from daicho.tenant t where t.kind = 'customer' order by t.name;
end
$$;

-- The grants an operator has asked for; the contract sees its own through row security.
create function daicho.operator_grants() returns setof daicho.support_grant
language plpgsql stable security definer set search_path = pg_catalog as $$
begin
    if not exists (select from daicho.tenant t where t.name = daicho.role_tenant() and t.kind = 'operator') then
        raise insufficient_privilege using message = 'this is for operators';
    end if;
    return query select g.* from daicho.support_grant g order by g.id desc limit 200;
end
$$;

-- The operator's desk: what a command of the operator (daicho_cli) becomes inside a contract. A role of its own, t_NAME_desk: it runs the contract - people,
-- keys, policy, certificates, definitions, the log without what entries say exactly - and has no right on a record, its history or a file made of records.
create or replace function daicho.tenant() returns text language sql stable parallel safe as $$
    select substring(current_user::text from '^t_([a-z][a-z0-9]*)(?:_masked|_form|_desk)?$')
$$;
create or replace function daicho.role_tenant() returns text language sql stable parallel safe set search_path = pg_catalog as $$
    select substring(current_setting('role') from '^t_([a-z][a-z0-9]*)(?:_masked|_desk)?$')
$$;
create or replace function daicho.tenant_enter(tenant_ text) returns setof daicho.entrance
language sql security definer set search_path = pg_catalog as $$
    select t.name, 't_' || t.name || case when session_user = 'daicho_cli' then '_desk' else '' end, false, 'operator', 0::bigint, '', '', '', t.lang, 'auto',
        0::bigint, false, (extract(epoch from daicho.clock()) * 1000)::bigint, false, 'full', 0::bigint, null::bigint
    from daicho.tenant t where t.name = tenant_ and t.state <> 'ended'
$$;
create or replace function daicho.tenant_schema_create(name_ text) returns void language plpgsql set search_path = pg_catalog as $$
begin
    execute format('create schema %I', 't_' || name_);
    execute format('grant usage on schema %I to %I, %I, %I, %I', 't_' || name_, 't_' || name_, 't_' || name_ || '_masked', 't_' || name_ || '_form',
        't_' || name_ || '_desk');
end
$$;
do $$
declare
    n text;
begin
    for n in select name from daicho.tenant where state <> 'ended' loop
        execute format('grant usage on schema %I to %I', 't_' || n, 't_' || n || '_desk');
    end loop;
end
$$;

-- Work on records is begun by the contract's own accounts and keys; the desk defines registers, and sees no job that holds conditions or rows.
create policy desk on daicho.job as restrictive to daicho_tenant
    using (current_user::text !~ '_desk$' or kind = 'define') with check (current_user::text !~ '_desk$' or kind = 'define');
-- A key of the desk's making opens nothing that the desk does not see.
create policy desk on daicho.api_key as restrictive for insert to daicho_tenant
    with check (current_user::text !~ '_desk$' or array_to_string(permissions, ' ') !~ '(^| )(record|personal|log)\.');

-- What stands beside the entries behind (xid_, id_), for the walk that checks a whole log: the fingerprint of what an entry says exactly; itself only to
-- whoever shows a key of the contract that may read the log and personal items.
create function daicho.log_beside(key_ bytea, xid_ xid8, id_ bigint, max_ bigint) returns table (id bigint, fingerprint bytea, salt bytea, detail text)
language plpgsql stable security definer set search_path = pg_catalog as $$
declare
    tenant_ text := daicho.role_tenant();
    shown boolean;
begin
    if session_user <> 'daicho_cli' or tenant_ is null then
        raise insufficient_privilege using message = 'this is for the operator''s commands';
    end if;
    shown := exists (select from daicho.api_key k where k.token_hash = key_ and k.tenant = tenant_ and k.revoked_at is null and k.maker_active
        and (k.expires_at is null or k.expires_at > daicho.clock()) and k.sees_personal and 'log.read' = any (string_to_array(k.words, ' ')));
    if key_ is not null and not shown then
        raise insufficient_privilege using message = 'this key may not see what entries of the log say';
    end if;
    return query execute format('select d.id, sha256(d.salt || convert_to(d.detail, ''UTF8'')), case when $4 then d.salt end, case when $4 then d.detail end'
        ' from (select l.id from %1$I.log l where (l.xid, l.id) > ($1, $2) order by l.xid, l.id limit $3) l join %1$I.log_detail d on d.id = l.id',
        't_' || tenant_) using xid_, id_, max_, shown;
end
$$;
revoke execute on function daicho.log_beside(bytea, xid8, bigint, bigint) from public;
grant execute on function daicho.log_beside(bytea, xid8, bigint, bigint) to daicho_tenant;

revoke execute on function daicho.operator_policy(), daicho.words_check(text, text[]), daicho.group_words(), daicho.account_words(), daicho.support_open(daicho.support_grant),
    daicho.support_acting(daicho.entrance), daicho.support_log(daicho.support_grant, text),
    daicho.support_ask(text, text, int, boolean), daicho.support_approve(bigint), daicho.support_end(bigint), daicho.support_enter(bigint, bigint),
    daicho.support_leave(bigint), daicho.session_quit(bigint), daicho.operator_contracts(), daicho.operator_grants() from public;
grant execute on function daicho.support_ask(text, text, int, boolean), daicho.support_approve(bigint), daicho.support_end(bigint),
    daicho.support_enter(bigint, bigint), daicho.support_leave(bigint), daicho.session_quit(bigint), daicho.operator_contracts(), daicho.operator_grants() to daicho_tenant;
