-- Sign-on: what is reached before a tenant is entered (functions of the owner), and the steps inside it that only the sso processes may take.

-- sign_on_offer(tenant text) -> many(101) sign_on_choice(password_login bool, id int?, kind text?, name text?)
select password_login, id, kind, name from daicho.sign_on_choices($1) limit 101;

-- sign_on_provider(tenant text, id int) -> maybe sign_on_service(id int, tenant text, kind text, name text, issuer text, client_id text, secret_name text,
--     domains text, factor_trusted bool, allowed bool)
select id, tenant, kind, name, issuer, client_id, secret_name, array_to_string(domains, ',') as domains, factor_trusted, allowed
from daicho.sign_on_provider($1, $2);

-- sign_on_insert(provider_id int, state_hash bytea, browser_hash bytea, nonce text, verifier text, next text?, invitation_hash bytea?) -> one bool
select daicho.sign_on_begin($1, $2, $3, $4, $5, $6, $7) as begun;

-- sign_on_take(state_hash bytea) -> maybe sign_on_attempt(provider_id int, tenant text, browser_hash bytea, nonce text, verifier text, next text?,
--     invitation_id int?, now_ms int)
select provider_id, tenant, browser_hash, nonce, verifier, next, invitation_id, now_ms from daicho.sign_on_take($1);

-- sign_on_busy(source text) -> one bool
select daicho.sign_on_busy($1) as busy;

-- sign_on_failed(source text) -> none
select daicho.sign_on_failed($1);

-- sign_on_account(provider_id int, subject text, invitation_id int?, email text?, name text?) -> maybe sign_on_who(outcome text, account_id int?,
--     login text?, groups text?)
select outcome, account_id, login, groups from daicho.sign_on_account($1, $2, $3, $4, $5);

-- sign_on_renewal_take() -> maybe sign_on_renewal(session_id int, tenant text, account_id int, login text, provider_id int, subject text, sealed bytea)
select session_id, tenant, account_id, login, provider_id, subject, sealed from daicho.renewal_take();

-- sign_on_renewal_done(session_id int, lifetime int, sealed bytea?) -> none
select daicho.renewal_done($1, $2::int, $3);

-- sign_on_renewal_refused(session_id int) -> one bool
select daicho.renewal_refused($1) as ended;

-- sign_on_now() -> one int
select (extract(epoch from daicho.clock()) * 1000)::bigint as now_ms;
