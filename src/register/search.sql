-- search_fold(words text[]) -> many(200) search_grams(folded text, grams text, length int)
select w.folded, daicho.grams_of_term(w.word)::text as grams, length(w.folded) as length
from (select u.word, u.n, daicho.search_word(u.word) as folded from unnest($1::text[]) with ordinality u(word, n)) w
order by w.n;

-- Records by the statistics of the running server, or of the last ANALYZE; 0: nothing known yet. The same number as in the menu (console/frame.sql).
-- search_known(register text) -> one int
select coalesce((select a.about from daicho.register_about(array[$1::text]) a), 0) as records;
