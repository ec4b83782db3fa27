-- Why: the state of a record changes by moves alone: who may make one, what must be filled in first, who must not, whose approvals it needs, and that what was
-- approved is what is carried out. The database decides, and writes the state; nobody else can.

-- Rules: one for each version of a move of a definition. A request keeps the rule it was made by, and is void when that is retired.
create table daicho.move_rule (
    id bigint generated always as identity primary key,
    tenant text not null references daicho.tenant on delete cascade,
    register_id bigint not null,
    register text not null,
    name text not null,
    place int not null,                              -- in the definition
    title_ja text not null,
    title_en text not null,
    item text not null,                              -- its value is the state
    rule jsonb not null,                             -- {from, to, begins, who, required, personal, forbidden, approvals: [{who, count}], freeze, unit, count, calendar} (register/move_rule.c)
    made_at timestamptz not null default daicho.clock(),
    retired_at timestamptz,
    unique (tenant, id)
);
create unique index move_rule_now_key on daicho.move_rule (tenant, register_id, name) where retired_at is null;

-- A move of a record: asked for, approved, carried out; or made at once when it needs no approval.
create table daicho.move (
    id bigint generated always as identity primary key,
    tenant text not null references daicho.tenant on delete cascade,
    rule_id bigint not null,
    register_id bigint not null,
    record bigint not null,
    from_state text not null,
    to_state text not null,
    state text not null check (state in ('waiting', 'approved', 'done', 'void', 'refused', 'withdrawn')),
    record_version bigint not null,                  -- that was looked at by who asked
    salt bytea,
    hash bytea,                                      -- of what is to be approved; null: nobody need approve
    asked_by text not null,
    asked_account bigint,
    asked_person bigint,
    asked_at timestamptz not null default daicho.clock(),
    ended_by text,
    ended_person bigint,
    ended_at timestamptz,
    why text,                                        -- void: changed, rule, gone; refused: what was said
    foreign key (tenant, rule_id) references daicho.move_rule (tenant, id) on delete cascade,
    unique (tenant, id),
    check ((state in ('waiting', 'approved')) = (ended_at is null))
);
create unique index move_open_key on daicho.move (tenant, register_id, record) where state in ('waiting', 'approved');
create index move_record_idx on daicho.move (tenant, register_id, record, id);
create index move_rule_idx on daicho.move (tenant, rule_id);

-- Approvals are sets: each must be full. A set of a request is a duty.
create table daicho.move_set (
    id bigint generated always as identity primary key,
    tenant text not null,
    move_id bigint not null,
    no int not null,
    who jsonb not null,
    needed int not null,
    foreign key (tenant, move_id) references daicho.move (tenant, id) on delete cascade,
    unique (tenant, id)
);
create index move_set_move_idx on daicho.move_set (tenant, move_id);
create table daicho.move_approval (
    id bigint generated always as identity primary key,
    tenant text not null,
    move_id bigint not null,
    set_id bigint not null,
    account_id bigint not null,
    person_id bigint not null,
    given_by text not null,
    given_at timestamptz not null default daicho.clock(),
    hash bytea not null,                             -- of what was approved
    foreign key (tenant, move_id) references daicho.move (tenant, id) on delete cascade,
    foreign key (tenant, set_id) references daicho.move_set (tenant, id) on delete cascade,
    constraint move_approval_once unique (move_id, person_id)     -- nobody counts twice, in whatever sets
);
create index move_approval_set_idx on daicho.move_approval (tenant, set_id);

do $$
declare
    t text;
begin
    foreach t in array array['move_rule', 'move', 'move_set', 'move_approval'] loop
        execute format('alter table daicho.%I enable row level security', t);
        execute format('alter table daicho.%I force row level security', t);
        execute format('create policy house on daicho.%I to daicho_owner using (true) with check (true)', t);
        execute format('create policy own on daicho.%I for select to daicho_tenant using (tenant = (select daicho.tenant()) and current_user::text !~ ''_(desk|form)$'')', t);
    end loop;
end
$$;
grant select on daicho.move_rule, daicho.move_set, daicho.move_approval to daicho_tenant;
-- not the salt: without it the hash of a few possible values is no riddle
grant select (id, tenant, rule_id, register_id, record, from_state, to_state, state, record_version, hash, asked_by, asked_account, asked_person, asked_at, ended_by, ended_person,
    ended_at, why) on daicho.move to daicho_tenant;

-- Duties of approvals: whose they could be stands in the row; who must not, and who has, too.
alter table daicho.duty drop constraint duty_kind_check, add constraint duty_kind_check check (kind in ('clock', 'access_review', 'log_review', 'move')),
    add column title_ja text, add column title_en text,
    add column accounts bigint[] not null default '{}', add column groups bigint[] not null default '{}', add column persons_not bigint[] not null default '{}',
    add constraint duty_move_check check (kind <> 'move' or register_id is not null and record is not null and title_ja is not null and assignee is null);

