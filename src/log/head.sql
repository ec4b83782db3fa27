-- Which trees there are and how far they are sealed, as the database knows it (schema/0014_seal.sql).

-- Of the contract entered, or of the house. waiting: entries of the contract that are not sealed yet, counted up to 10 000: it stands on the first page of
-- the log, too.
-- head_tree(house bool) -> one head_tree_row(part text, generation int, signed_at time?, refused text?, waiting int)
select t.part, t.generation::bigint as generation, t.signed_at, t.refused,
    case when $1 then 0 else (select count(*) from (select from tenant.log l where (l.xid, l.id) > (t.last_xid, t.last_id) limit 10000) w) end as waiting
from daicho.seal_tree t
where case when $1 then t.part = 'house' else t.tenant = daicho.tenant() end;

-- All logs of the house, for its operator.
-- head_list() -> many(100000) head_row(tenant text?, origin text?, size int, signed_at time?, refused text?)
select t.tenant, t.origin, t.size, t.signed_at, t.refused from daicho.seal_tree t order by t.part = 'house', t.tenant;

-- head_now() -> one time
select daicho.clock();
