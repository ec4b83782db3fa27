-- Why: files that belong to records, and evidence. The bytes lie in the file store of the house under names nobody can guess; what they are, whose, by whom
-- and with which SHA-256 stands here. A file is held by exactly one record: triggers of its register say which, so that whoever writes the column, in whatever
-- way, can name neither a file of another contract nor one that belongs to another record. Nothing is handed out before the scanner has seen it.
create table daicho.file (
    id bigint generated always as identity primary key,
    tenant text not null references daicho.tenant on delete cascade,
    register_id bigint not null,
    item text,                                       -- of the definition; null: evidence
    record bigint,                                   -- null: being handed in, by the transaction that is still open
    name text not null check (length(name) between 1 and 100 and name !~ '[/[:cntrl:]]'),
    type text not null check (type ~ '^[a-z0-9.+-]+/[a-zA-Z0-9.+_-]+$'),      -- by its content
    size bigint not null check (size > 0),
    sha256 bytea not null check (length(sha256) = 32),
    path text not null default 'file/' || replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', '') unique check (path ~ '^file/[0-9a-f]{64}$'),
    state text not null check (state in ('waiting', 'clean', 'unscanned', 'refused')),     -- unscanned: the house has no scanner
    found text,                                      -- refused: what was found in it
    personal boolean not null,                       -- as its item is now; evidence: always
    uploaded_by text not null default coalesce(current_setting('daicho.actor', true), ''),
    uploaded_at timestamptz not null default daicho.clock(),
    scanned_at timestamptz,
    erase_at timestamptz,                            -- let go by its record: when its bytes go
    check ((state = 'refused') = (found is not null))
);
create index file_record_idx on daicho.file (tenant, register_id, record);
create index file_waiting_idx on daicho.file (id) where state = 'waiting';
create index file_erase_idx on daicho.file (erase_at) where erase_at is not null;
create index file_loose_idx on daicho.file (id) where record is null;

-- Evidence: that something was so in a period. Added, never changed: contracts have no right to, and a trigger holds the owner to it.
create table daicho.evidence (
    id bigint generated always as identity primary key,
    tenant text not null references daicho.tenant on delete cascade,
    register_id bigint not null,
    record bigint not null,
    duty_id bigint,                                  -- that it was collected for
    observation text check (length(observation) between 1 and 10000),
    file_id bigint unique references daicho.file,
    sha256 bytea not null check (length(sha256) = 32),       -- of the file's bytes, or of the observation in UTF-8
    period_from date not null,
    period_to date not null,
    received_at timestamptz not null default daicho.clock(),
    collector text not null,                         -- as the account was called then
    collector_actor text not null default coalesce(current_setting('daicho.actor', true), ''),
    gone_at timestamptz,                             -- its record is not there any more, seen at
    check ((observation is null) <> (file_id is null)),
    check (period_from <= period_to),
    unique (tenant, id)
);
create index evidence_record_idx on daicho.evidence (tenant, register_id, record, id);

alter table daicho.file enable row level security;
alter table daicho.file force row level security;
create policy house on daicho.file to daicho_owner using (true) with check (true);
create policy own on daicho.file for select to daicho_tenant using (tenant = (select daicho.tenant()) and current_user::text !~ '_(desk|form)$'
    and (not personal or current_user::text !~ '_masked$'));
alter table daicho.evidence enable row level security;
alter table daicho.evidence force row level security;
create policy house on daicho.evidence to daicho_owner using (true) with check (true);
create policy own on daicho.evidence for select to daicho_tenant using (tenant = (select daicho.tenant()) and current_user::text !~ '_(desk|form|masked)$');
-- not where the bytes lie: that is told to who hands them out, one at a time
grant select (id, tenant, register_id, item, record, name, type, size, sha256, state, found, personal, uploaded_by, uploaded_at, scanned_at, erase_at) on daicho.file to daicho_tenant;
grant select on daicho.evidence to daicho_tenant;

-- The bytes go with the row, however it goes.
create function daicho.file_gone() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
begin
    insert into daicho.withdrawn (tenant, path) values (old.tenant, old.path);
    perform daicho.bytes_ask('daicho.file', true);
    return null;
end
$$;
create trigger file_gone after delete on daicho.file for each row execute function daicho.file_gone();
-- What was refused is not kept either.
create function daicho.file_refused() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
begin
    insert into daicho.withdrawn (tenant, path) values (new.tenant, new.path);
    return null;
