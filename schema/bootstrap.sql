-- Run once for each database by the cluster's superuser, before the first migration; may be run again.
-- Makes the cluster-wide roles and takes away from PUBLIC what an injected expression could use to leave its role or to write outside.
-- Passwords are set separately (daicho up): nobody can log in before.

do $$
declare
    r text;
begin
    -- owner: DDL in its own schemas. Login roles: no rights of their own (NOINHERIT); they take a tenant's role inside a transaction.
    foreach r in array array['daicho_owner', 'daicho_web', 'daicho_auth', 'daicho_jobs', 'daicho_cli', 'daicho_sso', 'daicho_mailer', 'daicho_courier', 'daicho_sealer', 'daicho_watch'] loop
        if not exists (select from pg_roles where rolname = r) then
            execute format('create role %I login noinherit connection limit 64', r);
        end if;
        execute format('alter role %I set search_path = pg_catalog', r);
        execute format('alter role %I set jit = off', r);       -- compiling costs more than these statements
    end loop;
    -- what all tenant roles share: rights on the shared tables, each row still guarded by its policy
    if not exists (select from pg_roles where rolname = 'daicho_tenant') then
        create role daicho_tenant nologin;
    end if;
    execute format('revoke all on database %I from public', current_database());
    execute format('grant connect on database %I to daicho_owner, daicho_web, daicho_auth, daicho_jobs, daicho_cli, daicho_sso, daicho_mailer, daicho_courier, daicho_sealer, daicho_watch', current_database());
    execute format('grant create, temporary on database %I to daicho_owner', current_database());
    execute format('grant temporary on database %I to daicho_tenant', current_database());
end
$$;

-- the define job takes the owner's role for its transaction (NOINHERIT: not before it asks)
grant daicho_owner to daicho_jobs;

-- imports: few large merges into the search index instead of many small ones (0005_register_settle.sql)
alter role daicho_jobs set gin_pending_list_limit = '64MB';
alter role daicho_jobs set work_mem = '64MB';

-- a person waits: better a refusal than a worker lost
alter role daicho_web set statement_timeout = '30s';
alter role daicho_web set lock_timeout = '10s';
alter role daicho_web set idle_in_transaction_session_timeout = '60s';
alter role daicho_auth set statement_timeout = '30s';
alter role daicho_auth set lock_timeout = '10s';
alter role daicho_auth set idle_in_transaction_session_timeout = '60s';
alter role daicho_sso set statement_timeout = '30s';
alter role daicho_sso set lock_timeout = '10s';
alter role daicho_sso set idle_in_transaction_session_timeout = '60s';

-- The roles of a tenant. daicho_owner, whose connection also runs the define job, has no CREATEROLE: on PostgreSQL 15 that would be a way to
-- every role but the superuser's. It may call these two functions, which make and drop roles of one shape only.
create schema if not exists daicho_admin;
revoke all on schema daicho_admin from public;
grant usage on schema daicho_admin to daicho_owner;

create or replace function daicho_admin.tenant_roles_create(name_ text) returns void
language plpgsql security definer set search_path = pg_catalog as $$
declare
    r text;
begin
    if name_ !~ '^[a-z][a-z0-9]{1,29}$' then
        raise check_violation using message = 'not a name of a tenant';
    end if;
    foreach r in array array['', '_masked', '_form', '_desk'] loop
        r := 't_' || name_ || r;
        if not exists (select from pg_roles where rolname = r) then
            execute format('create role %I nologin inherit', r);
        end if;
        execute format('grant daicho_tenant to %I', r);
    end loop;
    execute format('grant %I, %I to daicho_web, daicho_auth, daicho_jobs', 't_' || name_, 't_' || name_ || '_masked');
    -- the operator's commands: no record, no history, nothing of what entries of the log say exactly (0015_support.sql)
    execute format('grant %I to daicho_cli', 't_' || name_ || '_desk');
    -- the process that speaks with sign-on providers never sees anybody's personal items
    execute format('grant %I to daicho_sso', 't_' || name_ || '_masked');
end
$$;

create or replace function daicho_admin.tenant_roles_drop(name_ text) returns void
language plpgsql security definer set search_path = pg_catalog as $$
declare
    r text;
begin
    if name_ !~ '^[a-z][a-z0-9]{1,29}$' then
        raise check_violation using message = 'not a name of a tenant';
    end if;
    foreach r in array array['t_' || name_, 't_' || name_ || '_masked', 't_' || name_ || '_form', 't_' || name_ || '_desk'] loop
        begin
            execute format('drop role if exists %I', r);
        exception when dependent_objects_still_exist then
            null;       -- another database of this cluster has a tenant of this name; here the role has no rights any more
        end;
    end loop;
end
$$;
revoke execute on function daicho_admin.tenant_roles_create(text), daicho_admin.tenant_roles_drop(text) from public;
grant execute on function daicho_admin.tenant_roles_create(text), daicho_admin.tenant_roles_drop(text) to daicho_owner;

-- contracts that were made before there was daicho_sso, or the operator's desk
do $$
declare
    r text;
