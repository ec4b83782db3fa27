-- Why: entries of the log get their place in a Merkle tree. The sealer reads them and notes what it has sealed, through the doors below and in no
-- other way. What it has signed stands outside the database, in its own memory and in the files of the log: these rows only say where to look.

-- One tree a contract, and one of the house. `part` stands in addresses: a name nobody can guess a contract from. Neither contract nor house: the
-- contract has ended, and the sealer closes its tree.
create table daicho.seal_tree (
    part text primary key check (part ~ '^[0-9a-z-]{1,40}$'),
    tenant text unique references daicho.tenant on delete set null,
    generation int not null default 1,                       -- 2 after a restore that took back what was sealed
    origin text,                                             -- what checkpoints are signed as: HOST/seal/PART/GENERATION
    size bigint not null default 0,                          -- leaves of this generation
    last_xid xid8 not null default '0',                      -- the newest entry sealed
    last_id bigint not null default 0,
    signed_at timestamptz,                                   -- the newest checkpoint
    refused text,                                            -- why nothing is sealed; null: all is well
    created_at timestamptz not null default daicho.clock()
);
alter table daicho.seal_tree enable row level security;
alter table daicho.seal_tree force row level security;
create policy own on daicho.seal_tree for select to daicho_tenant using (tenant = (select daicho.tenant()) or part = 'house');
create policy house on daicho.seal_tree to daicho_owner using (true) with check (true);
grant select on daicho.seal_tree to daicho_tenant;
create function daicho.tenant_seal_tree() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
begin
    insert into daicho.seal_tree (part, tenant) values (gen_random_uuid()::text, new.name);
    return null;
end
$$;
create trigger seal_tree after insert on daicho.tenant for each row execute function daicho.tenant_seal_tree();
insert into daicho.seal_tree (part, tenant) values ('house', null);
insert into daicho.seal_tree (part, tenant) select gen_random_uuid()::text, name from daicho.tenant;

-- The house's own log: its detail is salted and fingerprinted too. json instead of jsonb keeps it byte for byte.
alter table daicho.log alter column detail type json using detail::text::json,
    add column salt bytea,
    add column commitment bytea;
grant insert (salt, commitment) on daicho.log to daicho_web, daicho_auth, daicho_sso, daicho_jobs, daicho_cli;
create index log_xid_idx on daicho.log (xid, id);

-- What else stands in the tree of the house: each contract's newest checkpoint, the keys of the log, what happened to them. Numbers are drawn from
-- the log's, so that (xid, id) is one order over both.
create table daicho.seal_note (
    id bigint primary key default nextval('daicho.log_id_seq'),
    xid xid8 not null default pg_current_xact_id(),
    at timestamptz not null default daicho.clock(),
    kind text not null check (kind in ('checkpoint', 'key', 'restart', 'close')),
    body text not null check (length(body) <= 20000)
);
create index seal_note_xid_idx on daicho.seal_note (xid, id);

-- Where the leaves of the house's tree are: up to 4096 entries a row, in the order of (xid, id). Contracts have the same in their schema.
create table daicho.seal (
    generation int not null,
    first bigint not null,                                   -- leaf of the first entry
    count int not null check (count between 1 and 4096),
    last_xid xid8 not null,                                  -- of its last entry
    last_id bigint not null,
    at timestamptz not null default daicho.clock(),
    primary key (generation, first)
);
create index seal_last_idx on daicho.seal (last_xid, last_id);

-- Doors of the sealer ---------------------------------------------------------------------------------------------------------------------------
-- One sealer: held until its connection ends. (The memory of what it has signed is the other guard.)
create function daicho.seal_lock() returns boolean
language sql security definer set search_path = pg_catalog as $$
    select pg_try_advisory_lock(1935764588)
$$;

create function daicho.seal_trees() returns setof daicho.seal_tree
language sql stable security definer set search_path = pg_catalog as $$
    select t.* from daicho.seal_tree t left join daicho.tenant c on c.name = t.tenant where c.schema_version is null or c.schema_version >= 2
