-- Why: rules at work, made whole.

-- Approvals ----------------------------------------------------------------------------------------------------------------------------------------------------
-- An approval that nobody knows of waits. Whoever may approve is told when it is asked for, once more before its deadline and when that has passed; whoever
-- asked is told what became of it. What names a record in a message is what accounts see that may not see personal items: it is looked up in that role.

alter table daicho.move add column next_at timestamptz, add column told_to timestamptz not null default '-infinity';
create index move_next_idx on daicho.move (next_at) where next_at is not null;

-- Whatever changes the state of a request: people, its record, its rule.
create function daicho.move_turn() returns trigger language plpgsql set search_path = pg_catalog as $$
begin
    if tg_op = 'INSERT' then
        new.next_at := case when new.state = 'waiting' then daicho.clock() end;
    elsif new.state <> old.state then
        new.next_at := case when new.state in ('approved', 'refused', 'void') or new.state = 'done' and new.ended_person is distinct from new.asked_person then daicho.clock() end;
    end if;
    return new;
end
$$;
create trigger turn before insert or update of state on daicho.move for each row execute function daicho.move_turn();
update daicho.move set next_at = daicho.clock() where state = 'waiting';

-- A day before the deadline; of a time shorter than two days, when half of it is over.
create function daicho.move_schedule(asked timestamptz, due timestamptz) returns table (notice text, at timestamptz) language sql immutable set search_path = pg_catalog as $$
    select 'asked', asked
    union all select x.notice, x.at from (select case when due < 'infinity' then due end as d) y
        cross join lateral (values ('reminder', y.d - least(interval '1 day', (y.d - asked) / 2)), ('overdue', y.d + interval '1 millisecond')) x (notice, at) where y.d is not null
$$;
create function daicho.move_due(after_ bigint) returns table (tenant text, number bigint) language sql stable security definer set search_path = pg_catalog as $$
    select x.tenant, hashtextextended(x.tenant, 0) & 9223372036854775807
    from (select distinct d.tenant from (select y.tenant from daicho.move y where y.next_at <= daicho.clock() order by y.next_at limit 2000) d) x
    join daicho.tenant t on t.name = x.tenant and t.state = 'active'
    where hashtextextended(x.tenant, 0) & 9223372036854775807 > after_
    order by 2 limit 1
$$;
-- May this account read records of the register: then it may be told what names them.
create function daicho.duty_reads(account_ bigint, register_ text) returns boolean language sql stable security definer set search_path = pg_catalog as $$
    select exists (select from daicho.account a where a.id = account_ and a.tenant = daicho.role_tenant() and a.state = 'active'
        and daicho.duty_word(string_to_array(a.words, ' '), 'record.read', register_))
$$;
-- Who is to be written to about what. Of steps that came while nobody was there, the last.
create function daicho.move_fire(max_ int) returns table (move bigint, notice text, account bigint, email text, lang text, title_ja text, title_en text, register text,
    record bigint, due_at timestamptz, asked_by text, why text)
language plpgsql security definer set search_path = pg_catalog as $$
declare
    mine text := daicho.role_tenant();
    now_ timestamptz := daicho.clock();
