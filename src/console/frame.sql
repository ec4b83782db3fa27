-- frame_all(lang text) -> many(1001) frame_row(name text?, title text?, kind text?, about int, running int)
-- Everything around a page in one trip: registers with about-counts (statistics of the running server, or of the last ANALYZE), jobs under way.
select r.name, coalesce(r.definition -> 'title' ->> $1::text, r.definition -> 'title' ->> 'ja', r.name) as title, r.definition ->> 'kind' as kind,
    coalesce(a.about, 0) as about,
    (select count(*) from daicho.job j where j.state in ('queued', 'running')) as running
from (values (1)) one
left join tenant.register r on r.state = 'active'
left join daicho.register_about(array(select x.name from tenant.register x where x.state = 'active')) a on a.name = r.name
order by r.position, r.id;