-- Rules ------------------------------------------------------------------------------------------------------------------------------------------------------
-- The person behind "account:12:hanako", as records and the history say who did it; of an account that was removed, too.
create function daicho.move_actor(tenant_ text, actor text) returns bigint language sql stable set search_path = pg_catalog as $$
    select coalesce(daicho.log_actor_person(tenant_, p[1], p[2]::bigint, p[3]),
        (select x.person_id from daicho.account_past x where p[1] = 'account' and x.id = p[2]::bigint and x.tenant = tenant_)) from regexp_match(actor, '^([a-z]+):([0-9]{1,18}):(.*)$') p
$$;
-- Who acts: an account, or the one whose key it is.
create function daicho.move_person(out kind text, out account bigint, out person bigint, out login text, out held text[]) language plpgsql stable set search_path = pg_catalog as $$
declare
    a record := daicho.acting();
begin
    kind := a.kind;
    login := a.name;
    held := case when a.kind in ('account', 'key') then a.held else '{}' end;
    person := a.person_id;
    account := case a.kind when 'account' then a.id when 'key' then (select k.created_by from daicho.api_key k where k.id = a.id) end;
end
$$;

-- The record; null: there is none.
create function daicho.move_read(tenant_ text, register_ text, record_ bigint, locked boolean) returns jsonb
language plpgsql set search_path = pg_catalog set timezone = 'UTC' as $$
declare
    rec jsonb;
begin
    execute format('select to_jsonb(r) from %I.%I r where r.id = $1 %s', 't_' || tenant_, 'r_' || register_, case when locked then 'for update' else '' end)
        into rec using record_;
    return rec;
end
$$;
create function daicho.move_hash(salt bytea, rec jsonb, frozen jsonb) returns bytea language sql immutable set search_path = pg_catalog as $$
    select sha256(salt || convert_to((select coalesce(jsonb_object_agg(k, rec -> k), '{}') from jsonb_array_elements_text(frozen) k)::text, 'UTF8'))
$$;

-- Is this account one of them: group:NAME, account:LOGIN, item:NAME of the record, author of the record.
create function daicho.move_among(tenant_ text, who jsonb, rec jsonb, account_ bigint) returns boolean language sql stable set search_path = pg_catalog as $$
    select exists (select from jsonb_array_elements_text(who) w join daicho.account a on a.id = account_ and a.tenant = tenant_ and a.state = 'active'
        where case split_part(w, ':', 1)
            when 'group' then a.groups && array(select g.id from daicho.account_group g where g.tenant = tenant_ and lower(g.name) = lower(substr(w, 7)))
            when 'account' then lower(a.login) = lower(substr(w, 9))
            when 'item' then rec ->> substr(w, 6) = a.id::text
            when 'author' then starts_with(rec ->> 'created_by', 'account:' || a.id || ':')
            else false end)
$$;

-- Who must not, and why. A move that needs approvals: must not approve; another: must not make it. People count, whichever of their accounts they use.
create function daicho.move_barred(r daicho.move_rule, rec jsonb, move_ bigint) returns table (person bigint, why text) language plpgsql stable set search_path = pg_catalog as $$
declare
    record_ bigint := (rec ->> 'id')::bigint;
    last_ bigint;
    begun bigint;
begin
    select coalesce(max(x.id), 0), coalesce(max(x.id) filter (where jsonb_exists(r.rule -> 'begins', x.to_state)), 0) into last_, begun
    from daicho.move x where x.tenant = r.tenant and x.register_id = r.register_id and x.record = record_ and x.state = 'done';
    if jsonb_exists(r.rule -> 'forbidden', 'requester') then
        return query select x.asked_person, 'requester' from daicho.move x where x.id = coalesce(move_, last_) and x.asked_person is not null;
    end if;
    if jsonb_exists(r.rule -> 'forbidden', 'drafter') then
        return query select p, 'drafter' from daicho.move_actor(r.tenant, rec ->> 'created_by') p where p is not null;
        return query execute format('select p, ''drafter'' from (select distinct c.actor from %I.change c where c.register = $1 and c.record = $2 and not c.deleted '
            'and c.old - $3 <> ''{}''::jsonb) c cross join lateral daicho.move_actor($4, c.actor) p where p is not null', 't_' || r.tenant) using r.register_id, record_, r.item, r.tenant;
    end if;
    if jsonb_exists(r.rule -> 'forbidden', 'approver') then
        return query select a.person_id, 'approver' from daicho.move x join daicho.move_approval a on a.tenant = x.tenant and a.move_id = x.id
            where x.tenant = r.tenant and x.register_id = r.register_id and x.record = record_ and x.state = 'done' and x.id > begun;
        return query select x.asked_person, 'approver' from daicho.move x
            where x.tenant = r.tenant and x.register_id = r.register_id and x.record = record_ and x.state = 'done' and x.id > begun and x.hash is null and x.asked_person is not null;
    end if;
