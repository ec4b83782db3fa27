-- Why: mails are written before they are sent, by people who share them, and put into folders that the contract makes. Here stand the permissions for it and
-- what holds for every contract whatever SQL is put into its roles: who may see, write and organise, how deep and how many, who wrote what and when, and
-- that what was sent stays as it was. The tables are the contract's own (tenant/0015_mail.sql).

-- The groups that ran everything until now run what is new as well.
update daicho.account_group g set permissions = g.permissions || array(
    select w from unnest('{mail.read,mail.write,mail.folder}'::text[]) w where w <> all (g.permissions))
where g.permissions @> '{record.delete,account.manage,tenant.manage}';
update daicho.account set words = '';

-- Does whoever acts hold this word? Asked once a statement, by row policies. Operators' commands never see mails: t_desk has no right to the tables.
create function daicho.mail_may(word text) returns boolean language sql stable security definer set search_path = pg_catalog as $$
    select coalesce(a.kind = 'system' or word = any (a.held), false) from daicho.acting() a
$$;

-- One line as it stands in the head of a message: nothing that begins another line there, nothing that is not seen or turns the line around, nothing that
-- mail programs take for a text that is encoded.
create function daicho.mail_line(line text) returns boolean language sql immutable parallel safe set search_path = pg_catalog as $$
    select line !~ '[\u0001-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]' and strpos(line, '=?') = 0
$$;

-- A process of the house writes, not a migration or a restore.
create function daicho.mail_inside() returns boolean language sql stable set search_path = pg_catalog as $$
    select session_user in ('daicho_web', 'daicho_auth', 'daicho_sso', 'daicho_jobs', 'daicho_cli', 'daicho_public', 'daicho_mailer')
$$;

-- Folders ---------------------------------------------------------------------------------------------------------------------------------------------
-- One change of a contract's tree at a time: two moves at once could each be fine, and together a ring.
create function daicho.mail_folder_guard() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
declare
    depth int := 0;
    height int := 1;
    ring boolean := false;
    n bigint;
begin
    perform from daicho.tenant t where 't_' || t.name = tg_table_schema for no key update;
    if tg_op = 'DELETE' then
        execute format('select (select count(*) from %1$I.mail_folder f where f.parent = $1) + (select count(*) from %1$I.mail m where m.folder = $1 '
            'and m.deleted_at is null)', tg_table_schema) into n using old.id;
        if n > 0 then
            raise foreign_key_violation using message = 'this folder is not empty';
        end if;
        -- what lies in the trash comes back into no folder
        execute format('update %I.mail m set folder = null where m.folder = $1', tg_table_schema) using old.id;
        return old;
    end if;
    if tg_op = 'INSERT' then
        execute format('select count(*) from %I.mail_folder', tg_table_schema) into n;
        if n >= 500 then
            raise check_violation using message = 'there are as many folders as there can be';
        end if;
    end if;
    if new.parent is not null and (tg_op = 'INSERT' or new.parent is distinct from old.parent) then
        execute format('with recursive up (id, parent, n) as (select f.id, f.parent, 1 from %1$I.mail_folder f where f.id = $1 '
            'union all select f.id, f.parent, u.n + 1 from up u join %1$I.mail_folder f on f.id = u.parent where u.n < 10) '
            'select coalesce(max(u.n), 0), coalesce(bool_or(u.id = $2), false) from up u', tg_table_schema) into depth, ring using new.parent, new.id;
        if ring then
            raise check_violation using message = 'a folder cannot stand within itself';
        end if;
        if tg_op = 'UPDATE' then
            execute format('with recursive down (id, n) as (select $1::bigint, 1 union all select f.id, d.n + 1 from down d '
                'join %1$I.mail_folder f on f.parent = d.id where d.n < 10) select max(d.n) from down d', tg_table_schema) into height using new.id;
        end if;
        if depth + height > 5 then
            raise check_violation using message = 'folders stand at most five deep';
        end if;
    end if;
    if tg_op = 'UPDATE' then
        new.version := old.version + 1;
        new.created_at := old.created_at;
    elsif daicho.mail_inside() then
        new.version := 1;
        new.created_at := daicho.clock();
    end if;
    return new;
end
$$;

-- Mails in each folder (folder null: in none) and in the trash, as whoever organises folders needs them, too, without seeing the mails.
create function daicho.mail_counts() returns table (folder bigint, trash boolean, mails bigint) language plpgsql stable security definer
set search_path = pg_catalog as $$
begin
    if daicho.mail_may('mail.read') or daicho.mail_may('mail.write') or daicho.mail_may('mail.folder') then
        return query execute format('select case when m.deleted_at is null then m.folder end, m.deleted_at is not null, count(*) from %I.mail m group by 1, 2',
            't_' || daicho.role_tenant());
    end if;
end
$$;

-- Mails -----------------------------------------------------------------------------------------------------------------------------------------------
-- Who wrote it and when is not the writer's to say; what was sent, and what lies in the trash, stays as it was.
create function daicho.mail_guard() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
declare
    at timestamptz := date_trunc('milliseconds', daicho.clock());
    who text := left(current_setting('daicho.actor', true), 200);
    written boolean;
