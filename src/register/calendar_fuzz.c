/* calendar_fuzz.c - any bytes become hours and days, or a refusal; what was read is written so that it reads as the same. */
#include "base/house.h"

#include "base/fail.h"
#include "register/calendar_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct cx cx = { .mem = arena_open(MB(8)) };
        str text = { (const char *)data, size < CALENDAR_TEXT_MAX ? size : CALENDAR_TEXT_MAX }, hours, again;
        str *days = NEW_ARRAY(cx.mem, str, CALENDAR_TEXT_DAYS), *more = NEW_ARRAY(cx.mem, str, CALENDAR_TEXT_DAYS);
        size_t count, most;

        must(calendar_text_hours(&cx, text, "x", &hours) != RC_OK || (hours.n > 4 && hours.p[0] == '{'));
        fail_clear(&cx);
        if (calendar_text_yearly(&cx, text, "x", days, &count) == RC_OK) {
                again = calendar_text_yearly_write(&cx, days, count);
                must(calendar_text_yearly(&cx, again, "x", more, &most) == RC_OK && most == count);
                for (size_t i = 0; i < count; i++)
                        must(str_equal(days[i], more[i]));
        }
        arena_close(cx.mem);
        return 0;
}
