-- Why: whoever runs the service tells its contracts ahead of time what changes, and knows who has read it. A change is written by one operator, looked at by
-- another, and scheduled only when every contract it concerns has its notice, the kind's time ahead. What was told is kept as it was told; what is changed
-- afterwards is a new version, and told anew.

-- Kinds are data: by which channels they are told, and how long ahead. `console`: the page of changes and the bar above every page; `mail`: to those who
-- manage accounts of the contract.
create table daicho.change_kind (
    name text primary key check (name ~ '^[a-z][a-z_]{0,29}$'),
    position int not null unique,
    title_ja text not null check (length(title_ja) between 1 and 100),
    title_en text not null check (length(title_en) between 1 and 100),
    channels text[] not null check (channels <@ array['console', 'mail'] and 'console' = any (channels)),
    months int not null default 0 check (months between 0 and 24),           -- months and days ahead at least,
    days int not null default 0 check (days between 0 and 365),
    large_months int not null default 0 check (large_months between 0 and 24),  -- … when contracts notice much of it
    large_days int not null default 0 check (large_days between 0 and 365),
    banner_days int not null default 7 check (banner_days between 0 and 365),   -- the bar appears so many days before it begins
    remind_days int not null default 3 check (remind_days between 0 and 365)    -- who has not confirmed by then is asked again
);
insert into daicho.change_kind (position, name, title_ja, title_en, channels, months, days, large_months, large_days, banner_days) values
    (1, 'upgrade', '機能の更新', 'Upgrade', '{console,mail}', 0, 7, 0, 14, 7),
    (2, 'change', '仕様や設定の変更', 'Change', '{console,mail}', 0, 7, 0, 14, 7),
    (3, 'stop', '計画停止', 'Planned stop', '{console,mail}', 0, 7, 0, 14, 7),
    (4, 'end', '機能の終了', 'End of a function', '{console,mail}', 6, 0, 6, 0, 30);

create table daicho.change (
    id bigint generated always as identity primary key,
    state text not null default 'draft' check (state in ('draft', 'reviewed', 'scheduled', 'done', 'cancelled')),
    no int not null default 1,                       -- the version that counts
    scheduled_by text,
    scheduled_at timestamptz,
    ended_by text,
    ended_at timestamptz,
    ended_why_ja text check (length(ended_why_ja) between 1 and 1000),
    ended_why_en text check (length(ended_why_en) between 1 and 1000),
    check ((state in ('done', 'cancelled')) = (ended_at is not null) and (state = 'cancelled') = (ended_why_ja is not null and ended_why_en is not null))
);
create index change_open_idx on daicho.change (id) where state = 'scheduled';
create table daicho.change_version (
    change_id bigint not null references daicho.change,
    no int not null,
    kind text not null references daicho.change_kind,
    impact text not null check (impact in ('normal', 'large')),
    emergency_why text check (length(emergency_why) between 1 and 1000),     -- not null: told at once instead of ahead of time
    title_ja text not null check (length(title_ja) between 1 and 100),
    title_en text not null check (length(title_en) between 1 and 100),
    text_ja text not null check (length(text_ja) between 1 and 3000),
    text_en text not null check (length(text_en) between 1 and 3000),
    effect_ja text not null check (length(effect_ja) between 1 and 1000),    -- what contracts notice of it
    effect_en text not null check (length(effect_en) between 1 and 1000),
    from_at timestamptz not null,
    to_at timestamptz not null,
    tenants text[] check (cardinality(tenants) between 1 and 1000),          -- null: all contracts
    author_person bigint not null,
    author text not null,
    made_at timestamptz not null default daicho.clock(),
    reviewed_person bigint,
    reviewed_by text,
    reviewed_at timestamptz,
    approved_person bigint,                          -- an emergency needs a second one
    approved_by text,
    approved_at timestamptz,
    primary key (change_id, no),
    constraint change_version_to_at_check check (to_at > from_at),
    constraint change_three_people check (reviewed_person <> author_person and approved_person <> author_person and approved_person <> reviewed_person),
    check ((reviewed_person is null) = (reviewed_at is null) and (approved_person is null) = (approved_at is null)),
    check (approved_person is null or reviewed_person is not null and emergency_why is not null)
);
-- What was written for one contract: on its pages, and for mail one row a recipient, or one without when there was nobody to write to.
create table daicho.change_notice (
    id bigint generated always as identity primary key,
    change_id bigint not null,
    no int not null,
    tenant text not null references daicho.tenant on delete cascade,
    about text not null check (about in ('told', 'reminded', 'cancelled')),
    channel text not null check (channel in ('console', 'mail')),
    notice_id bigint references daicho.notice on delete set null,
    recipient text,
    at timestamptz not null default daicho.clock(),
    foreign key (change_id, no) references daicho.change_version (change_id, no)
);
create unique index change_notice_key on daicho.change_notice (tenant, change_id, no, about, channel, coalesce(recipient, ''));
create index change_notice_change_idx on daicho.change_notice (change_id, tenant);
-- Who has confirmed it for the contract: the first one counts, the others are listed.
create table daicho.change_ack (
    id bigint generated always as identity primary key,
    change_id bigint not null,
    no int not null,
    tenant text not null references daicho.tenant on delete cascade,
    account_id bigint not null,
    account text not null,
    at timestamptz not null default daicho.clock(),
    unique (tenant, change_id, no, account_id),
    foreign key (change_id, no) references daicho.change_version (change_id, no)
);
create index change_ack_change_idx on daicho.change_ack (change_id, tenant);
-- What the jobs processes still have to tell one contract.
create table daicho.change_duty (
    id bigint generated always as identity primary key,
    change_id bigint not null,
    no int not null,
    tenant text not null references daicho.tenant on delete cascade,
    about text not null check (about in ('told', 'reminded')),
    not_before timestamptz not null,
    done_at timestamptz,
    unique (change_id, no, tenant, about),
    foreign key (change_id, no) references daicho.change_version (change_id, no)
);
create index change_duty_due_idx on daicho.change_duty (id) where done_at is null;