end
$$;
create trigger file_refused after update on daicho.file for each row when (new.state = 'refused' and old.state <> 'refused') execute function daicho.file_refused();
-- What a file is does not change, nor does a verdict.
create function daicho.file_guard() returns trigger language plpgsql set search_path = pg_catalog as $$
begin
    if (new.tenant, new.register_id, new.name, new.type, new.size, new.sha256, new.path, new.uploaded_by, new.uploaded_at) is distinct from
        (old.tenant, old.register_id, old.name, old.type, old.size, old.sha256, old.path, old.uploaded_by, old.uploaded_at)
        or old.state <> 'waiting' and new.state <> old.state or new.state = 'waiting' and old.state <> 'waiting' or (old.item is null) <> (new.item is null) then
        raise insufficient_privilege using message = 'a file stays what it is';
    end if;
    return new;
end
$$;
create trigger file_guard before update on daicho.file for each row execute function daicho.file_guard();
create function daicho.evidence_guard() returns trigger language plpgsql set search_path = pg_catalog as $$
begin
    if (to_jsonb(new) - 'gone_at') is distinct from (to_jsonb(old) - 'gone_at') then
        raise insufficient_privilege using message = 'evidence is never changed';
    end if;
    return new;
end
$$;
create trigger evidence_guard before update on daicho.evidence for each row execute function daicho.evidence_guard();

-- Handed in --------------------------------------------------------------------------------------------------------------------------------------------------
-- A file that has arrived, for an item of a record; item null: evidence. id null: there is no such register or item, or no right.
create function daicho.file_add(register_ text, item_ text, name_ text, type_ text, size_ bigint, sha256_ text, wait_ boolean, out id bigint, out path text)
language plpgsql security definer set search_path = pg_catalog as $$
declare
    mine text := daicho.role_tenant();
    a record := daicho.acting();
    reg record;
    def jsonb;
begin
    if mine is null or not daicho.duty_word(a.held, 'record.write', register_) then
        return;
    end if;
    execute format('select r.id, r.definition from %I.register r where r.name = $1 and r.state = ''active''', 't_' || mine) into reg using register_;
    if reg.id is null then
        return;
    end if;
    if item_ is not null then
        select x into def from jsonb_array_elements(reg.definition -> 'items') x where x ->> 'name' = item_ and x ->> 'type' = 'file';
        if def is null then
            return;
        end if;
    end if;
    insert into daicho.file as f (tenant, register_id, item, name, type, size, sha256, state, personal)
    values (mine, reg.id, item_, name_, type_, size_, decode(sha256_, 'hex'), case when wait_ then 'waiting' else 'unscanned' end,
        item_ is null or coalesce((def ->> 'personal')::boolean, false))
    returning f.id, f.path into id, path;
end
$$;
-- Where the bytes of a file lie that may be handed out; state tells why not.
create function daicho.file_open(id_ bigint, out state text, out path text, out name text, out type text, out size bigint, out sha256 text)
language plpgsql stable security definer set search_path = pg_catalog as $$
declare
    mine text := daicho.role_tenant();
    a record := daicho.acting();
    f daicho.file;
    register_ text;
begin
    select * into f from daicho.file x where x.id = id_ and x.tenant = mine and x.record is not null;
    if f.id is null then
        return;
    end if;
    execute format('select r.name from %I.register r where r.id = $1', 't_' || mine) into register_ using f.register_id;
    if register_ is null or not daicho.duty_word(a.held, 'record.read', register_) or f.personal and not 'personal.see' = any (a.held) then
        return;
    end if;
    state := f.state;
    name := f.name;
    type := f.type;
    size := f.size;
    sha256 := encode(f.sha256, 'hex');
    path := case when f.state in ('clean', 'unscanned') then f.path end;
end
$$;

-- Held -------------------------------------------------------------------------------------------------------------------------------------------------------
-- What the column holds: number/sha256/size/name. By triggers of registers with items of this type (register/attachment_trigger.c). value_: the number of a file
-- that was just handed in by who writes, or what the column held before, from an undo: then it is null when the bytes are gone.
create function daicho.file_hold(tenant_ text, register_id_ bigint, item_ text, record_ bigint, value_ text) returns text
language plpgsql set search_path = pg_catalog as $$
declare
    f daicho.file;
    whole boolean := strpos(value_, '/') > 0;
