-- Why: rights come by two people. Somebody asks - for whom, for what, how far, until when - and somebody else approves; where the contract wants it
-- (policy.access_approval), nothing else changes what an account or a group may, whoever writes. What was given for a time goes by itself.

alter table daicho.policy add column access_approval boolean not null default false;
grant update (access_approval) on daicho.policy to daicho_tenant;
alter table daicho.account add column approved_at timestamptz;  -- null: made before there were requests, or without one

create table daicho.access_request (
    id bigint generated always as identity primary key,
    tenant text not null references daicho.tenant on delete cascade,
    kind text not null check (kind in ('account', 'rights', 'removal', 'group')),
    account_id bigint,                               -- whose rights; of a new account: since it was approved. It may have been removed since
    person_id bigint,                                -- whose they are: nobody approves their own
    login text,                                      -- as it was then
    name text check (length(name) between 1 and 100),
    email text check (length(email) <= 254),
    group_id bigint,                                 -- kind group: its permissions
    group_name text,
    groups bigint[] not null default '{}',           -- wanted: all it is to hold afterwards, not only what is new
    grants text[] not null default '{}' check (daicho.words_proper(grants)),
    denials text[] not null default '{}' check (daicho.words_proper(denials)),
    words text[] not null default '{}',              -- what that comes to; of a group: its permissions
    before_groups bigint[] not null default '{}',    -- what stood there when it was asked for: whoever approves, approves this change and no other
    before_grants text[] not null default '{}',
    before_denials text[] not null default '{}',
    before_words text[] not null default '{}',
    gain_groups bigint[] not null default '{}',      -- what is new, or was given for a time and is to stay longer
    gain_grants text[] not null default '{}',        -- of a group: words it gains
    lifted text[] not null default '{}',             -- denials taken back
    gains boolean not null,
    purpose text not null check (length(purpose) between 1 and 1000),
    ends_on date,                                    -- the last day in Japan of what is gained
    ends_at timestamptz,                             -- the end of that day
    employed boolean not null default false,         -- chosen instead: for as long as the person belongs to the company
    asked_by text not null,
    asked_who text not null,                         -- person:ID: people, not accounts
    asked_person bigint,
    asked_at timestamptz not null default daicho.clock(),
    state text not null default 'asked' check (state in ('asked', 'approved', 'refused', 'withdrawn', 'expired')),
    decided_by text,
    decided_who text,
    decided_at timestamptz,
    why_refused text check (length(why_refused) between 1 and 1000),
    given_groups bigint[],                           -- what it holds since the approval
    given_grants text[],
    gave_groups bigint[],                            -- what of it this request gave
    gave_grants text[],
    xid xid8,                                        -- the transaction that approved it: the one that may change the rights
    warned_at timestamptz,                           -- a week before the end
    ended_at timestamptz,                            -- what it gave was taken away
    constraint access_request_two_people check (state <> 'approved' or asked_who <> decided_who),
    constraint access_request_not_oneself check (state <> 'approved' or person_id is null or decided_who <> 'person:' || person_id),
    constraint access_request_not_more check (state <> 'approved' or given_groups <@ groups and given_grants <@ (grants || words)
        and gave_groups <@ gain_groups and gave_grants <@ gain_grants),
    constraint access_request_until check (not gains or kind = 'group' or ends_on is not null or employed),
    constraint access_request_scope check (kind = 'removal' or kind = 'group' and group_id is not null or kind = 'rights' and account_id is not null
        or kind = 'account' and login is not null and cardinality(groups) + cardinality(grants) > 0),
    constraint access_request_decided check ((state = 'asked') = (decided_at is null)),
    constraint access_request_refused check (state <> 'refused' or why_refused is not null)
);
create index access_request_tenant_idx on daicho.access_request (tenant, id desc);
create index access_request_asked_idx on daicho.access_request (asked_at) where state = 'asked';
create index access_request_ends_idx on daicho.access_request (ends_at) where state = 'approved' and ended_at is null and ends_at is not null;
create index access_request_account_idx on daicho.access_request (account_id) where state in ('asked', 'approved');
create unique index access_request_open_key on daicho.access_request (account_id) where state = 'asked';
create unique index access_request_open_group_key on daicho.access_request (group_id) where state = 'asked';
create unique index access_request_open_login_key on daicho.access_request (tenant, lower(login)) where state = 'asked' and kind = 'account';

-- Which account rights are being taken from at this moment, by access_take below and nobody else.
create table daicho.access_taking (
    xid xid8 not null default pg_catalog.pg_current_xact_id(),
    account_id bigint not null,
    primary key (xid, account_id)
);

