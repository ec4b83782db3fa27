-- Folders of mails of the tenant entered. Rules and rights: schema/0044_mail.sql.

-- Parents first, neighbours by name.
-- folder_list() -> many(500) folder_row(id int, parent int?, name text, version int, depth int)
with recursive tree as (
    select f.id, f.parent, f.name, f.version, 1 as depth, array[lower(f.name), f.id::text] as place from tenant.mail_folder f where f.parent is null
    union all
    select f.id, f.parent, f.name, f.version, t.depth + 1, t.place || array[lower(f.name), f.id::text] from tree t join tenant.mail_folder f on f.parent = t.id
)
select t.id, t.parent, t.name, t.version, t.depth::bigint as depth from tree t order by t.place;

-- folder null: in none.
-- folder_counts() -> many(502) folder_count(folder int?, trash bool, mails int)
select c.folder, c.trash, c.mails from daicho.mail_counts() c;

-- folder_insert(name text, parent int?) -> one int
insert into tenant.mail_folder (name, parent) values ($1, $2) returning id;

-- folder_change(id int, version int, name text, parent int?) -> maybe int
update tenant.mail_folder set name = $3, parent = $4 where id = $1 and version = $2 returning id;

-- folder_erase(id int) -> changed
delete from tenant.mail_folder where id = $1;
