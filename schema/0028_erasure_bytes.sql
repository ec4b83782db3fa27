-- Why: a deleted row stays on its page until something else is written there, a deleted key in its index, an old value among the planner's statistics, and
-- all of them in the journal. What is erased is therefore written down here, and the jobs processes write those tables anew, without it: table, TOAST and
-- indexes are new files, and the old ones go. Then the statistics, then the journal up to there (schema/bootstrap.sql: daicho_admin.bytes_*). At the end of a
-- contract at once; of single records at once while the contract has a last day, else the next night.

-- Names of tables and transactions; no values. One row for each time something was deleted there.
create table daicho.erase_bytes (
    id bigint generated always as identity primary key,
    relation text not null,                          -- as to_regclass takes it
    erasure bigint references daicho.erasure,        -- whose certificate waits for it
    xid xid8 not null default pg_current_xact_id(),  -- while anybody may still see what this transaction deleted, nothing can be done
    due_at timestamptz not null default daicho.clock(),
    renewed_xid xid8,                                -- the table was written anew; statistics and journal follow
    statistics boolean not null default false        -- so were the statistics
);
create index erase_bytes_relation_idx on daicho.erase_bytes (relation, xid);
-- One process at a time; and when all shared tables are next written anew.
create table daicho.bytes_turn (
    one boolean primary key default true check (one),
    night_at timestamptz not null
);
do $$
declare
    t text;
begin
    foreach t in array array['erase_bytes', 'bytes_turn'] loop
        execute format('alter table daicho.%I enable row level security', t);
        execute format('alter table daicho.%I force row level security', t);
        execute format('create policy house on daicho.%I to daicho_owner using (true) with check (true)', t);
    end loop;
end
$$;

-- What the certificate says of the bytes.
alter table daicho.erasure
    add column bytes_at timestamptz,                 -- tables, statistics and journal were new, and no file was left
    add column told boolean not null default false,  -- in the house's log
    add column seed text,                            -- the marker that was planted before erasing is made of it (daicho.erasure_marker)
    add column planted text[] not null default '{}', -- where
    add column scanned_at timestamptz,
    add column scanned_files bigint,
    add column scanned_bytes bigint,
    add column scanned_found bigint;

-- 03:00 in Japan, the next one.
create function daicho.bytes_night() returns timestamptz language sql stable set search_path = pg_catalog as $$
    select (date_trunc('day', (daicho.clock() at time zone 'Asia/Tokyo') - interval '3 hours') + interval '1 day 3 hours') at time zone 'Asia/Tokyo'
$$;
insert into daicho.bytes_turn (night_at) values (daicho.bytes_night());

-- Shared tables from which rows of contracts are deleted. Not those that are only added to and hold no value of a contract: the house's log, the certificates,
-- the hashes of the seal.
create function daicho.bytes_shared() returns setof text language sql stable security definer set search_path = pg_catalog as $$
    select format('daicho.%I', c.relname) from pg_class c
    where c.relnamespace = 'daicho'::regnamespace and c.relkind = 'r' and c.relname !~ '^(log|migration|erasure|erase_bytes|bytes_turn|rehearsal|seal.*)$'
$$;

-- One table, its TOAST and all its indexes in new files; statistics of what is there now.
create function daicho.bytes_renew(table_ regclass) returns void
language plpgsql security definer set search_path = pg_catalog as $$
declare
    index_ name;
begin
    select i.relname into index_ from pg_index x join pg_class i on i.oid = x.indexrelid join pg_am m on m.oid = i.relam
    where x.indrelid = table_ and x.indpred is null and x.indisvalid and m.amname = 'btree' order by x.indisprimary desc, x.indisunique desc, i.oid limit 1;
    execute format('cluster %s using %I', table_, index_);
    perform daicho_admin.bytes_statistics_forget(table_);
    execute format('analyze %s', table_);
end
$$;

-- The next step, in a transaction of its own: a table, the statistics, the journal. Null: nothing is due, it has to wait, or another process is at it.
create function daicho.bytes_step() returns text
language plpgsql security definer set search_path = pg_catalog set lock_timeout = '300ms' as $$
declare
    turn daicho.bytes_turn;
    r record;
    table_ regclass;
    ids bigint[];
