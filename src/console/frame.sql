-- frame_all(lang text) -> many(1001) frame_row(name text?, title text?, kind text?, about int, running int)
-- Everything around a page in one trip: registers with about-counts (statistics of the running server, or of the last ANALYZE), jobs under way.
select r.name, coalesce(r.definition -> 'title' ->> $1::text, r.definition -> 'title' ->> 'ja', r.name) as title, r.definition ->> 'kind' as kind,
    greatest(case when pg_catalog.pg_stat_get_live_tuples(c.oid) > 0 then pg_catalog.pg_stat_get_live_tuples(c.oid) else coalesce(c.reltuples, 0) end, 0)::bigint as about,
    (select count(*) from daicho.job j where j.state in ('queued', 'running')) as running
from (values (1)) one
left join tenant.register r on r.state = 'active'
left join pg_catalog.pg_class t on t.oid = r.tableoid
left join pg_catalog.pg_class c on c.relname = 'r_' || r.name and c.relnamespace = t.relnamespace
order by r.position, r.id;