alter table daicho.access_request enable row level security;
alter table daicho.access_request force row level security;
create policy own on daicho.access_request to daicho_tenant using (tenant = (select daicho.tenant())) with check (tenant = (select daicho.tenant()));
create policy house on daicho.access_request to daicho_owner using (true) with check (true);
grant select on daicho.access_request to daicho_tenant;
alter table daicho.access_taking enable row level security;
alter table daicho.access_taking force row level security;
create policy house on daicho.access_taking to daicho_owner using (true) with check (true);

-- Lists as sets --------------------------------------------------------------------------------------------------------------------------------
create function daicho.less(a anyarray, b anyarray) returns anyarray language sql immutable parallel safe set search_path = pg_catalog as $$
    select array(select distinct x from unnest(a) x where x <> all (b) order by x)
$$;
create function daicho.both(a anyarray, b anyarray) returns anyarray language sql immutable parallel safe set search_path = pg_catalog as $$
    select array(select distinct x from unnest(a) x where x = any (b) order by x)
$$;
create function daicho.either(a anyarray, b anyarray) returns anyarray language sql immutable parallel safe set search_path = pg_catalog as $$
    select array(select distinct x from unnest(a || b) x order by x)
$$;

-- What an account would hold with these, as account_work_out (0007_permission.sql) says.
create function daicho.access_words(tenant_ text, groups_ bigint[], grants_ text[], denials_ text[]) returns text[]
language plpgsql stable security definer set search_path = pg_catalog as $$
declare
    held text[];
begin
    select coalesce(array_agg(distinct w.word order by w.word), '{}') into held
    from (
        select unnest(g.permissions) as word from daicho.account_group g where g.id = any (groups_) and g.tenant = tenant_
        union select unnest(grants_)
    ) w
    where w.word <> all (denials_) and split_part(w.word, ':', 1) <> all (denials_);
    return held || array(select distinct '-' || d from unnest(denials_) d where position(':' in d) > 0 and split_part(d, ':', 1) = any (held) order by 1);
end
$$;

-- The switch -----------------------------------------------------------------------------------------------------------------------------------
-- People who can approve now.
create function daicho.access_approvers(tenant_ text) returns bigint language sql stable security definer set search_path = pg_catalog as $$
    select count(*) from daicho.account a
    where a.tenant = tenant_ and a.state = 'active' and (a.ends_at is null or a.ends_at > daicho.clock())
        and 'access.approve' = any (string_to_array(a.words, ' '))
$$;

-- On: while two can approve. Off: by the operator's command, and never in the operators' own contract.
create function daicho.policy_access() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
begin
    if new.access_approval and daicho.access_approvers(new.tenant) < 2 then
        raise check_violation using message = 'two people must be able to approve', table = 'policy', constraint = 'policy_access_approval_check';
    elsif not new.access_approval and (session_user <> 'daicho_cli'
            or exists (select from daicho.tenant t where t.name = new.tenant and t.kind = 'operator')) then
        raise check_violation using message = 'the approval of rights stays on', table = 'policy', constraint = 'policy_access_approval_check';
    end if;
    return new;
end
$$;
create trigger access before update on daicho.policy for each row when (old.access_approval is distinct from new.access_approval)
    execute function daicho.policy_access();

-- Operators: from the moment two of them can approve, whatever their policy said.
create function daicho.access_operators() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
begin
    update daicho.policy p set access_approval = true, version = p.version + 1
    from daicho.tenant t
    where p.tenant = new.tenant and t.name = p.tenant and t.kind = 'operator' and not p.access_approval and daicho.access_approvers(p.tenant) >= 2;
    return null;
end
$$;
create trigger access_operators_new after insert on daicho.account for each row when (new.words ~ '\maccess\.approve\M')
    execute function daicho.access_operators();
create trigger access_operators after update on daicho.account
    for each row when (new.words ~ '\maccess\.approve\M' and (old.words is distinct from new.words or old.state <> new.state))
    execute function daicho.access_operators();

