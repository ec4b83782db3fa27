-- Postal codes and what they stand for (schema/0051_postal.sql).

-- postal_find(code text) -> many(300) postal_row_found(place text, prefecture text, city text, town text, prefecture_kana text, city_kana text, town_kana text)
select p.place, p.prefecture, p.city, p.town, p.prefecture_kana, p.city_kana, p.town_kana from daicho.postal p where p.code = $1 order by p.line, p.place limit 300;

-- postal_data() -> maybe postal_data_row(imported_at time, file text, rows int, codes int, sample bool, age_days int)
select d.imported_at, d.file, d.rows, d.codes, d.sample, extract(epoch from daicho.clock() - d.imported_at)::bigint / 86400 as age_days from daicho.postal_data d;

-- By the owner, in one transaction: the file in use is replaced as a whole.
-- postal_clear() -> one int
with gone as (delete from daicho.postal returning 1) select count(*) from gone;

-- postal_add(lines text[], codes text[], places text[], prefectures text[], cities text[], towns text[], prefecture_kanas text[], city_kanas text[], town_kanas text[]) -> none
insert into daicho.postal (line, code, place, prefecture, city, town, prefecture_kana, city_kana, town_kana)
select x.line::bigint, x.code, x.place, x.prefecture, x.city, x.town, x.prefecture_kana, x.city_kana, x.town_kana
from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[])
    as x (line, code, place, prefecture, city, town, prefecture_kana, city_kana, town_kana)
on conflict (code, place, town) do nothing;

-- postal_count() -> one postal_count_row(rows int, codes int)
select count(*) as rows, count(distinct code) as codes from daicho.postal;

-- postal_note(file text, sample bool) -> none
insert into daicho.postal_data (imported_at, file, rows, codes, sample)
select daicho.clock(), $1, count(*), count(distinct p.code), $2::boolean from daicho.postal p
on conflict (one) do update set imported_at = excluded.imported_at, file = excluded.file, rows = excluded.rows, codes = excluded.codes,
    sample = excluded.sample, told_at = null;

-- By a jobs process. Null: nothing to tell.
-- postal_late() -> one text?
select daicho.postal_late()::text as since;
