/* backup.c - see backup.h. */
#include "base/house.h"

#include "tenant/backup.h"

#include "base/clock.h"
#include "tenant/backup.sql.h"

enum { LATE_HOURS = 26, BAD_HOURS = 50 };

static const char *level_of(msec age)
{
        return age < LATE_HOURS * CLOCK_HOUR ? "good" : age < BAD_HOURS * CLOCK_HOUR ? "late" : "bad";
}

static void time_set(struct cx *cx, json_t *to, const char *name, msec at, bool null)
{
        (void)json_set(to, name, null ? json_null() : json_str(clock_rfc3339(cx->mem, at)));
}

rc backup_state(struct cx *cx, json_t **ret)
{
        json_t *model = json_object(), *places = json_array();
        struct backup_place_row *row;
        msec newest = 0;
        size_t count;

        TRY(sql_backup_places(cx, &row, &count));
        for (size_t i = 0; i < count; i++) {
                json_t *one = json_object();
                bool bad = !str_absent(row[i].trouble) || !row[i].sound;

                json_set(one, "place", json_str(row[i].place));
                json_set(one, "newest", json_str(row[i].newest));
                time_set(cx, one, "taken_at", row[i].taken_at, row[i].taken_at_null);
                time_set(cx, one, "seen_at", row[i].seen_at, row[i].seen_at_null);
                time_set(cx, one, "verified_at", row[i].verified_at, row[i].verified_at_null);
                json_set(one, "sound", json_boolean(row[i].sound));
                json_set(one, "trouble", json_str(row[i].trouble));
                json_set(one, "well", json_boolean(!bad));
                if (!row[i].taken_at_null && row[i].sound && row[i].taken_at > newest)
                        newest = row[i].taken_at;
                must(json_array_append_new(places, one) == 0);
        }
        json_set(model, "places", places);
        json_set(model, "configured", json_boolean(count > 0));
        time_set(cx, model, "taken_at", newest, newest == 0);
        json_set(model, "age_hours", newest == 0 ? json_null() : json_integer((cx->now - newest) / CLOCK_HOUR));
        *ret = json_set(model, "level", json_str(count == 0 ? S("none") : newest == 0 ? S("bad") : str_of(level_of(cx->now - newest))));
        return RC_OK;
}

rc backup_late(struct cx *cx, int64_t id, json_t **ret)
{
        str newest;

        *ret = NULL;
        TRY(sql_backup_late(cx, &newest));
        if (!str_absent(newest))
                *ret = json_set(json_object(), "taken_at", json_str(newest));
        return RC_OK;
}
