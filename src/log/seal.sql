-- What the sealer asks, through the owner's doors (schema/0014_seal.sql).

-- pid 0: another sealer is at work.
-- seal_lock() -> one seal_turn(pid int, now_ms int)
select case when daicho.seal_lock() then pg_catalog.pg_backend_pid() else 0 end as pid,
    (extract(epoch from daicho.clock()) * 1000)::bigint as now_ms;

-- The house's own tree comes last: it takes in what the others have published.
-- all: each log is asked whether something waits; else those of still contracts are not.
-- seal_trees(all bool) -> many(100000) seal_tree_row(part text, house bool, ended bool, generation int, origin text?, size int, last_xid text, last_id int,
--     signed_at time?, refused text?, waiting bool)
select t.part, t.part = 'house' as house, t.part <> 'house' and t.tenant is null as ended, t.generation::bigint as generation, t.origin, t.size, t.last_xid::text as last_xid, t.last_id, t.signed_at, t.refused,
    w is not null as waiting
from daicho.seal_trees() t
left join daicho.seal_waiting($1) w on w = t.part
order by house, t.part;

-- seal_read(part text, xid text, id int, max int) -> many(4096) seal_entry(id int, xid text, time_us int, actor_kind text, actor_id int, actor text,
--     groups text, source text, verb text, kind text?, subject_id int?, result text, commitment bytea?, body text?)
select e.id, e.xid::text as xid, e.time_us, e.actor_kind, e.actor_id, e.actor, e.groups, e.source, e.verb, e.kind, e.subject_id, e.result,
    e.commitment, e.body
from daicho.seal_read($1, $2::text::xid8, $3, $4::bigint::int) e;

-- seal_write(part text, generation int, first int, count int, xid text, id int) -> one bool
select daicho.seal_write($1, $2::bigint::int, $3, $4::bigint::int, $5::text::xid8, $6);

-- seal_tell(part text, origin text?, signed bool, refused text?) -> none
select daicho.seal_tell($1, $2, $3, $4);

-- seal_note_write(kind text, body text) -> none
select daicho.seal_note_write($1, $2);

-- seal_restart(part text, generation int, size int) -> none
select daicho.seal_restart($1, $2::bigint::int, $3);

-- seal_close(part text) -> none
select daicho.seal_close($1);