do $$
declare
    t text;
begin
    foreach t in array array['change_kind', 'change', 'change_version', 'change_notice', 'change_ack', 'change_duty'] loop
        execute format('alter table daicho.%I enable row level security', t);
        execute format('alter table daicho.%I force row level security', t);
        execute format('create policy house on daicho.%I to daicho_owner using (true) with check (true)', t);
    end loop;
end
$$;

-- The rules, for whoever writes ----------------------------------------------------------------------------------------------------------------

-- A version says for ever what it said. It is looked at once, and approved once.
create function daicho.change_version_guard() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
declare
    looked constant text[] := array['reviewed_person', 'reviewed_by', 'reviewed_at', 'approved_person', 'approved_by', 'approved_at'];
begin
    if tg_op = 'DELETE' then
        raise check_violation using message = 'versions of a change are kept';
    elsif tg_op = 'UPDATE' then
        if to_jsonb(new) - looked <> to_jsonb(old) - looked or old.reviewed_at is not null and new.reviewed_at is distinct from old.reviewed_at
            or old.approved_at is not null and new.approved_at is distinct from old.approved_at then
            raise check_violation using message = 'a version of a change is not changed: a new one is made';
        end if;
    elsif new.reviewed_at is not null or new.approved_at is not null then
        raise check_violation using message = 'a version is reviewed after it was written';
    end if;
    return new;
end
$$;
create trigger guard before insert or update or delete on daicho.change_version for each row execute function daicho.change_version_guard();

-- Contracts a version concerns: those in use, and still in use when it begins.
create function daicho.change_concerns(v daicho.change_version) returns setof text language sql stable security definer set search_path = pg_catalog as $$
    select t.name from daicho.tenant t
    where t.kind = 'customer' and t.state = 'active' and ((v).tenants is null or t.name = any ((v).tenants)) and coalesce(t.ends_at > (v).from_at, true)
$$;
-- The first moment at which this may begin, were it told now.
create function daicho.change_earliest(kind_ text, impact_ text) returns timestamptz language sql stable security definer set search_path = pg_catalog as $$
    select ((daicho.clock() at time zone 'Asia/Tokyo') + case impact_ when 'large' then make_interval(months => k.large_months, days => k.large_days)
        else make_interval(months => k.months, days => k.days) end) at time zone 'Asia/Tokyo'
    from daicho.change_kind k where k.name = kind_
$$;
-- Why this version cannot be scheduled, notices aside: 'review', 'approval', 'begun', 'early'; null: it can.
create function daicho.change_hinder(v daicho.change_version) returns text language sql stable security definer set search_path = pg_catalog as $$
    select case when (v).reviewed_at is null then 'review'
        when (v).emergency_why is not null and (v).approved_at is null then 'approval'
        when (v).from_at < daicho.clock() then 'begun'
        when (v).emergency_why is null and (v).from_at < daicho.change_earliest((v).kind, (v).impact) then 'early' end