begin
    if session_user <> 'daicho_jobs' then
        raise insufficient_privilege using message = 'bytes are erased by the jobs processes only';
    end if;
    select * into turn from daicho.bytes_turn for update skip locked;
    if not found then
        return null;
    end if;
    if turn.night_at <= daicho.clock() then
        insert into daicho.erase_bytes (relation) select daicho.bytes_shared();
        update daicho.bytes_turn set night_at = daicho.bytes_night();
        return 'night';
    end if;
    for r in select b.relation, max(b.xid) as xid from daicho.erase_bytes b where b.renewed_xid is null and b.due_at <= daicho.clock()
        group by b.relation order by min(b.id)
    loop
        continue when daicho_admin.bytes_seen(r.xid);
        table_ := to_regclass(r.relation);
        -- who waits for a table keeps all others waiting behind: rather later, when somebody has been in it for a while
        if daicho_admin.bytes_held(table_) then
            update daicho.erase_bytes b set due_at = daicho.clock() + interval '5 seconds' where b.relation = r.relation and b.renewed_xid is null;
            continue;
        end if;
        begin
            if table_ is not null then
                perform daicho.bytes_renew(table_);
            end if;
            update daicho.erase_bytes b set renewed_xid = pg_current_xact_id() where b.relation = r.relation and b.renewed_xid is null and b.xid <= r.xid;
        exception when lock_not_available or deadlock_detected or disk_full then
            update daicho.erase_bytes b set due_at = daicho.clock() + interval '10 seconds' where b.relation = r.relation and b.renewed_xid is null;
        end;
        return r.relation;
    end loop;
    select max(b.renewed_xid) as xid into r from daicho.erase_bytes b where b.renewed_xid is not null and not b.statistics;
    if r.xid is not null then
        if daicho_admin.bytes_seen(r.xid) or not daicho_admin.bytes_statistics_renew() then
            return null;
        end if;
        update daicho.erase_bytes b set statistics = true where b.renewed_xid <= r.xid;
        return 'statistics';
    end if;
    if not exists (select from daicho.erase_bytes b where b.statistics) or not daicho_admin.bytes_journal_renew() then
        return null;
    end if;
    with gone as (delete from daicho.erase_bytes b where b.statistics returning b.id) select array_agg(g.id) into ids from gone g;
    return 'journal';
end
$$;

-- The next certificate whose bytes are gone: all its tables, and all its files.
create function daicho.bytes_gone() returns jsonb
language plpgsql security definer set search_path = pg_catalog as $$
declare
    e daicho.erasure;
begin
    if session_user <> 'daicho_jobs' then
        raise insufficient_privilege using message = 'bytes are erased by the jobs processes only';
    end if;
    select x.* into e from daicho.erasure x
    where x.bytes_at is null and x.seed is not null and not exists (select from daicho.erase_bytes b where b.erasure = x.id)
        and not exists (select from daicho.withdrawn w where w.tenant = x.tenant)
    order by x.id limit 1 for update skip locked;
    if not found then
        return null;
    end if;
    update daicho.erasure x set bytes_at = daicho.clock(), told = true where x.id = e.id;
    return jsonb_build_object('tenant', e.tenant, 'certificate', e.id, 'erased_at', e.erased_at);
end
$$;

-- The marker of a certificate. It is made of something else, so that the certificate is not where it is found.
create function daicho.erasure_marker(seed_ text) returns text language sql immutable set search_path = pg_catalog as $$
    select 'z' || left(encode(sha256(convert_to('daicho erasure ' || seed_, 'UTF8')), 'hex'), 31)
$$;

-- Rows with a marker in each kind of place, in the transaction that then erases them: they lie on the same pages, in the same indexes and in the same journal as
-- all others. Where a rule of the contract does not let it in, it is left out. What the scan of `daicho erasure prove` looks for afterwards.
create function daicho.erasure_plant(tenant_ text, seed_ text) returns text[]
language plpgsql security definer set search_path = pg_catalog as $$
declare
    marker text := daicho.erasure_marker(seed_);
    places text[] := '{}';
    p record;
