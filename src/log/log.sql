-- The operation log. Writing is append only; an entry with detail is one statement, so that entry and detail are never apart.

-- Who, in which groups, from where, when, under which number: the database writes that itself, from how the contract was entered.
-- log_insert(verb text, kind text?, subject_id int?, result text) -> none
insert into tenant.log (verb, kind, subject_id, result) values ($1, $2, $3, $4);

-- The detail takes the number of the entry just written.
-- log_insert_detail(verb text, kind text?, subject_id int?, result text, commitment bytea, salt bytea, detail text) -> none
with entry as (
    insert into tenant.log (verb, kind, subject_id, result, commitment) values ($1, $2, $3, $4, $5) returning id
)
insert into tenant.log_detail (salt, detail) select $6, $7 from entry;

-- Outside any tenant: an unknown contract, a command of the operator.
-- log_insert_house(actor_kind text, actor_id int, actor text, groups text, source text, verb text, kind text?, subject_id int?, result text, detail
--     text?, salt bytea?, commitment bytea?) -> none
insert into daicho.log (actor_kind, actor_id, actor, groups, source, verb, kind, subject_id, result, detail, salt, commitment)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10::text::json, $11, $12);

-- Entries numbered low..high that fit. actor: a log-in or key name. result: OK, or a refusal's name, or '-' for every refusal. One statement a direction,
-- and two more that look into details: masked accounts may not even name that table.
-- log_older(actor text?, actor_kind text?, verb text?, kind text?, subject_id int?, result text?, source text?, group_ text?, from_at time?, to_at time?, low
--     int, high int, max int) -> many(1001) log_entry(id int, at time, actor_kind text, actor_id int, actor text, groups text, source text,
--     verb text, kind text?, subject_id int?, result text, commitment bytea?)
select l.id, l.at, l.actor_kind, l.actor_id, l.actor, l.groups, l.source, l.verb, l.kind, l.subject_id, l.result, l.commitment
from tenant.log l
where l.id between $11 and $12
    and ($1::text is null or lower(l.actor) = lower($1::text))
    and ($2::text is null or l.actor_kind = $2::text)
    and ($3::text is null or l.verb = $3::text)
    and ($4::text is null or l.kind = $4::text)
    and ($5::bigint is null or l.subject_id = $5::bigint)
    and ($6::text is null or l.result = $6::text or ($6::text = '-' and l.result <> 'OK'))
    and ($7::text is null or l.source = $7::text)
    and ($8::text is null or position(', ' || lower($8::text) || ', ' in ', ' || lower(l.groups) || ', ') > 0)
    and ($9::timestamptz is null or l.at >= $9::timestamptz)
    and ($10::timestamptz is null or l.at < $10::timestamptz)
order by l.id desc
limit $13::bigint;

-- log_newer(actor text?, actor_kind text?, verb text?, kind text?, subject_id int?, result text?, source text?, group_ text?, from_at time?, to_at time?, low
--     int, high int, max int) -> many(1001) log_entry
select l.id, l.at, l.actor_kind, l.actor_id, l.actor, l.groups, l.source, l.verb, l.kind, l.subject_id, l.result, l.commitment
from tenant.log l
where l.id between $11 and $12
    and ($1::text is null or lower(l.actor) = lower($1::text))
    and ($2::text is null or l.actor_kind = $2::text)
    and ($3::text is null or l.verb = $3::text)
    and ($4::text is null or l.kind = $4::text)
    and ($5::bigint is null or l.subject_id = $5::bigint)
    and ($6::text is null or l.result = $6::text or ($6::text = '-' and l.result <> 'OK'))
    and ($7::text is null or l.source = $7::text)
    and ($8::text is null or position(', ' || lower($8::text) || ', ' in ', ' || lower(l.groups) || ', ') > 0)
    and ($9::timestamptz is null or l.at >= $9::timestamptz)
    and ($10::timestamptz is null or l.at < $10::timestamptz)
order by l.id asc
limit $13::bigint;

-- log_older_with(actor text?, actor_kind text?, verb text?, kind text?, subject_id int?, result text?, source text?, group_ text?, from_at time?, to_at time?, low
--     int, high int, max int, pattern text) -> many(1001) log_entry
select l.id, l.at, l.actor_kind, l.actor_id, l.actor, l.groups, l.source, l.verb, l.kind, l.subject_id, l.result, l.commitment
from tenant.log l
join tenant.log_detail d on d.id = l.id and l.commitment is not null
where l.id between $11 and $12
    and ($1::text is null or lower(l.actor) = lower($1::text))
    and ($2::text is null or l.actor_kind = $2::text)
    and ($3::text is null or l.verb = $3::text)
    and ($4::text is null or l.kind = $4::text)
    and ($5::bigint is null or l.subject_id = $5::bigint)
    and ($6::text is null or l.result = $6::text or ($6::text = '-' and l.result <> 'OK'))
    and ($7::text is null or l.source = $7::text)
    and ($8::text is null or position(', ' || lower($8::text) || ', ' in ', ' || lower(l.groups) || ', ') > 0)
    and ($9::timestamptz is null or l.at >= $9::timestamptz)
    and ($10::timestamptz is null or l.at < $10::timestamptz)
    and d.detail ilike $14::text
