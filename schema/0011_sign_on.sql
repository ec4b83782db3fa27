-- Why: sign-on with a provider (OpenID Connect, Google, LINE, GitHub). Attempts that work once and in one browser only, who is linked to whom, people who
-- apply, sessions that end with the provider's token, and contracts without passwords. One kind of process speaks with providers, daicho_sso; it is
-- let into these tables by the functions below and into no other, sees no password hash, no seed and nobody's personal items.

-- What a contract wants ---------------------------------------------------------------------------------------------------------------------
alter table daicho.policy
    add column provider_kinds text[] check (cardinality(provider_kinds) between 1 and 4
        and provider_kinds <@ array['oidc', 'google', 'line', 'github']);  -- null: any
grant update (provider_kinds, factor_always) on daicho.policy to daicho_tenant;

-- A subject is a name given by an issuer: one provider for one issuer, and it never becomes another.
create unique index provider_issuer_key on daicho.provider (tenant, issuer);
revoke update (issuer) on daicho.provider from daicho_tenant;

-- Links: made by the functions below only; people of the contract approve, refuse and take away.
alter table daicho.identity add column refused_at timestamptz,
    add constraint identity_refused_check check (refused_at is null or account_id is null);
create index identity_account_idx on daicho.identity (account_id);
create index identity_applied_idx on daicho.identity (tenant, id) where account_id is null;
revoke insert, update on daicho.identity from daicho_tenant;
grant update (account_id, refused_at) on daicho.identity to daicho_tenant;
create policy masked_change on daicho.identity as restrictive for update to daicho_tenant
    using (true) with check (current_user::text !~ '_masked$' or account_id is null
        or not exists (select from daicho.account a where a.id = account_id and a.sees_personal));

-- Whoever opens this link and proves who they are at the provider is from then on this account. The link holds 32 random bytes; here is their hash.
create table daicho.invitation (
    id bigint generated always as identity primary key,
    tenant text not null references daicho.tenant on delete cascade,
    provider_id bigint not null references daicho.provider on delete cascade,
    account_id bigint not null references daicho.account on delete cascade,
    token_hash bytea not null unique,
    made_by text not null,
    created_at timestamptz not null default daicho.clock(),
    expires_at timestamptz not null default daicho.clock() + interval '7 days',
    unique (provider_id, account_id)
);
create policy masked_write on daicho.invitation as restrictive for insert to daicho_tenant
    with check (current_user::text !~ '_masked$' or account_id::text = split_part(current_setting('daicho.actor', true), ':', 2)
        or not exists (select from daicho.account a where a.id = account_id and a.sees_personal));

alter table daicho.sign_on add column invitation_id bigint references daicho.invitation on delete cascade;
create index sign_on_created_idx on daicho.sign_on (created_at);
revoke all on daicho.sign_on from daicho_tenant;

-- Failed answers of providers, by the address of the browser that brought them.
create table daicho.sign_on_failure (
    source text not null,
    at timestamptz not null default daicho.clock()
);
create index sign_on_failure_idx on daicho.sign_on_failure (source, at);

-- What a session is asked about again before the provider's token ends. The refresh token is sealed; only the sso processes hold the key.
alter table daicho.session add column context jsonb;         -- what the provider said of the proof: {"amr": […], "acr": …, "auth_time": …}
grant select (provider_id, context) on daicho.session to daicho_tenant;
create table daicho.renewal (
    session_id bigint primary key references daicho.session (id) on delete cascade,
    tenant text not null references daicho.tenant on delete cascade,
    provider_id bigint not null references daicho.provider on delete cascade,
    subject text not null,
    sealed bytea not null,
    due_at timestamptz not null
);
create index renewal_due_idx on daicho.renewal (due_at);

do $$
declare
    t text;
begin
    foreach t in array array['invitation', 'renewal', 'sign_on_failure'] loop
        execute format('alter table daicho.%I enable row level security', t);
        execute format('alter table daicho.%I force row level security', t);
        execute format('create policy house on daicho.%I to daicho_owner using (true) with check (true)', t);
    end loop;
    create policy own on daicho.invitation to daicho_tenant using (tenant = (select daicho.tenant())) with check (tenant = (select daicho.tenant()));
