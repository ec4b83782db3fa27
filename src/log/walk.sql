-- The entries of the contract in the order of its tree (schema/0014_seal.sql, schema/tenant/0002_seal.sql).

-- Behind which entry a generation begins.
-- walk_begin(generation int) -> maybe walk_begin_row(last_xid text, last_id int)
select s.last_xid::text as last_xid, s.last_id from tenant.seal s where s.generation < $1::bigint order by s.last_xid desc, s.last_id desc limit 1;

-- fingerprint: SHA-256 of salt and detail as they stand there; themselves only when `key` is the hash of a key that may see them (schema/0015_support.sql).
-- walk_rows(xid text, id int, max int, key bytea?) -> many(256) walk_row(id int, xid text, time_us int, actor_kind text, actor_id int, actor text,
--     groups text, source text, verb text, kind text?, subject_id int?, result text, commitment bytea?, fingerprint bytea?, salt bytea?, detail text?)
select l.id, l.xid::text as xid, (extract(epoch from l.at) * 1000000)::bigint as time_us, l.actor_kind, l.actor_id, l.actor, l.groups, l.source, l.verb,
    l.kind, l.subject_id, l.result, l.commitment, b.fingerprint, b.salt, b.detail
from tenant.log l left join daicho.log_beside($4, $1::text::xid8, $2, $3::bigint) b on b.id = l.id
where (l.xid, l.id) > ($1::text::xid8, $2) order by l.xid, l.id limit $3::bigint;
