-- Declarations of leavers about their own devices. Who may write them stands in schema/0032_leaving_device.sql.

-- declaration_list(device_id int) -> many(50) declaration_row(id int, signed_by text, signed_at time, own bool, mine bool, reason text?, how text?, countersigned_by text?,
--     countersigned_at time?, void_at time?, void_by text?, void_reason text?)
select c.id, c.signed_by, c.signed_at, c.signed_person = c.person_id as own, coalesce(c.signed_person = w.person_id, false) as mine, c.reason, c.how, c.countersigned_by,
    c.countersigned_at, c.void_at, c.void_by, c.void_reason
from daicho.declaration c cross join daicho.acting() w where c.device_id = $1 order by c.id desc limit 50;

-- device_id 0: of no device, alive.
-- declaration_ties(device_id int) -> many(400) declaration_tied(kind text, id int, name text, live bool)
select 'certificate' as kind, c.id, c.name || ' (' || left(c.serial, 8) || '…)' as name, c.revoked_at is null and c.expires_at > daicho.clock() as live from daicho.certificate c
where case when $1::bigint = 0 then c.device_id is null and c.revoked_at is null and c.expires_at > daicho.clock() else c.device_id = $1::bigint end
union all
select 'key' as kind, k.id, k.name, k.revoked_at is null as live from daicho.api_key k
where case when $1::bigint = 0 then k.device_id is null and k.revoked_at is null else k.device_id = $1::bigint end
order by kind, id desc
limit 400;

-- declaration_mine() -> many(50) declaration_wanted(id int, name text, due_at time)
select d.id, d.name, d.declare_at as due_at from daicho.device_now d join daicho.acting() w on w.kind = 'account' and w.person_id = d.person_id
where d.declaration = 'open' order by d.id limit 50;

-- declaration_counts() -> one declaration_counts(signed int, open int)
select count(*) filter (where d.declaration = 'signed') as signed, count(*) filter (where d.declaration = 'open' and d.owner_left) as open from daicho.device_now d;

-- Null: not wanted, signed already, or changed meanwhile.
-- declaration_sign(device_id int, version int, reason text?, how text?) -> one int?
select daicho.device_declare($1, $2, $3, $4) as id;

-- declaration_decide(device_id int, version int, good bool, reason text?) -> one int?
select daicho.device_countersign($1, $2, $3, $4) as id;

-- declaration_tie(device_id int, certificate_id int?, key_id int?) -> one text?
select daicho.device_tie($1, $2, $3) as name;
