-- search_fold(words text[]) -> many(200) search_grams(folded text, grams text, length int)
select w.folded, daicho.grams_of_term(w.word)::text as grams, length(w.folded) as length
from (select u.word, u.n, daicho.search_word(u.word) as folded from unnest($1::text[]) with ordinality u(word, n)) w
order by w.n;

-- Records by the statistics of the running server, or of the last ANALYZE; 0: nothing known yet. The same number as in the menu (console/frame.sql).
-- search_known(register text) -> one int
select coalesce((
    select greatest(case when pg_catalog.pg_stat_get_live_tuples(c.oid) > 0 then pg_catalog.pg_stat_get_live_tuples(c.oid) else c.reltuples end, 0)::bigint
    from pg_catalog.pg_class c
    where c.relname = 'r_' || $1 and c.relnamespace = pg_catalog.to_regnamespace('t_' || daicho.tenant())), 0) as records;