$$;
-- Somebody who is still to be told: of what counts now; of its end, when they were told of it before. Null: nobody.
create function daicho.change_untold(v daicho.change_version) returns text language sql stable security definer set search_path = pg_catalog as $$
    select c.name from daicho.change_concerns(v) c (name), daicho.change_kind k cross join unnest(k.channels) w (channel)
    where k.name = (v).kind and not exists (select from daicho.change_notice n where n.tenant = c.name and n.change_id = (v).change_id and n.no = (v).no
        and n.about = 'told' and n.channel = w.channel)
    limit 1
$$;
create function daicho.change_last(change_ bigint, tenant_ text) returns daicho.change_notice language sql stable security definer set search_path = pg_catalog as $$
    select n from daicho.change_notice n
    where n.change_id = change_ and n.tenant = tenant_ and n.channel = 'console' and n.about in ('told', 'cancelled') order by n.id desc limit 1
$$;
-- Contracts in use that last heard that it will happen.
create function daicho.change_hopeful(change_ bigint) returns setof text language sql stable security definer set search_path = pg_catalog as $$
    select x.tenant from (select distinct on (n.tenant) n.tenant, n.about from daicho.change_notice n
        where n.change_id = change_ and n.channel = 'console' and n.about in ('told', 'cancelled') order by n.tenant, n.id desc) x
    join daicho.tenant t on t.name = x.tenant and t.state = 'active' where x.about = 'told'
$$;

create function daicho.change_guard() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
declare
    v daicho.change_version;
    said text;
begin
    if tg_op = 'DELETE' then
        raise check_violation using message = 'changes are kept';
    elsif tg_op = 'INSERT' then
        if new.state <> 'draft' or new.no <> 1 then
            raise check_violation using message = 'a change begins as a draft';
        end if;
        return new;
    elsif old.state in ('done', 'cancelled') or new.no not in (old.no, old.no + 1) or (new.no > old.no) <> (new.state = 'draft') or new.state = old.state and new.no = old.no
        or not (case new.state when 'draft' then true when 'reviewed' then old.state = 'draft' when 'scheduled' then old.state = 'reviewed'
            when 'done' then old.state = 'scheduled' when 'cancelled' then true end) then
        raise check_violation using message = format('a change does not go from %s to %s', old.state, new.state);
    end if;
    select x.* into v from daicho.change_version x where x.change_id = new.id and x.no = new.no;
    if v.change_id is null then
        raise check_violation using message = 'there is no such version';
    end if;
    said := case new.state when 'reviewed' then case when v.reviewed_at is null then 'review' end
        when 'scheduled' then coalesce(daicho.change_hinder(v), 'untold: ' || daicho.change_untold(v))
        when 'cancelled' then (select 'untold: ' || min(h) from daicho.change_hopeful(new.id) h)
        when 'done' then case when v.from_at > daicho.clock() then 'early' end end;
    if said is not null then
        raise check_violation using message = format('the change cannot be %s: %s', new.state, said);
    end if;
    return new;
end
$$;
create trigger guard before insert or update or delete on daicho.change for each row execute function daicho.change_guard();

-- A contract that comes into use while a change is ahead is told as well: by the jobs processes, as soon as somebody there can be written to.
create function daicho.change_late() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
begin
    insert into daicho.change_duty (change_id, no, tenant, about, not_before)
    select c.id, c.no, new.name, 'told', daicho.clock() + interval '10 minutes'
    from daicho.change c join daicho.change_version v on v.change_id = c.id and v.no = c.no
    where c.state = 'scheduled' and v.to_at > daicho.clock() and (v.tenants is null or new.name = any (v.tenants)) and coalesce(new.ends_at > v.from_at, true)
        and not exists (select from daicho.change_notice n where n.tenant = new.name and n.change_id = c.id and n.no = c.no and n.about = 'told')
    on conflict do nothing;
    return null;
end
$$;
create trigger change_made after insert on daicho.tenant for each row when (new.kind = 'customer' and new.state = 'active') execute function daicho.change_late();
create trigger change_resumed after update of state on daicho.tenant for each row
    when (new.kind = 'customer' and new.state = 'active' and old.state <> 'active') execute function daicho.change_late();

-- What operators do ----------------------------------------------------------------------------------------------------------------------------

-- The operator who acts; else refused.
create function daicho.change_operator() returns daicho.account language plpgsql stable security definer set search_path = pg_catalog as $$
declare
    a daicho.account;
