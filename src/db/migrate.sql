-- What has been applied. Scripts of tenants are kept with their text: a new tenant is made from the same scripts as its neighbours.

-- migrate_ready() -> one bool
select to_regclass('daicho.migration') is not null;

-- migrate_list(scope text) -> many(9999) migration(number int, name text, sha256 bytea, script text)
select number, name, sha256, script from daicho.migration where scope = $1 order by number;

-- migrate_note(scope text, number int, name text, sha256 bytea, script text) -> none
insert into daicho.migration (scope, number, name, sha256, script) values ($1, $2, $3, $4, $5);

-- migrate_lock() -> none
select pg_advisory_lock(3152716);

-- migrate_unlock() -> none
select pg_advisory_unlock(3152716);

-- migrate_behind(version int) -> many(1000000) migration_tenant(name text, version int)
select name, schema_version as version from daicho.tenant where state <> 'ended' and schema_version < $1 order by name;

-- migrate_tenant(name text, version int) -> none
update daicho.tenant set schema_version = $2 where name = $1;
