-- Addresses of programs that are told what happens, and what they were told (schema/0050_webhook.sql). Lists travel as text with spaces between.

-- webhook_list() -> many(100) webhook_row(id int, handle text, address text, description text, events text, registers text, content text, active bool,
--     off_why text?, off_at time?, secret_at time, old_until time?, owner text, held bool, version int, created_at time, updated_at time, failures int,
--     failing_since time?, rest_until time?, answered_at time?, waiting int)
select w.id, w.handle, w.address, w.description, array_to_string(w.events, ' ') as events, array_to_string(w.registers, ' ') as registers, w.content, w.active,
    w.off_why, w.off_at, w.secret_at, case when w.secret_old_until > daicho.clock() then w.secret_old_until end as old_until, w.owner,
    daicho.webhook_held(w.id) as held, w.version, w.created_at, w.updated_at, w.failures, w.failing_since,
    case when w.rest_until > daicho.clock() then w.rest_until end as rest_until, w.answered_at,
    (select count(*) from daicho.webhook_delivery d where d.webhook_id = w.id and d.state = 'queued') as waiting
from daicho.webhook w order by w.id limit 100;

-- webhook_find(id int) -> maybe webhook_row
select w.id, w.handle, w.address, w.description, array_to_string(w.events, ' ') as events, array_to_string(w.registers, ' ') as registers, w.content, w.active,
    w.off_why, w.off_at, w.secret_at, case when w.secret_old_until > daicho.clock() then w.secret_old_until end as old_until, w.owner,
    daicho.webhook_held(w.id) as held, w.version, w.created_at, w.updated_at, w.failures, w.failing_since,
    case when w.rest_until > daicho.clock() then w.rest_until end as rest_until, w.answered_at,
    (select count(*) from daicho.webhook_delivery d where d.webhook_id = w.id and d.state = 'queued') as waiting
from daicho.webhook w where w.id = $1;

-- webhook_make(handle text, sealed bytea, address text, description text, events text, registers text, content text) -> one int?
select daicho.webhook_make($1, $2, $3, $4, string_to_array($5, ' '), coalesce(string_to_array(nullif($6, ''), ' '), '{}'), $7) as id;

-- webhook_change(id int, version int, address text, description text, events text, registers text, content text, active bool) -> one int?
select daicho.webhook_change($1, $2, $3, $4, string_to_array($5, ' '), coalesce(string_to_array(nullif($6, ''), ' '), '{}'), $7, $8) as version;

-- webhook_rotate(id int, sealed bytea) -> one int?
select daicho.webhook_rotate($1, $2) as version;

-- webhook_drop(id int, version int) -> one int?
select daicho.webhook_drop($1, $2) as id;

-- webhook_try(id int) -> one int?
select daicho.webhook_try($1) as id;

-- webhook_again(id int) -> one int?
select daicho.webhook_again($1) as id;

-- state '': all. before 0: from the newest.
-- webhook_deliveries(webhook int, state text, before int, max int) -> many(201) webhook_sent(id int, webhook_id int, message text, event text, register text?,
--     record int?, personal bool, state text, created_at time, attempt int, next_at time, ended_at time?, status int?, took_ms int?, attempts int)
select d.id, d.webhook_id, d.message, d.event, d.register, d.record, d.personal, d.state, d.created_at, d.attempt, d.next_at, d.ended_at, d.status, d.took_ms,
    (select count(*) from daicho.webhook_attempt a where a.delivery_id = d.id) as attempts
from daicho.webhook_delivery d
where d.webhook_id = $1 and ($2::text = '' or d.state = $2::text) and ($3::bigint = 0 or d.id < $3::bigint)
order by d.id desc limit $4::bigint;

-- webhook_delivery(id int) -> maybe webhook_sent
select d.id, d.webhook_id, d.message, d.event, d.register, d.record, d.personal, d.state, d.created_at, d.attempt, d.next_at, d.ended_at, d.status, d.took_ms,
    (select count(*) from daicho.webhook_attempt a where a.delivery_id = d.id) as attempts
from daicho.webhook_delivery d where d.id = $1;

-- webhook_seen(id int) -> many(50) webhook_tried(at time?, status int?, took_ms int?, said text?, answer text?, body text)
select s.at, s.status, s.took_ms, s.said, s.answer, s.body from daicho.webhook_seen($1) s;

-- webhook_days(webhook int, days int) -> many(60) webhook_day(day date, sent int, failed int, waiting int)
select g.day::date as day, count(d.id) filter (where d.state = 'sent') as sent, count(d.id) filter (where d.state = 'failed') as failed,
    count(d.id) filter (where d.state = 'queued') as waiting
from generate_series((daicho.clock() at time zone 'Asia/Tokyo')::date - ($2::int - 1), (daicho.clock() at time zone 'Asia/Tokyo')::date, interval '1 day') g (day)
left join daicho.webhook_delivery d on d.webhook_id = $1 and d.created_at >= g.day at time zone 'Asia/Tokyo' and d.created_at < (g.day + interval '1 day') at time zone 'Asia/Tokyo'
group by g.day order by g.day;

-- By a courier, outside of any contract.
-- webhook_take(brisk bool) -> maybe webhook_due(id int, tenant text, handle text, address text, message text, body text, attempt int, at time, secret bytea,
--     secret_old bytea?)
select t.id, t.tenant, t.handle, t.address, t.message, t.body, t.attempt, t.at, t.secret, t.secret_old from daicho.webhook_take($1) t;

-- webhook_end(id int, attempt int, status int?, took_ms int, said text?, answer text) -> one text?
select daicho.webhook_end($1, $2::int, $3::int, $4::int, $5, $6) as state;

-- By a jobs process: outside of any contract, and inside.
-- webhook_off_next(after int) -> maybe webhook_off(tenant text, id int)
select w.tenant, w.id from daicho.webhook_due($1) w;

-- webhook_told(id int) -> maybe webhook_stopped(address text, off_why text, failures int, failing_since time?, waiting int)
select t.address, t.off_why, t.failures, t.failing_since, t.waiting from daicho.webhook_told($1) t;

-- webhook_missed() -> one int
select daicho.webhook_missed() as told;

-- webhook_sweep() -> one int
select daicho.webhook_sweep() as gone;