begin
    if session_user <> 'daicho_jobs' or mine is null then
        raise insufficient_privilege using message = 'moves are told by the jobs processes only';
    end if;
    return query
        with due as (
            select m.* from daicho.move m where m.tenant = mine and m.next_at <= now_ order by m.next_at limit max_ for update skip locked
        ), step as (
            select o.id, o.state, o.why, o.asked_by, o.asked_account, o.record, r.register, r.title_ja, r.title_en, d.at as due_at, d.laid,
                case when o.state = 'waiting' then (select s.notice from daicho.move_schedule(o.asked_at, d.at) s where s.at > o.told_to and s.at <= now_ order by s.at desc limit 1)
                    else o.state end as notice,
                case when o.state = 'waiting' then (select min(s.at) from daicho.move_schedule(o.asked_at, d.at) s where s.at > now_) end as next_at
            from due o join daicho.move_rule r on r.id = o.rule_id
            cross join lateral (select coalesce(min(x.due_at), 'infinity') as at, coalesce(bool_or(x.laid), false) as laid from daicho.move_set s
                join daicho.duty x on x.tenant = mine and x.kind = 'move' and x.ref = s.id where s.tenant = mine and s.move_id = o.id) d
        ), told as (
            update daicho.move m set told_to = now_, next_at = s.next_at from step s where m.id = s.id
        )
        select s.id, s.notice, a.id, a.email, coalesce(a.lang, t.lang), s.title_ja, s.title_en, s.register, s.record, s.due_at, s.asked_by, s.why
        from step s join daicho.tenant t on t.name = mine
        join daicho.account a on a.tenant = mine and a.state = 'active' and a.email is not null and case
            when a.id = s.asked_account and s.notice not in ('asked', 'reminder') then daicho.duty_word(string_to_array(a.words, ' '), 'record.read', s.register)
            when s.state <> 'waiting' or a.id = s.asked_account and s.notice = 'asked' then false
            else exists (select from daicho.move_set e join daicho.duty d on d.tenant = mine and d.kind = 'move' and d.ref = e.id and d.stopped_at is null and d.void_at is null
                where e.tenant = mine and e.move_id = s.id and (a.id = any (d.accounts) or a.groups && d.groups) and daicho.duty_mine(d, a)) end
        where not s.laid and s.notice is not null
        order by a.id, s.notice, s.due_at, s.id;
end
$$;
revoke execute on function daicho.move_turn(), daicho.move_schedule(timestamptz, timestamptz), daicho.move_due(bigint), daicho.duty_reads(bigint, text), daicho.move_fire(int) from public;
grant execute on function daicho.move_due(bigint) to daicho_jobs;
grant execute on function daicho.duty_reads(bigint, text), daicho.move_fire(int) to daicho_tenant;

-- Clocks that are taken away, or come later ---------------------------------------------------------------------------------------------------------------------
-- A clock that a definition no longer has ends: what ran is withdrawn, and says so; what was missed stays missed. A clock of the same name begins anew later on.
alter table daicho.duty add column why text, add constraint duty_why_check check (why is null or why = 'rule' and void_at is not null);
drop index daicho.duty_clock_key;
create unique index duty_clock_key on daicho.duty (tenant, register_id, record, clock) where kind = 'clock' and why is null;
-- Of a clock for new records only: those up to here were there before it.
alter table daicho.clock_rule add column after_record bigint not null default 0;

-- Rules of other kinds may stand in the same table.
create or replace function daicho.clock_rule_set(mine text, register_id_ bigint, register_ text, rules jsonb) returns void language plpgsql set search_path = pg_catalog as $$
declare
    last_ bigint;
begin
    if exists (select from jsonb_array_elements(rules) x where x -> 'rule' ->> 'records' = 'new') then
        execute format('select coalesce(max(r.id), 0) from %I.%I r', 't_' || mine, 'r_' || register_) into last_;
    end if;
    update daicho.duty d set void_at = daicho.clock(), next_at = null, why = 'rule'
    where d.tenant = mine and d.register_id = register_id_ and d.kind = 'clock' and d.stopped_at is null and d.void_at is null
        and not exists (select from jsonb_array_elements(rules) x where x ->> 'name' = d.clock);
    update daicho.duty d set why = 'rule'
    where d.tenant = mine and d.register_id = register_id_ and d.kind = 'clock' and d.void_at is not null and d.why is null
        and not exists (select from jsonb_array_elements(rules) x where x ->> 'name' = d.clock);
    update daicho.clock_rule c set retired_at = daicho.clock()
    where c.tenant = mine and c.register_id = register_id_ and coalesce(to_jsonb(c) ->> 'kind', 'clock') = 'clock' and c.retired_at is null and not exists (
        select from jsonb_array_elements(rules) x where x ->> 'name' = c.name and x -> 'rule' = c.rule and x ->> 'ja' = c.title_ja and x ->> 'en' = c.title_en);
    insert into daicho.clock_rule (tenant, register_id, register, name, title_ja, title_en, rule, after_record)
    select mine, register_id_, register_, x ->> 'name', x ->> 'ja', x ->> 'en', x -> 'rule', case when x -> 'rule' ->> 'records' = 'new' then coalesce(
        -- changed in another way, it goes on for the same records
        (select c.after_record from daicho.clock_rule c where c.tenant = mine and c.register_id = register_id_ and c.name = x ->> 'name' and c.retired_at = daicho.clock()
            and c.rule ->> 'records' = 'new' order by c.id desc limit 1), last_) else 0 end
    from jsonb_array_elements(rules) x
    where not exists (select from daicho.clock_rule c where c.tenant = mine and c.register_id = register_id_ and coalesce(to_jsonb(c) ->> 'kind', 'clock') = 'clock' and c.name = x ->> 'name' and c.retired_at is null);
