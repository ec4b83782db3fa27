-- Sessions. The first statement runs before a tenant is entered, through a function of the owner that only daicho_auth may call.

-- session_begin(tenant text, login text) -> one login_try(tenant text?, lang text?, account_id int?, login text?, groups text?, state text?, hash text?,
--     locked bool, busy bool)
select tenant, lang, account_id, login, groups, state, hash, locked, busy from daicho.login_begin($1, $2);

-- The same of a contract that is suspended; nothing: it is not, or its walls do not let this caller near.
-- session_held(tenant text, login text, source text, certificate text) -> maybe held_try(tenant text, lang text, account_id int, login text, groups text,
--     state text, hash text?, locked bool)
select tenant, lang, account_id, login, groups, state, hash, locked from daicho.login_held($1, $2, $3, $4);

-- session_held_right(account_id int) -> none
select daicho.login_held_right($1);

-- After a wrong one: whom to tell of it.
-- session_failed(tenant text?, login text, account_id int, source text) -> many(1000) session_alert(alert text, count int, recipient text, lang text,
--     title text, now time)
select alert, count, recipient, lang, title, now from daicho.login_failed($1, $2, $3, $4);

-- The password of somebody who is logged in, once more: charged like a log-in.
-- session_again(account_id int) -> maybe login_again(login text, hash text?, locked bool, busy bool)
select login, hash, locked, busy from daicho.login_again($1);

-- session_recost(account_id int, before text, hash text) -> none
select daicho.credential_recost($1, $2, $3);

-- session_right(account_id int) -> none
select daicho.login_right($1);

-- Inside the tenant: the stage; null: the account is gone or suspended.
-- session_insert(account_id int, token_hash bytea, old_hash bytea?, source text, agent text, take_over bool) -> one text?
select daicho.session_open($1, $2, $3, $4, $5, $6) as stage;

-- session_insert_provided(account_id int, provider_id int, token_hash bytea, old_hash bytea?, source text, agent text, proof bool, context json, lifetime
--     int?, sealed bytea?) -> one text?
select daicho.session_open_by_provider($1, $2, $3, $4, $5, $6, $7, $8, $9::int, $10) as stage;

-- session_raise(session_id int, token_hash bytea, proof text, take_over bool) -> one text?
select daicho.session_raise($1, $2, $3, $4) as stage;

-- session_lock(id int) -> one bool
select daicho.session_lock($1) as done;

-- session_share(token_hash bytea) -> one bool
select daicho.session_share($1) as changed;

-- Of the session, or (0) of the key that asks. certificate '': none.
-- session_place(id int, certificate text) -> one session_place_row(shared bool, own bool, known bool, device_id int?, device text?)
select p.shared, p.own, p.known, p.device_id, p.device from daicho.session_place($1, $2) p;

-- Null: no such device of theirs that is in use.
-- session_sit(id int, device_id int) -> one text?
select daicho.session_sit($1, $2) as name;

-- session_unlock(id int) -> one text?
select daicho.session_unlock($1) as stage;

-- Every live one of the contract, by name; after: that of the last one shown.
-- session_all(account_id int, after_login text, after_id int, max int) -> many(201) session_of(id int, account_id int, login text, name text,
--     group_names text, source text, agent text, stage text, created_at time, seen_at time, sort text)
select s.id, a.id as account_id, a.login, a.name, a.group_names, s.source, s.agent, s.stage, s.created_at, s.seen_at, lower(a.login) as sort
from daicho.session s
join daicho.account a on a.id = s.account_id
join daicho.policy p on p.tenant = s.tenant
where ($1::bigint = 0 or a.id = $1::bigint) and (lower(a.login), s.id) > ($2, $3)
    and s.seen_at > daicho.clock() - case when s.stage in ('full', 'locked') then make_interval(mins => p.idle_minutes) else interval '10 minutes' end
    and (s.expires_at is null or s.expires_at > daicho.clock())
order by lower(a.login), s.id
limit $4::bigint;

-- session_end_any(id int) -> maybe session_ended(account_id int, source text)
delete from daicho.session where id = $1 returning account_id, source;

-- session_end_all(account_id int) -> one int
with gone as (delete from daicho.session where account_id = $1 returning 1) select count(*) as count from gone;

-- Live ones of one account, newest first: logged in, not on the way.
-- session_list(account_id int) -> many(200) session_row(id int, source text, agent text, created_at time, seen_at time)
select s.id, s.source, s.agent, s.created_at, s.seen_at
from daicho.session s
join daicho.policy p on p.tenant = s.tenant
where s.account_id = $1 and s.stage in ('full', 'locked') and s.seen_at > daicho.clock() - make_interval(mins => p.idle_minutes)
    and (s.expires_at is null or s.expires_at > daicho.clock())
order by s.id desc
limit 200;

-- The caller's own, wherever it works just now.
-- session_quit(id int) -> one bool
select daicho.session_quit($1) as ended;

-- session_end(account_id int, id int) -> maybe int
delete from daicho.session where account_id = $1 and id = $2 returning id;

-- Every session of the account but one (0: every one).
-- session_end_others(account_id int, but int) -> none
delete from daicho.session where account_id = $1 and id <> $2;
