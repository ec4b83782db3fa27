-- What keeps the words of entries, and what takes them when their time is over. Functions of the owner judge who may (schema/0022_log_review.sql).

-- log_hold_list() -> many(500) log_hold_row(id int, reason text, basis text, kind text?, subject_id int?, from_at time?, to_at time?, asked_by text, asked_at time,
--     lapses_at time, approved_by text?, approved_at time?, ended_by text?, ended_at time?, ended_why text?, state text, mine bool, about bool)
select h.id, h.reason, h.basis, h.kind, h.subject_id, h.from_at, h.to_at, h.asked_by, h.asked_at, h.asked_at + interval '7 days' as lapses_at, h.approved_by,
    h.approved_at, h.ended_by, h.ended_at, h.ended_why,
    case when h.ended_at is not null then 'ended' when h.approved_at is not null then 'held'
        when h.asked_at > daicho.clock() - interval '7 days' then 'asked' else 'lapsed' end as state,
    coalesce(h.asked_person = a.person_id, false) as mine,
    coalesce(h.kind = 'account' and h.subject_id = a.id or h.kind = 'person' and h.subject_id = a.person_id, false) as about
from daicho.log_hold h left join daicho.account a on a.id = daicho.actor_account()
order by h.ended_at is not null, h.id desc
limit 500;

-- log_hold_days() -> one int?
select p.log_detail_days from daicho.policy p;

-- log_hold_ask(kind text?, subject_id int?, from_at time?, to_at time?, reason text, basis text) -> one int
select daicho.log_hold_ask($1, $2, $3, $4, $5, $6) as id;

-- log_hold_approve(id int) -> one text
select daicho.log_hold_approve($1) as said;

-- log_hold_end(id int, why text) -> one text
select daicho.log_hold_end($1, $2) as said;

-- Outside any tenant: the next contract with details that are too old.
-- log_hold_due(after int) -> maybe log_hold_due(tenant text, id int)
select tenant, id from daicho.log_purge_due($1);

-- log_hold_purge() -> maybe log_hold_purged(gone int, held int, to_at time, days int)
select p.gone, p.held, p.to_at, p.days from daicho.log_purge() p;
