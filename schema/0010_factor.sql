-- Why: second factors. Seeds, public keys and recovery codes are read and written by the auth processes only, each for the account that asks (the actor
-- the connection entered as, which nobody inside a tenant can change); a code is used once, whoever asks at the same moment; wrong ones are counted
-- before anybody looks. What is here decides; C asks.

-- The account that asks, in an auth process, inside its contract.
create function daicho.factor_door() returns bigint language plpgsql stable security definer set search_path = pg_catalog as $$
declare
    whose bigint;
begin
    if session_user <> 'daicho_auth' then
        raise insufficient_privilege using message = 'second factors are read by the auth processes only';
    end if;
    select a.id into whose from daicho.account a
    where a.id = substring(current_setting('daicho.actor', true) from '^account:([0-9]+):')::bigint and a.tenant = daicho.role_tenant()
        and a.state = 'active';
    if whose is null then
        raise insufficient_privilege using message = 'only an account has second factors';
    end if;
    return whose;
end
$$;

-- Before a code, a passkey's answer or (to prove oneself again) a password is looked at: it is counted as wrong until it has proven right; the caller
-- commits that before it looks. Takes the session's challenge, which holds once and for five minutes.
-- verdict: go; locked: until somebody who manages accounts unlocks it; wait: so many seconds (where the policy knows no lock).
create function daicho.factor_attempt(session_id_ bigint) returns table (verdict text, wait_seconds int, challenge bytea)
language plpgsql security definer set search_path = pg_catalog as $$
declare
    whose bigint := daicho.factor_door();
    a record;
begin
    select x.factor_failures, x.factor_failed_at, p.lock_after into a
    from daicho.account x join daicho.policy p on p.tenant = x.tenant where x.id = whose for update of x;
    if a.factor_failures >= a.lock_after then
        return query select 'locked', 0, null::bytea;
        return;
    end if;
    -- half a minute after five wrong ones, then twice as long each time, up to a quarter of an hour: about a hundred a day of a million codes
    if a.lock_after is null and a.factor_failures >= 5 then
        wait_seconds := ceil(extract(epoch from a.factor_failed_at + make_interval(secs => least(30 * 2 ^ least(a.factor_failures - 5, 10), 900))
            - daicho.clock()));
        if wait_seconds > 0 then
            return query select 'wait', wait_seconds, null::bytea;
            return;
        end if;
    end if;
    update daicho.account x set factor_failures = x.factor_failures + 1, factor_failed_at = daicho.clock() where x.id = whose;
    return query select 'go', 0, daicho.factor_challenge_take(session_id_);
end
$$;

create function daicho.factor_right(whose bigint) returns void language sql security definer set search_path = pg_catalog as $$
    update daicho.account set factor_failures = 0, factor_failed_at = null where id = whose
$$;

create function daicho.factor_challenge(session_id_ bigint, challenge_ bytea) returns boolean
language plpgsql security definer set search_path = pg_catalog as $$
begin
    update daicho.session s set challenge = challenge_, challenge_at = daicho.clock() where s.id = session_id_ and s.account_id = daicho.factor_door();
    return found;
end
$$;

create function daicho.factor_challenge_take(session_id_ bigint) returns bytea
language plpgsql security definer set search_path = pg_catalog as $$
declare
    taken bytea;
begin
    select case when s.challenge_at > daicho.clock() - interval '5 minutes' then s.challenge end into taken
    from daicho.session s where s.id = session_id_ and s.account_id = daicho.factor_door() for update;
    update daicho.session s set challenge = null, challenge_at = null where s.id = session_id_ and s.challenge is not null;
    return taken;
end
$$;

-- What the account can prove itself with: its confirmed factors.
create function daicho.factor_read()
returns table (id bigint, kind text, name text, secret bytea, last_step bigint, credential bytea, public_key bytea, algorithm int, sign_count bigint)
language sql security definer set search_path = pg_catalog as $$
    select f.id, f.kind, f.name, f.secret, f.last_step, f.credential, f.public_key, f.algorithm, f.sign_count
    from daicho.factor f where f.account_id = daicho.factor_door() and f.confirmed_at is not null order by f.id