begin
    select x.* into a from daicho.account x join daicho.tenant t on t.name = x.tenant and t.kind = 'operator'
    where x.id = daicho.actor_account() and x.tenant = daicho.role_tenant() and x.state = 'active' and 'support.ask' = any (string_to_array(x.words, ' '));
    if not found then
        raise insufficient_privilege using message = 'changes are the operators'' work';
    end if;
    return a;
end
$$;
-- The version that counts, with its change locked.
create function daicho.change_take(id_ bigint, out c daicho.change, out v daicho.change_version) language plpgsql security definer set search_path = pg_catalog as $$
begin
    select x.* into c from daicho.change x where x.id = id_ for update;
    select x.* into v from daicho.change_version x where x.change_id = c.id and x.no = c.no;
end
$$;

-- A new change (id_ null), or a new version of one, seen_ being the one that was read. said: 'done', 'unknown', 'over', 'stale', or 'tenant NAME': no contract of this name.
create function daicho.change_write(id_ bigint, seen_ int, content jsonb, out id bigint, out said text) language plpgsql security definer set search_path = pg_catalog as $$
declare
    who daicho.account := daicho.change_operator();
    v daicho.change_version := jsonb_populate_record(null::daicho.change_version, content);
    t record;
begin
    select 'tenant ' || x into said from unnest(v.tenants) x where not exists (select from daicho.tenant y where y.name = x and y.kind = 'customer' and y.state <> 'ended') limit 1;
    if said is not null then
        return;
    end if;
    if id_ is null then
        insert into daicho.change default values returning change.id, change.no into v.change_id, v.no;
    else
        t := daicho.change_take(id_);
        said := case when (t.c).id is null then 'unknown' when (t.c).state in ('done', 'cancelled') then 'over' when (t.c).no <> seen_ then 'stale' end;
        if said is not null then
            return;
        end if;
        v.change_id := (t.c).id;
        v.no := (t.c).no + 1;
    end if;
    insert into daicho.change_version (change_id, no, kind, impact, emergency_why, title_ja, title_en, text_ja, text_en, effect_ja, effect_en, from_at, to_at, tenants,
        author_person, author)
    values (v.change_id, v.no, v.kind, v.impact, v.emergency_why, v.title_ja, v.title_en, v.text_ja, v.text_en, v.effect_ja, v.effect_en, v.from_at, v.to_at, v.tenants,
        who.person_id, who.login);
    if id_ is not null then
        update daicho.change x set state = 'draft', no = v.no, scheduled_by = null, scheduled_at = null where x.id = id_;
    end if;
    id := v.change_id;
    said := 'done';
end
$$;

-- In what follows: 'done', 'unknown', 'state': it is not at this step, 'stale': another version counts by now; and what else is said.

-- Read by somebody who did not write it: 'own'.
create function daicho.change_review(id_ bigint, seen_ int) returns text language plpgsql security definer set search_path = pg_catalog as $$
declare
    who daicho.account := daicho.change_operator();
    t record := daicho.change_take(id_);
begin
    if (t.c).id is null then
        return 'unknown';
    elsif (t.c).no <> seen_ then
        return 'stale';
    elsif (t.c).state <> 'draft' then
        return 'state';
    elsif (t.v).author_person = who.person_id then
        return 'own';
    end if;
    update daicho.change_version set reviewed_person = who.person_id, reviewed_by = who.login, reviewed_at = daicho.clock() where change_id = id_ and no = seen_;
    update daicho.change set state = 'reviewed' where id = id_;
    return 'done';
end
$$;
-- An emergency, by a third: 'own'.
create function daicho.change_approve(id_ bigint, seen_ int) returns text language plpgsql security definer set search_path = pg_catalog as $$
declare
    who daicho.account := daicho.change_operator();
    t record := daicho.change_take(id_);
begin
    if (t.c).id is null then
        return 'unknown';
    elsif (t.c).no <> seen_ then
        return 'stale';
    elsif (t.c).state <> 'reviewed' or (t.v).emergency_why is null or (t.v).approved_at is not null then
        return 'state';
    elsif who.person_id in ((t.v).author_person, (t.v).reviewed_person) then
        return 'own';
    end if;
    update daicho.change_version set approved_person = who.person_id, approved_by = who.login, approved_at = daicho.clock() where change_id = id_ and no = seen_;
    return 'done';
end
$$;

