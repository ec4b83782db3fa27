/* calendar.h - calendars of a contract: weekdays and hours in which business is done, national holidays, days of its own. What time is left or when it is
 * up the database computes (schema/0038_calendar.sql). */
#ifndef DAICHO_REGISTER_CALENDAR_H
#define DAICHO_REGISTER_CALENDAR_H

#include "base/json.h"

enum { CALENDAR_YEAR_MIN = 1948, CALENDAR_YEAR_MAX = 2099, CALENDAR_TITLE_MAX = 60, CALENDAR_NOTE_MAX = 100 };

/* {calendars: [{id, name, title, weekdays: [1 Monday … 7], hours "10:00-12:00, 13:00-18:00", holidays, yearly "12/28〜1/4", version, open_now}]}. */
rc calendar_list(struct cx *cx, json_t **ret) MUST_USE;
/* {calendar, year, days: [{day, weekday (0 Sunday), holiday: key | null, open, special, note, hours}], open_days}. year 0: the one it is. RC_UNKNOWN. */
rc calendar_get(struct cx *cx, int64_t id, int64_t year, json_t **ret) MUST_USE;
/* in: name (when made), title, weekdays, hours, holidays, yearly: those that are given; RC_INVALID. */
rc calendar_create(struct cx *cx, const json_t *in, json_t **ret) MUST_USE;
/* RC_STALE. */
rc calendar_update(struct cx *cx, int64_t id, int64_t version, const json_t *in, json_t **ret_before, json_t **ret) MUST_USE;
/* One day: state closed | open (hours: as usual when absent) | usual; note: why. */
rc calendar_day(struct cx *cx, int64_t id, const json_t *in) MUST_USE;

#endif