begin
    for r in select substring(rolname from '^(t_[a-z][a-z0-9]{1,29})_masked$') from pg_roles where rolname ~ '^t_[a-z][a-z0-9]{1,29}_masked$' loop
        execute format('grant %I to daicho_sso', r || '_masked');
        if not exists (select from pg_roles where rolname = r || '_desk') then
            execute format('create role %I nologin inherit', r || '_desk');
        end if;
        execute format('grant daicho_tenant to %I', r || '_desk');
        execute format('grant %I to daicho_cli', r || '_desk');
        execute format('revoke %I, %I from daicho_cli', r, r || '_masked');
    end loop;
end
$$;

revoke all on schema public from public;
revoke execute on function pg_catalog.set_config(text, text, boolean) from public;
-- those that never take a role have no use for it
revoke execute on function pg_catalog.set_config(text, text, boolean) from daicho_mailer, daicho_courier, daicho_sealer, daicho_watch;
grant execute on function pg_catalog.set_config(text, text, boolean) to daicho_owner, daicho_web, daicho_auth, daicho_jobs, daicho_cli, daicho_sso;
revoke update on pg_catalog.pg_settings from public;
-- no DO blocks, no functions but those that exist
revoke usage on language plpgsql, sql from public;
grant usage on language plpgsql, sql to daicho_owner;

-- Functions an injected expression could use to write outside its tables (large objects, WAL), to hold up others (locks, sleep) or to look at
-- other tenants' statements on the same connection.
do $$
declare
    f regprocedure;
begin
    for f in
        select p.oid::regprocedure from pg_proc p
        where p.pronamespace = 'pg_catalog'::regnamespace
            and (p.proname ~ '^(lo_|loread$|lowrite$)' or p.proname ~ 'advisory' or p.proname ~ '^pg_(sleep|logical_|replication_|create_|drop_|copy_|stop_|start_|rotate_|read_|ls_|file_)'
                or p.proname in ('pg_notify', 'pg_prepared_statement', 'pg_cursor', 'pg_export_snapshot'))
    loop
        execute format('revoke execute on function %s from public', f);
    end loop;
end
$$;
revoke select on pg_catalog.pg_prepared_statements, pg_catalog.pg_cursors from public;
grant execute on function pg_catalog.pg_advisory_lock(bigint), pg_catalog.pg_advisory_xact_lock(bigint), pg_catalog.pg_try_advisory_lock(bigint),
    pg_catalog.pg_advisory_unlock(bigint), pg_catalog.pg_advisory_unlock_all() to daicho_owner;
grant execute on function pg_catalog.pg_notify(text, text) to daicho_tenant, daicho_owner;

-- PostgreSQL's own trail (pgaudit). What is done to a table of ours is written down when it is done by somebody else than the service: daicho_auditor
-- holds, and nobody holds it, the rights that pgaudit looks for. The service's own roles have their operation log, and no line of this one a request;
-- the operator's command and the owner, rare and powerful, leave theirs.
do $$
declare
    r text;
begin
    if not exists (select from pg_roles where rolname = 'daicho_auditor') then
        create role daicho_auditor nologin;
    end if;
    alter default privileges for role daicho_owner grant select, insert, update, delete on tables to daicho_auditor;
    if current_setting('shared_preload_libraries') !~ 'pgaudit' then
        return;
    end if;
    create extension if not exists pgaudit with schema daicho_admin;
    foreach r in array array['daicho_web', 'daicho_auth', 'daicho_jobs', 'daicho_sso', 'daicho_mailer', 'daicho_courier', 'daicho_sealer', 'daicho_watch'] loop
        execute format('alter role %I set pgaudit.role = %L', r, '');
        if r <> 'daicho_jobs' then                  -- which defines registers: its DDL is told
            execute format('alter role %I set pgaudit.log = %L', r, 'none');
        end if;
    end loop;
end
$$;

-- What the catalogue and the statistics tell: names, sizes and row counts of other contracts, definitions of their views, who is at work. No statement of
-- the house needs them from inside a tenant (the planner reads them without asking for rights); "about N records" comes through daicho.register_about().
-- Functions that run SQL given as text (query_to_xml and its like) go with them.
do $$
declare
    t regclass;
    f regprocedure;