end
$$;
grant select (id, tenant, provider_id, account_id, made_by, created_at, expires_at), insert (tenant, provider_id, account_id, token_hash, made_by), delete
    on daicho.invitation to daicho_tenant;

-- A contract without passwords -----------------------------------------------------------------------------------------------------------------
-- Can somebody who manages accounts come in without a password?
create function daicho.sign_on_ready(tenant_ text) returns boolean
language sql stable security definer set search_path = pg_catalog as $$
    select exists (select from daicho.identity i
        join daicho.provider v on v.id = i.provider_id and v.active
        join daicho.policy p on p.tenant = i.tenant and (p.provider_kinds is null or v.kind = any (p.provider_kinds))
        join daicho.account a on a.id = i.account_id and a.state = 'active'
        where i.tenant = tenant_ and 'account.manage' = any (string_to_array(a.words, ' ')))
$$;

create function daicho.policy_guard() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
begin
    if old.factor_always and not new.factor_always then
        raise check_violation using message = 'the second factor for everybody stays on', table = 'policy', constraint = 'policy_factor_always_check';
    end if;
    if not new.password_login and not daicho.sign_on_ready(new.tenant) and session_user <> 'daicho_cli' then
        raise check_violation using message = 'nobody could manage accounts', table = 'policy', constraint = 'policy_password_login_check';
    end if;
    if old.password_login and not new.password_login then
        delete from daicho.credential c using daicho.account a where a.id = c.account_id and a.tenant = new.tenant;
        update daicho.account set must_change = false, password_at = null where tenant = new.tenant and (must_change or password_at is not null);
    end if;
    return null;
end
$$;
create trigger guard after update on daicho.policy for each row execute function daicho.policy_guard();

-- No hash is kept where no password is taken.
create function daicho.credential_guard() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
begin
    if exists (select from daicho.account a join daicho.policy p on p.tenant = a.tenant where a.id = new.account_id and not p.password_login) then
        raise insufficient_privilege using message = 'this contract keeps no passwords';
    end if;
    return new;
end
$$;
create trigger guard before insert or update on daicho.credential for each row execute function daicho.credential_guard();

-- Whoever takes away a provider, a link or an account must leave a way in. The operator may, and can turn passwords on again.
create function daicho.sign_on_guard() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
begin
    if session_user <> 'daicho_cli' and exists (select from daicho.policy p where p.tenant = old.tenant and not p.password_login)
        and exists (select from daicho.tenant t where t.name = old.tenant) and not daicho.sign_on_ready(old.tenant) then
        raise check_violation using message = 'nobody could manage accounts', table = 'policy', constraint = 'policy_password_login_check';
    end if;
    return null;
end
$$;
create trigger guard after delete or update of active on daicho.provider for each row execute function daicho.sign_on_guard();
create trigger guard after delete or update of account_id on daicho.identity for each row execute function daicho.sign_on_guard();
create trigger guard after update on daicho.account for each row when (old.state <> new.state or old.words <> new.words)
    execute function daicho.sign_on_guard();

-- The way in -----------------------------------------------------------------------------------------------------------------------------------
-- What the log-in page of a contract offers. No row: no such contract. Providers null: none.
create function daicho.sign_on_choices(tenant_ text) returns table (password_login boolean, id bigint, kind text, name text)
language sql stable security definer set search_path = pg_catalog as $$
    select p.password_login, v.id, v.kind, v.name
    from daicho.tenant t
    join daicho.policy p on p.tenant = t.name
    left join daicho.provider v on v.tenant = t.name and v.active and (p.provider_kinds is null or v.kind = any (p.provider_kinds))
    where t.name = tenant_ and t.state = 'active'
    order by v.id
$$;

create function daicho.sign_on_only(what text) returns void language plpgsql stable set search_path = pg_catalog as $$
begin
    if session_user <> 'daicho_sso' then
        raise insufficient_privilege using message = what || ' is for the sso processes only';
    end if;
end
$$;

