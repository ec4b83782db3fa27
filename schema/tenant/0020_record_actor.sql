-- Why: who made a record and who changed it last is what the database knows of whoever acts, not what a statement says (daicho.record_actor, 0052). The trigger of a register is made
-- with its views (register/sql.c); those that are there get theirs here.
do $$
declare
    made record;
begin
    for made in select c.oid::regclass as name from pg_class c where c.relkind = 'r' and c.relname like 'r\_%' and c.relnamespace = (
        select c.relnamespace from pg_type t join pg_class c on c.oid = t.typrelid where t.oid = pg_typeof(null::tenant.change))
    loop
        execute format('create trigger actor_insert before insert on %s for each row when (new.created_by is distinct from coalesce(current_setting(''daicho.actor'', true), '''') '
            'or new.updated_by is distinct from coalesce(current_setting(''daicho.actor'', true), '''')) execute function daicho.record_actor()', made.name);
        execute format('create trigger actor_made before update of created_by on %s for each row execute function daicho.record_actor()', made.name);
        execute format('create trigger actor_update after update on %s referencing old table as before new table as after for each statement execute function daicho.record_actor()', made.name);
    end loop;
end
$$;
