-- Sessions. The first statement runs before a tenant is entered, through a function of the owner that only daicho_auth may call.

-- session_begin(tenant text, login text) -> one login_try(tenant text?, lang text?, account_id int?, login text?, groups text?, state text?, hash text?)
select tenant, lang, account_id, login, groups, state, hash from daicho.login_begin($1, $2);

-- Inside the tenant: the stage; null: the account is gone or suspended.
-- session_insert(account_id int, token_hash bytea, old_hash bytea?, source text, agent text, take_over bool) -> one text?
select daicho.session_open($1, $2, $3, $4, $5, $6) as stage;

-- session_insert_provided(account_id int, provider_id int, token_hash bytea, old_hash bytea?, source text, agent text, proof bool, context json, lifetime
--     int?, sealed bytea?) -> one text?
select daicho.session_open_by_provider($1, $2, $3, $4, $5, $6, $7, $8, $9::int, $10) as stage;

-- session_raise(session_id int, token_hash bytea, proof text, take_over bool) -> one text?
select daicho.session_raise($1, $2, $3, $4) as stage;

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