-- A provider of an active contract; allowed: active, and of a kind the contract lets in.
create function daicho.sign_on_provider(tenant_ text, id_ bigint)
returns table (id bigint, tenant text, kind text, name text, issuer text, client_id text, secret_name text, domains text[], factor_trusted boolean, allowed boolean)
language sql stable security definer set search_path = pg_catalog as $$
    select v.id, v.tenant, v.kind, v.name, v.issuer, v.client_id, v.secret_name, v.domains, v.factor_trusted,
        v.active and (p.provider_kinds is null or v.kind = any (p.provider_kinds))
    from daicho.provider v
    join daicho.tenant t on t.name = v.tenant and t.state = 'active' and (t.ends_at is null or t.ends_at > daicho.clock())
    join daicho.policy p on p.tenant = v.tenant
    where v.tenant = tenant_ and v.id = id_
$$;

-- Inside the tenant. False: the invitation is not one, or no longer.
create function daicho.sign_on_begin(provider_id_ bigint, state_hash_ bytea, browser_hash_ bytea, nonce_ text, verifier_ text, next_ text,
    invitation_hash_ bytea) returns boolean
language plpgsql security definer set search_path = pg_catalog as $$
declare
    invited bigint;
begin
    perform daicho.sign_on_only('sign-on');
    delete from daicho.sign_on s where s.created_at < daicho.clock() - interval '10 minutes';
    if invitation_hash_ is not null then
        select i.id into invited from daicho.invitation i
        where i.token_hash = invitation_hash_ and i.provider_id = provider_id_ and i.tenant = daicho.role_tenant() and i.expires_at > daicho.clock();
        if not found then
            return false;
        end if;
    end if;
    insert into daicho.sign_on (state_hash, tenant, provider_id, browser_hash, nonce, verifier, next, invitation_id)
    select state_hash_, v.tenant, v.id, browser_hash_, nonce_, verifier_, next_, invited
    from daicho.provider v where v.id = provider_id_ and v.tenant = daicho.role_tenant();
    return found;
end
$$;

-- The attempt of this state, which is gone with this: it works once, whatever comes of it. Younger than ten minutes only.
create function daicho.sign_on_take(state_hash_ bytea)
returns table (provider_id bigint, tenant text, browser_hash bytea, nonce text, verifier text, next text, invitation_id bigint, now_ms bigint)
language plpgsql security definer set search_path = pg_catalog as $$
begin
    perform daicho.sign_on_only('sign-on');
    return query delete from daicho.sign_on s
    where s.state_hash = state_hash_ and s.created_at > daicho.clock() - interval '10 minutes'
    returning s.provider_id, s.tenant, s.browser_hash, s.nonce, s.verifier, s.next, s.invitation_id,
        (extract(epoch from daicho.clock()) * 1000)::bigint;
end
$$;

-- Too many failed answers from this address in the last ten minutes?
create function daicho.sign_on_busy(source_ text) returns boolean
language sql stable security definer set search_path = pg_catalog as $$
    select count(*) >= 20 from (
        select from daicho.sign_on_failure f where f.source = daicho.address_home(source_) and f.at > daicho.clock() - interval '10 minutes' limit 20) x
$$;
create function daicho.sign_on_failed(source_ text) returns void
language sql security definer set search_path = pg_catalog as $$
    delete from daicho.sign_on_failure f where f.at < daicho.clock() - interval '10 minutes';
    insert into daicho.sign_on_failure (source) values (daicho.address_home(source_))
$$;

-- Inside the tenant: whose account is this subject? linked; applied (a moment ago), pending, refused; unknown; taken (the invitation is for another
-- account), other (the account is linked to another subject), suspended. Of two at once the second waits.
create function daicho.sign_on_account(provider_id_ bigint, subject_ text, invitation_id_ bigint, email_ text, name_ text)
returns table (outcome text, account_id bigint, login text, groups text)
language plpgsql security definer set search_path = pg_catalog as $$
declare
    v record;
    i record;
    invited bigint;
    said text;
