-- What reviews ask for is asked of all contracts at once, every few seconds: one pass over the tables, no function for each contract.
create or replace function daicho.review_tasks() returns table (tenant text, number bigint, due_at timestamptz, open boolean, tell text, event bigint)
language sql stable security definer set search_path = pg_catalog as $$
    select t.name, hashtextextended(t.name, 0) & 9223372036854775807, d.at, d.at <= daicho.clock() and r.opened is not true,
        case when d.at <= daicho.clock() and x.overdue is not true then 'overdue'
            when d.at > daicho.clock() and d.at <= daicho.clock() + interval '14 days' and x.tenant is null then 'soon' end, r.event
    from daicho.tenant t
    join daicho.policy y on y.tenant = t.name
    left join (
        select r.tenant, max(r.closed_at) filter (where r.scope = 'all') as closed_at, bool_or(r.scope = 'all' and r.closed_at is null) as opened,
            min(r.id) filter (where r.scope = 'event' and r.closed_at is null and r.told_at is null) as event
        from daicho.access_review r group by r.tenant) r on r.tenant = t.name
    cross join lateral (select coalesce(r.closed_at, t.created_at) + make_interval(days => y.review_days) as at) d
    left join (select x.tenant, x.due_at, bool_or(x.what = 'overdue') as overdue from daicho.access_review_told x group by x.tenant, x.due_at) x
        on x.tenant = t.name and x.due_at = d.at
    where t.state = 'active' and exists (select from daicho.account a where a.tenant = t.name and a.state = 'active')
$$;
