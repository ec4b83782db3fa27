-- Why: changing or deleting many records at once is the critical operation of a register. It is a right of its own, for each register; who ran everything
-- until now may give it to others, nobody else gets it.
update daicho.account_group g set permissions = g.permissions || '{record.bulk}'::text[]
where g.permissions @> '{record.delete,account.manage,tenant.manage}' and 'record.bulk' <> all (g.permissions);
update daicho.account set words = '';

-- Records that were deleted ask for their bytes to go (0028_erasure_bytes.sql): once a statement, not once a record, or a batch of 100 000 would ask 100 000
-- times. tenant/0004_bulk.sql puts the trigger so.
create or replace function daicho.change_deleted() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
declare
    closing boolean;
    r record;
    register_ text;
begin
    for r in select distinct m.register from made m where m.deleted loop
        closing := (select t.ends_at is not null from daicho.tenant t where 't_' || t.name = tg_table_schema);
        execute format('select x.name from %I.register x where x.id = $1', tg_table_schema) into register_ using r.register;
        if closing then
            execute format('delete from %I.change c using made m where m.deleted and m.register = $1 and c.register = $1 and c.record = m.record '
                'and daicho.log_hold_on($2, c.at, $3, c.record, null, 0) is null', tg_table_schema)
                using r.register, substr(tg_table_schema, 3), register_;
            perform daicho.bytes_ask(format('%I.change', tg_table_schema), true);
        end if;
        perform daicho.bytes_ask(format('%I.%I', tg_table_schema, 'r_' || register_), closing);
    end loop;
    return null;
end
$$;