-- The wall ---------------------------------------------------------------------------------------------------------------------------------------
-- May rights be changed here without a request? account_id null: it is about a group. less: they only become fewer. The one place that knows the
-- exceptions: the contract does not ask for it; the owner's own session (migrations); operators of whom fewer than two are left that can approve, by
-- the operator's command; what an owner's function takes away by access_take, or a review in its decision (0019_access_review.sql). Later migrations may
-- replace it.
create function daicho.access_change_allowed(tenant_ text, account_id_ bigint, less boolean) returns boolean
language plpgsql stable security definer set search_path = pg_catalog as $$
begin
    if not coalesce((select p.access_approval from daicho.policy p where p.tenant = tenant_), false) or session_user = 'daicho_owner' then
        return true;
    elsif session_user = 'daicho_cli' and daicho.access_approvers(tenant_) < 2
            and exists (select from daicho.tenant t where t.name = tenant_ and t.kind = 'operator') then
        return true;
    end if;
    return less and account_id_ is not null and (
        exists (select from daicho.access_taking x where x.account_id = account_id_ and x.xid = pg_catalog.pg_current_xact_id_if_assigned())
        or daicho.review_decides((select a.person_id from daicho.account a where a.id = account_id_)));
end
$$;

create function daicho.access_refuse() returns void language plpgsql set search_path = pg_catalog as $$
begin
    raise insufficient_privilege using message = 'rights change here only by an approved request';
end
$$;

-- Is all that goes what the person must not hold any more where they work now (0020_department.sql)? A transfer does not wait.
create function daicho.access_unfit(tenant_ text, person_id_ bigint, groups_ bigint[], grants_ text[]) returns boolean
language plpgsql stable security definer set search_path = pg_catalog as $$
declare
    home bigint := (select p.department_id from daicho.person p where p.id = person_id_);
    may boolean := daicho.department_administers(tenant_, home);
begin
    return not exists (select from daicho.account_group g where g.tenant = tenant_ and g.id = any (groups_)
            and daicho.department_fits(g.department_id, home) and (may or not daicho.words_administer(g.permissions)))
        and not exists (select from unnest(grants_) w where may or not daicho.words_administer(array[w]));
end
$$;

-- Accounts: what an approved request of this very transaction says, no more; and what a stop takes away.
create function daicho.account_access() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
declare
    less boolean := false;
begin
    if tg_op = 'DELETE' then
        -- stopped before; the whole contract is erased; or decided about because nobody uses it; else by a request
        if old.state = 'active' and exists (select from daicho.tenant t where t.name = old.tenant)
            and not exists (select from daicho.dormant d where d.account_id = old.id and d.decision = 'remove' and d.decided_at = daicho.clock())
            and not exists (select from daicho.access_request r where r.account_id = old.id and r.kind = 'removal' and r.state = 'approved'
                and r.xid = pg_catalog.pg_current_xact_id())
            and not daicho.access_change_allowed(old.tenant, old.id, true) then
            perform daicho.access_refuse();
        end if;
        return old;
    end if;
    if tg_op = 'UPDATE' then
        if new.groups @> old.groups and new.groups <@ old.groups and new.grants @> old.grants and new.grants <@ old.grants
            and new.denials @> old.denials and new.denials <@ old.denials then
            return new;
        elsif new.state = 'suspended' and new.suspended_for = 'leaver' and new.groups = '{}' and new.grants = '{}' and new.denials = '{}' then
            return new;
        end if;
        less := new.groups <@ old.groups and new.grants <@ old.grants and new.denials @> old.denials;
        if less and new.denials <@ old.denials
            and daicho.access_unfit(new.tenant, new.person_id, daicho.less(old.groups, new.groups), daicho.less(old.grants, new.grants)) then
            return new;
        end if;
    end if;
    if not daicho.access_change_allowed(new.tenant, new.id, less) and not exists (
            select from daicho.access_request r
            where r.tenant = new.tenant and r.state = 'approved' and r.xid = pg_catalog.pg_current_xact_id()
                and (r.kind = 'rights' and tg_op = 'UPDATE' and r.account_id = new.id
                    or r.kind = 'account' and tg_op = 'INSERT' and r.account_id is null and lower(r.login) = lower(new.login))
                and new.groups <@ r.given_groups and new.grants <@ r.given_grants and new.denials @> r.denials) then
        perform daicho.access_refuse();
    end if;
    return new;
end
$$;
-- after work_out and x_giving, by their names
create trigger y_access before insert or update of groups, grants, denials on daicho.account for each row execute function daicho.account_access();
create trigger y_access_delete before delete on daicho.account for each row execute function daicho.account_access();

