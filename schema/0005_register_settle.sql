-- Why: what follows a large import. GIN keeps fresh entries in a list that every search reads from end to end. Single changes keep it short by
-- themselves (gin_pending_list_limit, 4 MB); an import works with a longer list, because few large merges cost less than many small ones, and must
-- leave it empty: else the next person who saves a record waits for the merge. And until autovacuum comes round the planner, whose estimate is the
-- "about N" of a list, would know nothing of the new rows.
create function daicho.register_settle(register_ text) returns void
language plpgsql security definer set search_path = pg_catalog as $$
declare
    schema_ text := 't_' || daicho.role_tenant();
    index_ regclass := to_regclass(format('%I.%I', schema_, 'r_' || register_ || '_search_idx'));
begin
    if index_ is not null then
        perform gin_clean_pending_list(index_);
    end if;
    execute format('analyze %I.%I', schema_, 'r_' || register_);
end
$$;
revoke execute on function daicho.register_settle(text) from public;
grant execute on function daicho.register_settle(text) to daicho_tenant;
