-- Why: backups a contract can be taken out of. Each is one snapshot of the whole house in encrypted files, one key a contract (cli/snapshot.c); the keys
-- stand beside the database, never in it. Here stands which rows belong to whose file, what is known of backups and places, and the public half of each
-- key, so that the certificate of an erased contract can name the key that was destroyed with it.

create table daicho.backup (
    name text primary key check (name ~ '^[0-9]{8}T[0-9]{6}Z$'),
    taken_at timestamptz not null,                   -- the point everything is taken back to
    contracts bigint not null,
    bytes bigint not null,
    verified_at timestamptz,
    sound boolean,                                   -- what the last verification found
    pruned_at timestamptz                            -- it is in no place any more
);
create table daicho.backup_place (
    place text primary key check (length(place) between 1 and 1000),
    seen_at timestamptz,                             -- when it was last reached
    newest text,                                     -- the newest backup in it
    trouble text                                     -- null: all is well
);
-- Public halves. No reference to the contract: the row is there until the certificate has been written.
create table daicho.backup_key (
    tenant text primary key,
    recipient text not null check (recipient ~ '^age1[0-9a-z]{58}$'),
    made_at timestamptz not null default daicho.clock()
);
create table daicho.backup_alert (
    one boolean primary key default true check (one),
    told_at timestamptz
);
insert into daicho.backup_alert default values;
do $$
declare
    t text;
begin
    foreach t in array array['backup', 'backup_place', 'backup_key', 'backup_alert'] loop
        execute format('alter table daicho.%I enable row level security', t);
        execute format('alter table daicho.%I force row level security', t);
        execute format('create policy house on daicho.%I to daicho_owner using (true) with check (true)', t);
    end loop;
end
$$;

-- The certificate names the key; its private half is destroyed by whoever erases, before the erasing is committed (tenant/vault.c).
alter table daicho.erasure add column backup_key text;
create function daicho.erasure_key() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
begin
    delete from daicho.backup_key k where k.tenant = new.tenant returning k.recipient into new.backup_key;
    return new;
end
$$;
create trigger key before insert on daicho.erasure for each row execute function daicho.erasure_key();

-- A key is made while the contract is held: what is being erased gets none any more. Null: the contract is gone.
create function daicho.backup_key_hold(tenant_ text) returns text language sql set search_path = pg_catalog as $$
    select t.name from daicho.tenant t where t.name = tenant_ for share
$$;

-- Which rows of the shared tables belong to this contract (null: to none). By the column tenant, or by the row that is pointed to; what neither names
-- nor points to a contract is the house's. Nothing of a moment: sessions, attempts, messages of the house, what is to be
-- written anew of files that a restored house has not got.
create function daicho.backup_rows(tenant_ text) returns table (relation text, columns text, condition text)
language plpgsql stable set search_path = pg_catalog as $$
declare
    t record;
    f record;
    of_ text := coalesce('= ' || quote_literal(tenant_), 'is null or not exists (select from daicho.tenant c where c.name = x.tenant)');
begin
    for t in
        select c.oid, c.relname,
            (select string_agg(quote_ident(a.attname), ', ' order by a.attnum) from pg_attribute a
                where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '') as columns,
            exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant' and not a.attisdropped) as named
        from pg_class c
        where c.relnamespace = 'daicho'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
            and c.relname not in ('session', 'renewal', 'sign_on', 'sign_on_failure', 'login_pace', 'login_failure', 'withdrawn', 'erase_bytes')
        order by c.relname
    loop
        relation := quote_ident(t.relname);
        columns := t.columns;
        condition := null;
        if t.relname = 'tenant' then
            condition := case when tenant_ is null then 'false' else 'x.name ' || of_ end;
        elsif t.relname = 'erasure' then
            condition := case when tenant_ is null then 'true' end;
        elsif t.relname = 'notice' and tenant_ is null then
            condition := 'false';
        elsif t.named then
            condition := 'x.tenant ' || of_;
        else
            -- credential -> account
            select quote_ident(p.relname) as parent, quote_ident(a.attname) as child_column, quote_ident(b.attname) as parent_column into f
            from pg_constraint k
            join pg_class p on p.oid = k.confrelid
            join pg_attribute a on a.attrelid = k.conrelid and a.attnum = k.conkey[1]
            join pg_attribute b on b.attrelid = k.confrelid and b.attnum = k.confkey[1]
            where k.conrelid = t.oid and k.contype = 'f' and cardinality(k.conkey) = 1
                and exists (select from pg_attribute n where n.attrelid = p.oid and n.attname = 'tenant' and not n.attisdropped)
            order by k.conname limit 1;
            if not found then
                condition := case when tenant_ is null then 'true' end;
            elsif tenant_ is not null then
                condition := format('exists (select from daicho.%s p where p.%s = x.%s and p.tenant = %L)', f.parent, f.parent_column, f.child_column, tenant_);
            end if;
        end if;
        if condition is not null and condition <> 'false' then
            return next;
        end if;
    end loop;
end
$$;

-- What psql is given to write those rows as a script: one COPY a table, of the snapshot that pg_dump reads, too; for the house the sequences as well.
create function daicho.backup_script(tenant_ text, snapshot_ text) returns text
language plpgsql stable set search_path = pg_catalog as $$
declare
    r record;
    out_ text := format(E'begin isolation level repeatable read read only;\nset transaction snapshot %L;\nset local idle_in_transaction_session_timeout = 0;\n', snapshot_);
