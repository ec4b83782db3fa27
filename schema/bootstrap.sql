-- Run once for each database by the cluster's superuser, before the first migration; may be run again.
-- Makes the cluster-wide roles and takes away from PUBLIC what an injected expression could use to leave its role or to write outside.
-- Passwords are set separately (daicho up): nobody can log in before.

do $$
declare
    r text;
begin
    -- owner: DDL and tenant roles. Login roles: no rights of their own (NOINHERIT); they take a tenant's role inside a transaction.
    if not exists (select from pg_roles where rolname = 'daicho_owner') then
        create role daicho_owner login createrole noinherit;
    end if;
    foreach r in array array['daicho_web', 'daicho_auth', 'daicho_jobs', 'daicho_cli'] loop
        if not exists (select from pg_roles where rolname = r) then
            execute format('create role %I login noinherit connection limit 64', r);
        end if;
    end loop;
    -- what all tenant roles share: rights on the shared tables, each row still guarded by its policy
    if not exists (select from pg_roles where rolname = 'daicho_tenant') then
        create role daicho_tenant nologin;
    end if;
end
$$;

alter role daicho_owner set search_path = pg_catalog;
alter role daicho_web set search_path = pg_catalog;
alter role daicho_auth set search_path = pg_catalog;
alter role daicho_jobs set search_path = pg_catalog;
alter role daicho_cli set search_path = pg_catalog;
grant daicho_tenant to daicho_owner with admin option;

revoke all on schema public from public;
revoke execute on function pg_catalog.set_config(text, text, boolean) from public;
grant execute on function pg_catalog.set_config(text, text, boolean)
    to daicho_owner, daicho_web, daicho_auth, daicho_jobs, daicho_cli;
revoke update on pg_catalog.pg_settings from public;

-- large objects: nobody needs them
revoke execute on function pg_catalog.lo_creat(integer), pg_catalog.lo_create(oid), pg_catalog.lo_from_bytea(oid, bytea),
    pg_catalog.lo_open(oid, integer), pg_catalog.lowrite(integer, bytea), pg_catalog.lo_put(oid, bigint, bytea),
    pg_catalog.lo_unlink(oid), pg_catalog.lo_get(oid), pg_catalog.lo_get(oid, bigint, integer), pg_catalog.loread(integer, integer),
    pg_catalog.lo_truncate(integer, integer), pg_catalog.lo_truncate64(integer, bigint) from public;
-- advisory locks and notifications by injected text could hold up others
revoke execute on function pg_catalog.pg_notify(text, text), pg_catalog.pg_advisory_lock(bigint), pg_catalog.pg_advisory_lock(integer, integer),
    pg_catalog.pg_sleep(double precision), pg_catalog.pg_sleep_for(interval), pg_catalog.pg_sleep_until(timestamptz) from public;
revoke execute on function pg_catalog.pg_advisory_xact_lock(bigint), pg_catalog.pg_advisory_xact_lock(integer, integer),
    pg_catalog.pg_advisory_lock_shared(bigint), pg_catalog.pg_advisory_lock_shared(integer, integer),
    pg_catalog.pg_advisory_xact_lock_shared(bigint), pg_catalog.pg_advisory_xact_lock_shared(integer, integer),
    pg_catalog.pg_try_advisory_lock(bigint), pg_catalog.pg_try_advisory_lock(integer, integer),
    pg_catalog.pg_try_advisory_xact_lock(bigint), pg_catalog.pg_try_advisory_xact_lock(integer, integer),
    pg_catalog.pg_try_advisory_lock_shared(bigint), pg_catalog.pg_try_advisory_lock_shared(integer, integer),
    pg_catalog.pg_try_advisory_xact_lock_shared(bigint), pg_catalog.pg_try_advisory_xact_lock_shared(integer, integer),
    pg_catalog.pg_advisory_unlock(bigint), pg_catalog.pg_advisory_unlock_all() from public;
grant execute on function pg_catalog.pg_advisory_lock(bigint), pg_catalog.pg_advisory_xact_lock(bigint), pg_catalog.pg_try_advisory_lock(bigint),
    pg_catalog.pg_advisory_unlock(bigint), pg_catalog.pg_advisory_unlock_all() to daicho_owner;
grant execute on function pg_catalog.pg_notify(text, text) to daicho_tenant, daicho_owner;