end
$$;

create function daicho.move_missing(r daicho.move_rule, rec jsonb) returns text[] language sql stable set search_path = pg_catalog as $$
    select array_agg(distinct case when jsonb_exists(r.rule -> 'personal', n) and current_setting('role') ~ '_masked$' then '*' else n end)
    from jsonb_array_elements_text(r.rule -> 'required') n where coalesce(rec -> n, 'null') in ('null', '""', '[]')
$$;

-- Why it cannot be made, or asked for, now; null: it can. carried: its approvals are there.
create function daicho.move_judge(r daicho.move_rule, rec jsonb, p record, carried boolean) returns text language plpgsql stable set search_path = pg_catalog as $$
begin
    if not jsonb_exists(r.rule -> 'from', rec ->> r.item) then
        return 'state';
    elsif not daicho.duty_word(p.held, 'record.write', r.register) then
        return 'forbidden';
    elsif r.rule -> 'who' <> '[]' and not daicho.move_among(r.tenant, r.rule -> 'who', rec, p.account) then
        return 'who';
    elsif p.person is null and (r.rule -> 'approvals' <> '[]' or r.rule -> 'forbidden' <> '[]') then
        return 'person';
    elsif daicho.move_missing(r, rec) is not null then
        return 'required';
    elsif carried or r.rule -> 'approvals' <> '[]' then
        return null;
    end if;
    return (select b.why from daicho.move_barred(r, rec, null) b where b.person = p.person limit 1);
end
$$;
-- Why somebody does not approve for this set; null: they can.
create function daicho.move_may(m daicho.move, r daicho.move_rule, s daicho.move_set, rec jsonb, p record) returns text language plpgsql stable set search_path = pg_catalog as $$
begin
    if m.state <> 'waiting' then
        return 'over';
    elsif p.kind is distinct from 'account' or p.person is null then
        return 'key';
    elsif exists (select from daicho.move_approval a where a.tenant = m.tenant and a.move_id = m.id and a.person_id = p.person) then
        return 'twice';
    elsif not daicho.move_among(m.tenant, s.who, rec, p.account) then
        return 'who';
    elsif (select count(*) from daicho.move_approval a where a.tenant = s.tenant and a.set_id = s.id) >= s.needed then
        return 'over';
    end if;
    return (select b.why from daicho.move_barred(r, rec, m.id) b where b.person = p.person limit 1);
end
$$;

-- It ends without being carried out.
create function daicho.move_end(id_ bigint, state_ text, why_ text) returns void language sql set search_path = pg_catalog as $$
    update daicho.move set state = state_, why = why_, ended_at = daicho.clock(), ended_by = daicho.actor_name() where id = id_ and state in ('waiting', 'approved');
    update daicho.duty d set void_at = daicho.clock() where d.kind = 'move' and d.ref in (select s.id from daicho.move_set s where s.move_id = id_) and d.stopped_at is null and d.void_at is null;