begin
    if not daicho.mail_inside() then
        return case when tg_op = 'DELETE' then old else new end;
    elsif tg_op = 'DELETE' then
        if old.deleted_at is null then
            raise check_violation using message = 'only what lies in the trash is erased';
        end if;
        return old;
    elsif tg_op = 'INSERT' then
        if new.state <> 'draft' then
            raise check_violation using message = 'a mail begins as a draft';
        end if;
        new.version := 1;
        new.created_at := at;
        new.created_by := who;
        new.updated_at := at;
        new.updated_by := who;
        new.deleted_at := null;
        new.deleted_by := null;
        return new;
    end if;
    written := (new.subject, new.from_name, new.body) is distinct from (old.subject, old.from_name, old.body);
    if new.state <> old.state then
        raise check_violation using message = 'the state of a mail is not written by hand';
    elsif old.state <> 'draft' and (written or new.deleted_at is not null) then
        raise check_violation using message = 'a mail that was sent stays as it was';
    elsif old.deleted_at is not null and new.deleted_at is not null and (written or new.folder is distinct from old.folder and new.folder is not null) then
        raise check_violation using message = 'what lies in the trash is not changed';
    elsif old.deleted_at is not null and new.deleted_at is null and old.deleted_at <= at - interval '7 days' then
        raise check_violation using message = 'what lies in the trash longer than seven days does not come back';
    end if;
    new.version := old.version + 1;
    new.created_at := old.created_at;
    new.created_by := old.created_by;
    new.updated_at := case when written then at else old.updated_at end;
    new.updated_by := case when written then who else old.updated_by end;
    if old.deleted_at is not null and new.deleted_at is not null then
        new.deleted_at := old.deleted_at;
        new.deleted_by := old.deleted_by;
    else
        new.deleted_by := case when new.deleted_at is not null then who end;
        new.deleted_at := case when new.deleted_at is not null then at end;
    end if;
    return new;
end
$$;

-- When something in the trash of a contract is next due to go: one row a contract, none while its trash is empty.
create table daicho.mail_trash (
    id bigint generated always as identity primary key,
    tenant text not null unique references daicho.tenant on delete cascade,
    due_at timestamptz not null
);
create index mail_trash_due_idx on daicho.mail_trash (due_at);
alter table daicho.mail_trash enable row level security;
alter table daicho.mail_trash force row level security;
create policy house on daicho.mail_trash to daicho_owner using (true) with check (true);

-- Put into the trash: due in seven days. While the contract has a last day, what is deleted goes at once (doc/contract-end.md).
create function daicho.mail_trashed() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
begin
    if exists (select from daicho.tenant t where 't_' || t.name = tg_table_schema and t.ends_at is not null) then
        execute format('delete from %I.mail m where m.id = $1', tg_table_schema) using new.id;
    else
        insert into daicho.mail_trash as x (tenant, due_at) values (substr(tg_table_schema, 3), new.deleted_at + interval '7 days')
        on conflict (tenant) do update set due_at = least(x.due_at, excluded.due_at);
    end if;
    return null;
end
$$;

-- Erased: the bytes go, too (0028_erasure_bytes.sql).
create function daicho.mail_erased() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
begin
    if exists (select from gone) then
        perform daicho.bytes_ask(format('%I.mail', tg_table_schema),
            exists (select from daicho.tenant t where 't_' || t.name = tg_table_schema and t.ends_at is not null));
    end if;
    return null;
end
$$;

-- For the jobs processes: the next contract with something due, and its going. Null: another process was first.
create function daicho.mail_trash_due(after_ bigint) returns table (tenant text, id bigint) language sql security definer set search_path = pg_catalog as $$
    select x.tenant, x.id from daicho.mail_trash x join daicho.tenant t on t.name = x.tenant and t.state <> 'ended'
    where x.due_at <= daicho.clock() and x.id > after_ order by x.id limit 1
$$;
create function daicho.mail_trash_empty(id_ bigint) returns bigint language plpgsql security definer set search_path = pg_catalog as $$
declare
    n bigint;
    next timestamptz;
begin
    if session_user <> 'daicho_jobs' then
        raise insufficient_privilege using message = 'the trash is emptied by the jobs processes only';
    end if;
    perform from daicho.mail_trash x where x.id = id_ and x.tenant = daicho.role_tenant() and x.due_at <= daicho.clock() for update skip locked;
    if not found then
        return null;
    end if;
    execute format('delete from %I.mail m where m.deleted_at <= daicho.clock() - interval ''7 days''', 't_' || daicho.role_tenant());
    get diagnostics n = row_count;
    execute format('select min(m.deleted_at) + interval ''7 days'' from %I.mail m where m.deleted_at is not null', 't_' || daicho.role_tenant()) into next;
    if next is null then
        delete from daicho.mail_trash x where x.id = id_;
    else
        update daicho.mail_trash x set due_at = next where x.id = id_;
    end if;
    return n;
end
$$;

revoke execute on function daicho.mail_may(text), daicho.mail_line(text), daicho.mail_inside(), daicho.mail_folder_guard(), daicho.mail_counts(), daicho.mail_guard(),
    daicho.mail_trashed(), daicho.mail_erased(), daicho.mail_trash_due(bigint), daicho.mail_trash_empty(bigint) from public;
grant execute on function daicho.mail_may(text), daicho.mail_line(text), daicho.mail_counts(), daicho.mail_trash_empty(bigint) to daicho_tenant;
grant execute on function daicho.mail_trash_due(bigint) to daicho_jobs;
