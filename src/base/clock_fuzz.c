/* clock_fuzz.c - any text is a date, a time, or neither; a date read exists and reads back. */
#include "base/house.h"

#include "base/clock.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct arena *mem = arena_open(MB(1));
        str in = { (const char *)data, size };
        struct date date, again;
        msec at, back;

        if (clock_read_date(in, &date)) {
                must(clock_read_date(clock_iso_date(mem, date), &again) && str_equal(clock_iso_date(mem, again), clock_iso_date(mem, date)));
        }
        if (clock_read(in, &at))
                must(clock_read(clock_rfc3339(mem, at), &back) && back == at);
        arena_close(mem);
        return 0;
}
