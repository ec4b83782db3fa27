-- Why: making two records one changes and removes records and moves what refers to them. It is a right of its own, for each register, beside those to
-- write and to delete; who ran everything until now may give it to others, nobody else gets it. The database asks for it, too, and moves what people do not
-- see: deadlines, and references of what was deleted and can be brought back. tenant/0014_duplicate.sql puts the triggers.
update daicho.account_group g set permissions = g.permissions || '{record.merge}'::text[]
where g.permissions @> '{record.delete,account.manage,tenant.manage}' and 'record.merge' <> all (g.permissions);
update daicho.account set words = '';

-- May the one that acts make records of this register one? The operator's unattended work is nobody's limit.
create function daicho.merge_right(register_ text) returns boolean language sql stable security definer set search_path = pg_catalog as $$
    select coalesce(w is null or daicho.words_hold(w, 'record.merge:' || register_) and daicho.words_hold(w, 'personal.see'), false)
    from daicho.actor_words() w
$$;

-- No deadline goes, or comes later, by making records one: each clock of the record that goes is the survivor's if that has none of this name, or an open one
-- that is due later. Two clocks change places then, and the later one ends with the record that goes. Those of the one that goes that moved.
create function daicho.merge_clocks(tenant_ text, register_ bigint, survivor_ bigint, gone_ bigint) returns bigint[] language plpgsql set search_path = pg_catalog as $$
declare
    g daicho.duty;
    s daicho.duty;
    moved bigint[] := '{}';
begin
    for g in select * from daicho.duty d where d.kind = 'clock' and d.tenant = tenant_ and d.register_id = register_ and d.record = gone_ for update loop
        select * into s from daicho.duty d
        where d.kind = 'clock' and d.tenant = tenant_ and d.register_id = register_ and d.record = survivor_ and d.clock = g.clock for update;
        if not found or coalesce(g.stopped_at, g.void_at, s.stopped_at, s.void_at) is null and g.due_at < s.due_at then
            perform daicho.merge_clock_change(g.id, survivor_);
            moved := moved || g.id;
        end if;
    end loop;
    return moved;
end
$$;
-- A clock comes to this record; one that is there already goes where it was.
create function daicho.merge_clock_change(id_ bigint, record_ bigint) returns void language plpgsql set search_path = pg_catalog as $$
declare
    g daicho.duty;
    other bigint;
begin
    select * into g from daicho.duty d where d.id = id_;
    if g.record is distinct from record_ and g.id is not null then
        select d.id into other from daicho.duty d
        where d.kind = 'clock' and d.tenant = g.tenant and d.register_id = g.register_id and d.record = record_ and d.clock = g.clock;
        update daicho.duty d set record = -d.record where d.id = other;
        update daicho.duty d set record = record_ where d.id = id_;
        update daicho.duty d set record = g.record where d.id = other;
    end if;
end
$$;

-- References that no definition shows now: of a deleted register or item that can be brought back. [register, column]
create function daicho.merge_laid(schema_ text, register_ bigint) returns table (register bigint, name text, col text) language plpgsql stable set search_path = pg_catalog as $$
begin
    return query execute format('select x.id, x.name, a.attname::text from %1$I.register m '
        'join pg_constraint c on c.contype = ''f'' and c.confrelid = to_regclass(format(''%%I.%%I'', %1$L, ''r_'' || m.name)) '
        'join pg_class t on t.oid = c.conrelid and t.relnamespace = %1$L::regnamespace join pg_attribute a on a.attrelid = t.oid and a.attnum = c.conkey[1] '
        'join %1$I.register x on ''r_'' || x.name = t.relname where m.id = $1 and (x.state = ''deleted'' or a.attname ~ ''^_gone_'')', schema_) using register_;
end
$$;

-- What stands in tenant.merge is what happened: who and when are not written by hand, and what was made one stays on record.
create function daicho.merge_guard() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
declare
    who text := coalesce(current_setting('daicho.actor', true), '');
    one bigint;
begin
    if tg_op = 'INSERT' then
        new.at := daicho.clock();
        new.actor := who;
        new.undone_at := null;
        new.undone_by := null;
        new.moved := null;
        new.clocks := daicho.merge_clocks(substr(tg_table_schema, 3), new.register, new.survivor, new.gone);
        return new;
    end if;
    if (new.id, new.register, new.survivor, new.gone, new.at, new.actor, new.clocks) is distinct from (old.id, old.register, old.survivor, old.gone, old.at, old.actor, old.clocks)
        or old.undone_at is not null
        or old.moved is not null and (new.survivor_change, new.gone_change, new.taken, new.moved) is distinct from (old.survivor_change, old.gone_change, old.taken, old.moved) then
        raise insufficient_privilege using message = 'what was made one stays on record';
    end if;
    if new.undone_at is not null then
        new.undone_at := daicho.clock();
        new.undone_by := who;
        foreach one in array new.clocks loop
            perform daicho.merge_clock_change(one, new.gone);
        end loop;
    end if;
    return new;
end
$$;
create function daicho.merge_laid_take() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
declare
    l record;
begin
    for l in select * from daicho.merge_laid(tg_table_schema, new.register) loop
        execute format('with m as (update %1$I.%2$I t set %3$I = $1 where t.%3$I = $2 returning t.id) '
            'insert into %1$I.merge_moved (merge, register, item, record) select $3, $4, %3$L, m.id from m', tg_table_schema, 'r_' || l.name, l.col)
            using new.survivor, new.gone, new.id, l.register;
    end loop;
    return null;
end
$$;
-- At the end of its transaction it is whole: the one that went is gone, or was brought back with what refers to it.
create function daicho.merge_whole() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
declare
    m record;
    l record;
    there boolean;
    stays boolean;
begin
    execute format('select x.moved, x.undone_at, r.name from %1$I.merge x join %1$I.register r on r.id = x.register where x.id = $1', tg_table_schema) into m using new.id;
    if m.name is null then
        return null;
    end if;
    execute format('select exists (select from %1$I.%2$I where id = $1), exists (select from %1$I.%2$I where id = $2)', tg_table_schema, 'r_' || m.name)
        into there, stays using new.gone, new.survivor;
    if m.moved is null or there <> (m.undone_at is not null) or not stays then
        raise 'records are made one, or taken apart, wholly' using errcode = 'integrity_constraint_violation';
    end if;
    for l in select * from daicho.merge_laid(tg_table_schema, new.register) where m.undone_at is not null loop
        execute format('update %1$I.%2$I t set %3$I = $1 from %1$I.merge_moved v where v.merge = $2 and v.register = $3 and v.item = %3$L and v.record = t.id and t.%3$I = $4',
            tg_table_schema, 'r_' || l.name, l.col) using new.gone, new.id, l.register, new.survivor;
    end loop;
    return null;
end
$$;

revoke execute on function daicho.merge_right(text), daicho.merge_clocks(text, bigint, bigint, bigint), daicho.merge_clock_change(bigint, bigint), daicho.merge_laid(text, bigint),
    daicho.merge_guard(), daicho.merge_laid_take(), daicho.merge_whole() from public;
grant execute on function daicho.merge_right(text) to daicho_tenant;
