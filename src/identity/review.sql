-- Access reviews of the tenant entered. Who may open, decide and close stands in functions of the owner (schema/0019_access_review.sql).

-- review_state() -> one review_state(review_days int, due_at time, overdue bool, soon bool, closed_at time?, open_id int?, event_id int?, left_active int,
--     deciders int)
select s.review_days, s.due_at, s.overdue, s.soon, s.closed_at, s.open_id, s.event_id, s.left_active,
    (select count(*) from daicho.account a where a.state = 'active' and 'access.approve' = any (string_to_array(a.words, ' '))) as deciders
from daicho.access_review_state s;

-- review_unreviewed() -> many(501) review_account(account_id int, login text, person_id int, person text, created_at time, decided_at time?)
select u.id as account_id, u.login, u.person_id, u.person, u.created_at, u.decided_at
from daicho.account_unreviewed u order by coalesce(u.decided_at, u.created_at), u.id limit 501;

-- People who have left, and whose account is active: there must be none.
-- review_left() -> many(100) review_account
select a.id as account_id, a.login, a.person_id, p.name as person, a.created_at, coalesce(p.left_at, p.leaves_at) as decided_at
from daicho.account a join daicho.person p on p.id = a.person_id
where a.state = 'active' and (p.left_at is not null or p.leaves_at <= daicho.clock()) order by a.id limit 100;

-- review_list(before int, max int) -> many(201) review_row(id int, scope text, why text?, opened_at time, opened_by text, unattended bool, due_at time, overdue bool,
--     closed_at time?, closed_by text?, note text?, summary json?, items int, kept int, removed int, gone int)
select r.id, r.scope, r.why, r.opened_at, r.opened_by, r.opened_who = 'system' as unattended, r.due_at, r.closed_at is null and r.due_at <= daicho.clock() as overdue, r.closed_at, r.closed_by,
    r.note, r.summary, coalesce((r.summary ->> 'items')::bigint, n.items) as items, coalesce((r.summary ->> 'kept')::bigint, n.kept) as kept,
    coalesce((r.summary ->> 'removed')::bigint, n.removed) as removed, coalesce((r.summary ->> 'gone')::bigint, n.gone) as gone
from daicho.access_review r
left join lateral (
    select count(*) as items, count(*) filter (where i.state = 'kept') as kept, count(*) filter (where i.state = 'removed') as removed,
        count(*) filter (where i.state = 'gone') as gone
    from daicho.access_review_item_now i where i.review_id = r.id and r.closed_at is null
) n on true
where $1::bigint = 0 or r.id < $1::bigint
order by r.id desc
limit $2::bigint;

-- review_find(id int) -> maybe review_row
select r.id, r.scope, r.why, r.opened_at, r.opened_by, r.opened_who = 'system' as unattended, r.due_at, r.closed_at is null and r.due_at <= daicho.clock() as overdue, r.closed_at, r.closed_by,
    r.note, r.summary, n.items, n.kept, n.removed, n.gone
from daicho.access_review r
cross join lateral (
    select count(*) as items, count(*) filter (where i.state = 'kept') as kept, count(*) filter (where i.state = 'removed') as removed,
        count(*) filter (where i.state = 'gone') as gone
    from daicho.access_review_item_now i where i.review_id = r.id
) n
where r.id = $1;

-- Page by page of people; what nobody in particular has comes last. Of a person all lines, or those in one state.
-- review_items(id int, state text?, search text?, person_id int?, after int, people int) -> many(20000) review_item(id int, person_key int, kind text,
--     account_id int?, login text?, person_id int?, person text?, department text?, moved_from text?, leaves_at time?, last_login_at time?, name text?,
--     words text, newly bool, event text?, version int, decision text?, note text?, decided_by text?, decided_at time?, earlier json, grown text, live bool,
--     state text, own bool)
with shown as (
    select i.*, coalesce(i.person_id, 9223372036854775807) as person_key from daicho.access_review_item_now i
    where i.review_id = $1 and ($2::text is null or i.state = $2::text) and ($4::bigint is null or coalesce(i.person_id, 0) = $4::bigint)
        and ($3::text is null or strpos(lower(i.person), lower($3::text)) > 0 or strpos(lower(i.login), lower($3::text)) > 0
            or strpos(lower(i.name), lower($3::text)) > 0)
), counted as (
    select s.*, dense_rank() over (order by s.person_key) as turn from shown s where s.person_key > $5::bigint
)
select i.id, i.person_key, i.kind, i.account_id, i.login, i.person_id, i.person, i.department, i.moved_from, i.leaves_at, i.last_login_at, i.name,
    array_to_string(i.words, ' ') as words, i.newly, i.event, i.version, i.decision, i.note, i.decided_by, i.decided_at, i.earlier,
    array_to_string(i.grown, ' ') as grown, i.live, i.state, coalesce(w.who = 'person:' || i.person_id, false) as own
from counted i
cross join daicho.acting() w
where i.turn <= $6::bigint
order by i.person_key, array_position(array['account', 'group', 'word', 'key'], i.kind), i.name, i.id
limit 20000;

-- review_added(id int) -> one json
select daicho.review_added($1) as added;

-- Null: one is open.
-- review_open(why text?) -> one int?
select daicho.review_open($1) as id;

-- review_decide(item_id int, version int, decision text?, note text?) -> one text
select daicho.review_decide($1, $2, $3, $4) as result;

-- Which review a line belongs to.
-- review_of_item(item_id int) -> maybe review_line(review_id int, person_id int?, kind text, login text?, person text?, name text?)
select i.review_id, i.person_id, i.kind, i.login, i.person, i.name from daicho.access_review_item i where i.id = $1;

-- review_keep(id int, person_id int, note text?) -> one int?
select daicho.review_keep($1, $2, $3) as count;

-- review_close(id int, note text?) -> one json?
select daicho.review_close($1, $2) as done;

-- Outside any tenant, by the jobs processes.
-- review_due(after int) -> maybe review_due_row(tenant text, number int)
select tenant, number from daicho.review_due($1);

-- Inside it.
-- review_tick() -> one json?
select daicho.review_tick() as done;
