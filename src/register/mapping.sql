-- Saved mappings of imports (schema/tenant/0019_mapping.sql): own ones, and those of others that are shared. Own ones first.

-- mapping_rows(register int, account int, id int, digest text?) -> many(200) mapping_row(id int, version int, name text, owner int, owner_name text, shared bool, columns json,
--     encoding text, separator text, blank text, refused text, updated_at time)
select m.id, m.version, m.name, m.owner, m.owner_name, m.shared, m.columns, m.encoding, m.separator, m.blank, m.refused, m.updated_at
from tenant.import_mapping m
where m.register = $1 and (m.shared or m.owner = $2) and ($3::bigint = 0 or m.id = $3) and ($4::text is null or m.digest = $4)
order by m.owner <> $2, m.updated_at desc, m.id limit 200;

-- mapping_number(register int) -> one int
select count(*) as number from tenant.import_mapping m where m.register = $1;

-- mapping_insert(register int, name text, owner int, owner_name text, shared bool, columns json, digest text, encoding text, separator text, blank text, refused text) -> one int
insert into tenant.import_mapping (register, name, owner, owner_name, shared, columns, digest, encoding, separator, blank, refused)
values ($1, $2, $3, $4, $5, $6::jsonb, $7, $8, $9, $10, $11) returning id;

-- mapping_update(id int, version int, name text, shared bool, columns json, digest text, encoding text, separator text, blank text, refused text) -> changed
update tenant.import_mapping m set name = $3, shared = $4, columns = $5::jsonb, digest = $6, encoding = $7, separator = $8, blank = $9, refused = $10,
    version = m.version + 1, updated_at = daicho.clock()
where m.id = $1 and m.version = $2;

-- mapping_delete(id int, version int) -> changed
delete from tenant.import_mapping m where m.id = $1 and m.version = $2;