$$;
create function daicho.move_write(r daicho.move_rule, record_ bigint) returns void language plpgsql set search_path = pg_catalog as $$
begin
    execute format('update %I.%I set %I = $1, version = version + 1, updated_at = daicho.clock(), updated_by = coalesce(current_setting(''daicho.actor'', true), '''') where id = $2',
        't_' || r.tenant, 'r_' || r.register, r.item) using r.rule ->> 'to', record_;
end
$$;

-- What people do ------------------------------------------------------------------------------------------------------------------------------------------------
-- Made at once, or asked for. said: done, waiting; or why not. The same once more, of the record as it was seen then, is the same move.
create function daicho.move_ask(register_ text, record_ bigint, name_ text, version_ bigint, out said text, out id bigint, out missing text[], out hash bytea)
language plpgsql security definer set search_path = pg_catalog as $$
declare
    mine text := daicho.role_tenant();
    p record := daicho.move_person();
    r daicho.move_rule;
    rec jsonb;
    m daicho.move;
    salt_ bytea;
    set_ bigint;
    s record;
    due_ timestamptz;
begin
    select * into r from daicho.move_rule x where x.tenant = mine and x.register = register_ and x.name = name_ and x.retired_at is null;
    if r.id is null or not daicho.duty_word(p.held, 'record.read', register_) then
        said := 'unknown';
        return;
    end if;
    rec := daicho.move_read(mine, register_, record_, true);
    if rec is null then
        said := 'unknown';
        return;
    end if;
    select * into m from daicho.move x where x.tenant = mine and x.register_id = r.register_id and x.record = record_ and x.rule_id = r.id and x.asked_by = p.login
        and x.asked_account is not distinct from p.account and x.record_version = version_ and x.state in ('waiting', 'approved', 'done') order by x.id desc limit 1;
    if m.id is not null then
        said := case m.state when 'done' then 'done' else 'waiting' end;
        id := m.id;
        hash := m.hash;
        return;
    end if;
    said := daicho.move_judge(r, rec, p, false);
    missing := case when said = 'required' then daicho.move_missing(r, rec) end;
    if said is null and exists (select from daicho.move x where x.tenant = mine and x.register_id = r.register_id and x.record = record_ and x.state in ('waiting', 'approved')) then
        said := 'open';
    elsif said is distinct from 'forbidden' and (rec ->> 'version')::bigint <> version_ then
        said := 'stale';
    end if;
    if said is not null then
        return;
    end if;
    if r.rule -> 'approvals' = '[]' then
        insert into daicho.move (tenant, rule_id, register_id, record, from_state, to_state, state, record_version, asked_by, asked_account, asked_person, ended_by, ended_person, ended_at)
        values (mine, r.id, r.register_id, record_, rec ->> r.item, r.rule ->> 'to', 'done', version_, p.login, p.account, p.person, p.login, p.person, daicho.clock()) returning move.id into id;
        perform daicho.move_write(r, record_);
        said := 'done';
        return;
    end if;
    salt_ := uuid_send(gen_random_uuid());
    hash := daicho.move_hash(salt_, rec, r.rule -> 'freeze');
    insert into daicho.move (tenant, rule_id, register_id, record, from_state, to_state, state, record_version, salt, hash, asked_by, asked_account, asked_person)
    values (mine, r.id, r.register_id, record_, rec ->> r.item, r.rule ->> 'to', 'waiting', version_, salt_, hash, p.login, p.account, p.person) returning move.id into id;
    due_ := date_trunc('milliseconds', case when jsonb_exists(r.rule, 'unit') then daicho.clock_due(mine, r.rule, daicho.clock()) else daicho.clock() + interval '7 days' end);
    for s in select a.one, a.n from jsonb_array_elements(r.rule -> 'approvals') with ordinality a (one, n) loop
        insert into daicho.move_set (tenant, move_id, no, who, needed) values (mine, id, s.n, s.one -> 'who', (s.one ->> 'count')::int) returning move_set.id into set_;
        insert into daicho.duty (tenant, kind, register_id, register, record, ref, author, started_at, due_at, due_first, title_ja, title_en, accounts, groups, persons_not)
        select mine, 'move', r.register_id, register_, record_, set_, p.account, date_trunc('milliseconds', daicho.clock()), due_, due_, r.title_ja, r.title_en,
            array(select a.id from daicho.account a where a.tenant = mine and daicho.move_among(mine,
                (select coalesce(jsonb_agg(w), '[]') from jsonb_array_elements_text(s.one -> 'who') w where w !~ '^group:'), rec, a.id)),
            array(select g.id from daicho.account_group g join jsonb_array_elements_text(s.one -> 'who') w on lower('group:' || g.name) = lower(w) where g.tenant = mine),
            array(select distinct b.person from daicho.move_barred(r, rec, id) b);
    end loop;
    said := 'waiting';
end
$$;

-- The request, its rule and its record, which is locked first: whoever writes a record holds it when the request is looked at.
create function daicho.move_take(id_ bigint, p record, out m daicho.move, out r daicho.move_rule, out rec jsonb) language plpgsql set search_path = pg_catalog as $$
begin
    select x.* into m from daicho.move x where x.id = id_ and x.tenant = daicho.role_tenant();
    select x.* into r from daicho.move_rule x where x.id = m.rule_id;
    if r.id is null or not daicho.duty_word(p.held, 'record.read', r.register) then
        m := null;
        return;
    end if;
    rec := daicho.move_read(r.tenant, r.register, m.record, true);
    select x.* into m from daicho.move x where x.id = id_ for update;
end
$$;

-- set 0: the first that this person fills. said: approved (all are full), waiting; or why not.
create function daicho.move_approve(register_ text, id_ bigint, set_ bigint) returns text language plpgsql security definer set search_path = pg_catalog as $$
declare
    p record := daicho.move_person();
    t record := daicho.move_take(id_, p);
    m daicho.move := t.m;
    r daicho.move_rule := t.r;
    s daicho.move_set;
    why_ text := 'who';
    one text;
    mine bigint;
begin
    if m.id is null or r.register <> register_ then
        return 'unknown';
    end if;
    select a.set_id into mine from daicho.move_approval a where a.move_id = m.id and a.person_id = p.person and a.account_id = p.account;
    if mine is not null and (set_ = 0 or set_ = mine) and m.state in ('waiting', 'approved') then
        return m.state;                              -- said twice
    end if;
    if m.state = 'void' then
        return case m.why when 'rule' then 'rule' else 'changed' end;
    elsif m.state <> 'waiting' then
        return 'over';
    elsif t.rec is null or daicho.move_hash(m.salt, t.rec, r.rule -> 'freeze') <> m.hash then
        return 'changed';
    end if;
    for s in select * from daicho.move_set x where x.tenant = m.tenant and x.move_id = m.id and (set_ = 0 or x.id = set_) order by x.no loop
        one := daicho.move_may(m, r, s, t.rec, p);
        exit when one is null;
        why_ := case when one = 'who' or why_ not in ('over', 'who') then why_ else one end;
        s := null;
    end loop;
    if s.id is null or one is not null then
        return why_;
    end if;
    insert into daicho.move_approval (tenant, move_id, set_id, account_id, person_id, given_by, hash) values (m.tenant, m.id, s.id, p.account, p.person, p.login, m.hash);
    update daicho.duty d set persons_not = d.persons_not || p.person where d.kind = 'move' and d.ref in (select x.id from daicho.move_set x where x.move_id = m.id);
    update daicho.duty d set stopped_at = daicho.clock(), stopped_by = p.login
    where d.kind = 'move' and d.ref = s.id and d.stopped_at is null and (select count(*) from daicho.move_approval a where a.set_id = s.id) >= s.needed;
    if exists (select from daicho.move_set x where x.move_id = m.id and (select count(*) from daicho.move_approval a where a.set_id = x.id) < x.needed) then
        return 'waiting';
    end if;
    update daicho.move set state = 'approved' where id = m.id;
    return 'approved';
end
$$;

-- By somebody who could approve: it is not to be.
create function daicho.move_refuse(register_ text, id_ bigint, why_ text) returns text language plpgsql security definer set search_path = pg_catalog as $$
declare
    p record := daicho.move_person();
    t record := daicho.move_take(id_, p);
    m daicho.move := t.m;
    r daicho.move_rule := t.r;
    reason text;
begin
    if m.id is null or r.register <> register_ then
        return 'unknown';
    elsif m.state = 'refused' and m.ended_person = p.person then
        return 'done';
    elsif m.state not in ('waiting', 'approved') then
        return 'over';
    elsif p.kind is distinct from 'account' then
        return 'key';
    elsif not exists (select from daicho.move_set s where s.move_id = m.id and daicho.move_among(m.tenant, s.who, t.rec, p.account)) then
        return 'who';
    end if;
    select b.why into reason from daicho.move_barred(r, t.rec, m.id) b where b.person = p.person limit 1;
    if reason is not null then
        return reason;
    end if;
    perform daicho.move_end(m.id, 'refused', why_);
    update daicho.move set ended_person = p.person where id = m.id;
    return 'done';
end
$$;

create function daicho.move_withdraw(register_ text, id_ bigint) returns text language plpgsql security definer set search_path = pg_catalog as $$
declare
    p record := daicho.move_person();
    t record := daicho.move_take(id_, p);
    m daicho.move := t.m;
begin
    if m.id is null or (t.r).register <> register_ then
        return 'unknown';
    elsif m.asked_person is distinct from p.person then
        return 'own';
    elsif m.state = 'withdrawn' then
        return 'done';
    elsif m.state not in ('waiting', 'approved') then
        return 'over';
    end if;
    perform daicho.move_end(m.id, 'withdrawn', null);
    update daicho.move set ended_person = p.person where id = m.id;
    return 'done';
end
$$;

-- What was approved is carried out, as it was approved.
create function daicho.move_carry(register_ text, id_ bigint, out said text, out missing text[]) language plpgsql security definer set search_path = pg_catalog as $$
declare
    p record := daicho.move_person();
    t record := daicho.move_take(id_, p);
    m daicho.move := t.m;
    r daicho.move_rule := t.r;
begin
    if m.id is null or r.register <> register_ then
        said := 'unknown';
    elsif m.state = 'done' and m.hash is not null and m.ended_person = p.person then
        said := 'done';
    elsif m.state = 'waiting' then
        said := 'waiting';
    elsif m.state = 'void' then
        said := case m.why when 'rule' then 'rule' else 'changed' end;
    elsif m.state <> 'approved' then
        said := 'over';
    elsif t.rec is null or daicho.move_hash(m.salt, t.rec, r.rule -> 'freeze') <> m.hash then
        said := 'changed';
    else
        said := daicho.move_judge(r, t.rec, p, true);
        missing := case when said = 'required' then daicho.move_missing(r, t.rec) end;
        if said is null then
            update daicho.move set state = 'done', ended_at = daicho.clock(), ended_by = p.login, ended_person = p.person where id = m.id;
            perform daicho.move_write(r, m.record);
            said := 'done';
        end if;
    end if;
end
$$;

-- What can be made of a record now, and why not. Moves that begin elsewhere are not told.
create function daicho.move_look(register_ text, record_ bigint) returns table (name text, title_ja text, title_en text, to_state text, needed bigint, said text, missing text[])
language plpgsql stable security definer set search_path = pg_catalog as $$
declare
    mine text := daicho.role_tenant();
    p record := daicho.move_person();
    rec jsonb;
begin
    if mine is null or not daicho.duty_word(p.held, 'record.read', register_) or not exists (
        select from daicho.move_rule x where x.tenant = mine and x.register = register_ and x.retired_at is null) then
        return;
    end if;
    rec := daicho.move_read(mine, register_, record_, false);
    return query select x.name, x.title_ja, x.title_en, x.rule ->> 'to', (select coalesce(sum((a ->> 'count')::bigint), 0)::bigint from jsonb_array_elements(x.rule -> 'approvals') a),
            daicho.move_judge(x, rec, p, false), daicho.move_missing(x, rec)
        from daicho.move_rule x where x.tenant = mine and x.register = register_ and x.retired_at is null and jsonb_exists(x.rule -> 'from', rec ->> x.item) order by x.place;
end
$$;
-- The request that is open: a row for each of its sets. carry, may: why not; null: this account can.
create function daicho.move_open(register_ text, record_ bigint) returns table (id bigint, carry text, missing text[], own boolean, set_id bigint, who jsonb, needed int, given bigint, given_by text, may text)
language plpgsql stable security definer set search_path = pg_catalog as $$
declare
    mine text := daicho.role_tenant();
    p record := daicho.move_person();
    m daicho.move;
    r daicho.move_rule;
    rec jsonb;
begin
    select x.* into m from daicho.move x join daicho.move_rule y on y.id = x.rule_id and y.register = register_
    where x.tenant = mine and x.record = record_ and x.state in ('waiting', 'approved');
    select y.* into r from daicho.move_rule y where y.id = m.rule_id;
    if r.id is null or not daicho.duty_word(p.held, 'record.read', register_) then
        return;
    end if;
    rec := daicho.move_read(mine, register_, record_, false);
    return query select m.id, case when m.state = 'waiting' then 'waiting' else daicho.move_judge(r, rec, p, true) end, daicho.move_missing(r, rec),
            coalesce(m.asked_person = p.person, false), s.id, s.who, s.needed, g.n, g.names, daicho.move_may(m, r, s, rec, p)
        from daicho.move_set s cross join lateral (select count(*) as n, string_agg(a.given_by, ', ' order by a.id) as names
            from daicho.move_approval a where a.tenant = s.tenant and a.set_id = s.id) g
        where s.tenant = mine and s.move_id = m.id order by s.no;
end
$$;

-- What the register's triggers call ----------------------------------------------------------------------------------------------------------------------------
-- The state changes by the owner's hand only; that is daicho.move_write.
create function daicho.move_guard() returns trigger language plpgsql set search_path = pg_catalog as $$
begin
    if current_user = 'daicho_owner' then
        return new;
    end if;
    raise 'the state of a record changes by a move' using errcode = 'check_violation', table = tg_table_name, constraint = tg_table_name || '_' || tg_argv[1] || '_check';
end
$$;
-- A new record without a state begins in the first; with another than those records begin in it is one that was deleted, and comes back as it was.
create function daicho.move_begin() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
declare
    item text := tg_argv[1];
    begins jsonb;
    was jsonb;
begin
    select r.rule -> 'begins' into begins from daicho.move_rule r where r.tenant = substr(tg_table_schema, 3) and r.register_id = tg_argv[0]::bigint and r.retired_at is null limit 1;
    if to_jsonb(new) ->> item is null then
        return jsonb_populate_record(new, jsonb_build_object(item, begins ->> 0));
    elsif jsonb_exists(begins, to_jsonb(new) ->> item) then
        return new;
    end if;
    execute format('select case when c.deleted then c.old end from %I.change c where c.register = $1 and c.record = $2 order by c.id desc limit 1', tg_table_schema)
        into was using tg_argv[0]::bigint, new.id;
    if was is not null and jsonb_populate_record(new, was) is not distinct from new then
        return new;
    end if;
    raise 'a new record begins in another state' using errcode = 'check_violation', table = tg_table_name, constraint = tg_table_name || '_' || item || '_check';
end
$$;
-- Records changed, or are gone: what was approved of them is not what they are now.
create function daicho.move_follow() returns trigger language plpgsql security definer set search_path = pg_catalog set timezone = 'UTC' as $$
declare
    mine text := substr(tg_table_schema, 3);
    register_ bigint := tg_argv[0]::bigint;
begin
    if tg_op = 'DELETE' then
        perform daicho.move_end(m.id, 'void', 'gone') from daicho.move m join before b on b.id = m.record
        where m.tenant = mine and m.register_id = register_ and m.state in ('waiting', 'approved');
        update daicho.move m set why = null from before b where m.tenant = mine and m.register_id = register_ and m.record = b.id and m.state = 'refused';
    else
        perform daicho.move_end(m.id, 'void', 'changed') from daicho.move m join after a on a.id = m.record join daicho.move_rule r on r.id = m.rule_id
        where m.tenant = mine and m.register_id = register_ and m.state in ('waiting', 'approved') and daicho.move_hash(m.salt, to_jsonb(a), r.rule -> 'freeze') <> m.hash;
    end if;
    return null;
end
$$;

-- By the define job: what a definition says of its moves. Requests by a rule that is gone or different are void. Returns how many.
create function daicho.move_rule_set(mine text, register_id_ bigint, register_ text, item_ text, rules jsonb) returns bigint language plpgsql set search_path = pg_catalog as $$
declare
    n bigint;
begin
    update daicho.move_rule r set title_ja = x ->> 'ja', title_en = x ->> 'en', place = o from jsonb_array_elements(rules) with ordinality y (x, o)
    where r.tenant = mine and r.register_id = register_id_ and r.retired_at is null and r.name = x ->> 'name' and r.item = item_ and r.rule = x -> 'rule';
    update daicho.move_rule r set retired_at = daicho.clock()
    where r.tenant = mine and r.register_id = register_id_ and r.retired_at is null and not exists (
        select from jsonb_array_elements(rules) x where x ->> 'name' = r.name and r.item = item_ and x -> 'rule' = r.rule);
    select count(daicho.move_end(m.id, 'void', 'rule')) into n from daicho.move m join daicho.move_rule r on r.id = m.rule_id
    where m.tenant = mine and m.register_id = register_id_ and m.state in ('waiting', 'approved') and r.retired_at is not null;
    insert into daicho.move_rule (tenant, register_id, register, name, place, title_ja, title_en, item, rule)
    select mine, register_id_, register_, x ->> 'name', o, x ->> 'ja', x ->> 'en', item_, x -> 'rule' from jsonb_array_elements(rules) with ordinality y (x, o)
    where not exists (select from daicho.move_rule r where r.tenant = mine and r.register_id = register_id_ and r.name = x ->> 'name' and r.retired_at is null);
    return n;
end
$$;
create function daicho.move_lay(mine text, register_ bigint, laid_ boolean) returns void language sql set search_path = pg_catalog as $$
    update daicho.duty d set laid = laid_ where d.tenant = mine and d.register_id = register_ and d.kind = 'move'
$$;

-- Duties --------------------------------------------------------------------------------------------------------------------------------------------------------
create function daicho.move_duty(d daicho.duty, account_ bigint) returns boolean language sql stable set search_path = pg_catalog as $$
    select d.kind = 'move' and exists (select from daicho.account a where a.id = account_ and (a.id = any (d.accounts) or a.groups && d.groups) and a.person_id <> all (d.persons_not))
$$;
create or replace function daicho.duty_mine(d daicho.duty, a daicho.account) returns boolean language sql stable security definer set search_path = pg_catalog as $$
    select coalesce(d.assignee = a.id or daicho.move_duty(d, a.id) or d.assignee is null and (
        d.word = any (string_to_array(a.words, ' '))
        or d.group_name is not null and a.groups && array(select g.id from daicho.account_group g where g.tenant = a.tenant and lower(g.name) = lower(d.group_name))
        or d.kind = 'clock' and d.group_name is null and d.author = a.id), false)
        and daicho.duty_word(string_to_array(a.words, ' '), coalesce(d.word, 'record.read'), coalesce(d.register, ''))
$$;
-- As in 0039, with the kind move: nobody is given one, and the feed tells its title.
create or replace function daicho.duty_assign(id_ bigint, account_ bigint) returns text language plpgsql security definer set search_path = pg_catalog as $$
declare
    p record := daicho.duty_person();
    d daicho.duty;
    a daicho.account;
    needed text;
begin
    select * into d from daicho.duty x where x.id = id_ and x.tenant = daicho.role_tenant() for update;
    needed := coalesce(d.word, 'record.write');
    if d.id is null or (p.who).id is null or not daicho.duty_word(p.held, coalesce(d.word, 'record.read'), coalesce(d.register, '')) then
        return 'unknown';
    elsif d.kind = 'move' then
        return 'forbidden';
    elsif d.stopped_at is not null or d.void_at is not null then
        return 'over';
    elsif not daicho.duty_word(p.held, needed, coalesce(d.register, '')) then
        return 'forbidden';
    end if;
    if account_ <> 0 then
        select * into a from daicho.account x where x.id = account_ and x.tenant = d.tenant and x.state = 'active';
        if a.id is null or not daicho.duty_word(string_to_array(a.words, ' '), needed, coalesce(d.register, '')) then
            return 'stranger';
        end if;
    end if;
    update daicho.duty set assignee = nullif(account_, 0) where id = id_;
    return 'done';
end
$$;
create or replace function daicho.duty_feed_read(hash bytea, source_ text) returns table (tenant text, account bigint, login text, lang text, id bigint, kind text, title_ja text, title_en text,
    register text, record bigint, due_at timestamptz, missed boolean)
language plpgsql security definer set search_path = pg_catalog as $$
declare
    f daicho.duty_feed;
begin
    if session_user <> 'daicho_auth' then
        raise insufficient_privilege using message = 'feeds are read by the auth processes only';
    end if;
    select x.* into f from daicho.duty_feed x join daicho.account a on a.id = x.account_id and a.state = 'active'
        join daicho.tenant t on t.name = x.tenant and t.state = 'active' join daicho.policy y on y.tenant = x.tenant
    where x.token_hash = hash and (not y.addresses_on or daicho.address_within(source_, y.addresses));
    if not found then
        return;
    end if;
    update daicho.duty_feed x set used_at = daicho.clock() where x.account_id = f.account_id and (x.used_at is null or x.used_at < daicho.clock() - interval '1 minute');
    return query
        select f.tenant, f.account_id, a.login, coalesce(a.lang, t.lang), d.id, d.kind, coalesce(r.title_ja, d.title_ja), coalesce(r.title_en, d.title_en), d.register, d.record, d.due_at, daicho.clock() > d.due_at
        from daicho.account a join daicho.tenant t on t.name = a.tenant
        left join daicho.duty d on d.tenant = a.tenant and d.stopped_at is null and d.void_at is null and d.due_at < 'infinity' and not d.laid and daicho.duty_mine(d, a)
        left join daicho.clock_rule r on r.id = d.rule_id
        where a.id = f.account_id order by d.due_at, d.id limit 1000;
end
$$;
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
        from step s join due o on o.id = s.id join daicho.clock_rule r on r.id = o.rule_id join daicho.tenant t on t.name = mine
        left join lateral (select distinct p from jsonb_array_elements_text(s.one -> 'to') w cross join lateral daicho.duty_people(mine, w, row(
            o.id, o.tenant, o.kind, o.rule_id, o.register_id, o.register, o.clock, o.record, o.ref, o.word, o.group_name, o.assignee, o.author, o.started_at, o.due_at,
            o.due_first, o.stopped_at, o.stopped_by, o.void_at, o.next_at, o.told_to, o.laid, o.title_ja, o.title_en, o.accounts, o.groups, o.persons_not)::daicho.duty) p) w on true
        left join daicho.account a on a.id = w.p
        order by a.id, s.one ->> 'notice', o.due_at, o.id;
end
$$;

revoke execute on function daicho.move_actor(text, text), daicho.move_person(), daicho.move_read(text, text, bigint, boolean), daicho.move_hash(bytea, jsonb, jsonb),
    daicho.move_among(text, jsonb, jsonb, bigint), daicho.move_barred(daicho.move_rule, jsonb, bigint), daicho.move_missing(daicho.move_rule, jsonb),
    daicho.move_judge(daicho.move_rule, jsonb, record, boolean), daicho.move_may(daicho.move, daicho.move_rule, daicho.move_set, jsonb, record), daicho.move_end(bigint, text, text),
    daicho.move_write(daicho.move_rule, bigint), daicho.move_ask(text, bigint, text, bigint), daicho.move_take(bigint, record), daicho.move_approve(text, bigint, bigint),
    daicho.move_refuse(text, bigint, text), daicho.move_withdraw(text, bigint), daicho.move_carry(text, bigint), daicho.move_look(text, bigint), daicho.move_open(text, bigint),
    daicho.move_guard(), daicho.move_begin(), daicho.move_follow(), daicho.move_rule_set(text, bigint, text, text, jsonb), daicho.move_lay(text, bigint, boolean),
    daicho.move_duty(daicho.duty, bigint) from public;
grant execute on function daicho.move_ask(text, bigint, text, bigint), daicho.move_approve(text, bigint, bigint), daicho.move_refuse(text, bigint, text),
    daicho.move_withdraw(text, bigint), daicho.move_carry(text, bigint), daicho.move_look(text, bigint), daicho.move_open(text, bigint),
    daicho.move_duty(daicho.duty, bigint) to daicho_tenant;
