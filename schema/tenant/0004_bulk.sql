-- Why: what was changed by one batch is found again, to be undone; and a record that was deleted comes back as it was: when, by whom and by which job it
-- was made is kept beside its values. `made` is null of what only changed.
alter table tenant.change add column made jsonb;
-- Rows of one job lie side by side: a few bytes for each 128 pages, nothing to keep up when single records change.
create index change_job_idx on tenant.change using brin (job) with (autosummarize = on);

-- Once a statement, not once a record (schema/0030_bulk.sql).
drop trigger deleted on tenant.change;
create trigger deleted after insert on tenant.change referencing new table as made for each statement execute function daicho.change_deleted();

-- The functions that write history were made with their registers (register/sql.c): those that are there learn the new column.
do $$
declare
    f record;
    body text;
begin
    for f in select p.oid, p.proname from pg_proc p
        where p.proname like 'c\_%' and p.prorettype = 'trigger'::regtype and p.pronamespace = (
            select c.relnamespace from pg_type t join pg_class c on c.oid = t.typrelid where t.oid = pg_typeof(null::tenant.change))
    loop
        body := pg_get_functiondef(f.oid);
        body := replace(body, 'actor, job, deleted, old) select', 'actor, job, deleted, made, old) select');
        body := replace(body, '::bigint, true, (''{''', '::bigint, true, jsonb_build_object(''created_at'', b.created_at, ''created_by'', b.created_by, '
            '''origin'', b.origin), (''{''');
        if position('deleted, made, old' in body) = 0 or position('jsonb_build_object' in body) = 0 then
            raise 'the history function % is not as it was made', f.proname;
        end if;
        execute body;
    end loop;
end
$$;
