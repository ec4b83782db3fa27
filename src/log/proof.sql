-- Where an entry stands in its tree, asked inside the contract.

-- seated: it has been sealed, as leaf `index` of this generation.
-- proof_entry(id int) -> maybe proof_row(id int, time_us int, actor_kind text, actor_id int, actor text, groups text, source text, verb text, kind text?,
--     subject_id int?, result text, commitment bytea?, seated bool, generation int?, index int?)
select l.id, (extract(epoch from l.at) * 1000000)::bigint as time_us, l.actor_kind, l.actor_id, l.actor, l.groups, l.source, l.verb, l.kind,
    l.subject_id, l.result, l.commitment, s.first is not null as seated, s.generation::bigint as generation,
    s.first - 1 + (select count(*) from tenant.log x
        where (x.xid, x.id) <= (l.xid, l.id) and (x.xid, x.id) > (coalesce(p.last_xid, '0'), coalesce(p.last_id, 0))) as index
from tenant.log l
left join lateral (select t.* from tenant.seal t where (t.last_xid, t.last_id) >= (l.xid, l.id) order by t.last_xid, t.last_id limit 1) s on true
left join lateral (select t.last_xid, t.last_id from tenant.seal t where (t.last_xid, t.last_id) < (s.last_xid, s.last_id)
    order by t.last_xid desc, t.last_id desc limit 1) p on true
where l.id = $1;

-- waiting: entries that are not sealed yet, counted up to 100 000.
-- proof_tree(house bool) -> one proof_tree_row(part text, generation int, size int, signed_at time?, refused text?, waiting int)
select t.part, t.generation::bigint as generation, t.size, t.signed_at, t.refused,
    case when $1 then 0 else (select count(*) from (select from tenant.log l where (l.xid, l.id) > (t.last_xid, t.last_id) limit 100000) w) end as waiting
from daicho.seal_tree t
where case when $1 then t.part = 'house' else t.tenant = daicho.tenant() end;

-- All logs of the house, for its operator.
-- proof_trees() -> many(100000) proof_head(tenant text?, origin text?, size int, signed_at time?, refused text?)
select t.tenant, t.origin, t.size, t.signed_at, t.refused from daicho.seal_tree t order by t.part = 'house', t.tenant;

-- proof_now() -> one time
select daicho.clock();