order by l.id desc
limit $13::bigint;

-- log_newer_with(actor text?, actor_kind text?, verb text?, kind text?, subject_id int?, result text?, source text?, group_ text?, from_at time?, to_at time?, low
--     int, high int, max int, pattern text) -> many(1001) log_entry
select l.id, l.at, l.actor_kind, l.actor_id, l.actor, l.groups, l.source, l.verb, l.kind, l.subject_id, l.result, l.commitment
from tenant.log l
join tenant.log_detail d on d.id = l.id and l.commitment is not null
where l.id between $11 and $12
    and ($1::text is null or lower(l.actor) = lower($1::text))
    and ($2::text is null or l.actor_kind = $2::text)
    and ($3::text is null or l.verb = $3::text)
    and ($4::text is null or l.kind = $4::text)
    and ($5::bigint is null or l.subject_id = $5::bigint)
    and ($6::text is null or l.result = $6::text or ($6::text = '-' and l.result <> 'OK'))
    and ($7::text is null or l.source = $7::text)
    and ($8::text is null or position(', ' || lower($8::text) || ', ' in ', ' || lower(l.groups) || ', ') > 0)
    and ($9::timestamptz is null or l.at >= $9::timestamptz)
    and ($10::timestamptz is null or l.at < $10::timestamptz)
    and d.detail ilike $14::text
order by l.id asc
limit $13::bigint;

-- log_newest() -> one int
select coalesce(max(l.id), 0) from tenant.log l;

-- The first entry of this number or a higher one: what a search for a point in time steps on.
-- log_probe(id int) -> maybe log_step(id int, at time)
select l.id, l.at from tenant.log l where l.id >= $1 order by l.id limit 1;

-- log_find(id int) -> maybe log_entry
select l.id, l.at, l.actor_kind, l.actor_id, l.actor, l.groups, l.source, l.verb, l.kind, l.subject_id, l.result, l.commitment
from tenant.log l
where l.id = $1;

-- ids: "{1,2,3}".
-- log_numbered(ids text) -> many(1000) log_entry
select l.id, l.at, l.actor_kind, l.actor_id, l.actor, l.groups, l.source, l.verb, l.kind, l.subject_id, l.result, l.commitment
from tenant.log l
where l.id = any ($1::text::bigint[])
order by l.id;

-- log_detail_find(id int) -> maybe log_detail(salt bytea, detail text)
select d.salt, d.detail from tenant.log_detail d where d.id = $1;

-- ids: "{1,2,3}".
-- log_details(ids text) -> many(1000) log_detail_row(id int, detail text)
select d.id, d.detail from tenant.log_detail d where d.id = any ($1::text::bigint[]);

-- How many details of a person or record there are to erase: entries about it and, of an account, entries by it.
-- log_erasable(kind text, subject_id int) -> one int
select count(*) from tenant.log_detail d join tenant.log l on l.id = d.id
where l.kind = $1 and l.subject_id = $2 or $1 = 'account' and l.actor_kind = 'account' and l.actor_id = $2;

-- Those of them that a hold keeps, and the first hold.
-- log_kept(kind text, subject_id int) -> one log_kept(count int, hold int?)
select count(*) as count, min(h.hold) as hold
from tenant.log_detail d join tenant.log l on l.id = d.id
cross join lateral (select daicho.log_hold_on(daicho.tenant(), l.at, l.kind, l.subject_id, l.actor_kind, l.actor_id) as hold) h
where h.hold is not null and (l.kind = $1 and l.subject_id = $2 or $1 = 'account' and l.actor_kind = 'account' and l.actor_id = $2);

-- log_kept_one(id int) -> one int?
select daicho.log_hold_on(daicho.tenant(), l.at, l.kind, l.subject_id, l.actor_kind, l.actor_id) as hold from tenant.log l where l.id = $1;

-- The database looks whether the one who asks may, and leaves what a hold keeps (schema/0022_log_review.sql).
-- log_erase(kind text, subject_id int) -> one int
select daicho.log_erase($1, $2);

-- What people call the registers, for the sentence of an entry.
-- log_registers() -> many(500) log_register(name text, title_ja text?, title_en text?)
select r.name, r.definition -> 'title' ->> 'ja' as title_ja, r.definition -> 'title' ->> 'en' as title_en from tenant.register r limit 500;