$$;

create function daicho.seal_table(tenant_ text) returns text
language sql immutable set search_path = pg_catalog as $$
    select case when tenant_ is null then 'daicho' else format('%I', 't_' || tenant_) end
$$;

-- Which trees have entries that wait. An entry can be sealed when no transaction that is older than its own is still at work: then nothing can
-- appear before it any more.
create function daicho.seal_waiting() returns setof text
language plpgsql stable security definer set search_path = pg_catalog as $$
declare
    horizon xid8 := pg_snapshot_xmin(pg_current_snapshot());
    t record;
    found_ boolean;
begin
    for t in select * from daicho.seal_trees() x where x.tenant is not null or x.part = 'house' loop
        execute format('select exists (select from %s.log where (xid, id) > ($1, $2) and xid < $3)', daicho.seal_table(t.tenant))
            into found_ using t.last_xid, t.last_id, horizon;
        if not found_ and t.part = 'house' then
            found_ := exists (select from daicho.seal_note where (xid, id) > (t.last_xid, t.last_id) and xid < horizon);
        end if;
        if found_ then
            return next t.part;
        end if;
    end loop;
end
$$;

-- Entries of a tree behind (xid, id), oldest first, at most `max`. body: a note's own text instead of an entry.
create function daicho.seal_read(part_ text, xid_ xid8, id_ bigint, max_ int)
returns table (id bigint, xid xid8, time_us bigint, actor_kind text, actor_id bigint, actor text, groups text, source text, verb text, kind text, subject_id bigint,
    result text, commitment bytea, body text)
language plpgsql stable security definer set search_path = pg_catalog as $$
declare
    horizon xid8 := pg_snapshot_xmin(pg_current_snapshot());
    tenant_ text;
    columns_ text := 'id, xid, (extract(epoch from at) * 1000000)::bigint, actor_kind, actor_id, actor, groups, source, verb, kind, subject_id, result, '
        'commitment';
begin
    select t.tenant into strict tenant_ from daicho.seal_tree t where t.part = part_;
    if tenant_ is null and part_ <> 'house' then
        return;
    elsif tenant_ is not null then
        return query execute format('select %s, null::text from %s.log where (xid, id) > ($1, $2) and xid < $3 order by xid, id limit $4', columns_,
            daicho.seal_table(tenant_)) using xid_, id_, horizon, max_;
    else
        return query execute format($q$
            (select %s, null::text from daicho.log where (xid, id) > ($1, $2) and xid < $3 order by xid, id limit $4)
            union all
            (select id, xid, 0, '', 0, '', '', '', '', kind, null, '', null, body
                from daicho.seal_note where (xid, id) > ($1, $2) and xid < $3 order by xid, id limit $4)
            order by 2, 1 limit $4$q$, columns_) using xid_, id_, horizon, max_;
    end if;
end
$$;

-- `count_` entries up to (xid, id) are leaves first_ and on. Refused unless that is where the tree ends.
create function daicho.seal_write(part_ text, generation_ int, first_ bigint, count_ int, xid_ xid8, id_ bigint) returns boolean
language plpgsql security definer set search_path = pg_catalog as $$
declare
    tenant_ text;
begin
    update daicho.seal_tree t set size = first_ + count_, last_xid = xid_, last_id = id_
    where t.part = part_ and (t.tenant is not null or t.part = 'house') and t.generation = generation_ and t.size = first_ and (xid_, id_) > (t.last_xid, t.last_id)
    returning t.tenant into tenant_;
    if not found then
        return false;
    end if;
    execute format('insert into %s.seal (generation, first, count, last_xid, last_id) values ($1, $2, $3, $4, $5)', daicho.seal_table(tenant_))
        using generation_, first_, count_, xid_, id_;
    return true;
end
$$;

