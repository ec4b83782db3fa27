-- Reviews of the operation log. Who may what is judged by functions of the owner (schema/0022_log_review.sql).

-- own: the entry is of the one who asks; mine: the verdict is.
-- log_review_list(before int, max int) -> many(101) log_review_row(id int, from_at time, to_at time, opened_at time, due_at time, found int, important int,
--     closed_at time?, closed_by text?, overdue bool, entries int, judged int, follows int, ends int)
select r.id, r.from_at, r.to_at, r.opened_at, r.due_at, r.found, r.important, r.closed_at, r.closed_by,
    r.closed_at is null and r.due_at <= daicho.clock() as overdue, e.entries, e.judged, e.follows, e.ends
from daicho.log_review r
cross join lateral (select count(*) as entries, count(x.verdict) as judged, count(*) filter (where x.verdict = 'follow') as follows, count(x.outcome) as ends
    from daicho.log_review_entry x where x.review_id = r.id) e
where $1::bigint = 0 or r.id < $1::bigint
order by r.id desc
limit $2::bigint;

-- log_review_find(id int) -> maybe log_review_row
select r.id, r.from_at, r.to_at, r.opened_at, r.due_at, r.found, r.important, r.closed_at, r.closed_by,
    r.closed_at is null and r.due_at <= daicho.clock() as overdue, e.entries, e.judged, e.follows, e.ends
from daicho.log_review r
cross join lateral (select count(*) as entries, count(x.verdict) as judged, count(*) filter (where x.verdict = 'follow') as follows, count(x.outcome) as ends
    from daicho.log_review_entry x where x.review_id = r.id) e
where r.id = $1;

-- log_review_entries(id int) -> many(100) log_review_part(entry int, why text, verdict text?, note text?, reviewed_by text?, reviewed_at time?, outcome text?,
--     outcome_by text?, outcome_at time?, own bool, mine bool)
select e.entry, e.why, e.verdict, e.note, e.reviewed_by, e.reviewed_at, e.outcome, e.outcome_by, e.outcome_at,
    coalesce(e.actor_person = a.person_id, false) as own, coalesce(e.reviewer_person = a.person_id, false) as mine
from daicho.log_review_entry e left join daicho.account a on a.id = daicho.actor_account()
where e.review_id = $1
order by e.entry;

-- What waits: for the first page and the log's.
-- log_review_open() -> one log_review_waiting(open int, overdue int, id int?, from_at time?, to_at time?, due_at time?)
select count(*) as open, count(*) filter (where r.due_at <= daicho.clock()) as overdue, min(r.id) as id, min(r.from_at) as from_at, min(r.to_at) as to_at,
    min(r.due_at) as due_at
from daicho.log_review r where r.closed_at is null;

-- log_review_next() -> maybe log_review_period(months int?, ends_at time?)
select p.log_review_months as months, daicho.log_review_end(daicho.clock(), p.log_review_months) as ends_at from daicho.policy p;

-- log_review_judge(id int, entry int, verdict text, note text?) -> one text
select daicho.log_review_judge($1, $2, $3, $4) as said;

-- log_review_outcome(id int, entry int, outcome text) -> one text
select daicho.log_review_outcome($1, $2, $3) as said;

-- log_review_close(id int) -> one text
select daicho.log_review_close($1) as said;

-- Outside any tenant: the next contract with a period to review.
-- log_review_due(after int) -> maybe log_review_due(tenant text, id int)
select tenant, id from daicho.log_review_due($1);

-- log_review_begin() -> maybe log_review_begun(id int, from_at time, to_at time, due_at time, found int, important int)
select r.id, r.from_at, r.to_at, r.due_at, r.found, r.important from daicho.log_review_open() r;

-- log_review_late(after int) -> maybe log_review_due
select tenant, id from daicho.log_review_late($1);

-- log_review_tell(id int) -> maybe log_review_begun
select r.id, r.from_at, r.to_at, r.due_at, r.found, r.important from daicho.log_review_tell($1) r;
