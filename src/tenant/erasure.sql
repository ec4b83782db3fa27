-- What is left on the disk of what was erased, and that nothing is; as daicho_jobs, the last two as daicho_owner.

-- erasure_step() -> one text?
select daicho.bytes_step() as done;

-- erasure_gone() -> one text?
select daicho.bytes_gone()::text as told;

-- erasure_list(id int) -> many(10000) erasure_row(id int, tenant text, marker text, seed text, places int, gone bool)
select e.id, e.tenant, daicho.erasure_marker(e.seed) as marker, e.seed, cardinality(e.planted)::bigint as places, e.bytes_at is not null as gone
from daicho.erasure e
where e.seed is not null and case when $1::bigint = 0 then e.scanned_at is null else e.id = $1::bigint end
order by e.id;

-- erasure_scanned(id int, files int, bytes int, found int) -> none
select daicho.erasure_scanned($1, $2, $3, $4);
