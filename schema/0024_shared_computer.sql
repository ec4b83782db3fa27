-- Why: on a computer others use as well nothing is to be left behind. Whoever says so at the log-in, or later, gets a session that ends within the hour
-- and hands out no file; the session cannot be made an ordinary one again.
alter table daicho.session add column shared boolean not null default false;
grant select (shared) on daicho.session to daicho_tenant;

create function daicho.session_share(token_hash_ bytea) returns boolean
language plpgsql security definer set search_path = pg_catalog as $$
begin
    update daicho.session s set shared = true, expires_at = least(s.expires_at, daicho.clock() + interval '1 hour')
    where s.token_hash = token_hash_ and not s.shared and (s.tenant = daicho.role_tenant()
        or exists (select from daicho.support_grant g where g.id = s.acting and g.tenant = daicho.role_tenant()));
    return found;
end
$$;

create function daicho.session_shared(session_id_ bigint) returns boolean
language sql stable security definer set search_path = pg_catalog as $$
    select exists (select from daicho.session s where s.id = session_id_ and s.shared and (s.tenant = daicho.role_tenant()
        or exists (select from daicho.support_grant g where g.id = s.acting and g.tenant = daicho.role_tenant())))
$$;
revoke execute on function daicho.session_share(bytea), daicho.session_shared(bigint) from public;
grant execute on function daicho.session_share(bytea), daicho.session_shared(bigint) to daicho_tenant;
