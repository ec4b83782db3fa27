/* vpn.c - see vpn.h. */
#include "base/house.h"

#include "governance/vpn.h"

#include "base/address.h"
#include "base/clock.h"
#include "base/csv.h"
#include "base/fail.h"
#include "base/text.h"

#include <sys/stat.h>

enum { COLUMNS = 4, CELL_MAX = 256 };

static const char *const heading[COLUMNS] = { "user", "address", "from", "to" };

static bool cells_read(struct cx *cx, const struct csv_record *r, str cell[COLUMNS])
{
        for (size_t i = 0; i < COLUMNS; i++) {
                str text;

                if (r->cells[i].raw.n > CELL_MAX ||
                    csv_text(&r->cells[i], CHARSET_UTF8, arena_alloc(cx->mem, r->cells[i].raw.n * CHARSET_GROWTH + 1), &text) != CSV_FINE)
                        return false;
                cell[i] = str_trim(str_copy(cx->mem, text));
        }
        return true;
}

static bool heading_is(const str cell[COLUMNS])
{
        for (size_t i = 0; i < COLUMNS; i++)
                if (!str_equal_nocase(cell[i], str_of(heading[i])))
                        return false;
        return true;
}

/* One address: no range. Absent: it is none. */
static str address_read(struct cx *cx, str text)
{
        struct cx quiet = *cx;
        str range;

        if (address_range(&quiet, text, "address", &range) != RC_OK)
                return STR_NONE;
        if (memchr(range.p, ':', range.n) == NULL && str_ends(range, S("/32")))
                return (str){ range.p, range.n - 3 };
        return str_ends(range, S("/128")) ? (str){ range.p, range.n - 4 } : STR_NONE;
}

static rc line_read(struct cx *cx, int64_t line, const str cell[COLUMNS], json_t *lines, msec *until)
{
        str address = address_read(cx, cell[1]);
        msec from, to = 0;
        bool open = str_empty(cell[3]);
        json_t *one = json_object();

        if (str_empty(cell[0]) || cell[0].n > VPN_USER_MAX || text_control(cell[0], false) < cell[0].n)
                return fail_line(cx, RC_INVALID, line, "user", "must be a name of 1 to %d bytes", VPN_USER_MAX);
        if (str_absent(address))
                return fail_line(cx, RC_INVALID, line, "address", "must be an address such as 192.0.2.7 or 2001:db8::7");
        if (!clock_read(cell[2], &from))
                return fail_line(cx, RC_INVALID, line, "from", "must be a time such as 2026-11-22T14:05:00+09:00");
        if (!open && !clock_read(cell[3], &to))
                return fail_line(cx, RC_INVALID, line, "to", "must be a time such as 2026-11-22T14:05:00+09:00");
        if (!open && to < from)
                return fail_line(cx, RC_INVALID, line, "to", "ends before it begins");
        *until = from > *until ? from : *until;
        *until = to > *until ? to : *until;
        json_set(one, "username", json_str(cell[0]));
        json_set(one, "address", json_str(address));
        json_set(one, "from_at", json_str(clock_rfc3339(cx->mem, from)));
        json_set(one, "to_at", open ? json_null() : json_str(clock_rfc3339(cx->mem, to)));
        must(json_array_append_new(lines, one) == 0);
        return RC_OK;
}

static rc record_read(struct cx *cx, const struct csv_record *r, bool first, json_t *lines, msec *until)
{
        str cell[COLUMNS];

        if (r->fault != CSV_FINE)
                return fail_line(cx, RC_INVALID, r->line, NULL, "%s", fail_translate(cx->lang, csv_fault_text(r->fault)));
        if (r->count != COLUMNS || !cells_read(cx, r, cell))
                return fail_line(cx, RC_INVALID, r->line, NULL, "must have four short cells: user, address, from, to");
        if (first)
                return heading_is(cell) ? RC_OK
                                        : fail_line(cx, RC_INVALID, r->line, NULL, "the first line must be the heading: user,address,from,to");
        if (json_array_size(lines) >= VPN_LINES_MAX)
                return fail_line(cx, RC_TOO_LARGE, r->line, NULL, "more than %d lines: give it in parts", VPN_LINES_MAX);
        return line_read(cx, r->line, cell, lines, until);
}

rc vpn_read(struct cx *cx, int fd, json_t **ret, msec *ret_until)
{
        struct csv_record *r = NEW(cx->mem, struct csv_record);
        json_t *lines = json_array();
        msec until = 0;
        bool first = true, wrong = false;
        struct stat st;
        struct csv *csv;

        if (fstat(fd, &st) != 0 || st.st_size > VPN_SIZE_MAX)
                return fail(cx, RC_TOO_LARGE, NULL, "the file is larger than %d MB: give it in parts", VPN_SIZE_MAX >> 20);
        csv = csv_open(cx->mem, fd, ',');
        while (cx->failure.count < COUNT(cx->failure.problem) && csv_next(csv, r)) {
                wrong = record_read(cx, r, first, lines, &until) != RC_OK || wrong;
                if (wrong && (first || cx->failure.code == RC_TOO_LARGE))
                        return cx->failure.code;
                first = false;
        }
        if (csv_error(csv) != 0)
                return fail(cx, RC_UNAVAILABLE, NULL, "the file cannot be read: %s", strerror(csv_error(csv)));
        if (wrong)
                return cx->failure.code;
        if (first)
                return fail_line(cx, RC_INVALID, 1, NULL, "the first line must be the heading: user,address,from,to");
        *ret = lines;
        *ret_until = until;
        return RC_OK;
}
