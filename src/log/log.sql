-- The operation log. Writing is append only; an entry with detail is one statement, so that entry and detail are never apart.

-- log_insert(actor_kind text, actor_id int, actor text, groups text, source text, verb text, kind text?, subject_id int?, result text) -> none
insert into tenant.log (actor_kind, actor_id, actor, groups, source, verb, kind, subject_id, result)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- log_insert_detail(actor_kind text, actor_id int, actor text, groups text, source text, verb text, kind text?, subject_id int?, result text,
--     commitment bytea, salt bytea, detail text) -> none
with entry as (
    insert into tenant.log (actor_kind, actor_id, actor, groups, source, verb, kind, subject_id, result, commitment)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
    returning id
)
insert into tenant.log_detail (id, salt, detail) select id, $11, $12 from entry;

-- Outside any tenant: an unknown contract, a command of the operator.
-- log_insert_house(actor_kind text, actor_id int, actor text, groups text, source text, verb text, kind text?, subject_id int?, result text, detail
--     text?, salt bytea?, commitment bytea?) -> none
insert into daicho.log (actor_kind, actor_id, actor, groups, source, verb, kind, subject_id, result, detail, salt, commitment)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10::text::json, $11, $12);

-- actor: a log-in or key name. result: OK, or a refusal's name, or '-' for every refusal. before_id 0: from the newest.
-- log_list(actor text?, actor_kind text?, verb text?, kind text?, subject_id int?, result text?, source text?, from_at time?, to_at time?,
--     before_id int, max int) -> many(201) log_entry(id int, at time, actor_kind text, actor_id int, actor text, groups text, source text, verb
--     text, kind text?, subject_id int?, result text, commitment bytea?)
select l.id, l.at, l.actor_kind, l.actor_id, l.actor, l.groups, l.source, l.verb, l.kind, l.subject_id, l.result, l.commitment
from tenant.log l
where ($1::text is null or lower(l.actor) = lower($1::text))
    and ($2::text is null or l.actor_kind = $2::text)
    and ($3::text is null or l.verb = $3::text)
    and ($4::text is null or l.kind = $4::text)
    and ($5::bigint is null or l.subject_id = $5::bigint)
    and ($6::text is null or l.result = $6::text or ($6::text = '-' and l.result <> 'OK'))
    and ($7::text is null or l.source = $7::text)
    and ($8::timestamptz is null or l.at >= $8::timestamptz)
    and ($9::timestamptz is null or l.at < $9::timestamptz)
    and ($10::bigint = 0 or l.id < $10::bigint)
order by l.id desc
limit $11::bigint;

-- log_find(id int) -> maybe log_entry
select l.id, l.at, l.actor_kind, l.actor_id, l.actor, l.groups, l.source, l.verb, l.kind, l.subject_id, l.result, l.commitment
from tenant.log l
where l.id = $1;

-- log_detail_find(id int) -> maybe log_detail(salt bytea, detail text)
select d.salt, d.detail from tenant.log_detail d where d.id = $1;

-- What people call the registers, for the sentence of an entry.
-- log_registers() -> many(500) log_register(name text, title_ja text?, title_en text?)
select r.name, r.definition -> 'title' ->> 'ja' as title_ja, r.definition -> 'title' ->> 'en' as title_en from tenant.register r limit 500;