end
$$;
create or replace function daicho.clock_settle(tenant_ text, register_ bigint, name_ text, records bigint[], since_ timestamptz[], begins_ boolean[], keeps_ boolean[], stops_ boolean[])
returns void language plpgsql set search_path = pg_catalog as $$
declare
    c daicho.clock_rule;
    now_ timestamptz := daicho.clock();
    who text := daicho.actor_name();
begin
    if records is null then
        return;
    end if;
    select * into c from daicho.clock_rule x where x.tenant = tenant_ and x.register_id = register_ and coalesce(to_jsonb(x) ->> 'kind', 'clock') = 'clock' and x.name = name_ and x.retired_at is null;
    if not found then
        return;
    end if;
    -- of clocks that run or ran
    update daicho.duty d set
        stopped_at = case when not u.stops then null when d.stopped_at is null then now_ else d.stopped_at end,
        stopped_by = case when not u.stops then null when d.stopped_at is null then who else d.stopped_by end,
        void_at = case when u.keeps then null when d.stopped_at is null and d.void_at is null and not u.stops then now_ else d.void_at end,
        next_at = case when u.keeps and not u.stops then daicho.duty_next(r.rule, d.started_at, d.due_at, d.told_to) end
    from unnest(records, keeps_, stops_) u (record, keeps, stops), daicho.clock_rule r
    where d.kind = 'clock' and d.why is null and d.tenant = tenant_ and d.register_id = register_ and d.clock = name_ and d.record = u.record and r.id = d.rule_id
        and ((d.stopped_at is not null) <> u.stops or (d.void_at is not null) <> not u.keeps);
    -- of those that begin. The start is the earliest moment anybody knew, and never later than this one.
    insert into daicho.duty (tenant, kind, rule_id, register_id, register, clock, record, group_name, author, started_at, due_at, due_first, stopped_at, stopped_by, next_at)
    select tenant_, 'clock', c.id, register_, c.register, name_, u.record, c.rule ->> 'group', daicho.actor_account(), s.at, d.at, d.at,
        case when u.stops then now_ end, case when u.stops then who end, case when not u.stops then daicho.duty_next(c.rule, s.at, d.at, '-infinity') end
    from unnest(records, since_, begins_, stops_) u (record, since, begins, stops)
    cross join lateral (select date_trunc('milliseconds', least(u.since, now_)) as at) s
    cross join lateral (select daicho.clock_due(tenant_, c.rule, s.at) as at) d
    where u.begins and u.record > c.after_record and not exists (
        select from daicho.duty x where x.kind = 'clock' and x.why is null and x.tenant = tenant_ and x.register_id = register_ and x.clock = name_ and x.record = u.record);
end
$$;
-- As in 0045, whatever columns a duty has.
create or replace function daicho.duty_fire(max_ int) returns table (duty bigint, notice text, account bigint, email text, lang text, title_ja text, title_en text, register text,
    record bigint, due_at timestamptz, missed boolean)
language plpgsql security definer set search_path = pg_catalog as $$
declare
    mine text := daicho.role_tenant();
    now_ timestamptz := daicho.clock();
