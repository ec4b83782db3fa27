-- Calendars of the tenant entered: what business time is. All of it is computed by functions of schema/0038_calendar.sql.

-- calendar_list() -> many(100) calendar_row(id int, name text, title text, weekdays int[], hours text, holidays bool, yearly text[], version int, open_now bool)
select c.id, c.name, c.title, c.weekdays, daicho.hours_text(c.hours) as hours, c.holidays, c.yearly, c.version, daicho.calendar_open(c.id, daicho.clock()) as open_now
from daicho.calendar c order by c.id;

-- calendar_find(id int) -> maybe calendar_row
select c.id, c.name, c.title, c.weekdays, daicho.hours_text(c.hours) as hours, c.holidays, c.yearly, c.version, daicho.calendar_open(c.id, daicho.clock()) as open_now
from daicho.calendar c where c.id = $1;

-- special: written down for this day alone.
-- calendar_year(id int, year int) -> many(366) calendar_date(day date, weekday int, holiday text?, open bool, special bool, note text?, hours text?, today bool)
select d.day::date, extract(dow from d.day)::bigint as weekday, h.name as holiday, o.hours is not null as open, x.day is not null as special, x.note,
    daicho.hours_text(o.hours) as hours, d.day::date = (daicho.clock() at time zone 'Asia/Tokyo')::date as today
from generate_series(make_date($2::int, 1, 1)::timestamp, make_date($2::int, 12, 31)::timestamp, interval '1 day') d (day)
left join daicho.holiday h on h.day = d.day::date
left join daicho.calendar_day x on x.calendar_id = $1 and x.day = d.day::date
cross join lateral (select daicho.calendar_hours($1, d.day::date) as hours) o
order by d.day;

-- calendar_write(id int, version int, name text, title text, weekdays text, hours text, holidays bool, yearly text[]) -> one int?
select daicho.calendar_write($1, $2, $3, $4, $5::text::int[], $6::text::int4multirange, $7, $8::text[]) as id;

-- open null: as its weekday says.
-- calendar_day_write(id int, day date, open bool?, hours text?, note text?) -> one bool
select daicho.calendar_day_write($1, $2::date, $3, $4::text::int4multirange, $5) as done;