-- Groups: what they may; and one that is in use does not go. A new one has no members, and gives nobody anything until a request is approved.
create function daicho.account_group_access() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
begin
    if tg_op = 'DELETE' then
        if exists (select from daicho.tenant t where t.name = old.tenant)
            and exists (select from daicho.account a where a.tenant = old.tenant and old.id = any (a.groups))
            and not daicho.access_change_allowed(old.tenant, null, true) then
            perform daicho.access_refuse();
        end if;
        return old;
    end if;
    if not (new.permissions @> old.permissions and new.permissions <@ old.permissions) and not daicho.access_change_allowed(new.tenant, null, false)
        and not exists (select from daicho.access_request r
            where r.kind = 'group' and r.group_id = new.id and r.state = 'approved' and r.xid = pg_catalog.pg_current_xact_id()
                and r.given_grants <@ new.permissions and r.given_grants @> new.permissions) then
        perform daicho.access_refuse();
    end if;
    return new;
end
$$;
create trigger y_access before update of permissions on daicho.account_group for each row execute function daicho.account_group_access();
create trigger y_access_delete before delete on daicho.account_group for each row execute function daicho.account_group_access();

-- Takes rights away from an account, whatever the contract asks for otherwise. For the owner's functions, which nobody else can put words into the mouth
-- of: it is granted to no role. denials_: words it is not to hold from now on.
create function daicho.access_take(account_id_ bigint, groups_ bigint[], grants_ text[], denials_ text[]) returns void
language plpgsql security definer set search_path = pg_catalog as $$
begin
    insert into daicho.access_taking (account_id) values (account_id_) on conflict do nothing;
    update daicho.account a set groups = daicho.less(a.groups, groups_), grants = daicho.less(a.grants, grants_),
        denials = daicho.either(a.denials, denials_), version = a.version + 1
    where a.id = account_id_;
    delete from daicho.access_taking x where x.account_id = account_id_ and x.xid = pg_catalog.pg_current_xact_id();
end
$$;

-- Asking ------------------------------------------------------------------------------------------------------------------------------------------
-- want: {kind, account_id, person_id, login, name, email, group_id, groups: [id], grants: [word], denials: [word], permissions: [word], purpose, ends_on,
-- employed}. Anybody for their own account; for others whoever may manage accounts. Null: there is no such account or group.
create function daicho.access_ask(want jsonb) returns bigint
language plpgsql security definer set search_path = pg_catalog as $$
declare
    asks record;
    a record;
    g record;
    r daicho.access_request;
    timed_groups bigint[];
    timed_grants text[];