begin
    if session_user <> 'daicho_jobs' or mine is null then
        raise insufficient_privilege using message = 'duties are told by the jobs processes only';
    end if;
    return query
        with due as (
            select d.* from daicho.duty d where d.tenant = mine and d.next_at <= now_ order by d.next_at limit max_ for update skip locked
        ), told as (
            update daicho.duty d set told_to = now_, next_at = daicho.duty_next(r.rule, d.started_at, d.due_at, now_)
            from due o, daicho.clock_rule r where d.id = o.id and r.id = o.rule_id returning d.id
        ), step as (
            select distinct o.id, r.rule -> 'ladder' -> (s.step - 1) as one
            from due o join told t on t.id = o.id join daicho.clock_rule r on r.id = o.rule_id
            cross join lateral daicho.duty_schedule(r.rule, o.started_at, o.due_at) s
            where s.at > o.told_to and s.at <= now_
        )
        select o.id, s.one ->> 'notice', a.id, a.email, coalesce(a.lang, t.lang), r.title_ja, r.title_en, o.register, o.record, o.due_at, now_ > o.due_at
        from step s join daicho.duty o on o.id = s.id join daicho.clock_rule r on r.id = o.rule_id join daicho.tenant t on t.name = mine
        left join lateral (select distinct p from jsonb_array_elements_text(s.one -> 'to') w cross join lateral daicho.duty_people(mine, w, o) p) w on true
        left join daicho.account a on a.id = w.p
        order by a.id, s.one ->> 'notice', o.due_at, o.id;
end
$$;

-- As in 0043: what was withdrawn stays with its record.
create or replace function daicho.merge_clocks(tenant_ text, register_ bigint, survivor_ bigint, gone_ bigint) returns bigint[] language plpgsql set search_path = pg_catalog as $$
declare
    g daicho.duty;
    s daicho.duty;
    moved bigint[] := '{}';
begin
    for g in select * from daicho.duty d where d.kind = 'clock' and d.tenant = tenant_ and d.register_id = register_ and d.record = gone_ and d.why is null for update loop
        select * into s from daicho.duty d
        where d.kind = 'clock' and d.tenant = tenant_ and d.register_id = register_ and d.record = survivor_ and d.clock = g.clock and d.why is null for update;
        if not found or coalesce(g.stopped_at, g.void_at, s.stopped_at, s.void_at) is null and g.due_at < s.due_at then
            perform daicho.merge_clock_change(g.id, survivor_);
            moved := moved || g.id;
        end if;
    end loop;
    return moved;
end
$$;
create or replace function daicho.merge_clock_change(id_ bigint, record_ bigint) returns void language plpgsql set search_path = pg_catalog as $$
declare
    g daicho.duty;
    other bigint;
begin
    select * into g from daicho.duty d where d.id = id_;
    if g.record is distinct from record_ and g.id is not null then
        select d.id into other from daicho.duty d
        where d.kind = 'clock' and d.tenant = g.tenant and d.register_id = g.register_id and d.record = record_ and d.clock = g.clock and d.why is null;
        update daicho.duty d set record = -d.record where d.id = other;
        update daicho.duty d set record = record_ where d.id = id_;
        update daicho.duty d set record = g.record where d.id = other;
    end if;
end
$$;

-- Who wrote a record -------------------------------------------------------------------------------------------------------------------------------------------
-- A new row that does not say who acts is set right: the trigger's condition looks without calling anything, so this is called for those rows only. An update that does
-- not say it is refused, looked at once a statement. The owner's own work (the define job, references that are emptied) changes nobody's name. A record that was
-- deleted comes back with who made it.
create function daicho.record_actor() returns trigger language plpgsql set search_path = pg_catalog as $$
declare
    who text := coalesce(current_setting('daicho.actor', true), '');
    was text;
begin
    if current_user !~ '^t_' then
        return new;
    elsif tg_level = 'STATEMENT' then
        if exists (select from after a where a.updated_by is distinct from who) then
            raise insufficient_privilege using message = 'who changed a record is who acts';
        end if;
        return null;
    elsif tg_op = 'UPDATE' then
        new.created_by := old.created_by;
        return new;
    elsif new.created_by <> who then
        if current_user !~ '_(masked|form|desk)$' then
            execute format('select c.made ->> ''created_by'' from (select x.deleted, x.made from %1$I.change x join %1$I.register g on g.id = x.register and g.name = $1 '
                'where x.record = $2 order by x.id desc limit 1) c where c.deleted', tg_table_schema) into was using substr(tg_table_name, 3), new.id;
        end if;
        new.created_by := case when new.created_by = was then was else who end;
    end if;
    new.updated_by := who;
    return new;
end
$$;
revoke execute on function daicho.record_actor() from public;