begin
    perform daicho.sign_on_only('sign-on');
    select p.id, p.apply into v from daicho.provider p where p.id = provider_id_ and p.tenant = daicho.role_tenant() for update;
    if not found then
        return;
    end if;
    if invitation_id_ is not null then
        delete from daicho.invitation x where x.id = invitation_id_ and x.provider_id = provider_id_ and x.tenant = daicho.role_tenant()
            and x.expires_at > daicho.clock() returning x.account_id into invited;
        if invited is null then
            return query select 'unknown', null::bigint, null::text, null::text;
            return;
        end if;
    end if;
    select x.id, x.account_id, x.refused_at into i from daicho.identity x where x.provider_id = provider_id_ and x.subject = subject_ for update;
    if found and i.account_id is not null and invited is not null and invited <> i.account_id then
        said := 'taken';
    elsif invited is not null and exists (select from daicho.identity x where x.provider_id = provider_id_ and x.account_id = invited and x.subject <> subject_) then
        said := 'other';
    elsif invited is not null or i.account_id is not null then
        said := 'linked';
        insert into daicho.identity as x (tenant, provider_id, subject, account_id, email, name, used_at)
        values (daicho.role_tenant(), provider_id_, subject_, invited, email_, name_, daicho.clock())
        on conflict (provider_id, subject) do update set account_id = coalesce(x.account_id, excluded.account_id), refused_at = null,
            email = coalesce(excluded.email, x.email), name = coalesce(excluded.name, x.name), used_at = daicho.clock();
    elsif i.id is not null then
        said := case when i.refused_at is null then 'pending' else 'refused' end;
    elsif v.apply then
        insert into daicho.identity (tenant, provider_id, subject, email, name) values (daicho.role_tenant(), provider_id_, subject_, email_, name_);
        said := 'applied';
    else
        said := 'unknown';
    end if;
    return query select case when said = 'linked' and a.state <> 'active' then 'suspended' else said end, a.id, a.login, a.group_names
    from (select 1) one left join daicho.identity x on x.provider_id = provider_id_ and x.subject = subject_ and said = 'linked'
    left join daicho.account a on a.id = x.account_id;
end
$$;

-- A new session after the provider has said who it is; like session_open. proof: the provider confirmed a second factor and is trusted with it.
-- lifetime: seconds its token lives, null: it did not say. Gives the stage; 'refused': a second factor is needed, the provider is trusted with it and did
-- not confirm it, and there is none here; null: the account is gone, suspended or not linked.
create function daicho.session_open_by_provider(account_id_ bigint, provider_id_ bigint, token_hash_ bytea, old_hash bytea, source_ text, agent_ text,
    proof boolean, context_ jsonb, lifetime int, sealed_ bytea) returns text
language plpgsql security definer set search_path = pg_catalog as $$
declare
    a record;
    stage_ text;
    expires timestamptz;
    session_id_ bigint;
begin
    perform daicho.sign_on_only('sign-on');
    select x.login, x.group_names, x.factors, x.factor_required or x.factor_renew or p.factor_always as required, p.idle_minutes, p.absolute_hours, v.factor_trusted, i.subject into a
    from daicho.account x
    join daicho.policy p on p.tenant = x.tenant
    join daicho.identity i on i.account_id = x.id and i.provider_id = provider_id_
    join daicho.provider v on v.id = i.provider_id and v.tenant = x.tenant and v.active
    where x.id = account_id_ and x.tenant = daicho.role_tenant() and x.state = 'active'
        and (x.ends_at is null or x.ends_at > daicho.clock()) for update of x;
    if not found then
        return null;
    end if;
    proof := proof and a.factor_trusted;
    if a.required and a.factor_trusted and not proof and a.factors = 0 then
        return 'refused';
    end if;
    update daicho.account set last_login_at = daicho.clock(), failures = 0 where id = account_id_;
    delete from daicho.session s
    where s.token_hash = old_hash or s.account_id = account_id_
        and (s.seen_at <= daicho.clock() - case when s.stage in ('full', 'locked') then make_interval(mins => a.idle_minutes) else interval '10 minutes' end
            or s.expires_at <= daicho.clock());
    stage_ := case when proof then daicho.session_last_stage(account_id_, false, source_) when a.factors > 0 then 'factor' when a.required then 'enroll'
        else daicho.session_last_stage(account_id_, false, source_) end;
    expires := least(daicho.clock() + make_interval(hours => a.absolute_hours), daicho.clock() + make_interval(secs => lifetime));
    insert into daicho.session (token_hash, account_id, tenant, source, agent, stage, factor, expires_at, provider_id, context)
    values (token_hash_, account_id_, daicho.role_tenant(), source_, left(agent_, 300), stage_, case when proof then 'provider' end, expires,
        provider_id_, context_)
    returning id into session_id_;
    -- nobody until now; who it is, only the provider could say
    perform set_config('daicho.actor', 'account:' || account_id_ || ':' || a.login, true), set_config('daicho.groups', a.group_names, true);
    if sealed_ is not null and lifetime is not null then
        insert into daicho.renewal (session_id, tenant, provider_id, subject, sealed, due_at)
        values (session_id_, daicho.role_tenant(), provider_id_, a.subject, sealed_, daicho.clock() + make_interval(secs => lifetime * 0.9));
    end if;
    return stage_;
