-- Work devices of the tenant entered, and incidents. Who may change what stands in schema/0025_device.sql.

-- state: as it stands, or 'used', 'deviation', 'unfit' (used, and not compliant), 'unreturned', 'undeclared'. person_id 0: anybody's.
-- device_list(search text?, state text?, kind text?, person_id int, after int, max int) -> many(10001) device_row(id int, person_id int, owner text, kind text, own bool,
--     name text, serial text?, os text, os_version text, lock_method text, lock_minutes int?, malware text?, malware_on bool, malware_scan bool, malware_update bool,
--     encrypted bool, firewall bool, separated bool?, separation_how text?, separation_until date?, evidence text?, attested_at time, state text, used bool,
--     decided_by text?, decided_at time?, reason text?, expires_at time?, version int, created_at time, minimum text?, missing json, deviations json,
--     compliant bool, return_at time?, overdue bool, owner_left bool, declare_at time?, declare_overdue bool, declaration text?,
--     mine bool)
select d.id, d.person_id, d.owner, d.kind, d.own, d.name, d.serial, d.os, d.os_version, d.lock_method, d.lock_minutes, d.malware, d.malware_on, d.malware_scan,
    d.malware_update, d.encrypted, d.firewall, d.separated, d.separation_how, d.separation_until, d.evidence, d.attested_at, d.standing as state, d.used, d.decided_by,
    d.decided_at, d.reason, d.expires_at, d.version, d.created_at, d.minimum, to_jsonb(d.missing) as missing, to_jsonb(d.deviations) as deviations,
    d.compliant, d.return_at, coalesce(d.return_at <= daicho.clock(), false) as overdue, d.owner_left,
    d.declare_at, coalesce(d.declare_at <= daicho.clock(), false) as declare_overdue, d.declaration, coalesce(w.person_id = d.person_id, false) as mine
from daicho.device_now d cross join daicho.acting() w
where ($1::text is null or strpos(lower(d.name), lower($1::text)) > 0 or strpos(lower(d.owner), lower($1::text)) > 0 or strpos(lower(d.serial), lower($1::text)) > 0)
    and ($2::text is null or d.standing = $2::text or $2::text = 'used' and d.used or $2::text = 'deviation' and d.used and d.deviations <> '{}'
        or $2::text = 'unfit' and d.used and not d.compliant or $2::text = 'unreturned' and d.return_at is not null
        or $2::text = 'undeclared' and d.declare_at is not null)
    and ($3::text is null or d.kind = $3::text) and ($4::bigint = 0 or d.person_id = $4::bigint) and d.id > $5
order by d.id
limit $6::bigint;

-- device_find(id int) -> maybe device_row
select d.id, d.person_id, d.owner, d.kind, d.own, d.name, d.serial, d.os, d.os_version, d.lock_method, d.lock_minutes, d.malware, d.malware_on, d.malware_scan,
    d.malware_update, d.encrypted, d.firewall, d.separated, d.separation_how, d.separation_until, d.evidence, d.attested_at, d.standing as state, d.used, d.decided_by,
    d.decided_at, d.reason, d.expires_at, d.version, d.created_at, d.minimum, to_jsonb(d.missing) as missing, to_jsonb(d.deviations) as deviations,
    d.compliant, d.return_at, coalesce(d.return_at <= daicho.clock(), false) as overdue, d.owner_left,
    d.declare_at, coalesce(d.declare_at <= daicho.clock(), false) as declare_overdue, d.declaration, coalesce(w.person_id = d.person_id, false) as mine
from daicho.device_now d cross join daicho.acting() w
where d.id = $1;

-- device_events(id int) -> many(100) device_event_row(what text, by_name text, at time, note text?)
select e.what, e.by_name, e.at, e.note from daicho.device_event e where e.device_id = $1 order by e.id desc limit 100;