begin
    for p in
        select 'account' as place, 'insert into daicho.account (tenant, login, name) values ($1, $2, $2)' as plant
        union all select 'api_key', 'insert into daicho.api_key (tenant, name, token_hash, hint) values ($1, $2, sha256(convert_to($2, ''UTF8'')), '''')'
        union all select 'account_group', 'insert into daicho.account_group (tenant, name) values ($1, $2)'
        union all select 'job', 'insert into daicho.job (tenant, actor, kind, args, state) values ($1, $2, ''export'', jsonb_build_object(''q'', $2), ''done'')'
        union all select 'notice', 'insert into daicho.notice (tenant, kind, recipient, subject, body) values ($1, ''marker'', $2, $2, $2)'
        union all select 'change', format('insert into %I.change (register, record, version, actor, deleted, old) values (0, 0, 0, $2, false, '
            'jsonb_build_object(''q'', $2))', 't_' || tenant_)
        union all select 'log_detail', format('insert into %I.log_detail (id, salt, detail) values (0, sha256(''''), $2)', 't_' || tenant_)
        union all
        select c.relname, format('insert into %s (%s) values (%s)', c.oid::regclass, string_agg(quote_ident(a.attname), ', '), string_agg('$2', ', '))
        from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
            and a.atttypid = 'text'::regtype and a.attname not in ('created_by', 'updated_by', 'origin')
        where c.relnamespace = to_regnamespace('t_' || tenant_) and c.relkind = 'r' and c.relname ~ '^r_'
        group by c.oid, c.relname
    loop
        begin
            execute p.plant using tenant_, marker;
            places := places || p.place;
        exception when others then
            null;                                    -- a length, a list of choices, a required item
        end;
    end loop;
    return places;
end
$$;

-- As in 0023_contract_files.sql; and the bytes.
create or replace function daicho.tenant_erase(name_ text, by_ text) returns jsonb
language plpgsql security definer set search_path = pg_catalog as $$
declare
    t daicho.tenant;
    r record;
    n bigint;
    records_ jsonb := '{}';
    seed_ text := gen_random_uuid()::text;
    e daicho.erasure;
begin
    if session_user = 'daicho_jobs' then
        select * into t from daicho.tenant x where x.name = name_ for update skip locked;
    else
        select * into t from daicho.tenant x where x.name = name_ for update;
    end if;
    if t.name is null then
        return null;
    end if;
    if session_user = 'daicho_jobs' and (t.erase_at is null or t.erase_at > daicho.clock()) then
        raise insufficient_privilege using message = 'this contract is not due';
    end if;
    for r in execute format('select x.name from %I.register x', 't_' || t.name) loop
        if to_regclass(format('%I.%I', 't_' || t.name, 'r_' || r.name)) is not null then
            execute format('select count(*) from %I.%I', 't_' || t.name, 'r_' || r.name) into n;
            records_ := records_ || jsonb_build_object(r.name, n);
        end if;
    end loop;
    execute format('select count(*) from %I.log', 't_' || t.name) into e.entries;
    e.accounts := (select count(*) from daicho.account a where a.tenant = t.name);
    insert into daicho.withdrawn (tenant, path)
    select t.name, f.path
    from daicho.job j
    cross join lateral (values (j.result_file), (case when j.state in ('queued', 'running') then j.args ->> 'file' end)) f (path)
    where j.tenant = t.name and f.path is not null;
    get diagnostics n = row_count;
    -- not counted: what a runner has begun to write and will not end
    insert into daicho.withdrawn (tenant, path)
    select t.name, 'result/' || j.id || '.csv' from daicho.job j where j.tenant = t.name and j.state in ('queued', 'running');
    e.planted := daicho.erasure_plant(t.name, seed_);
    delete from daicho.tenant x where x.name = t.name;
    perform daicho.tenant_schema_drop(t.name);
    perform daicho_admin.tenant_roles_drop(t.name);
    insert into daicho.erasure (tenant, title, began_at, ended_at, due_at, erased_at, erased_by, accounts, records, entries, files, seed, planted)
    values (t.name, t.title, t.created_at, t.ends_at, t.erase_at, daicho.clock(), by_, e.accounts, records_, e.entries, n, seed_, e.planted)
    returning * into e;
    delete from daicho.erase_bytes b where starts_with(b.relation, 't_' || t.name || '.');
    insert into daicho.erase_bytes (relation, erasure) select s, e.id from daicho.bytes_shared() s;
    return to_jsonb(e);
end
$$;

-- What the client deletes itself ----------------------------------------------------------------------------------------------------------------
-- When a table of a contract is written anew: at once when this takes a few seconds, else the next night.
create function daicho.bytes_ask(relation_ text, now_ boolean) returns void language sql security definer set search_path = pg_catalog as $$
    insert into daicho.erase_bytes (relation, due_at)
    select relation_, case when now_ and pg_total_relation_size(to_regclass(relation_)) <= 256 * 1024 * 1024 then daicho.clock() else daicho.bytes_night() end
    where to_regclass(relation_) is not null
        and not exists (select from daicho.erase_bytes b where b.relation = relation_ and b.xid = pg_current_xact_id())      -- a batch asks once