$$;

-- At most ten factors, three of them apps: each app more is one more code that fits. A log-in that has proven nothing but the password sets up the first
-- one only: when another log-in was quicker, that one is to be given.
create function daicho.factor_room(whose bigint, session_id_ bigint, kind_ text) returns boolean
language plpgsql security definer set search_path = pg_catalog as $$
begin
    perform 1 from daicho.account a where a.id = whose for update;
    perform 1 from daicho.session s join daicho.account a on a.id = s.account_id
    where s.id = session_id_ and a.id = whose and (a.factors = 0 or s.stage = 'full' and (s.factor is not null or not a.factor_required));
    if not found then
        raise insufficient_privilege using message = 'the second factor this account has is to be given first';
    end if;
    return (select count(*) < 10 and count(*) filter (where f.kind = 'totp') < case kind_ when 'totp' then 3 else 10 end
        from daicho.factor f where f.account_id = whose and f.confirmed_at is not null);
end
$$;

-- An app: its seed waits a quarter of an hour for the first code. Null: there is no room for another.
create function daicho.factor_totp_begin(session_id_ bigint, name_ text, secret_ bytea) returns bigint
language plpgsql security definer set search_path = pg_catalog as $$
declare
    whose bigint := daicho.factor_door();
    made bigint;
begin
    if not daicho.factor_room(whose, session_id_, 'totp') then
        return null;
    end if;
    delete from daicho.factor f where f.account_id = whose and f.confirmed_at is null;
    insert into daicho.factor (tenant, account_id, kind, name, secret) values (daicho.role_tenant(), whose, 'totp', name_, secret_) returning id into made;
    return made;
end
$$;

create function daicho.factor_totp_waiting(id_ bigint) returns bytea language sql security definer set search_path = pg_catalog as $$
    select f.secret from daicho.factor f
    where f.id = id_ and f.account_id = daicho.factor_door() and f.kind = 'totp' and f.confirmed_at is null
        and f.created_at > daicho.clock() - interval '15 minutes'
$$;

create function daicho.factor_totp_confirm(session_id_ bigint, id_ bigint, step_ bigint) returns boolean
language plpgsql security definer set search_path = pg_catalog as $$
declare
    whose bigint := daicho.factor_door();
begin
    if not daicho.factor_room(whose, session_id_, 'totp') then
        return false;
    end if;
    update daicho.factor f set confirmed_at = daicho.clock(), last_step = step_, used_at = daicho.clock()
    where f.id = id_ and f.account_id = whose and f.kind = 'totp' and f.confirmed_at is null and f.created_at > daicho.clock() - interval '15 minutes';
    return found;
end
$$;

-- A code was right: it is used now, and no code of its step or an earlier one is ever right again. False: somebody was quicker. secret_: the seed
-- sealed anew, when it was sealed with an older key.
create function daicho.factor_totp_use(id_ bigint, step_ bigint, secret_ bytea) returns boolean
language plpgsql security definer set search_path = pg_catalog as $$
declare
    whose bigint := daicho.factor_door();
begin
    update daicho.factor f set last_step = step_, used_at = daicho.clock(), secret = coalesce(secret_, f.secret)
    where f.id = id_ and f.account_id = whose and f.kind = 'totp' and f.confirmed_at is not null and coalesce(f.last_step, -1) < step_;
    if not found then
        return false;
    end if;
    perform daicho.factor_right(whose);
    return true;
end
$$;

create function daicho.factor_passkey_add(session_id_ bigint, name_ text, credential_ bytea, public_key_ bytea, algorithm_ int, sign_count_ bigint)
    returns bigint
language plpgsql security definer set search_path = pg_catalog as $$
declare
    whose bigint := daicho.factor_door();
    made bigint;
begin
    if not daicho.factor_room(whose, session_id_, 'passkey') then
        return null;
    end if;
    insert into daicho.factor (tenant, account_id, kind, name, credential, public_key, algorithm, sign_count, confirmed_at)
    values (daicho.role_tenant(), whose, 'passkey', name_, credential_, public_key_, algorithm_, sign_count_, daicho.clock()) returning id into made;
    return made;