-- The notices of one version for these contracts, by the channels of its kind. texts: {ja: {subject, body}, en: …}; {contract} in them is the contract's title.
create function daicho.change_queue(v daicho.change_version, about_ text, tenants_ text[], texts jsonb) returns void
language plpgsql security definer set search_path = pg_catalog as $$
declare
    channels_ text[] := (select k.channels from daicho.change_kind k where k.name = v.kind);
begin
    if about_ <> 'reminded' then
        insert into daicho.change_notice (change_id, no, tenant, about, channel) select v.change_id, v.no, x, about_, 'console' from unnest(tenants_) x on conflict do nothing;
    end if;
    if not 'mail' = any (channels_) then
        return;
    end if;
    with reader as (
        select distinct on (t.name, lower(a.email)) t.name, t.title, a.email, texts -> coalesce(a.lang, t.lang) as said
        from daicho.tenant t left join daicho.account a on a.tenant = t.name and a.state = 'active' and a.email is not null
            and 'account.manage' = any (string_to_array(a.words, ' '))
        where t.name = any (tenants_)
            and not exists (select from daicho.change_notice n where n.tenant = t.name and n.change_id = v.change_id and n.no = v.no and n.about = about_ and n.channel = 'mail')
        order by t.name, lower(a.email), a.id
    ), sent as (
        insert into daicho.notice (tenant, kind, recipient, subject, body)
        select r.name, 'change_' || about_, r.email, left(replace(r.said ->> 'subject', '{contract}', r.title), 300), left(replace(r.said ->> 'body', '{contract}', r.title), 20000)
        from reader r where r.email is not null returning id, tenant, recipient
    )
    insert into daicho.change_notice (change_id, no, tenant, about, channel, notice_id, recipient)
    select v.change_id, v.no, s.tenant, about_, 'mail', s.id, s.recipient from sent s
    union all select v.change_id, v.no, r.name, about_, 'mail', null, null from reader r where r.email is null;
end
$$;

-- Everybody concerned is told, and with that it is scheduled; contracts that were told before and are not concerned any more hear that as well.
-- 'review', 'approval', 'begun', 'early' as above.
create function daicho.change_schedule(id_ bigint, seen_ int, texts jsonb, withdrawn jsonb) returns text language plpgsql security definer set search_path = pg_catalog as $$
declare
    who daicho.account := daicho.change_operator();
    t record := daicho.change_take(id_);
    concerned text[];
    said text;
begin
    if (t.c).id is null then
        return 'unknown';
    elsif (t.c).no <> seen_ then
        return 'stale';
    elsif (t.c).state <> 'reviewed' then
        return 'state';
    end if;
    said := daicho.change_hinder(t.v);
    if said is not null then
        return said;
    end if;
    concerned := array(select daicho.change_concerns(t.v));
    perform daicho.change_queue(t.v, 'told', concerned, texts);
    perform daicho.change_queue(t.v, 'cancelled', array(select h from daicho.change_hopeful(id_) h where h <> all (concerned)), withdrawn);
    update daicho.change set state = 'scheduled', scheduled_by = who.login, scheduled_at = daicho.clock() where id = id_;
    return 'done';
end
$$;
-- It will not happen; whoever was told that it will is told so.
create function daicho.change_cancel(id_ bigint, why_ja_ text, why_en_ text, texts jsonb) returns text language plpgsql security definer set search_path = pg_catalog as $$
declare
    who daicho.account := daicho.change_operator();
    t record := daicho.change_take(id_);
begin
    if (t.c).id is null then
        return 'unknown';
    elsif (t.c).state in ('done', 'cancelled') then
        return 'state';
    end if;
    perform daicho.change_queue(t.v, 'cancelled', array(select daicho.change_hopeful(id_)), texts);
    update daicho.change set state = 'cancelled', ended_by = who.login, ended_at = daicho.clock(), ended_why_ja = why_ja_, ended_why_en = why_en_ where id = id_;
    return 'done';
end
$$;
-- It has been done; 'early': it has not begun.
create function daicho.change_finish(id_ bigint) returns text language plpgsql security definer set search_path = pg_catalog as $$
declare
    who daicho.account := daicho.change_operator();
    t record := daicho.change_take(id_);
begin
    if (t.c).id is null then
        return 'unknown';
    elsif (t.c).state <> 'scheduled' then
        return 'state';
    elsif (t.v).from_at > daicho.clock() then
        return 'early';
    end if;
    update daicho.change set state = 'done', ended_by = who.login, ended_at = daicho.clock() where id = id_;
    return 'done';
end
$$;