begin
    if value_ is null then
        return null;
    end if;
    if value_ !~ '^[0-9]{1,18}(/|$)' then
        raise check_violation using message = 'this is no file', column = item_;
    end if;
    select * into f from daicho.file x
    where x.id = split_part(value_, '/', 1)::bigint and x.tenant = tenant_ and x.register_id = register_id_ and x.item = item_ for update;
    if f.id is null or whole and f.id || '/' || encode(f.sha256, 'hex') || '/' || f.size || '/' || f.name <> value_ then
        if whole then
            return null;
        end if;
        raise check_violation using message = 'this is no file', column = item_;
    end if;
    if not whole and (f.record is not null and f.record <> record_ or f.record is null and f.uploaded_by <> coalesce(current_setting('daicho.actor', true), '')) then
        raise check_violation using message = 'this is no file', column = item_;
    end if;
    update daicho.file x set record = record_, erase_at = null where x.id = f.id;
    return f.id || '/' || encode(f.sha256, 'hex') || '/' || f.size || '/' || f.name;
end
$$;
-- Let go. What can be taken back (a job, records made one) keeps its bytes as long as that can be; anything else goes at once. id_ null: all of the record.
create function daicho.file_let(tenant_ text, register_id_ bigint, record_ bigint, id_ bigint) returns void language plpgsql set search_path = pg_catalog as $$
declare
    back boolean := nullif(current_setting('daicho.job', true), '') is not null;
begin
    if not back then
        execute format('select exists (select from %I.merge m where m.register = $1 and $2 in (m.gone, m.survivor) and m.moved is null)', 't_' || tenant_)
            into back using register_id_, record_;
    end if;
    update daicho.file f set erase_at = daicho.clock() + case when back then interval '31 days' else interval '0' end
    where f.tenant = tenant_ and f.register_id = register_id_ and f.record = record_ and f.item is not null and f.erase_at is null and (id_ is null or f.id = id_);
end
$$;
-- By the define job: an item has another name, or is personal now; items and registers that are gone for good.
create function daicho.file_item(tenant_ text, register_id_ bigint, was_ text, item_ text, personal_ boolean) returns void
language plpgsql set search_path = pg_catalog as $$
begin
    update daicho.file f set item = item_, personal = personal_
    where f.tenant = tenant_ and f.register_id = register_id_ and f.item = was_ and (f.item <> item_ or f.personal <> personal_);
end
$$;
create function daicho.file_drop(tenant_ text, register_id_ bigint, item_ text) returns void language plpgsql set search_path = pg_catalog as $$
begin
    if item_ is null then
        delete from daicho.evidence e where e.tenant = tenant_ and e.register_id = register_id_;
    end if;
    delete from daicho.file f where f.tenant = tenant_ and f.register_id = register_id_ and (item_ is null or f.item = item_);
end
$$;

-- Scanned, swept: by the jobs processes --------------------------------------------------------------------------------------------------------------------
create function daicho.file_waiting(after_ bigint, out id bigint, out tenant text) language sql stable security definer set search_path = pg_catalog as $$
    select f.id, f.tenant from daicho.file f where session_user = 'daicho_jobs' and f.state = 'waiting' and f.record is not null and f.id > after_ order by f.id limit 1
$$;
create function daicho.file_unseen(id_ bigint, out path text, out size bigint, out sha256 text, out record bigint, out register text)
language plpgsql security definer set search_path = pg_catalog as $$
declare
    f daicho.file;
begin
    if session_user = 'daicho_jobs' then
        select * into f from daicho.file x where x.id = id_ and x.tenant = daicho.role_tenant() and x.state = 'waiting' for update skip locked;
    end if;
    if f.id is not null then
        path := f.path;
        size := f.size;
        sha256 := encode(f.sha256, 'hex');
        record := f.record;
        execute format('select r.name from %I.register r where r.id = $1', 't_' || f.tenant) into register using f.register_id;
    end if;
end
$$;
create function daicho.file_seen(id_ bigint, found_ text) returns void language sql security definer set search_path = pg_catalog as $$
    update daicho.file f set state = case when found_ is null then 'clean' else 'refused' end, found = found_, scanned_at = daicho.clock()
    where session_user = 'daicho_jobs' and f.id = id_ and f.tenant = daicho.role_tenant() and f.state = 'waiting'
$$;
create function daicho.file_sweep() returns bigint language plpgsql security definer set search_path = pg_catalog as $$
declare
    n bigint;
begin
    if session_user <> 'daicho_jobs' then
        raise insufficient_privilege using message = 'only jobs processes sweep';
    end if;
    delete from daicho.file f where f.id in (select x.id from daicho.file x
        where x.erase_at <= daicho.clock() or x.record is null and x.uploaded_at < daicho.clock() - interval '1 hour' order by x.id limit 1000 for update skip locked);
    get diagnostics n = row_count;
    return n;
end
$$;
-- Evidence whose record is gone: as long as an undo may bring that back it stays.
create function daicho.evidence_sweep() returns void language plpgsql security definer set search_path = pg_catalog as $$
declare
    r record;
    name_ text;