-- Of devices in use; people: those with an account that is active.
-- device_figures() -> one device_figures(used int, waiting int, malware int, encrypted int, deviating int, unfit int, people int, unfit_people int, unreturned int,
--     undeclared int)
select count(*) filter (where d.used) as used, count(*) filter (where d.state = 'pending') as waiting,
    count(*) filter (where d.used and d.malware is not null and d.malware_on) as malware, count(*) filter (where d.used and d.encrypted) as encrypted,
    count(*) filter (where d.used and d.deviations <> '{}') as deviating, count(*) filter (where d.used and not d.compliant) as unfit,
    (select count(*) from daicho.account a where a.state = 'active') as people,
    (select count(*) from daicho.account a where a.state = 'active'
        and not exists (select from daicho.device_now c where c.person_id = a.person_id and c.compliant)) as unfit_people,
    count(*) filter (where d.return_at <= daicho.clock()) as unreturned,
    count(*) filter (where d.declare_at is not null and d.owner_left) as undeclared
from daicho.device_now d;

-- Whose account is active, and who has no device in order: why is that of the device nearest to it.
-- device_without() -> many(500) device_lacking(person_id int, name text, login text, why text)
select a.person_id, a.name, a.login, coalesce((select case when n.standing = 'approved' then 'version' else n.standing end from daicho.device_now n
    where n.person_id = a.person_id order by array_position(array['approved', 'pending', 'expired', 'refused', 'lost', 'returned'], n.standing) limit 1), 'none') as why
from daicho.account a
where a.state = 'active' and not exists (select from daicho.device_now c where c.person_id = a.person_id and c.compliant)
order by lower(a.name), a.id
limit 500;

-- device_minimums() -> many(20) device_minimum_row(os text, version text, set_by text, set_at time)
select m.os, m.version, m.set_by, m.set_at from daicho.device_minimum m order by m.os;

-- device_rules() -> one device_rules(required bool, months int, lock_strict bool)
select p.device_required as required, p.device_months as months, p.device_lock_strict as lock_strict from daicho.policy p;

-- id null: a new one. Null: it is not there, or not so any more.
-- device_attest(id int?, version int, person_id int, said json) -> one int?
select daicho.device_attest($1, $2, $3, $4) as id;

-- device_decide(id int, version int, approve bool, reason text?) -> one int?
select daicho.device_decide($1, $2, $3, $4) as id;

-- device_return(id int, version int, note text?) -> one int?
select daicho.device_return($1, $2, $3) as id;

-- Those that fell below.
-- device_minimum_set(os text, version text?) -> many(10000) int
select x as id from daicho.device_minimum_set($1, $2) x;

-- device_account(person_id int) -> maybe int
select a.id from daicho.account a where a.person_id = $1 and a.state = 'active';

-- device_loss(person_id int, device_id int?, what text?, device text?, note text?, at time?) -> one json?
select daicho.person_loss($1, $2, $3, $4, $5, $6) as done;

-- Outside any tenant: the next one about which something is to be told.
-- device_due(after int) -> maybe device_due_row(tenant text, id int)
select tenant, id from daicho.device_due($1);

-- device_tell(id int) -> one text?
select daicho.device_tell($1) as tell;

-- device_incidents(state text?, device_id int, before int, max int) -> many(201) incident_row(id int, kind text, severity text, person_id int, person text, device_id int?,
--     device text?, encrypted bool?, note text?, reporter text, happened_at time, reported_at time, state text, closed_by text?, closed_at time?, closing text?, mine bool)
select i.id, i.kind, i.severity, i.person_id, p.name as person, i.device_id, i.device, i.encrypted, i.note, i.reporter, i.happened_at, i.reported_at, i.state, i.closed_by,
    i.closed_at, i.closing, coalesce(w.person_id = i.person_id, false) as mine
from daicho.incident i join daicho.person p on p.id = i.person_id cross join daicho.acting() w
where ($1::text is null or i.state = $1::text) and ($2::bigint = 0 or i.device_id = $2::bigint) and ($3::bigint = 0 or i.id < $3::bigint)
order by i.id desc
limit $4::bigint;

-- device_incident(id int) -> maybe incident_row
select i.id, i.kind, i.severity, i.person_id, p.name as person, i.device_id, i.device, i.encrypted, i.note, i.reporter, i.happened_at, i.reported_at, i.state, i.closed_by,
    i.closed_at, i.closing, coalesce(w.person_id = i.person_id, false) as mine
from daicho.incident i join daicho.person p on p.id = i.person_id cross join daicho.acting() w
where i.id = $1;

-- device_incident_close(id int, closing text) -> one int?
select daicho.incident_close($1, $2) as id;
