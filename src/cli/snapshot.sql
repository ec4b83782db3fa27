-- What a backup asks (schema/0027_backup.sql). The first three by the superuser, in one transaction that reads one snapshot.

-- snapshot_begin() -> one snapshot_point(id text, taken_at time, name text, schema int, tenant_schema int, transaction text, server text)
select pg_export_snapshot() as id, daicho.clock() as taken_at, to_char(daicho.clock() at time zone 'UTC', 'YYYYMMDD"T"HH24MISS"Z"') as name,
    (select max(number) from daicho.migration where scope = 'house')::bigint as schema,
    coalesce((select max(number) from daicho.migration where scope = 'tenant'), 0)::bigint as tenant_schema,
    pg_snapshot_xmax(pg_current_snapshot())::text as transaction, current_setting('server_version') as server;

-- files: paths below the file store, a line each.
-- snapshot_contracts() -> many(100000) snapshot_contract(name text, part text?, files text?)
select t.name, s.part, (select string_agg(f.path, E'\n' order by f.path) from (select x.path from daicho.job j cross join lateral (values (j.result_file), (j.args ->> 'file')) x (path)
    where j.tenant = t.name and x.path is not null union all select x.path from daicho.file x where x.tenant = t.name and x.state <> 'refused') f) as files
from daicho.tenant t left join daicho.seal_tree s on s.tenant = t.name order by t.name;

-- snapshot_script(tenant text?, snapshot text) -> one text
select daicho.backup_script($1, $2) as script;

-- By the owner.
-- snapshot_hold(tenant text) -> one text?
select daicho.backup_key_hold($1) as name;

-- snapshot_key(tenant text, recipient text) -> none
insert into daicho.backup_key (tenant, recipient) values ($1, $2)
on conflict (tenant) do update set recipient = excluded.recipient, made_at = daicho.clock() where backup_key.recipient <> excluded.recipient;

-- snapshot_note(name text, taken_at time, contracts int, bytes int) -> none
insert into daicho.backup (name, taken_at, contracts, bytes) values ($1, $2, $3, $4) on conflict (name) do nothing;

-- snapshot_place(place text, newest text?, trouble text?) -> none
insert into daicho.backup_place (place, newest, trouble, seen_at) values ($1, $2, $3, case when $3::text is null then daicho.clock() end)
on conflict (place) do update set newest = coalesce(excluded.newest, case when excluded.trouble is not null then backup_place.newest end),
    trouble = excluded.trouble, seen_at = coalesce(excluded.seen_at, backup_place.seen_at);

-- Places that are not named any more.
-- snapshot_places(places text[]) -> none
delete from daicho.backup_place p where p.place <> all ($1);

-- Those that are in no place any more.
-- snapshot_gone(names text[]) -> none
update daicho.backup set pruned_at = daicho.clock() where pruned_at is null and name <> all ($1);

-- snapshot_sound(name text, sound bool) -> none
update daicho.backup set verified_at = daicho.clock(), sound = $2 where name = $1;

-- snapshot_now() -> one time
select daicho.clock();
