-- Where an entry stands in the tree of the contract, and the entries in the order of the tree (schema/0014_seal.sql, schema/tenant/0002_seal.sql).

-- prove_tree() -> maybe prove_tree_row(part text, generation int, size int, signed_at time?, refused text?)
select t.part, t.generation::bigint as generation, t.size, t.signed_at, t.refused from daicho.seal_tree t where t.tenant = daicho.tenant();

-- The leaf of an entry: counted backwards from the end of the batch it was sealed with. No row: it has not been sealed yet, or there is none.
-- prove_place(id int) -> maybe prove_place_row(generation int, index int)
select s.generation::bigint as generation, s.first + s.count - 1
    - (select count(*) from tenant.log n where (n.xid, n.id) > (l.xid, l.id) and (n.xid, n.id) <= (s.last_xid, s.last_id)) as index
from tenant.log l
join lateral (
    select b.generation, b.first, b.count, b.last_xid, b.last_id from tenant.seal b
    where (b.last_xid, b.last_id) >= (l.xid, l.id) order by b.last_xid, b.last_id limit 1
) s on true
where l.id = $1;

-- Behind which entry a generation begins, and with which leaf.
-- prove_begin(generation int) -> maybe prove_begin_row(last_xid text, last_id int)
select s.last_xid::text as last_xid, s.last_id from tenant.seal s where s.generation < $1::bigint order by s.last_xid desc, s.last_id desc limit 1;

-- prove_entries(xid text, id int, max int) -> many(256) prove_entry(id int, xid text, time_us int, actor_kind text, actor_id int, actor text,
--     groups text, source text, verb text, kind text?, subject_id int?, result text, commitment bytea?, salt bytea?, detail text?)
select l.id, l.xid::text as xid, (extract(epoch from l.at) * 1000000)::bigint as time_us, l.actor_kind, l.actor_id, l.actor, l.groups, l.source, l.verb,
    l.kind, l.subject_id, l.result, l.commitment, d.salt, d.detail
from tenant.log l left join tenant.log_detail d on d.id = l.id
where (l.xid, l.id) > ($1::text::xid8, $2) order by l.xid, l.id limit $3::bigint;

-- prove_entry_find(id int) -> maybe prove_entry
select l.id, l.xid::text as xid, (extract(epoch from l.at) * 1000000)::bigint as time_us, l.actor_kind, l.actor_id, l.actor, l.groups, l.source, l.verb,
    l.kind, l.subject_id, l.result, l.commitment, d.salt, d.detail
from tenant.log l left join tenant.log_detail d on d.id = l.id
where l.id = $1;