-- What operators read.
create function daicho.change_kinds() returns setof daicho.change_kind language plpgsql stable security definer set search_path = pg_catalog as $$
begin
    perform daicho.change_operator();
    return query select k.* from daicho.change_kind k order by k.position;
end
$$;
create function daicho.change_all(before_ bigint, max_ int)
returns table (c daicho.change, v daicho.change_version, kind daicho.change_kind, contracts bigint, confirmed bigint, failed bigint)
language plpgsql stable security definer set search_path = pg_catalog as $$
begin
    perform daicho.change_operator();
    return query select x, y, k,
        (select count(*) from daicho.change_notice n where n.change_id = x.id and n.no = x.no and n.channel = 'console' and n.about = 'told'),
        (select count(distinct a.tenant) from daicho.change_ack a where a.change_id = x.id and a.no = x.no),
        (select count(*) from daicho.change_notice n left join daicho.notice m on m.id = n.notice_id
            where n.change_id = x.id and n.no = x.no and n.channel = 'mail' and n.about = 'told' and (n.recipient is null or m.state = 'failed'))
    from daicho.change x join daicho.change_version y on y.change_id = x.id and y.no = x.no join daicho.change_kind k on k.name = y.kind
    where before_ = 0 or x.id < before_ order by x.id desc limit max_;
end
$$;
create function daicho.change_versions(id_ bigint) returns setof daicho.change_version language plpgsql stable security definer set search_path = pg_catalog as $$
begin
    perform daicho.change_operator();
    return query select v.* from daicho.change_version v where v.change_id = id_ order by v.no desc;
end
$$;
-- One row a contract that was ever told of it: the notices it got, and who confirmed the version that counts.
create function daicho.change_contracts(id_ bigint, after_ text, max_ int)
returns table (name text, title text, last_no int, last_about text, last_at timestamptz, mails jsonb, confirmed jsonb)
language plpgsql stable security definer set search_path = pg_catalog as $$
begin
    perform daicho.change_operator();
    return query select t.name, t.title, l.no, l.about, l.at,
        (select coalesce(jsonb_agg(jsonb_build_object('about', n.about, 'recipient', n.recipient, 'state', case when n.recipient is null then 'nobody' else coalesce(m.state, 'gone') end,
                'said', m.said, 'at', to_char(coalesce(m.sent_at, n.at) at time zone 'Asia/Tokyo', 'YYYY-MM-DD"T"HH24:MI:SS"+09:00"')) order by n.id), '[]')
            from daicho.change_notice n left join daicho.notice m on m.id = n.notice_id
            where n.tenant = t.name and n.change_id = id_ and n.no = l.no and n.channel = 'mail'),
        (select coalesce(jsonb_agg(jsonb_build_object('account', a.account, 'at', to_char(a.at at time zone 'Asia/Tokyo', 'YYYY-MM-DD"T"HH24:MI:SS"+09:00"')) order by a.id), '[]')
            from daicho.change_ack a where a.tenant = t.name and a.change_id = id_ and a.no = l.no)
    from (select distinct n.tenant from daicho.change_notice n where n.change_id = id_ and n.tenant > after_ order by n.tenant limit max_) x
    join daicho.tenant t on t.name = x.tenant, daicho.change_last(id_, t.name) l order by t.name;
end
$$;

-- What contracts do ----------------------------------------------------------------------------------------------------------------------------

-- The changes this contract was told of, each as it was told last. state: scheduled, revised (another version is being made), done, cancelled.
create function daicho.change_told(tenant_ text)
returns table (id bigint, v daicho.change_version, kind daicho.change_kind, state text, why_ja text, why_en text, told_at timestamptz)
language sql stable security definer set search_path = pg_catalog as $$
    select c.id, v, k, case when c.state = 'cancelled' or l.about = 'cancelled' then 'cancelled' when c.no <> v.no then 'revised' else c.state end,
        c.ended_why_ja, c.ended_why_en, l.at
    from (select n.change_id, max(n.no) filter (where n.about = 'told') as no from daicho.change_notice n where n.tenant = tenant_ and n.channel = 'console' group by n.change_id) x
    join daicho.change c on c.id = x.change_id
    join daicho.change_version v on v.change_id = x.change_id and v.no = x.no
    join daicho.change_kind k on k.name = v.kind,
    daicho.change_last(x.change_id, tenant_) l
