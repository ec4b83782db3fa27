-- Why: telling people. Whoever works in a tenant may write a message down with its work; it goes out when that is committed. The mailer alone takes
-- messages, one at a time, and can do nothing else here. A message is sent at least once: a mailer that dies between sending and noting it sends it again.
create index notice_tenant_idx on daicho.notice (tenant, id desc);
grant insert (tenant, kind, recipient, subject, body, secret) on daicho.notice to daicho_tenant;

-- The house's own messages, about no contract.
create function daicho.notice_house(kind_ text, recipient_ text, subject_ text, body_ text) returns void
language sql security definer set search_path = pg_catalog as $$
    insert into daicho.notice (kind, recipient, subject, body) values (kind_, recipient_, subject_, body_)
$$;

-- The next message that is due. It comes round again after a while unless its end is told: 1, 5, 15 minutes, then every hour, for a day.
create function daicho.notice_take() returns setof daicho.notice
language sql security definer set search_path = pg_catalog as $$
    update daicho.notice set attempt = attempt + 1, not_before = daicho.clock()
        + case attempt when 0 then interval '1 minute' when 1 then interval '5 minutes' when 2 then interval '15 minutes' else interval '1 hour' end
    where id = (select n.id from daicho.notice n where n.state = 'queued' and n.not_before <= daicho.clock()
        order by n.not_before, n.id limit 1 for update skip locked)
    returning *
$$;

-- What became of it: taken by the mail server, refused for good, or not now (it stays queued; given up after a day). A secret body goes with the end.
create function daicho.notice_end(id_ bigint, attempt_ int, result text, said_ text) returns text
language sql security definer set search_path = pg_catalog as $$
    update daicho.notice n set said = left(said_, 300),
        state = e.state, sent_at = case when e.state = 'sent' then daicho.clock() end,
        body = case when n.secret and e.state <> 'queued' then '' else n.body end
    from (select case when result = 'later' then case when x.created_at > daicho.clock() - interval '1 day' then 'queued' else 'failed' end else result end as state
        from daicho.notice x where x.id = id_) e
    where n.id = id_ and n.attempt = attempt_ and n.state = 'queued'
    returning n.state
$$;

-- A first password that nobody used is worth nothing after a week. Setting another one ends the period.
create function daicho.credential_renew() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
begin
    new.expires_at := null;
    return new;
end
$$;
create trigger renew before update of hash on daicho.credential for each row execute function daicho.credential_renew();
create function daicho.credential_expire(account_id_ bigint, days int) returns void
language plpgsql security definer set search_path = pg_catalog as $$
begin
    update daicho.credential c set expires_at = daicho.clock() + make_interval(days => days)
    from daicho.account a where a.id = c.account_id and c.account_id = account_id_ and a.tenant = daicho.role_tenant();
end
$$;

revoke execute on function daicho.notice_house(text, text, text, text), daicho.notice_take(), daicho.notice_end(bigint, int, text, text),
    daicho.credential_renew(), daicho.credential_expire(bigint, int) from public;
grant execute on function daicho.notice_house(text, text, text, text) to daicho_jobs, daicho_cli;
grant execute on function daicho.notice_take(), daicho.notice_end(bigint, int, text, text) to daicho_mailer;
grant execute on function daicho.credential_expire(bigint, int) to daicho_tenant;