begin
    if session_user <> 'daicho_jobs' then
        raise insufficient_privilege using message = 'only jobs processes sweep';
    end if;
    for r in select e.tenant, e.register_id from daicho.evidence e group by 1, 2 loop
        execute format('select x.name from %I.register x where x.id = $1', 't_' || r.tenant) into name_ using r.register_id;
        continue when name_ is null or to_regclass(format('%I.%I', 't_' || r.tenant, 'r_' || name_)) is null;
        execute format('update daicho.evidence e set gone_at = case when e.gone_at is null then daicho.clock() end
            where e.tenant = $1 and e.register_id = $2 and (e.gone_at is null) <> exists (select from %I.%I x where x.id = e.record)', 't_' || r.tenant, 'r_' || name_)
            using r.tenant, r.register_id;
    end loop;
    with old as (delete from daicho.evidence e where e.gone_at < daicho.clock() - interval '31 days' returning e.file_id)
    update daicho.file f set erase_at = daicho.clock() from old where f.id = old.file_id;
end
$$;
-- Of these names of the store, those that no row leads to.
create function daicho.file_strays(paths text[]) returns setof text language sql stable security definer set search_path = pg_catalog as $$
    select p from unnest(paths) p where session_user = 'daicho_jobs' and not exists (select from daicho.file f where f.path = p)
$$;

-- Evidence -------------------------------------------------------------------------------------------------------------------------------------------------
-- said: null, unknown (no such record, or no right), duty (not a duty of this record), period (ends before it begins, or has not ended yet).
create function daicho.evidence_add(register_ text, record_ bigint, duty_ bigint, from_ date, to_ date, observation_ text, file_ bigint, out said text, out id bigint)
language plpgsql security definer set search_path = pg_catalog as $$
declare
    mine text := daicho.role_tenant();
    a record := daicho.acting();
    register_id_ bigint;
    there boolean;
    f daicho.file;
begin
    if mine is not null and daicho.duty_word(a.held, 'record.write', register_) and 'personal.see' = any (a.held) then
        execute format('select r.id from %I.register r where r.name = $1 and r.state = ''active''', 't_' || mine) into register_id_ using register_;
    end if;
    if register_id_ is not null then
        execute format('select true from %I.%I r where r.id = $1 for share', 't_' || mine, 'r_' || register_) into there using record_;
    end if;
    if there is null then
        said := 'unknown';
        return;
    end if;
    if duty_ is not null and not exists (select from daicho.duty d where d.id = duty_ and d.tenant = mine and d.register_id = register_id_ and d.record = record_) then
        said := 'duty';
        return;
    end if;
    if from_ > to_ or to_ > (daicho.clock() at time zone 'Asia/Tokyo')::date then
        said := 'period';
        return;
    end if;
    if file_ is not null then
        select * into f from daicho.file x where x.id = file_ and x.tenant = mine and x.register_id = register_id_ and x.item is null and x.record is null
            and x.uploaded_by = coalesce(current_setting('daicho.actor', true), '') for update;
        if f.id is null then
            said := 'unknown';
            return;
        end if;
        update daicho.file x set record = record_ where x.id = f.id;
    end if;
    insert into daicho.evidence as e (tenant, register_id, record, duty_id, observation, file_id, sha256, period_from, period_to, collector)
    values (mine, register_id_, record_, duty_, observation_, file_, coalesce(f.sha256, sha256(convert_to(observation_, 'UTF8'))), from_, to_, a.name)
    returning e.id into id;
end
$$;

revoke execute on function daicho.file_gone(), daicho.file_refused(), daicho.file_guard(), daicho.evidence_guard(),
    daicho.file_add(text, text, text, text, bigint, text, boolean), daicho.file_open(bigint), daicho.file_hold(text, bigint, text, bigint, text),
    daicho.file_let(text, bigint, bigint, bigint), daicho.file_item(text, bigint, text, text, boolean), daicho.file_drop(text, bigint, text),
    daicho.file_waiting(bigint), daicho.file_unseen(bigint), daicho.file_seen(bigint, text), daicho.file_sweep(), daicho.evidence_sweep(), daicho.file_strays(text[]),
    daicho.evidence_add(text, bigint, bigint, date, date, text, bigint) from public;
grant execute on function daicho.file_add(text, text, text, text, bigint, text, boolean), daicho.file_open(bigint), daicho.file_unseen(bigint),
    daicho.file_seen(bigint, text), daicho.evidence_add(text, bigint, bigint, date, date, text, bigint) to daicho_tenant;
grant execute on function daicho.file_waiting(bigint), daicho.file_sweep(), daicho.evidence_sweep(), daicho.file_strays(text[]) to daicho_jobs;