$$;
create function daicho.change_mine()
returns table (id bigint, v daicho.change_version, kind daicho.change_kind, state text, why_ja text, why_en text, told_at timestamptz, confirmed jsonb, mine boolean)
language sql stable security definer set search_path = pg_catalog as $$
    select t.id, t.v, t.kind, t.state, t.why_ja, t.why_en, t.told_at,
        (select coalesce(jsonb_agg(jsonb_build_object('account', a.account, 'at', to_char(a.at at time zone 'Asia/Tokyo', 'YYYY-MM-DD"T"HH24:MI:SS"+09:00"')) order by a.id), '[]')
            from daicho.change_ack a where a.tenant = daicho.role_tenant() and a.change_id = t.id and a.no = (t.v).no),
        exists (select from daicho.change_ack a where a.tenant = daicho.role_tenant() and a.change_id = t.id and a.no = (t.v).no and a.account_id = daicho.actor_account())
    from daicho.change_told(daicho.role_tenant()) t
$$;
-- For what stands around every page: the next change whose bar is due, and how many changes ahead nobody of the contract has confirmed.
create function daicho.change_ahead() returns table (id bigint, title_ja text, title_en text, from_at timestamptz, to_at timestamptz, more int, unconfirmed int)
language plpgsql stable security definer set search_path = pg_catalog as $$
declare
    now_ timestamptz := daicho.clock();
    tenant_ text := daicho.role_tenant();
begin
    if not exists (select from daicho.change_notice n where n.tenant = tenant_) then
        return;
    end if;
    return query with ahead as (
        select t.id, (t.v).title_ja, (t.v).title_en, (t.v).from_at, (t.v).to_at, (t.v).from_at - make_interval(days => (t.kind).banner_days) <= now_ as shown,
            not exists (select from daicho.change_ack a where a.tenant = tenant_ and a.change_id = t.id and a.no = (t.v).no) as unconfirmed
        from daicho.change_told(tenant_) t where t.state = 'scheduled' and (t.v).to_at > now_
    )
    select f.id, f.title_ja, f.title_en, f.from_at, f.to_at, (select count(*)::int - 1 from ahead x where x.shown), (select count(*)::int from ahead x where x.unconfirmed)
    from (select true) one left join lateral (select * from ahead x where x.shown order by x.from_at, x.id limit 1) f on true;
end
$$;
-- By a person who manages the contract's accounts: they are whom it was sent to. 'done', 'again', 'unknown', 'stale': another version was told by now, 'over'.
create function daicho.change_confirm(id_ bigint, seen_ int) returns text language plpgsql security definer set search_path = pg_catalog as $$
declare
    who daicho.account := daicho.log_person('account.manage');
    t record;
begin
    select * into t from daicho.change_told(who.tenant) x where x.id = id_;
    if not found then
        return 'unknown';
    elsif (t.v).no <> seen_ then
        return 'stale';
    elsif t.state <> 'scheduled' then
        return 'over';
    end if;
    insert into daicho.change_ack (change_id, no, tenant, account_id, account) values (id_, seen_, who.tenant, who.id, who.login) on conflict do nothing;
    return case when found then 'done' else 'again' end;
end
$$;

-- What falls due -------------------------------------------------------------------------------------------------------------------------------

-- Contracts that have not confirmed so many days before it begins are asked again, once; not within a day of being told. Outside any contract, each time.
create function daicho.change_sweep() returns void language sql security definer set search_path = pg_catalog as $$
    insert into daicho.change_duty (change_id, no, tenant, about, not_before)
    select c.id, c.no, h, 'reminded', daicho.clock()
    from daicho.change c join daicho.change_version v on v.change_id = c.id and v.no = c.no join daicho.change_kind k on k.name = v.kind,
        daicho.change_hopeful(c.id) h
    where c.state = 'scheduled' and daicho.clock() between v.from_at - make_interval(days => k.remind_days) and v.from_at
        and c.scheduled_at <= daicho.clock() - interval '1 day'
        and not exists (select from daicho.change_duty d where d.change_id = c.id and d.no = c.no and d.tenant = h and d.about = 'reminded')
        and not exists (select from daicho.change_ack a where a.change_id = c.id and a.no = c.no and a.tenant = h)
    on conflict do nothing
$$;
-- Is it still to be told?
create function daicho.change_duty_still(d daicho.change_duty) returns boolean language sql stable security definer set search_path = pg_catalog as $$
    select exists (select from daicho.change c join daicho.change_version v on v.change_id = c.id and v.no = c.no
        where c.id = (d).change_id and c.no = (d).no and c.state = 'scheduled' and v.to_at > daicho.clock() and (d).tenant in (select daicho.change_concerns(v)))
        and ((d).about = 'told' or not exists (select from daicho.change_ack a where a.change_id = (d).change_id and a.no = (d).no and a.tenant = (d).tenant))