begin
    select * into asks from daicho.acting();
    if asks.kind is null or asks.kind not in ('account', 'key') or asks.person_id is null then
        raise insufficient_privilege using message = 'whoever asks may not ask for rights';
    end if;
    r.tenant := daicho.role_tenant();
    r.kind := want ->> 'kind';
    r.purpose := want ->> 'purpose';
    r.employed := coalesce((want ->> 'employed')::boolean, false);
    r.ends_on := case when not r.employed then (want ->> 'ends_on')::date end;
    r.ends_at := (r.ends_on + 1)::timestamp at time zone 'Asia/Tokyo';
    r.groups := array(select distinct v::bigint from jsonb_array_elements_text(coalesce(want -> 'groups', '[]')) v order by 1);
    r.grants := array(select distinct v from jsonb_array_elements_text(coalesce(want -> 'grants', '[]')) v order by 1);
    r.denials := array(select distinct v from jsonb_array_elements_text(coalesce(want -> 'denials', '[]')) v order by 1);
    if r.ends_at is not null and (r.ends_at <= daicho.clock() or r.ends_at > daicho.clock() + interval '367 days') then
        raise check_violation using message = 'until when', table = 'access_request', constraint = 'access_request_ends_on_check';
    end if;
    if (select count(*) from daicho.account_group x where x.tenant = r.tenant and x.id = any (r.groups)) <> cardinality(r.groups) then
        return null;
    end if;
    if r.kind in ('rights', 'removal') then
        select x.id, x.person_id, x.login, x.name, x.state, x.groups, x.grants, x.denials, string_to_array(x.words, ' ') as words into a
        from daicho.account x where x.id = (want ->> 'account_id')::bigint and x.tenant = r.tenant;
        if a.id is null or a.state <> 'active' and r.kind = 'rights' then
            return null;
        end if;
        r.account_id := a.id;
        r.person_id := a.person_id;
        r.login := a.login;
        r.name := a.name;
        r.before_groups := daicho.both(a.groups, array(select x.id from daicho.account_group x where x.tenant = r.tenant));
        r.before_grants := daicho.either(a.grants, '{}');
        r.before_denials := daicho.either(a.denials, '{}');
        r.before_words := coalesce(a.words, '{}');
        r.groups := case when want ? 'groups_as_now' then r.before_groups else r.groups end;
        r.grants := case when want ? 'grants_as_now' then r.before_grants else r.grants end;
        r.denials := case when want ? 'denials_as_now' then r.before_denials else r.denials end;
    elsif r.kind = 'account' then
        r.login := want ->> 'login';
        r.name := want ->> 'name';
        r.email := want ->> 'email';
        r.person_id := nullif((want ->> 'person_id')::bigint, 0);
        if r.person_id is not null and (not exists (select from daicho.person p where p.id = r.person_id and p.tenant = r.tenant)
                or daicho.person_out(r.person_id) or exists (select from daicho.account x where x.person_id = r.person_id)) then
            return null;
        end if;
    else
        select x.id, x.name, x.permissions into g from daicho.account_group x where x.id = (want ->> 'group_id')::bigint and x.tenant = r.tenant;
        if g.id is null then
            return null;
        end if;
        r.group_id := g.id;
        r.group_name := g.name;
        r.before_words := daicho.either(g.permissions, '{}');
    end if;
    if not ('account.manage' = any (asks.held) or r.kind in ('rights', 'removal') and asks.kind = 'account' and r.person_id = asks.person_id) then
        raise insufficient_privilege using message = 'whoever asks may not ask for others';
    end if;
    if r.kind = 'removal' then
        r.groups := '{}';
        r.grants := '{}';
        r.denials := '{}';
    elsif r.kind = 'group' then
        r.groups := '{}';
        r.grants := '{}';
        r.denials := '{}';
        r.employed := false;
        r.ends_on := null;
        r.ends_at := null;
        r.words := array(select distinct v from jsonb_array_elements_text(coalesce(want -> 'permissions', '[]')) v order by 1);
        if not daicho.words_proper(r.words) then
            raise check_violation using message = 'words', table = 'access_request', constraint = 'access_request_permissions_check';
        end if;
        r.gain_grants := daicho.less(r.words, r.before_words);
    else
        r.words := daicho.access_words(r.tenant, r.groups, r.grants, r.denials);
        -- held for a time, and not for good by another request
        select coalesce(array_agg(distinct x.gid) filter (where x.gid is not null), '{}') into timed_groups
        from (select unnest(q.gave_groups) as gid from daicho.access_request q where q.account_id = r.account_id and q.state = 'approved'
                and q.ended_at is null and q.ends_at is not null
            except select unnest(q.gave_groups) from daicho.access_request q where q.account_id = r.account_id and q.state = 'approved' and q.ends_at is null) x;
        select coalesce(array_agg(distinct x.word) filter (where x.word is not null), '{}') into timed_grants
        from (select unnest(q.gave_grants) as word from daicho.access_request q where q.account_id = r.account_id and q.state = 'approved'
                and q.ended_at is null and q.ends_at is not null
            except select unnest(q.gave_grants) from daicho.access_request q where q.account_id = r.account_id and q.state = 'approved' and q.ends_at is null) x;
        -- what was not spoken of is not given for longer
        r.gain_groups := daicho.less(r.groups, case when want ? 'groups_as_now' then r.before_groups else daicho.less(r.before_groups, timed_groups) end);
        r.gain_grants := daicho.less(r.grants, case when want ? 'grants_as_now' then r.before_grants else daicho.less(r.before_grants, timed_grants) end);
        r.lifted := daicho.less(r.before_denials, r.denials);
    end if;
    r.gains := r.kind <> 'removal' and (coalesce(cardinality(r.gain_groups), 0) + coalesce(cardinality(r.gain_grants), 0) + coalesce(cardinality(r.lifted), 0) > 0
        or daicho.words_missing(r.words, r.before_words) <> '{}');
    if not r.gains then                              -- what only goes needs no end
        r.ends_on := null;
        r.ends_at := null;
        r.employed := false;
    end if;
    if r.kind = 'rights' and not r.gains and r.groups = r.before_groups and r.grants = r.before_grants and r.denials = r.before_denials
        or r.kind = 'group' and r.words = r.before_words then
        raise check_violation using message = 'nothing would change', table = 'access_request', constraint = 'access_request_groups_check';
    end if;
    if r.gains and r.kind <> 'group' and r.ends_on is null and not r.employed then
        raise check_violation using message = 'no end was chosen', table = 'access_request', constraint = 'access_request_ends_on_check';
    end if;
    insert into daicho.access_request (tenant, kind, account_id, person_id, login, name, email, group_id, group_name, groups, grants, denials, words,
        before_groups, before_grants, before_denials, before_words, gain_groups, gain_grants, lifted, gains, purpose, ends_on, ends_at, employed, asked_by,
        asked_who, asked_person)
    values (r.tenant, r.kind, r.account_id, r.person_id, r.login, r.name, r.email, r.group_id, r.group_name, r.groups, r.grants, r.denials,
        coalesce(r.words, '{}'), coalesce(r.before_groups, '{}'), coalesce(r.before_grants, '{}'), coalesce(r.before_denials, '{}'),
        coalesce(r.before_words, '{}'), coalesce(r.gain_groups, '{}'), coalesce(r.gain_grants, '{}'), coalesce(r.lifted, '{}'), r.gains, r.purpose,
        r.ends_on, r.ends_at, r.employed, asks.name, asks.who, asks.person_id)
    returning id into r.id;
    return r.id;
