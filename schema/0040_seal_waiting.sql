-- Why: with many contracts the sealer spent a tenth of a processor on asking each log, twice a second, whether something waits: 0.4 ms a contract, nearly all of
-- it planning. A contract that is still tells so by the sequence of its entries, all contracts in one statement. Each log itself is asked when its last entry is
-- not the last sealed one; when its tree was signed lately, for two transactions may end in another order than they took their numbers in; and all of
-- them when `all_` says so: after a new connection and once a minute.
drop function daicho.seal_waiting();
create function daicho.seal_waiting(all_ boolean) returns setof text
language plpgsql stable security definer set search_path = pg_catalog as $$
declare
    horizon xid8 := pg_snapshot_xmin(pg_current_snapshot());
    t record;
    found_ boolean;
begin
    for t in
        select x.part, x.tenant, x.last_xid, x.last_id
        from daicho.seal_trees() x
        left join pg_namespace n on n.nspname = 't_' || x.tenant
        left join pg_class c on c.relnamespace = n.oid and c.relname = 'log_id_seq' and c.relkind = 'S'
        where x.part = 'house' or x.tenant is not null and
            (all_ or c.oid is null or x.signed_at is null or x.signed_at > daicho.clock() - interval '1 minute' or pg_sequence_last_value(c.oid) > x.last_id)
    loop
        execute format('select exists (select from %s.log where (xid, id) > ($1, $2) and xid < $3)', daicho.seal_table(t.tenant))
            into found_ using t.last_xid, t.last_id, horizon;
        if not found_ and t.part = 'house' then
            found_ := exists (select from daicho.seal_note where (xid, id) > (t.last_xid, t.last_id) and xid < horizon);
        end if;
        if found_ then
            return next t.part;
        end if;
    end loop;
end
$$;
revoke execute on function daicho.seal_waiting(boolean) from public;
grant execute on function daicho.seal_waiting(boolean) to daicho_sealer;
