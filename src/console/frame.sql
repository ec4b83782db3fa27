-- frame_all(lang text, session int, all bool, names text, read_all bool, read_names text, words text) -> many(1001) frame_row(name text?, title text?, kind text?, about int, running int,
--     ends_at time?, erase_at time?, shared bool, waiting int, approval bool?, change_id int?, change_ja text?, change_en text?, change_from time?, change_to time?,
--     change_more int?, unconfirmed int?, overdue int)
-- Everything around a page in one trip: registers with about-counts (statistics of the running server, or of the last ANALYZE), jobs under way.
select r.name, coalesce(r.definition -> 'title' ->> $1::text, r.definition -> 'title' ->> 'ja', r.name) as title, r.definition ->> 'kind' as kind,
    coalesce(a.about, 0) as about,
    (select count(*) from daicho.job j where j.state in ('queued', 'running')
        and (j.register is null or $3::boolean <> (j.register = any (string_to_array($4::text, ' '))))) as running,
    t.ends_at, t.erase_at, daicho.session_shared($2::bigint) as shared,
    (select count(*) from daicho.access_request q where q.state = 'asked') as waiting, (select p.access_approval from daicho.policy p) as approval,
    b.id as change_id, b.title_ja as change_ja, b.title_en as change_en, b.from_at as change_from, b.to_at as change_to, b.more as change_more, b.unconfirmed,
    (select count(*) from (select from daicho.duty d where d.tenant = t.name and d.stopped_at is null and d.void_at is null and not d.laid and d.due_at < daicho.clock()
        and case when d.kind in ('clock', 'move') then $5::boolean <> (d.register = any (string_to_array($6::text, ' '))) else d.word = any (string_to_array($7::text, ' ')) end
        limit 1000) o) as overdue
from daicho.tenant t
left join daicho.change_ahead() b on true
left join tenant.register r on r.state = 'active'
left join daicho.register_about(array(select x.name from tenant.register x where x.state = 'active')) a on a.name = r.name
where t.name = daicho.tenant()
order by r.position, r.id;
