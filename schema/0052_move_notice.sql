-- Why: an approval that nobody knows of waits. Whoever may approve is told when it is asked for, once more before its deadline and when that has passed; whoever
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
