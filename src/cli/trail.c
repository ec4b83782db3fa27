/* trail.c - see trail.h. */
#include "base/house.h"

#include "cli/trail.h"

#include "base/clock.h"
#include "base/fail.h"
#include "base/file.h"
#include "base/json.h"
#include "cli/spawn.h"

#include <dirent.h>
#include <stdlib.h>
#include <unistd.h>

enum { TAIL_MAX = 64 << 20, NAME_DATE = 10 };

#define NAME_BEGIN "postgres-"

rc trail_settings(struct cx *cx, const struct place *place, struct buf *out)
{
        const char *module = str_z(cx->mem, str_format(cx->mem, "%.*s/../lib/pgaudit.so", STR_ARG(place->config.postgres_directory)));

        if (access(module, R_OK) != 0)
                return fail(cx, RC_UNAVAILABLE, NULL, "the program %s is missing; install the package %s", module, "postgresql-15-pgaudit");
        buf_format(out,
                   "logging_collector = on\n"
                   "log_destination = 'jsonlog'\n"
                   "log_directory = '%.*s/log/postgres'\n"
                   "log_filename = '" NAME_BEGIN "%%Y-%%m-%%d_%%H%%M%%S.log'\n"
                   "log_file_mode = 0600\n"
                   "log_rotation_age = 1d\n"
                   "log_rotation_size = 256MB\n"
                   "log_connections = on\n"
                   "log_disconnections = on\n"
                   "shared_preload_libraries = 'pgaudit'\n"
                   "pgaudit.log = 'ddl, role, misc_set'\n"
                   "pgaudit.role = 'daicho_auditor'\n"
                   "pgaudit.log_catalog = off\n"
                   "pgaudit.log_parameter = off\n",
                   STR_ARG(place->dir));
        return RC_OK;
}

static int by_name(const void *a, const void *b)
{
        return str_compare(*(const str *)a, *(const str *)b);
}

rc trail_files(struct cx *cx, const char *directory, str **ret, size_t *ret_count)
{
        str *list = NEW_ARRAY(cx->mem, str, TRAIL_FILES_MAX);
        DIR *d = opendir(directory);
        const struct dirent *entry;
        size_t count = 0;

        while (d != NULL && count < TRAIL_FILES_MAX && (entry = readdir(d)) != NULL)
                if (str_starts(str_of(entry->d_name), S(NAME_BEGIN)) && str_ends(str_of(entry->d_name), S(".json")))
                        list[count++] = str_copy(cx->mem, str_of(entry->d_name));
        if (d != NULL)
                (void)closedir(d);
        if (count > 0)
                qsort(list, count, sizeof(*list), by_name);
        *ret = list;
        *ret_count = count;
        return RC_OK;
}

/* "postgres-2026-11-22_000000.json" began on that day. */
static bool too_old(str name, msec now)
{
        struct date date;

        if (!str_starts(name, S(NAME_BEGIN)) || name.n < sizeof(NAME_BEGIN) - 1 + NAME_DATE)
                return false;
        if (!clock_read_date((str){ name.p + sizeof(NAME_BEGIN) - 1, NAME_DATE }, &date))
                return false;
        return now - clock_from_tokyo((struct civil){ .date = date }) > TRAIL_DAYS * CLOCK_DAY;
}

void trail_trim(struct cx *cx, const char *directory, msec now)
{
        DIR *d = opendir(directory);
        const struct dirent *entry;

        while (d != NULL && (entry = readdir(d)) != NULL)
                if (too_old(str_of(entry->d_name), now))
                        (void)unlinkat(dirfd(d), entry->d_name, 0);
        if (d != NULL)
                (void)closedir(d);
}

str trail_last_words(struct cx *cx, const char *directory)
{
        size_t count;
        str *files, text, words = STR_NONE;

        if (trail_files(cx, directory, &files, &count) != RC_OK || count == 0)
                return words;
        if (file_read(cx, str_z(cx->mem, str_format(cx->mem, "%s/%.*s", directory, STR_ARG(files[count - 1]))), TAIL_MAX, &text) != RC_OK) {
                fail_clear(cx);
                return words;
        }
        while (text.p != NULL) {
                json_t *entry;
                str line = str_cut(text, '\n', &text), severity;

                if (str_empty(line))
                        continue;
                if (json_read(cx, line, &entry) != RC_OK) {
                        fail_clear(cx);
                        continue;
                }
                severity = json_get_text(entry, "error_severity");
                if (str_is(severity, "FATAL") || str_is(severity, "PANIC"))
                        words = json_get_text(entry, "message");
        }
        return words;
}