end
$$;

-- Deciding ----------------------------------------------------------------------------------------------------------------------------------------
-- Who may decide: somebody logged in (a key is nobody) with the word of their own.
create function daicho.access_decider(out name text, out who text) language plpgsql stable security definer set search_path = pg_catalog as $$
declare
    asks record;
begin
    select * into asks from daicho.acting();
    if asks.kind is distinct from 'account' or asks.who is null or not 'access.approve' = any (asks.held) then
        raise insufficient_privilege using message = 'whoever asks may not decide about rights';
    end if;
    name := asks.name;
    who := asks.who;
end
$$;

-- Approves, and does it: all in this transaction. groups_, grants_: what of the gain is given (null: all of it); never more. Null: nothing of this number
-- waits. Refused: one's own; who asked is not here any more; longer than 14 days ago; what stands there is not what stood there when it was asked for.
-- {kind, account_id, ...}.
create function daicho.access_approve(id_ bigint, groups_ bigint[], grants_ text[]) returns jsonb
language plpgsql security definer set search_path = pg_catalog as $$
declare
    by_ record;
    r daicho.access_request;
    a record;
    g record;
    new_id bigint;
begin
    select * into by_ from daicho.access_decider();
    -- changes of rights stand in line at the groups of the contract, as everywhere
    perform from daicho.account_group x where x.tenant = daicho.role_tenant() order by x.id for update;
    select * into r from daicho.access_request x where x.id = id_ and x.tenant = daicho.role_tenant() and x.state = 'asked' for update;
    if not found then
        return null;
    end if;
    if r.asked_who = by_.who or r.person_id is not null and by_.who = 'person:' || r.person_id then
        raise insufficient_privilege using message = 'another person must approve this request';
    elsif r.asked_at <= daicho.clock() - interval '14 days' or r.ends_at <= daicho.clock() then
        raise insufficient_privilege using message = 'this request is too old';
    elsif r.asked_person is not null and not exists (select from daicho.account x where x.person_id = r.asked_person and x.state = 'active'
            and (x.ends_at is null or x.ends_at > daicho.clock())) then
        raise insufficient_privilege using message = 'who asked is not here any more';
    elsif not coalesce(groups_ <@ r.gain_groups, true) or not coalesce(grants_ <@ r.gain_grants, true) then
        raise insufficient_privilege using message = 'more than was asked for';
    end if;
    r.gave_groups := coalesce(groups_, r.gain_groups);
    r.gave_grants := coalesce(grants_, r.gain_grants);
    -- what is not given now but was held anyway stays as it is
    r.given_groups := daicho.either(daicho.less(r.groups, r.gain_groups), daicho.either(r.gave_groups, daicho.both(r.gain_groups, r.before_groups)));
    r.given_grants := daicho.either(daicho.less(case when r.kind = 'group' then r.words else r.grants end, r.gain_grants),
        daicho.either(r.gave_grants, daicho.both(r.gain_grants, r.before_grants)));
    if r.kind in ('rights', 'removal') then
        select x.id, x.person_id, x.groups, x.grants, x.denials into a from daicho.account x where x.id = r.account_id and x.tenant = r.tenant for update;
        if a.id is null or r.kind = 'rights' and (
                daicho.both(a.groups, array(select x.id from daicho.account_group x where x.tenant = r.tenant)) <> r.before_groups
                or daicho.either(a.grants, '{}') <> r.before_grants or daicho.either(a.denials, '{}') <> r.before_denials) then
            raise insufficient_privilege using message = 'something changed since this was asked for';
        end if;
    elsif r.kind = 'group' then
        select x.id, x.permissions into g from daicho.account_group x where x.id = r.group_id and x.tenant = r.tenant;
        if g.id is null or daicho.either(g.permissions, '{}') <> r.before_words then
            raise insufficient_privilege using message = 'something changed since this was asked for';
        end if;
        -- one's own group is one's own right
        if cardinality(r.gave_grants) > 0 and exists (select from daicho.account x
                where x.tenant = r.tenant and r.group_id = any (x.groups) and 'person:' || x.person_id = by_.who) then
            raise insufficient_privilege using message = 'another person must approve this request';
        end if;
    end if;
    if r.kind in ('rights', 'account') and daicho.access_words(r.tenant, r.groups, r.grants, r.denials) <> r.words then
        raise insufficient_privilege using message = 'something changed since this was asked for';
    end if;
    update daicho.access_request set state = 'approved', decided_by = by_.name, decided_who = by_.who, decided_at = daicho.clock(),
        xid = pg_catalog.pg_current_xact_id(), gave_groups = r.gave_groups, gave_grants = r.gave_grants, given_groups = r.given_groups,
        given_grants = r.given_grants, warned_at = case when ends_at < daicho.clock() + interval '7 days' then daicho.clock() end
    where id = r.id;
    if r.kind = 'rights' then
        update daicho.account set groups = r.given_groups, grants = r.given_grants, denials = r.denials, version = version + 1 where id = r.account_id;
    elsif r.kind = 'account' then
        insert into daicho.account (tenant, login, name, email, groups, grants, denials, person_id, approved_at)
        values (r.tenant, r.login, r.name, r.email, r.given_groups, r.given_grants, r.denials, r.person_id, daicho.clock()) returning id into new_id;
        update daicho.access_request q set account_id = new_id, person_id = x.person_id from daicho.account x where q.id = r.id and x.id = new_id;
    elsif r.kind = 'removal' then
        perform daicho.person_revoke(a.person_id, a.id, true, true);
        delete from daicho.account where id = a.id;
    else
        update daicho.account_group set permissions = r.given_grants, version = version + 1 where id = r.group_id;
    end if;
    return jsonb_build_object('kind', r.kind, 'account_id', coalesce(new_id, r.account_id), 'asked_person', r.asked_person);
