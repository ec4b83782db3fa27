-- Why: GIN keeps fresh entries in a list that every search reads from end to end. Single changes keep it short by themselves (gin_pending_list_limit, 4 MB);
-- an import works with a longer list, because few large merges cost less than many small ones, and must leave it empty: else the next person who
-- saves a record waits for the merge.
create function daicho.search_settle(register_ text) returns bigint
language plpgsql security definer set search_path = pg_catalog as $$
declare
    index_ regclass := to_regclass(format('%I.%I', 't_' || daicho.role_tenant(), 'r_' || register_ || '_search_idx'));
begin
    return case when index_ is null then 0 else gin_clean_pending_list(index_) end;
end
$$;
revoke execute on function daicho.search_settle(text) from public;
grant execute on function daicho.search_settle(text) to daicho_tenant;
