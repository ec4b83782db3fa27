-- Search: folding and grams.
--
-- Why: people type サーバ, ｻｰﾊﾞｰ or さーば, 0312345678 or 03-1234-5678, 斉藤 or 齋藤 and mean the same
-- record.  Every text is folded once when it is stored, every term once when it is asked, and both
-- are then compared byte by byte.
--
-- Folding is a promise to stored data: a change of daicho.fold or daicho.grams needs a rewrite of every
-- search column and a rebuild of every search index.  Never change them in place; add fold_2.
--
-- All functions are immutable in a UTF-8 database: normalize() carries PostgreSQL's own Unicode
-- tables, and case is the one thing taken from the database's locale (C.UTF-8), which cannot change in the
-- life of a database.

-- daicho.fold(text) -> text
-- NFKC (width, half-width kana, ㈱, ①) · lower case · hiragana -> katakana · small kana -> large ·
-- old kanji -> new · no white space, hyphens, long-vowel marks, middle dots, round brackets,
-- apostrophes, zero-width characters and variation selectors.  U+001F, which parts items, is kept.
--
-- Hyphens and 長音 are dropped rather than unified: only so does 0312345678 find 03-1234-5678 and サーバ find
-- サーバー.  The price is that サバ finds サーバー too.
-- Katakana is the target because registers hold readings in katakana: few rows have to be translated.
--
-- translate() compares each character with its whole list (45 us a row for 86 pairs), a bracket
-- expression costs 0.6 us: each table stands behind a test which few rows pass.
create or replace function daicho.fold(x text) returns text
language plpgsql immutable strict parallel safe as $$
begin
    if octet_length(x) = length(x) then         -- ASCII: e-mail, telephone, postal code
        x := replace(replace(lower(x), '-', ''), ' ', '');
        if x ~ '[\t\n\r()''~]' then
            x := translate(x, E'\t\n\r()''~', '');
        end if;
        return x;
    end if;
    if x is not nfkc normalized then
        x := normalize(x, nfkc);
    end if;
    x := replace(replace(replace(lower(x), '-', ''), ' ', ''), 'ー', '');
    -- rare marks: white space, quotes, brackets, soft hyphen, dashes, minus, zero width, rules, dots, selectors
    if x ~ '[\t\n\r()''\u00ad\u00b7\u02bc\u02d7\u115f\u1160\u180e\u2010-\u2015\u2018\u2019\u2022\u200b-\u200f\u2028-\u202e\u2043\u2060\u2212\u2500\u2501\u301c\u3030\u30fb\ufe00-\ufe0f\ufeff\U000e0100-\U000e01ef~]' then
        x := regexp_replace(x, '[\t\n\r()''\u00ad\u00b7\u02bc\u02d7\u115f\u1160\u180e\u2010-\u2015\u2018\u2019\u2022\u200b-\u200f\u2028-\u202e\u2043\u2060\u2212\u2500\u2501\u301c\u3030\u30fb\ufe00-\ufe0f\ufeff\U000e0100-\U000e01ef~]+', '', 'g');
    end if;
    if x ~ '[ァィゥェォッャュョ]' then           -- half of all readings: replace() beats translate()
        x := replace(replace(replace(replace(replace(replace(replace(replace(replace(x,
            'ョ', 'ヨ'), 'ュ', 'ユ'), 'ャ', 'ヤ'), 'ッ', 'ツ'), 'ォ', 'オ'), 'ェ', 'エ'), 'ゥ', 'ウ'), 'ィ', 'イ'), 'ァ', 'ア');
    end if;
    if x ~ '[ぁ-ゖゝゞヵヶヮ]' then
        x := translate(x,
            'ぁあぃいぅうぇえぉおかがきぎくぐけげこごさざしじすずせぜそぞただちぢっつづてでとどなにぬねのはばぱひびぴふぶぷへべぺほぼ'
            'ぽまみむめもゃやゅゆょよらりるれろゎわゐゑをんゔゕゖゝゞヵヶヮ',
            'アアイイウウエエオオカガキギクグケゲコゴサザシジスズセゼソゾタダチヂツツヅテデトドナニヌネノハバパヒビピフブプヘベペホボ'
            'ポマミムメモヤヤユユヨヨラリルレロワワヰヱヲンヴカケヽヾカケワ');
    end if;
    if x ~ '[齋齊斉髙﨑嵜碕邊邉濱濵澤廣國櫻德𠮷嶋嶌嶽龍瀧瀨惠眞條圓榮學藏壽實豐寶寳彌禮靜槇遙曉亞冨峯舘舩檜萬與應關鷗鐵銕淺邨埜會兒將專尙巖嵓帶彥從戶攝敎數曾來栁桒楳樂權步溪渕渊濟爲狹畫當發祿禱穗稻竝絲經綠緖縣總舊莊薗藥藝蘆號螢覺觀譽讓豫賴郞釋鄕錄鎭鑛雙靑顯驛驒體躰鹽麥麴黃黑點齡龜藪籔礒曻昻桝凜煕凞聰晉淸涉瑤壯增寬巢勳薰卷圖團奧劍劔劒剱釼仝灣澁瀆篭莵蠣靏靍鶇齒擧證鄰ς]' then
        x := translate(x,
            '齋齊斉髙﨑嵜碕邊邉濱濵澤廣國櫻德𠮷嶋嶌嶽龍瀧瀨惠眞條圓榮學藏壽實豐寶寳彌禮靜槇遙曉亞冨峯舘舩檜萬與應關鷗鐵銕淺邨埜會兒將'
            '專尙巖嵓帶彥從戶攝敎數曾來栁桒楳樂權步溪渕渊濟爲狹畫當發祿禱穗稻竝絲經綠緖縣總舊莊薗藥藝蘆號螢覺觀譽讓豫賴郞釋鄕錄鎭鑛雙'
            '靑顯驛驒體躰鹽麥麴黃黑點齡龜藪籔礒曻昻桝凜煕凞聰晉淸涉瑤壯增寬巢勳薰卷圖團奧劍劔劒剱釼仝灣澁瀆篭莵蠣靏靍鶇齒擧證鄰ς',
            '斎斎斎高崎崎崎辺辺浜浜沢広国桜徳吉島島岳竜滝瀬恵真条円栄学蔵寿実豊宝宝弥礼静槙遥暁亜富峰館船桧万与応関鴎鉄鉄浅村野会児将'
            '専尚巌巌帯彦従戸摂教数曽来柳桑梅楽権歩渓淵淵済為狭画当発禄祷穂稲並糸経緑緒県総旧荘園薬芸芦号蛍覚観誉譲予頼郎釈郷録鎮鉱双'
            '青顕駅騨体体塩麦麹黄黒点齢亀薮薮磯昇昂枡凛熙熙聡晋清渉瑶壮増寛巣勲薫巻図団奥剣剣剣剣剣同湾渋涜籠菟蛎鶴鶴鶫歯挙証隣σ');
    end if;
    return x;