-- A checkpoint was published, or why none can be.
create function daicho.seal_tell(part_ text, origin_ text, signed_ boolean, refused_ text) returns void
language sql security definer set search_path = pg_catalog as $$
    update daicho.seal_tree set origin = origin_, refused = refused_, signed_at = case when signed_ then daicho.clock() else signed_at end where part = part_
$$;

create function daicho.seal_note_write(kind_ text, body_ text) returns void
language sql security definer set search_path = pg_catalog as $$
    insert into daicho.seal_note (kind, body) values (kind_, body_)
$$;

-- A new generation: an empty tree whose first leaf is `first_` = 1 (the link to the one before it). Entries sealed already stay where they are.
create function daicho.seal_restart(part_ text, generation_ int, size_ bigint) returns void
language sql security definer set search_path = pg_catalog as $$
    update daicho.seal_tree set generation = generation_, size = size_ where part = part_ and generation < generation_
$$;

-- The contract has ended and its tree is closed.
create function daicho.seal_close(part_ text) returns void
language sql security definer set search_path = pg_catalog as $$
    delete from daicho.seal_tree where part = part_ and part <> 'house' and tenant is null
$$;

revoke execute on function daicho.tenant_seal_tree(), daicho.seal_lock(), daicho.seal_trees(), daicho.seal_table(text), daicho.seal_waiting(),
    daicho.seal_read(text, xid8, bigint, int), daicho.seal_write(text, int, bigint, int, xid8, bigint), daicho.seal_tell(text, text, boolean, text),
    daicho.seal_note_write(text, text), daicho.seal_restart(text, int, bigint), daicho.seal_close(text) from public;
grant execute on function daicho.seal_lock(), daicho.seal_trees(), daicho.seal_waiting(), daicho.seal_read(text, xid8, bigint, int),
    daicho.seal_write(text, int, bigint, int, xid8, bigint), daicho.seal_tell(text, text, boolean, text), daicho.seal_note_write(text, text),
    daicho.seal_restart(text, int, bigint), daicho.seal_close(text) to daicho_sealer;

-- Erasing what an entry says exactly; the entry stays, and its fingerprint. Asked by somebody who holds log.erase (the database looks, not C), or
-- by the operator. Masked accounts cannot see what they would erase. Gives how many details went.
create function daicho.log_erase(kind_ text, subject_ bigint) returns bigint
language plpgsql security definer set search_path = pg_catalog as $$
declare
    tenant_ text := daicho.role_tenant();
    actor_ text := coalesce(current_setting('daicho.actor', true), '');
    allowed boolean := false;
    gone bigint;
begin
    if tenant_ is null or current_setting('role') ~ '_(masked|form)$' then
        raise insufficient_privilege using message = 'what an entry says is erased inside its contract, by those who may see it';
    end if;
    if session_user = 'daicho_cli' then
        allowed := true;
    elsif actor_ ~ '^account:[0-9]+:' then
        allowed := exists (select from daicho.account a where a.id = split_part(actor_, ':', 2)::bigint and a.tenant = tenant_ and a.state = 'active'
            and 'log.erase' = any (string_to_array(a.words, ' ')));
    elsif actor_ ~ '^key:[0-9]+:' then
        allowed := exists (select from daicho.api_key k where k.id = split_part(actor_, ':', 2)::bigint and k.tenant = tenant_ and k.revoked_at is null
            and 'log.erase' = any (string_to_array(k.words, ' ')));
    end if;
    if not allowed then
        raise insufficient_privilege using message = 'erasing needs the permission log.erase';
    end if;
    execute format($q$
        delete from %1$I.log_detail d using %1$I.log l
        where d.id = l.id and (l.kind = $1 and l.subject_id = $2 or $1 = 'account' and l.actor_kind = 'account' and l.actor_id = $2)$q$, 't_' || tenant_)
        using kind_, subject_;
    get diagnostics gone = row_count;
    return gone;
end
$$;
revoke execute on function daicho.log_erase(text, bigint) from public;
grant execute on function daicho.log_erase(text, bigint) to daicho_tenant;
