-- An entry and its leaf in the tree of the contract: counted backwards from the end of the batch it was sealed with (schema/tenant/0002_seal.sql).
-- No generation: it has not been sealed yet.
-- proof_entry(id int) -> maybe proof_row(id int, time_us int, actor_kind text, actor_id int, actor text, groups text, source text, verb text, kind text?,
--     subject_id int?, result text, commitment bytea?, part text, generation int?, index int?)
select l.id, (extract(epoch from l.at) * 1000000)::bigint as time_us, l.actor_kind, l.actor_id, l.actor, l.groups, l.source, l.verb, l.kind,
    l.subject_id, l.result, l.commitment, t.part, s.generation::bigint as generation,
    s.first + s.count - 1
        - (select count(*) from tenant.log n where (n.xid, n.id) > (l.xid, l.id) and (n.xid, n.id) <= (s.last_xid, s.last_id)) as index
from tenant.log l
join daicho.seal_tree t on t.tenant = daicho.tenant()
left join lateral (
    select b.generation, b.first, b.count, b.last_xid, b.last_id from tenant.seal b
    where (b.last_xid, b.last_id) >= (l.xid, l.id) order by b.last_xid, b.last_id limit 1
) s on true
where l.id = $1;