$$;

-- A record was deleted: the trigger of its register has put it into the history. In a contract with a last day it goes from there, too.
create function daicho.change_deleted() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
declare
    closing boolean := (select t.ends_at is not null from daicho.tenant t where 't_' || t.name = tg_table_schema);
    register_ text;
begin
    execute format('select x.name from %I.register x where x.id = $1', tg_table_schema) into register_ using new.register;
    if closing then
        execute format('delete from %I.change c where c.register = $1 and c.record = $2 and daicho.log_hold_on($3, c.at, $4, $2, null, 0) is null', tg_table_schema)
            using new.register, new.record, substr(tg_table_schema, 3), register_;
        perform daicho.bytes_ask(format('%I.change', tg_table_schema), true);
    end if;
    perform daicho.bytes_ask(format('%I.%I', tg_table_schema, 'r_' || register_), closing);
    return null;
end
$$;

-- An account or a key was deleted in a contract that goes on: all shared tables, which are small.
create function daicho.bytes_shared_ask() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
begin
    insert into daicho.erase_bytes (relation) select daicho.bytes_shared();
    return null;
end
$$;

create trigger bytes after delete on daicho.account for each statement execute function daicho.bytes_shared_ask();
create trigger bytes after delete on daicho.person for each statement execute function daicho.bytes_shared_ask();

-- Erasing at a person's request (0022_log_review.sql) takes the history of a record that was deleted, too.
alter function daicho.log_erase(text, bigint) rename to log_erase_detail;
create function daicho.log_erase(kind_ text, subject_ bigint) returns bigint
language plpgsql security definer set search_path = pg_catalog as $$
declare
    gone bigint := daicho.log_erase_detail(kind_, subject_);
    tenant_ text := daicho.role_tenant();
    register_ bigint;
    still boolean := false;
begin
    perform daicho.bytes_ask(format('t_%s.log_detail', tenant_), true);
    execute format('select x.id from %I.register x where x.name = $1', 't_' || tenant_) into register_ using kind_;
    if register_ is not null then
        execute format('select exists (select from %I.%I x where x.id = $1)', 't_' || tenant_, 'r_' || kind_) into still using subject_;
        if not still then
            execute format('delete from %1$I.change c where c.register = $1 and c.record = $2 and daicho.log_hold_on($3, c.at, $4, $2, null, 0) is null', 't_' || tenant_)
                using register_, subject_, tenant_, kind_;
            perform daicho.bytes_ask(format('t_%s.change', tenant_), true);
            perform daicho.bytes_ask(format('%I.%I', 't_' || tenant_, 'r_' || kind_), true);
        end if;
    end if;
    return gone;
end
$$;

-- The proof -------------------------------------------------------------------------------------------------------------------------------------------
-- By the operator's command, which looks through every file of the house.
create function daicho.erasure_scanned(id_ bigint, files_ bigint, bytes_ bigint, found_ bigint) returns void language sql security definer set search_path = pg_catalog as $$
    update daicho.erasure set scanned_at = daicho.clock(), scanned_files = files_, scanned_bytes = bytes_, scanned_found = found_ where id = id_
$$;
-- Which are still to be looked at: for the watch process, which leaves it where the parent finds it.
create function daicho.erasure_unproven() returns text language sql stable security definer set search_path = pg_catalog as $$
    select coalesce(string_agg(e.id::text, ' ' order by e.id), '') from daicho.erasure e where e.bytes_at is not null and e.scanned_at is null and e.seed is not null
$$;

revoke execute on function daicho.bytes_night(), daicho.bytes_shared(), daicho.bytes_renew(regclass), daicho.bytes_step(), daicho.bytes_gone(),
    daicho.erasure_marker(text), daicho.erasure_plant(text, text), daicho.bytes_ask(text, boolean), daicho.change_deleted(), daicho.bytes_shared_ask(),
    daicho.log_erase_detail(text, bigint), daicho.log_erase(text, bigint), daicho.erasure_scanned(bigint, bigint, bigint, bigint),
    daicho.erasure_unproven() from public;
revoke execute on function daicho.log_erase_detail(text, bigint) from daicho_tenant;
grant execute on function daicho.log_erase(text, bigint) to daicho_tenant;
grant execute on function daicho.bytes_step(), daicho.bytes_gone() to daicho_jobs;
grant execute on function daicho.erasure_unproven() to daicho_watch;