end
$$;

create function daicho.access_refuse_request(id_ bigint, why_ text) returns bigint
language plpgsql security definer set search_path = pg_catalog as $$
declare
    by_ record;
    done bigint;
begin
    select * into by_ from daicho.access_decider();
    update daicho.access_request set state = 'refused', decided_by = by_.name, decided_who = by_.who, decided_at = daicho.clock(), why_refused = why_
    where id = id_ and tenant = daicho.role_tenant() and state = 'asked' returning id into done;
    return done;
end
$$;

-- By who asked.
create function daicho.access_withdraw(id_ bigint) returns bigint
language plpgsql security definer set search_path = pg_catalog as $$
declare
    asks record;
    done bigint;
begin
    select * into asks from daicho.acting();
    update daicho.access_request set state = 'withdrawn', decided_by = asks.name, decided_who = asks.who, decided_at = daicho.clock()
    where id = id_ and tenant = daicho.role_tenant() and state = 'asked' and asked_who = asks.who and asks.kind in ('account', 'key') returning id into done;
    return done;
end
$$;

-- Who is out asks for nothing; for who is out nothing but the removal is asked.
create function daicho.access_out() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
begin
    update daicho.access_request r set state = 'withdrawn', decided_by = 'system', decided_who = 'system', decided_at = daicho.clock()
    where r.state = 'asked' and r.tenant = old.tenant
        and (r.asked_who = 'person:' || old.person_id or r.account_id = old.id and (r.kind <> 'removal' or tg_op = 'DELETE'));
    return null;
end
$$;
create trigger access_out after update on daicho.account for each row when (old.state = 'active' and new.state <> 'active') execute function daicho.access_out();
create trigger access_out_delete after delete on daicho.account for each row execute function daicho.access_out();

-- The clock ---------------------------------------------------------------------------------------------------------------------------------------
-- For the jobs processes, outside any contract: the next request about which something is due.
create function daicho.access_due(after_ bigint) returns table (tenant text, id bigint)
language sql stable security definer set search_path = pg_catalog as $$
    select r.tenant, r.id from daicho.access_request r join daicho.tenant t on t.name = r.tenant and t.state = 'active'
    where r.id > after_ and (r.state = 'asked' and r.asked_at <= daicho.clock() - interval '14 days'
        or r.state = 'approved' and r.ended_at is null and (r.ends_at <= daicho.clock()
            or r.warned_at is null and r.ends_at <= daicho.clock() + interval '7 days'))
    order by r.id limit 1
