/* clock.h - dates and times as people and protocols write them. What time it is, only the database says (daicho.clock(), read into cx->now);
 * here is the arithmetic: proleptic Gregorian calendar, Asia/Tokyo = UTC+9 without exception since 1952. */
#ifndef DAICHO_BASE_CLOCK_H
#define DAICHO_BASE_CLOCK_H

#include "base/cx.h"

#define CLOCK_SECOND ((msec)1000)
#define CLOCK_MINUTE ((msec)60000)
#define CLOCK_HOUR   ((msec)3600000)
#define CLOCK_DAY    ((msec)86400000)

struct date {
        int32_t year;  /* 1..9999 */
        int32_t month; /* 1..12 */
        int32_t day;   /* 1..31 */
};

struct civil {
        struct date date;
        int32_t weekday; /* 0 Sunday */
        int32_t hour, minute, second, msec;
};

struct civil clock_tokyo(msec at);
msec clock_from_tokyo(struct civil civil); /* weekday is not looked at */

/* Milliseconds that only go forward: for durations and rates, never stored. */
msec clock_tick(void);

/* For protocols: "2026-11-22T14:05:09.123+09:00" (RFC 3339; the milliseconds only when there are any), "2026-11-22". */
str clock_rfc3339(struct arena *mem, msec at);
str clock_iso_date(struct arena *mem, struct date date);

/* For people, Asia/Tokyo: "2026年11月22日(日) 14:05", "Sun 22 Nov 2026, 14:05". */
str clock_text(struct arena *mem, enum lang lang, msec at);
str clock_date_text(struct arena *mem, enum lang lang, struct date date);
/* For narrow columns: "2026/11/22 14:05". */
str clock_short(struct arena *mem, msec at);

/* RFC 3339, also as PostgreSQL writes it ("2026-11-22 05:05:09.123456+00", "+09:30"); finer than milliseconds is cut off. Zone required. */
bool clock_read(str s, msec *ret);
/* The year in its era, Japanese: "平成2年", "令和元年". Absent before 1873, when Japan counted days otherwise. */
str clock_era(struct arena *mem, struct date date);
/* A date as files and people write it: 2026-11-22, 2026/1/5, 2026.1.5, 20261122, 2026年11月22日, 令和8年11月22日, 令和元年5月1日, R8.11.22,
 * S63/1/7; full-width digits and signs too. The day must exist, and lie in the era named. Nothing else may stand there but spaces at the ends. */
bool clock_read_date(str s, struct date *ret);

#endif