end
$$;

-- The signature was right. False: its count does not grow, so there are two of this key.
create function daicho.factor_passkey_use(id_ bigint, sign_count_ bigint) returns boolean
language plpgsql security definer set search_path = pg_catalog as $$
declare
    whose bigint := daicho.factor_door();
begin
    update daicho.factor f set sign_count = sign_count_, used_at = daicho.clock()
    where f.id = id_ and f.account_id = whose and f.kind = 'passkey' and f.confirmed_at is not null
        and (f.sign_count = 0 and sign_count_ = 0 or sign_count_ > f.sign_count);
    if not found then
        return false;
    end if;
    perform daicho.factor_right(whose);
    return true;
end
$$;

create function daicho.factor_recovery_set(hashes bytea[]) returns void
language plpgsql security definer set search_path = pg_catalog as $$
declare
    whose bigint := daicho.factor_door();
begin
    perform 1 from daicho.account a where a.id = whose for update;
    delete from daicho.recovery_code c where c.account_id = whose;
    insert into daicho.recovery_code (account_id, tenant, hash) select whose, daicho.role_tenant(), h from unnest(hashes) h;
end
$$;

create function daicho.factor_recovery_use(hash_ bytea) returns boolean
language plpgsql security definer set search_path = pg_catalog as $$
declare
    whose bigint := daicho.factor_door();
begin
    update daicho.recovery_code c set used_at = daicho.clock() where c.account_id = whose and c.hash = hash_ and c.used_at is null;
    if not found then
        return false;
    end if;
    perform daicho.factor_right(whose);
    return true;
end
$$;

-- One of the own factors goes: gone | last (it is required) | unknown. With the last one the recovery codes go.
create function daicho.factor_remove(id_ bigint) returns text
language plpgsql security definer set search_path = pg_catalog as $$
declare
    whose bigint := daicho.factor_door();
    a record;
begin
    select x.factor_required, x.factors into a from daicho.account x where x.id = whose for update;
    perform 1 from daicho.factor f where f.id = id_ and f.account_id = whose and f.confirmed_at is not null;
    if not found then
        return 'unknown';
    end if;
    if a.factor_required and a.factors = 1 then
        return 'last';
    end if;
    delete from daicho.factor f where f.id = id_;
    if a.factors = 1 then
        delete from daicho.recovery_code c where c.account_id = whose;
    end if;
    return 'gone';
end
$$;

-- Somebody's factors are taken away (a lost device): a new one must be set up before anything else; every session ends.
create function daicho.factor_reset(account_id_ bigint) returns boolean
language plpgsql security definer set search_path = pg_catalog as $$
begin
    if session_user not in ('daicho_auth', 'daicho_cli') then
        raise insufficient_privilege using message = 'second factors are taken away by the auth processes only';
    end if;
    -- what the masked role must not do by the back door: get into an account that sees more than it
    if current_setting('role') ~ '_masked$' and exists (select from daicho.account a where a.id = account_id_ and a.sees_personal) then
        raise insufficient_privilege using message = 'this account sees more than the one that asks';
    end if;
    perform 1 from daicho.account a where a.id = account_id_ and a.tenant = daicho.role_tenant() for update;
    if not found then
        return false;
    end if;
    delete from daicho.factor f where f.account_id = account_id_;
    delete from daicho.recovery_code c where c.account_id = account_id_;
    update daicho.account a set factor_anew = true, factor_failures = 0, factor_failed_at = null where a.id = account_id_;
    delete from daicho.session s where s.account_id = account_id_;
    return true;
end
$$;

-- Somebody logged in has proven again who they are. The token stays: what they were typing must still be taken.
create function daicho.factor_prove(session_id_ bigint, proof text) returns boolean
language plpgsql security definer set search_path = pg_catalog as $$
declare
    whose bigint := daicho.factor_door();