end
$$;

-- The next session whose provider is to be asked again; nobody else takes it for a minute. Sessions nobody uses any more are left to end.
create function daicho.renewal_take() returns table (session_id bigint, tenant text, account_id bigint, login text, provider_id bigint, subject text, sealed bytea)
language plpgsql security definer set search_path = pg_catalog as $$
begin
    perform daicho.sign_on_only('renewal');
    return query update daicho.renewal r set due_at = daicho.clock() + interval '1 minute'
    from daicho.session s join daicho.account a on a.id = s.account_id join daicho.policy p on p.tenant = s.tenant
    where r.session_id = (
        select d.session_id from daicho.renewal d where d.due_at <= daicho.clock() order by d.due_at limit 1 for update skip locked)
        and s.id = r.session_id
    returning r.session_id, r.tenant, a.id, a.login, r.provider_id, r.subject, r.sealed;
end
$$;

-- The provider said yes: the session lives as long as the new token. sealed null: the refresh token stays what it was.
create function daicho.renewal_done(session_id_ bigint, lifetime int, sealed_ bytea) returns void
language plpgsql security definer set search_path = pg_catalog as $$
begin
    perform daicho.sign_on_only('renewal');
    update daicho.session s
    set expires_at = least(s.created_at + make_interval(hours => p.absolute_hours), daicho.clock() + make_interval(secs => lifetime))
    from daicho.policy p where s.id = session_id_ and p.tenant = s.tenant and s.tenant = daicho.role_tenant();
    update daicho.renewal r set sealed = coalesce(sealed_, r.sealed), due_at = daicho.clock() + make_interval(secs => lifetime * 0.9)
    where r.session_id = session_id_ and r.tenant = daicho.role_tenant();
end
$$;

-- The provider said no: the session ends now.
create function daicho.renewal_refused(session_id_ bigint) returns boolean
language plpgsql security definer set search_path = pg_catalog as $$
begin
    perform daicho.sign_on_only('renewal');
    delete from daicho.session s where s.id = session_id_ and s.tenant = daicho.role_tenant();
    return found;
end
$$;

revoke execute on function daicho.sign_on_ready(text), daicho.policy_guard(), daicho.credential_guard(), daicho.sign_on_guard(), daicho.sign_on_choices(text),
    daicho.sign_on_only(text), daicho.sign_on_provider(text, bigint), daicho.sign_on_begin(bigint, bytea, bytea, text, text, text, bytea),
    daicho.sign_on_take(bytea), daicho.sign_on_busy(text), daicho.sign_on_failed(text), daicho.sign_on_account(bigint, text, bigint, text, text),
    daicho.session_open_by_provider(bigint, bigint, bytea, bytea, text, text, boolean, jsonb, int, bytea), daicho.renewal_take(),
    daicho.renewal_done(bigint, int, bytea), daicho.renewal_refused(bigint) from public;
grant execute on function daicho.sign_on_choices(text) to daicho_web, daicho_auth;
grant execute on function daicho.sign_on_provider(text, bigint), daicho.sign_on_take(bytea), daicho.sign_on_busy(text), daicho.sign_on_failed(text),
    daicho.renewal_take(), daicho.session_enter(bytea, text, text), daicho.key_enter(bytea, text), daicho.tenant_enter(text) to daicho_sso;
grant execute on function daicho.sign_on_begin(bigint, bytea, bytea, text, text, text, bytea), daicho.sign_on_account(bigint, text, bigint, text, text),
    daicho.session_open_by_provider(bigint, bigint, bytea, bytea, text, text, boolean, jsonb, int, bytea), daicho.renewal_done(bigint, int, bytea),
    daicho.renewal_refused(bigint) to daicho_tenant;
grant insert (actor_kind, actor_id, actor, groups, source, verb, kind, subject_id, result, detail) on daicho.log to daicho_sso;
