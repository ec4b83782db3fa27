-- Files of records and evidence: what may be known, handed in and handed out stands in schema/0049_file.sql.

-- attachment_add(register text, item text?, name text, type text, size int, sha256 text, wait bool) -> one attachment_added(id int?, path text?)
select a.id, a.path from daicho.file_add($1, $2, $3, $4, $5, $6, $7) a;

-- attachment_open(id int) -> one attachment_opened(state text?, path text?, name text?, type text?, size int?, sha256 text?)
select o.state, o.path, o.name, o.type, o.size, o.sha256 from daicho.file_open($1) o;

-- attachment_of(register_id int, record int) -> many(200) attachment_row(id int, item text, name text, type text, size int, sha256 text, state text, found text?,
--     uploaded_by text, uploaded_at time, scanned_at time?)
select f.id, f.item, f.name, f.type, f.size, encode(f.sha256, 'hex') as sha256, f.state, f.found, f.uploaded_by, f.uploaded_at, f.scanned_at
from daicho.file f where f.register_id = $1 and f.record = $2 and f.item is not null and f.erase_at is null order by f.id;

-- By the define job.
-- attachment_item(tenant text, register_id int, was text, item text, personal bool) -> none
select daicho.file_item($1, $2, $3, $4, $5);

-- attachment_drop(tenant text, register_id int, item text?) -> none
select daicho.file_drop($1, $2, $3);

-- By the jobs processes.
-- attachment_waiting(after int) -> one attachment_waiting(id int?, tenant text?)
select w.id, w.tenant from daicho.file_waiting($1) w;

-- attachment_unseen(id int) -> one attachment_unseen(path text?, size int?, sha256 text?, record int?, register text?)
select u.path, u.size, u.sha256, u.record, u.register from daicho.file_unseen($1) u;

-- attachment_seen(id int, found text?) -> none
select daicho.file_seen($1, $2);

-- attachment_sweep() -> one int
select daicho.file_sweep() as gone;

-- attachment_evidence() -> none
select daicho.evidence_sweep();

-- attachment_strays(paths text[]) -> many(1000) text
select s from daicho.file_strays($1) s;