$$;

-- Inside it. What was given for a time goes, but for what another request gives longer; an account that was made for a time is stopped. Null: somebody
-- else was first. {what expired | warned | ended, ...}.
create function daicho.access_turn(id_ bigint) returns jsonb
language plpgsql security definer set search_path = pg_catalog as $$
declare
    r daicho.access_request;
    a record;
    what text;
    other_groups bigint[];
    other_grants text[];
    other_lifted text[];
    others boolean;
begin
    if session_user <> 'daicho_jobs' then
        raise insufficient_privilege using message = 'rights end by the jobs processes';
    end if;
    perform from daicho.account_group x where x.tenant = daicho.role_tenant() order by x.id for update;
    select * into r from daicho.access_request x where x.id = id_ and x.tenant = daicho.role_tenant() for update;
    if r.state = 'asked' and r.asked_at <= daicho.clock() - interval '14 days' then
        what := 'expired';
        update daicho.access_request set state = 'expired', decided_by = 'system', decided_who = 'system', decided_at = daicho.clock() where id = r.id;
    elsif r.state = 'approved' and r.ended_at is null and r.ends_at <= daicho.clock() then
        what := 'ended';
        update daicho.access_request set ended_at = daicho.clock() where id = r.id;
        select x.id, x.person_id, x.state, x.denials into a from daicho.account x where x.id = r.account_id and x.tenant = r.tenant for update;
        if a.id is not null then
            select coalesce(array_agg(distinct v), '{}') into other_groups from daicho.access_request q, unnest(q.gave_groups) v
            where q.account_id = a.id and q.state = 'approved' and q.ended_at is null;
            select coalesce(array_agg(distinct v), '{}') into other_grants from daicho.access_request q, unnest(q.gave_grants) v
            where q.account_id = a.id and q.state = 'approved' and q.ended_at is null;
            select coalesce(array_agg(distinct v), '{}'), count(*) > 0 into other_lifted, others from daicho.access_request q
            left join lateral unnest(q.lifted) v on true where q.account_id = a.id and q.state = 'approved' and q.ended_at is null and q.kind <> 'removal';
            perform daicho.access_take(a.id, daicho.less(r.gave_groups, other_groups), daicho.less(r.gave_grants, other_grants),
                daicho.less(r.lifted, other_lifted));
            if r.kind = 'account' and not others and a.state = 'active' then
                perform daicho.person_stop(a.person_id, 'other', null, null, 'access request ' || r.id, null);
            end if;
        end if;
    elsif r.state = 'approved' and r.ended_at is null and r.warned_at is null and r.ends_at <= daicho.clock() + interval '7 days' then
        what := 'warned';
        update daicho.access_request set warned_at = daicho.clock() where id = r.id;
    else
        return null;
    end if;
    return jsonb_build_object('id', r.id, 'what', what, 'kind', r.kind, 'login', r.login, 'name', r.name, 'asked_person', r.asked_person,
        'person_id', r.person_id, 'ends_on', r.ends_on, 'groups', (select coalesce(jsonb_agg(g.name order by g.name), '[]') from daicho.account_group g
            where g.tenant = r.tenant and g.id = any (r.gave_groups)), 'grants', to_jsonb(coalesce(r.gave_grants, '{}')));
end
$$;

revoke execute on function daicho.less(anyarray, anyarray), daicho.both(anyarray, anyarray), daicho.either(anyarray, anyarray),
    daicho.access_words(text, bigint[], text[], text[]), daicho.access_approvers(text), daicho.policy_access(), daicho.access_operators(),
    daicho.access_change_allowed(text, bigint, boolean), daicho.access_refuse(), daicho.access_unfit(text, bigint, bigint[], text[]), daicho.account_access(), daicho.account_group_access(),
    daicho.access_take(bigint, bigint[], text[], text[]), daicho.access_ask(jsonb), daicho.access_decider(),
    daicho.access_approve(bigint, bigint[], text[]), daicho.access_refuse_request(bigint, text), daicho.access_withdraw(bigint), daicho.access_out(),
    daicho.access_due(bigint), daicho.access_turn(bigint) from public;
grant execute on function daicho.access_ask(jsonb), daicho.access_approve(bigint, bigint[], text[]), daicho.access_refuse_request(bigint, text),
    daicho.access_withdraw(bigint), daicho.access_turn(bigint) to daicho_tenant;
grant execute on function daicho.access_due(bigint) to daicho_jobs;
