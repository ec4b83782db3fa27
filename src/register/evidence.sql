-- Evidence of records (schema/0049_file.sql).

-- evidence_add(register text, record int, duty int?, from text, to text, observation text?, file int?) -> one evidence_added(said text?, id int?)
select a.said, a.id from daicho.evidence_add($1, $2, $3, $4::text::date, $5::text::date, $6, $7) a;

-- evidence_rows(register_id int, record int, before int, max int) -> many(201) evidence_row(id int, duty int?, duty_ja text?, duty_en text?, observation text?, sha256 text, period_from text,
--     period_to text, received_at time, collector text, file int?, name text?, type text?, size int?, state text?, found text?)
select e.id, e.duty_id as duty, coalesce(d.title_ja, c.title_ja) as duty_ja, coalesce(d.title_en, c.title_en) as duty_en, e.observation, encode(e.sha256, 'hex') as sha256, e.period_from::text, e.period_to::text, e.received_at,
    e.collector, e.file_id as file, f.name, f.type, f.size, f.state, f.found
from daicho.evidence e left join daicho.file f on f.id = e.file_id left join daicho.duty d on d.id = e.duty_id
    left join daicho.clock_rule c on c.id = d.rule_id
where e.register_id = $1 and e.record = $2 and ($3::bigint = 0 or e.id < $3) order by e.id desc limit $4;

-- evidence_file(register_id int, record int, id int) -> maybe evidence_file(file int?)
select e.file_id as file from daicho.evidence e where e.register_id = $1 and e.record = $2 and e.id = $3;

-- evidence_duties(register_id int, record int) -> many(50) evidence_duty(id int, ja text, en text)
select d.id, coalesce(d.title_ja, c.title_ja, d.kind) as ja, coalesce(d.title_en, c.title_en, d.kind) as en from daicho.duty d left join daicho.clock_rule c on c.id = d.rule_id
where d.register_id = $1 and d.record = $2 order by coalesce(d.stopped_at, d.void_at) is not null, d.due_at, d.id limit 50;
