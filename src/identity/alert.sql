-- What was noticed about accounts, keys and operators (schema/0021_alert.sql).

-- Outside any tenant: the next one that nobody has been told of.
-- alert_due(after int) -> maybe alert_due(tenant text, id int)
select tenant, id from daicho.alert_due($1);

-- Inside it, with whose account it is. Nothing: somebody else has told meanwhile.
-- alert_tell(id int) -> maybe alert_told(kind text, actor_kind text, actor_id int, actor text, source text, count int, at time, person_id int?, name text?)
with told as (
    update daicho.alert x set told_at = daicho.clock() where x.id = $1 and x.told_at is null returning *
)
select t.kind, t.actor_kind, t.actor_id, t.actor, t.source, t.count, t.at, a.person_id, a.name
from told t left join daicho.account a on t.actor_kind = 'account' and a.id = t.actor_id;

-- alert_of_person(id int) -> many(20) alert_row(id int, kind text, source text, count int, at time)
select x.id, x.kind, x.source, x.count, x.at
from daicho.alert x join daicho.account a on a.id = x.actor_id and x.actor_kind = 'account'
where a.person_id = $1 order by x.id desc limit 20;