begin
    update daicho.session s set proven_at = daicho.clock(), factor = case when proof = 'password' then s.factor else proof end
    where s.id = session_id_ and s.account_id = whose and s.stage = 'full';
    if not found then
        return false;
    end if;
    perform daicho.factor_right(whose);
    return true;
end
$$;

-- Who needs one: who administers anything, always; whose group asks for it; everybody where the operator or the contract says so; and whose factors
-- somebody took away.
-- Nobody in the contract can switch the first off. Comes after the trigger work_out
-- (triggers run in the order of their names), which has put down the words.
create function daicho.account_factor_out() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
begin
    new.factor_required := new.factor_anew
        or string_to_array(new.words, ' ') && array['account.manage', 'person.manage', 'policy.manage', 'session.manage', 'key.manage',
            'certificate.manage', 'provider.manage', 'support.approve', 'support.ask', 'log.erase', 'tenant.manage']
        or exists (select from daicho.account_group g where g.id = any (new.groups) and g.tenant = new.tenant and g.factor_required)
        or exists (select from daicho.tenant t where t.name = new.tenant and t.factor_everybody)
        or exists (select from daicho.policy p where p.tenant = new.tenant and p.factor_always);
    return new;
end
$$;
create trigger work_out_factor before insert or update of tenant, groups, grants, denials, words, group_names, sees_personal, factor_required, factor_anew
    on daicho.account for each row execute function daicho.account_factor_out();

update daicho.account set words = '';

-- The operator's switch of a contract.
create function daicho.tenant_factor_tell() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
begin
    update daicho.account a set words = '' where a.tenant = new.name;
    return null;
end
$$;
create trigger factor_tell after update of factor_everybody on daicho.tenant
    for each row when (old.factor_everybody is distinct from new.factor_everybody) execute function daicho.tenant_factor_tell();

-- The contract's own switch.
create function daicho.policy_factor_tell() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
begin
    update daicho.account a set words = '' where a.tenant = new.tenant;
    return null;
end
$$;
create trigger factor_tell after update of factor_always on daicho.policy
    for each row when (old.factor_always is distinct from new.factor_always) execute function daicho.policy_factor_tell();

grant update (name) on daicho.factor to daicho_tenant;
-- whoever unlocks an account forgives its wrong codes, too
grant update (factor_failures, factor_failed_at) on daicho.account to daicho_tenant;

revoke execute on function daicho.factor_door(), daicho.factor_attempt(bigint), daicho.factor_right(bigint), daicho.factor_challenge(bigint, bytea),
    daicho.factor_challenge_take(bigint), daicho.factor_read(), daicho.factor_room(bigint, bigint, text), daicho.factor_totp_begin(bigint, text, bytea),
    daicho.factor_totp_waiting(bigint), daicho.factor_totp_confirm(bigint, bigint, bigint), daicho.factor_totp_use(bigint, bigint, bytea),
    daicho.factor_passkey_add(bigint, text, bytea, bytea, int, bigint), daicho.factor_passkey_use(bigint, bigint), daicho.factor_recovery_set(bytea[]),
    daicho.factor_recovery_use(bytea), daicho.factor_remove(bigint), daicho.factor_reset(bigint),
    daicho.factor_prove(bigint, text), daicho.account_factor_out(), daicho.tenant_factor_tell(), daicho.policy_factor_tell() from public;
grant execute on function daicho.factor_attempt(bigint), daicho.factor_challenge(bigint, bytea), daicho.factor_challenge_take(bigint),
    daicho.factor_read(), daicho.factor_totp_begin(bigint, text, bytea), daicho.factor_totp_waiting(bigint), daicho.factor_totp_confirm(bigint, bigint, bigint),
    daicho.factor_totp_use(bigint, bigint, bytea), daicho.factor_passkey_add(bigint, text, bytea, bytea, int, bigint),
    daicho.factor_passkey_use(bigint, bigint), daicho.factor_recovery_set(bytea[]), daicho.factor_recovery_use(bytea), daicho.factor_remove(bigint),
    daicho.factor_reset(bigint), daicho.factor_prove(bigint, text) to daicho_tenant;