$$;
create function daicho.change_due(after_ bigint) returns table (tenant text, id bigint) language sql stable security definer set search_path = pg_catalog as $$
    select d.tenant, d.id from daicho.change_duty d join daicho.tenant t on t.name = d.tenant and t.state = 'active'
    where d.done_at is null and d.id > after_ and daicho.change_duty_still(d) and (d.not_before <= daicho.clock()
        or exists (select from daicho.account a where a.tenant = d.tenant and a.state = 'active' and a.email is not null and 'account.manage' = any (string_to_array(a.words, ' '))))
    order by d.id limit 1
$$;
-- What a duty is about, locked; no row: another process has it, or it is not to be told any more.
create function daicho.change_duty_take(id_ bigint) returns table (change_id bigint, about text, v daicho.change_version, kind daicho.change_kind)
language plpgsql security definer set search_path = pg_catalog as $$
declare
    d daicho.change_duty;
    t record;
begin
    if session_user <> 'daicho_jobs' then
        raise insufficient_privilege using message = 'this is told by the jobs processes only';
    end if;
    select x.* into d from daicho.change_duty x where x.id = id_ and x.tenant = daicho.role_tenant() and x.done_at is null for update skip locked;
    if not found then
        return;
    end if;
    t := daicho.change_take(d.change_id);
    if not daicho.change_duty_still(d) then
        return;
    end if;
    update daicho.change_duty x set done_at = daicho.clock() where x.id = id_;
    return query select d.change_id, d.about, t.v, k from daicho.change_kind k where k.name = (t.v).kind;
end
$$;
create function daicho.change_duty_tell(id_ bigint, texts jsonb) returns void language plpgsql security definer set search_path = pg_catalog as $$
declare
    d daicho.change_duty;
begin
    select x.* into d from daicho.change_duty x where x.id = id_ and x.tenant = daicho.role_tenant() and x.done_at = daicho.clock() for update;
    if not found or session_user <> 'daicho_jobs' then
        raise insufficient_privilege using message = 'this is told by the jobs processes only';
    end if;
    perform daicho.change_queue(v, d.about, array[d.tenant], texts) from daicho.change_version v where v.change_id = d.change_id and v.no = d.no;
end
$$;

revoke execute on function daicho.change_version_guard(), daicho.change_concerns(daicho.change_version), daicho.change_earliest(text, text),
    daicho.change_hinder(daicho.change_version), daicho.change_untold(daicho.change_version), daicho.change_last(bigint, text), daicho.change_hopeful(bigint),
    daicho.change_guard(), daicho.change_late(), daicho.change_operator(), daicho.change_take(bigint), daicho.change_write(bigint, int, jsonb),
    daicho.change_review(bigint, int), daicho.change_approve(bigint, int), daicho.change_queue(daicho.change_version, text, text[], jsonb),
    daicho.change_schedule(bigint, int, jsonb, jsonb), daicho.change_cancel(bigint, text, text, jsonb), daicho.change_finish(bigint), daicho.change_kinds(),
    daicho.change_all(bigint, int), daicho.change_versions(bigint), daicho.change_contracts(bigint, text, int), daicho.change_told(text), daicho.change_mine(),
    daicho.change_ahead(), daicho.change_confirm(bigint, int), daicho.change_sweep(), daicho.change_duty_still(daicho.change_duty), daicho.change_due(bigint),
    daicho.change_duty_take(bigint), daicho.change_duty_tell(bigint, jsonb) from public;
grant execute on function daicho.change_write(bigint, int, jsonb), daicho.change_review(bigint, int), daicho.change_approve(bigint, int),
    daicho.change_schedule(bigint, int, jsonb, jsonb), daicho.change_cancel(bigint, text, text, jsonb), daicho.change_finish(bigint), daicho.change_kinds(),
    daicho.change_all(bigint, int), daicho.change_versions(bigint), daicho.change_contracts(bigint, text, int), daicho.change_mine(), daicho.change_ahead(),
    daicho.change_confirm(bigint, int), daicho.change_duty_take(bigint), daicho.change_duty_tell(bigint, jsonb) to daicho_tenant;
grant execute on function daicho.change_sweep(), daicho.change_due(bigint) to daicho_jobs;