begin
    for t in
        select c.oid::regclass from pg_class c
        where c.relnamespace = 'pg_catalog'::regnamespace and c.relkind in ('r', 'v')
            and exists (select from aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) a where a.grantee = 0 and a.privilege_type = 'SELECT')
    loop
        execute format('revoke select on %s from public', t);
        execute format('grant select on %s to daicho_owner', t);
    end loop;
    for f in
        select p.oid::regprocedure from pg_proc p
        where p.pronamespace = 'pg_catalog'::regnamespace
            and (p.proname ~ '_to_xml|^pg_stat_(get|reset|have)|^pg_(table|relation|total_relation|indexes|database|tablespace)_(size|filenode|filepath|databases|location)'
                or p.proname ~ '^pg_get_(functiondef|function_sqlbody|viewdef|ruledef|indexdef|triggerdef|constraintdef|partkeydef|statisticsobjdef|expr)'
                or p.proname ~ '^pg_(identify_object|describe_object|lock_status|blocking_pids|safe_snapshot|cancel_backend|terminate_backend|filenode_relation)'
                or p.proname ~ '^pg_(show_|current_wal|last_wal|last_xact|last_committed|walfile|wal_lsn|prepared_xact|available_|extension_update|partition_)'
                or p.proname ~ '^pg_(relation_is|column_is|sequence_|hba_|ident_|config$|control_|mcv_list|get_shmem|get_backend|get_object_address)'
                or p.oid in ('pg_catalog.ts_stat(text)'::regprocedure, 'pg_catalog.ts_stat(text, text)'::regprocedure,
                    'pg_catalog.ts_rewrite(tsquery, text)'::regprocedure))
    loop
        execute format('revoke execute on function %s from public', f);
    end loop;
end
$$;
revoke select on pg_catalog.pg_subscription from public;        -- granted column by column
grant execute on function pg_catalog.pg_stat_get_live_tuples(oid), pg_catalog.pg_total_relation_size(regclass), pg_catalog.pg_sequence_last_value(regclass) to daicho_owner;
revoke usage on schema information_schema from public;
grant usage on schema information_schema to daicho_owner;

-- The bytes of what was erased (schema/0028_erasure_bytes.sql), as far as only the superuser can: nobody's values are read, nothing is named but tables.
-- May anybody still see what this transaction deleted? Then a table that is written anew would take it along. Our own statement counts, too: what it began
-- with is what it sees.
create or replace function daicho_admin.bytes_seen(xid_ xid8) returns boolean language sql volatile security definer set search_path = pg_catalog as $$
    select exists (select from pg_stat_activity a where (a.datname = current_database() or a.datname is null)
            and (age(a.backend_xmin) >= age(xid_::xid) or age(a.backend_xid) >= age(xid_::xid)))
        or exists (select from pg_prepared_xacts p where age(p.transaction) >= age(xid_::xid))
        or exists (select from pg_replication_slots s where age(s.xmin) >= age(xid_::xid))
$$;
-- Is somebody in this table, in a transaction that is not short? Null: nobody is in a table that is gone.
create or replace function daicho_admin.bytes_held(table_ regclass) returns boolean language sql volatile security definer set search_path = pg_catalog as $$
    select exists (select from pg_locks l join pg_stat_activity a on a.pid = l.pid
        where l.locktype = 'relation' and l.relation = table_ and l.database = (select d.oid from pg_database d where d.datname = current_database())
            and l.pid <> pg_backend_pid() and a.xact_start < clock_timestamp() - interval '500 milliseconds')
$$;
-- Most common values and bounds of histograms are values. ANALYZE leaves those of a table that has become empty.
create or replace function daicho_admin.bytes_statistics_forget(table_ regclass) returns void language sql security definer set search_path = pg_catalog as $$
    delete from pg_statistic s using pg_class c
    where c.oid = table_ and c.relowner = 'daicho_owner'::regrole
        and (s.starelid = c.oid or s.starelid in (select x.indexrelid from pg_index x where x.indrelid = c.oid))
$$;
-- False: somebody is at it; later.
create or replace function daicho_admin.bytes_statistics_renew() returns boolean language plpgsql security definer set search_path = pg_catalog set lock_timeout = '300ms' as $$
begin
    cluster pg_catalog.pg_statistic using pg_statistic_relid_att_inh_index;
    return true;
exception when lock_not_available or deadlock_detected then
    return false;
end
$$;
-- The journal begins with a new file, everything before it is on its pages, and the files before it are gone (wal_recycle is off: none is used again). Those
-- that lie ready from a time when it was on are used up. False: an archive or a replica has not got them yet; later.
create or replace function daicho_admin.bytes_journal_renew() returns boolean language plpgsql security definer set search_path = pg_catalog as $$
declare
    here text;
begin
    for i in 1 .. 300 loop
        perform pg_switch_wal();
        perform pg_logical_emit_message(false, 'daicho', '');
        here := pg_walfile_name(pg_current_wal_insert_lsn());
        exit when not exists (select from pg_ls_waldir() w where w.name ~ '^[0-9A-F]{24}$' and w.name > here);
    end loop;
    execute 'checkpoint';
    return not exists (select from pg_ls_waldir() w where w.name ~ '^[0-9A-F]{24}$' and w.name < here);
end
$$;
revoke execute on function daicho_admin.bytes_seen(xid8), daicho_admin.bytes_held(regclass), daicho_admin.bytes_statistics_forget(regclass), daicho_admin.bytes_statistics_renew(),
    daicho_admin.bytes_journal_renew() from public;
grant execute on function daicho_admin.bytes_seen(xid8), daicho_admin.bytes_held(regclass), daicho_admin.bytes_statistics_forget(regclass), daicho_admin.bytes_statistics_renew(),
    daicho_admin.bytes_journal_renew() to daicho_owner;