begin
    for r in select * from daicho.backup_rows(tenant_) loop
        out_ := out_ || format(E'\\echo \'copy daicho.%s (%s) from stdin;\'\ncopy (select %s from daicho.%s x where %s) to stdout;\n\\echo \'\\\\.\'\n',
            r.relation, r.columns, r.columns, r.relation, r.condition);
    end loop;
    if tenant_ is null then
        for r in select c.oid::regclass::text as name from pg_class c where c.relnamespace = 'daicho'::regnamespace and c.relkind = 'S' order by 1 loop
            out_ := out_ || format(E'select format(\'select pg_catalog.setval(%%L, %%s, %%L);\', %L, last_value, is_called) from %s;\n', r.name, r.name);
        end loop;
    end if;
    return out_ || E'commit;\n';
end
$$;

-- After a restore: rows that point to what is not there, because its contract is not there any more. Run with triggers off.
create function daicho.backup_settle() returns bigint language plpgsql set search_path = pg_catalog as $$
declare
    k record;
    n bigint;
    round_ bigint;
    all_ bigint := 0;
begin
    loop
        round_ := 0;
        for k in
            select c.conrelid::regclass::text as child, c.confrelid::regclass::text as parent, c.confdeltype,
                string_agg(format('p.%I = x.%I', b.attname, a.attname), ' and ' order by i) as same,
                string_agg(format('x.%I is not null', a.attname), ' and ' order by i) as given,
                string_agg(format('%I = null', a.attname), ', ' order by i) filter (where not a.attnotnull) as nothing
            from pg_constraint c
            cross join lateral generate_subscripts(c.conkey, 1) i
            join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[i]
            join pg_attribute b on b.attrelid = c.confrelid and b.attnum = c.confkey[i]
            where c.contype = 'f' and c.connamespace = 'daicho'::regnamespace and c.conparentid = 0
            group by c.oid, c.conrelid, c.confrelid, c.confdeltype
        loop
            execute format(case when k.confdeltype = 'n' and k.nothing is not null then 'update %1$s x set %5$s' else 'delete from %1$s x' end
                || ' where %4$s and not exists (select from %2$s p where %3$s)', k.child, k.parent, k.same, k.given, k.nothing);
            get diagnostics n = row_count;
            round_ := round_ + n;
        end loop;
        all_ := all_ + round_;
        exit when round_ = 0;
    end loop;
    return all_;
end
$$;

-- What operators see: the newest point there is, and the places.
create function daicho.backup_state() returns table (place text, seen_at timestamptz, newest text, trouble text, taken_at timestamptz, verified_at timestamptz, sound boolean)
language plpgsql stable security definer set search_path = pg_catalog as $$
begin
    if not exists (select from daicho.tenant t where t.name = daicho.role_tenant() and t.kind = 'operator') then
        raise insufficient_privilege using message = 'this is for operators';
    end if;
    return query select p.place, p.seen_at, p.newest, p.trouble, b.taken_at, b.verified_at, b.sound
        from daicho.backup_place p left join daicho.backup b on b.name = p.newest order by p.place;
end
$$;

-- Backups are made here, and the newest good one is older than 26 hours: told once a day. A house that never made one is silent.
create function daicho.backup_late() returns timestamptz
language plpgsql security definer set search_path = pg_catalog as $$
declare
    newest_ timestamptz;
begin
    if session_user <> 'daicho_jobs' then
        raise insufficient_privilege using message = 'this is for the jobs processes';
    end if;
    select coalesce(max(b.taken_at) filter (where b.pruned_at is null and b.sound is distinct from false), min(b.taken_at)) into newest_ from daicho.backup b;
    if newest_ is null or newest_ > daicho.clock() - interval '26 hours' then
        return null;
    end if;
    update daicho.backup_alert set told_at = daicho.clock()
    where told_at is null or told_at not between daicho.clock() - interval '24 hours' and daicho.clock();
    return case when found then newest_ end;
end
$$;
-- … to those who look after the operators' own people.
create function daicho.backup_tell(subject_ text, body_ text) returns bigint
language plpgsql security definer set search_path = pg_catalog as $$
declare
    n bigint;
begin
    if session_user <> 'daicho_jobs' then
        raise insufficient_privilege using message = 'this is for the jobs processes';
    end if;
    insert into daicho.notice (kind, recipient, subject, body)
    select 'backup_late', a.email, subject_, body_ from daicho.account a join daicho.tenant t on t.name = a.tenant and t.kind = 'operator'
    where a.state = 'active' and a.email is not null and 'account.manage' = any (string_to_array(a.words, ' '));
    get diagnostics n = row_count;
    return n;
end
$$;

revoke execute on function daicho.erasure_key(), daicho.backup_key_hold(text), daicho.backup_rows(text), daicho.backup_script(text, text), daicho.backup_settle(),
    daicho.backup_state(), daicho.backup_late(), daicho.backup_tell(text, text) from public;
grant execute on function daicho.backup_state() to daicho_tenant;
grant execute on function daicho.backup_late(), daicho.backup_tell(text, text) to daicho_jobs;