end $$;

-- daicho.grams(folded text) -> bigint[]
-- What the index holds of one record: every pair of neighbouring characters as first << 21 | second, and every
-- single character beyond U+30FF (kanji, hangul ...) as itself, so that one kanji is found too.  One kana, letter or
-- digit has no entry: it is in nearly every record, and a scan in id order meets 50 of them at once.
-- The search text parts its items by U+001F; pairs with it are kept (dropping them costs more than it
-- saves) and no term contains it, so no term reaches across two items.
-- Repeated grams are left to GIN, which sorts them anyway.  Two unnest() in one select list walk in step
-- without a tuple store: 30 us for 90 characters, half of what subscripts cost.
create or replace function daicho.grams(x text) returns bigint[]
language plpgsql immutable strict parallel safe as $$
begin
    return array(select ascii(unnest(string_to_array(left(x, -1), null)))::bigint << 21
                      | ascii(unnest(string_to_array(substr(x, 2), null))))
        || array(select ascii(unnest(string_to_array(regexp_replace(x, '[\u0001-\u30ff]+', '', 'g'), null)))::bigint);
end $$;

-- daicho.search_word(text) -> text
-- A word of a query, folded like the records and free of U+001F.  '' means: nothing to search by.
create or replace function daicho.search_word(x text) returns text
language sql immutable strict parallel safe as $$
    select replace(daicho.fold(x), E'\x1f', '');
$$;

-- daicho.grams_of_term(text) -> bigint[]
-- The grams every record must have to contain the word; '{}' when the index cannot help.  Never use an
-- empty answer with @>: it makes GIN read the whole index.
create or replace function daicho.grams_of_term(x text) returns bigint[]
language plpgsql immutable strict parallel safe as $$
begin
    x := daicho.search_word(x);
    if length(x) = 1 then
        return case when ascii(x) > 12543 then array[ascii(x)::bigint] else '{}' end;
    end if;
    return array(select distinct g from unnest(
        array(select ascii(unnest(string_to_array(left(x, -1), null)))::bigint << 21
                   | ascii(unnest(string_to_array(substr(x, 2), null))))) g);
end $$;
