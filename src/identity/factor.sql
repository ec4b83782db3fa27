-- Second factors. What is secret passes through functions of the owner that answer the auth processes only, for the account that asks.

-- factor_attempt(session_id int) -> one factor_try(verdict text, wait_seconds int, challenge bytea?)
select verdict, wait_seconds, challenge from daicho.factor_attempt($1);

-- factor_challenge(session_id int, challenge bytea) -> one bool
select daicho.factor_challenge($1, $2) as done;

-- factor_challenge_take(session_id int) -> one bytea?
select daicho.factor_challenge_take($1) as challenge;

-- factor_read() -> many(20) factor_secret(id int, kind text, name text, secret bytea?, last_step int?, credential bytea?, public_key bytea?, algorithm
--     int?, sign_count int)
select id, kind, name, secret, last_step, credential, public_key, algorithm, sign_count from daicho.factor_read();

-- factor_totp_begin(session_id int, name text, secret bytea) -> one int?
select daicho.factor_totp_begin($1, $2, $3) as id;

-- factor_totp_waiting(id int) -> one bytea?
select daicho.factor_totp_waiting($1) as secret;

-- factor_totp_confirm(session_id int, id int, step int) -> one bool
select daicho.factor_totp_confirm($1, $2, $3) as done;

-- factor_totp_use(id int, step int, secret bytea?) -> one bool
select daicho.factor_totp_use($1, $2, $3) as done;

-- factor_passkey_add(session_id int, name text, credential bytea, public_key bytea, algorithm int, sign_count int) -> one int?
select daicho.factor_passkey_add($1, $2, $3, $4, $5::int, $6) as id;

-- factor_passkey_use(id int, sign_count int) -> one bool
select daicho.factor_passkey_use($1, $2) as done;

-- factor_recovery_set(hashes text) -> one bool
select daicho.factor_recovery_set((select array_agg(decode(h, 'hex')) from unnest(string_to_array($1, ' ')) h)) is not null as done;

-- factor_recovery_use(hash bytea) -> one bool
select daicho.factor_recovery_use($1) as done;

-- factor_remove(id int) -> one text
select daicho.factor_remove($1) as done;

-- factor_reset(account_id int) -> one bool
select daicho.factor_reset($1) as done;

-- factor_prove(session_id int, proof text) -> one bool
select daicho.factor_prove($1, $2) as done;

-- Names and dates only.
-- factor_list(account_id int) -> many(20) factor_row(id int, kind text, name text, created_at time, used_at time?)
select f.id, f.kind, f.name, f.created_at, f.used_at from daicho.factor f where f.account_id = $1 and f.confirmed_at is not null order by f.id;

-- factor_state(account_id int) -> maybe factor_standing(login text, required bool, apps int, passkeys int, codes int, codes_left int)
select a.login, a.factor_required as required,
    (select count(*) from daicho.factor f where f.account_id = a.id and f.confirmed_at is not null and f.kind = 'totp') as apps,
    (select count(*) from daicho.factor f where f.account_id = a.id and f.confirmed_at is not null and f.kind = 'passkey') as passkeys,
    (select count(*) from daicho.recovery_code c where c.account_id = a.id) as codes,
    (select count(*) from daicho.recovery_code c where c.account_id = a.id and c.used_at is null) as codes_left
from daicho.account a where a.id = $1;

-- factor_rename(account_id int, id int, name text) -> maybe int
update daicho.factor set name = $3 where account_id = $1 and id = $2 and confirmed_at is not null returning id;
