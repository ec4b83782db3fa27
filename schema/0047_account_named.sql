-- Why: who builds for a contract as the owner of all tables sees the accounts of every contract; a name means somebody of this one only.
create or replace view daicho.account_named with (security_invoker, security_barrier) as
    select a.id, a.login, a.name, a.state, case when a.login ~ '^[0-9]+$' then '#' || a.id else a.login end as filed, a.tenant
    from daicho.account a
    union all
    select x.id, '#' || x.id, p.name, 'ended', '#' || x.id, p.tenant
    from daicho.account_past x
    join daicho.person p on p.id = x.person_id;
