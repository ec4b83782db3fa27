/* calendar_text.h - opening hours and days of every year, as people write them. */
#ifndef DAICHO_REGISTER_CALENDAR_TEXT_H
#define DAICHO_REGISTER_CALENDAR_TEXT_H

#include "base/cx.h"

enum { CALENDAR_TEXT_MAX = 400, CALENDAR_TEXT_SPANS = 8, CALENDAR_TEXT_DAYS = 366 };

/* "10:00-12:00, 13:00-18:00" (also 〜 and ～) to PostgreSQL's int4multirange of minutes: "{[600,720),[780,1080)}". RC_INVALID about `item`. */
rc calendar_text_hours(struct cx *cx, str s, const char *item, str *ret) MUST_USE;
/* "12/28〜1/4、8/13" (also 12-28) to "12-28", "12-29" … "08-13", each once; ret holds CALENDAR_TEXT_DAYS. Empty: none. RC_INVALID about `item`. */
rc calendar_text_yearly(struct cx *cx, str s, const char *item, str *ret, size_t *ret_count) MUST_USE;
/* The other way: days that follow each other become one span. */
str calendar_text_yearly_write(struct cx *cx, const str *days, size_t count);

#endif
