-- Mails of the tenant entered. Rules and rights: schema/0044_mail.sql.

-- place: all, folder (with its number), none or trash. q: words, each folded as the search of registers folds.
-- mail_list(place text, folder int, q text?, after_at time?, after_id int, max int) -> many(201) mail_row(id int, folder int?, state text, subject text,
--     from_name text, version int, characters int, created_by text?, created_at time, updated_by text?, updated_at time, deleted_by text?, deleted_at time?,
--     until_at time?, body text?)
with words as materialized (
    select array_agg(daicho.search_word(w.w)) as list from regexp_split_to_table(normalize($3::text, NFKC), '\s+') w (w) where daicho.search_word(w.w) <> ''
)
select m.id, m.folder, m.state, m.subject, m.from_name, m.version, length(m.body)::bigint as characters, substring(m.created_by from '^[a-z]+:[0-9]+:(.*)$') as created_by,
    m.created_at, substring(m.updated_by from '^[a-z]+:[0-9]+:(.*)$') as updated_by, m.updated_at, substring(m.deleted_by from '^[a-z]+:[0-9]+:(.*)$') as deleted_by,
    m.deleted_at, m.deleted_at + interval '7 days' as until_at, null::text as body
from tenant.mail m
where m.deleted_at is null and ($1 <> 'folder' or m.folder = $2) and ($1 <> 'none' or m.folder is null)
    and ($3::text is null or not exists (select from unnest((select w.list from words w)) x where strpos(m.search_text, x) = 0))
    and ($4::timestamptz is null or (m.updated_at, m.id) < ($4::timestamptz, $5))
order by m.updated_at desc, m.id desc
limit $6::bigint;

-- mail_trashed(q text?, after_at time?, after_id int, max int) -> many(201) mail_row
with words as materialized (
    select array_agg(daicho.search_word(w.w)) as list from regexp_split_to_table(normalize($1::text, NFKC), '\s+') w (w) where daicho.search_word(w.w) <> ''
)
select m.id, m.folder, m.state, m.subject, m.from_name, m.version, length(m.body)::bigint as characters, substring(m.created_by from '^[a-z]+:[0-9]+:(.*)$') as created_by,
    m.created_at, substring(m.updated_by from '^[a-z]+:[0-9]+:(.*)$') as updated_by, m.updated_at, substring(m.deleted_by from '^[a-z]+:[0-9]+:(.*)$') as deleted_by,
    m.deleted_at, m.deleted_at + interval '7 days' as until_at, null::text as body
from tenant.mail m
where m.deleted_at is not null
    and ($1::text is null or not exists (select from unnest((select w.list from words w)) x where strpos(m.search_text, x) = 0))
    and ($2::timestamptz is null or (m.deleted_at, m.id) < ($2::timestamptz, $3))
order by m.deleted_at desc, m.id desc
limit $4::bigint;

-- mail_find(id int) -> maybe mail_row
select m.id, m.folder, m.state, m.subject, m.from_name, m.version, length(m.body)::bigint as characters, substring(m.created_by from '^[a-z]+:[0-9]+:(.*)$') as created_by,
    m.created_at, substring(m.updated_by from '^[a-z]+:[0-9]+:(.*)$') as updated_by, m.updated_at, substring(m.deleted_by from '^[a-z]+:[0-9]+:(.*)$') as deleted_by,
    m.deleted_at, m.deleted_at + interval '7 days' as until_at, m.body
from tenant.mail m where m.id = $1;

-- mail_insert(subject text, from_name text, body text, folder int?) -> one int
insert into tenant.mail (subject, from_name, body, folder) values ($1, $2, $3, $4) returning id;

-- mail_change(id int, version int, subject text, from_name text, body text, folder int?) -> maybe int
update tenant.mail set subject = $3, from_name = $4, body = $5, folder = $6 where id = $1 and version = $2 and deleted_at is null returning id;

-- How many of these are there, outside the trash; and how many of them were sent.
-- mail_chosen(ids text) -> one mail_chosen_row(here int, sent int)
select count(*) as here, count(*) filter (where m.state = 'sent') as sent from tenant.mail m where m.id = any (string_to_array($1, ' ')::bigint[]) and m.deleted_at is null;

-- mail_put(ids text, folder int?) -> changed
update tenant.mail set folder = $2 where id = any (string_to_array($1, ' ')::bigint[]) and deleted_at is null and folder is distinct from $2;

-- The database writes down when.
-- mail_drop(ids text) -> changed
update tenant.mail set deleted_at = daicho.clock() where id = any (string_to_array($1, ' ')::bigint[]) and deleted_at is null;

-- mail_here(ids text) -> one int
select count(*) as here from tenant.mail m where m.id = any (string_to_array($1, ' ')::bigint[]);

-- mail_return(id int) -> changed
update tenant.mail set deleted_at = null where id = $1 and deleted_at is not null;

-- mail_wipe(id int) -> changed
delete from tenant.mail where id = $1 and deleted_at is not null;

-- As daicho_jobs.
-- mail_due_after(after int) -> maybe mail_due_row(tenant text, id int)
select d.tenant, d.id from daicho.mail_trash_due($1) d;

-- Null: another process was first.
-- mail_due_take(id int) -> one int?
select daicho.mail_trash_empty($1) as gone;
