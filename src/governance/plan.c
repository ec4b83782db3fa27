/* plan.c - see plan.h. */
#include "base/house.h"

#include "governance/plan.h"

#include "base/address.h"
#include "base/fail.h"
#include "base/text.h"
#include "base/yaml.h"

enum { EVERY_MAX = 1440, EVERY_USUAL = 15, NAME_MAX = 253 };

enum part { RANGES, HOSTS, PLACES, HOST, NAME, MINUTES };

/* clang-format off */
static const struct {
        const char *name;
        enum part part;
        size_t min, max; /* of a list */
} parts[] = {
        { "office",      RANGES,  1, 200 },
        { "vpn",         RANGES,  0, 200 },
        { "vdi",         HOST,    0, 0 },
        { "egress",      PLACES,  0, 200 },
        { "management",  HOSTS,   1, 50 },
        { "plain",       HOSTS,   1, 50 },
        { "unlisted",    HOST,    0, 0 },
        { "reference",   HOST,    0, 0 },
        { "server_name", NAME,    0, 0 },
        { "every",       MINUTES, 0, 0 },
};
/* clang-format on */

struct reading {
        struct cx *cx;
        const struct yaml_lines *lines;
        const char *item;
        int64_t line;
        bool wrong;
};

static void wrong_host(struct reading *r, str text)
{
        r->wrong = true;
        (void)fail_line(r->cx, RC_INVALID, r->line, r->item, "\"%.*s\" is not an address with a port, such as 192.0.2.7:443 or [2001:db8::7]:443",
                        (int)(text.n > 100 ? 100 : text.n), text.p ? text.p : "");
}

/* "192.0.2.7:443" -> address, port; the brackets of IPv6 are taken off. */
static bool host_cut(str text, str *ret_address, str *ret_port)
{
        const char *colon = text.n > 0 ? memrchr(text.p, ':', text.n) : NULL;
        str address;

        if (colon == NULL)
                return false;
        address = (str){ text.p, (size_t)(colon - text.p) };
        *ret_port = (str){ colon + 1, text.n - address.n - 1 };
        if (address.n > 2 && address.p[0] == '[' && address.p[address.n - 1] == ']')
                address = (str){ address.p + 1, address.n - 2 };
        else if (address.n == 0 || memchr(address.p, ':', address.n) != NULL)
                return false;
        *ret_address = address;
        return true;
}

static json_t *host_read(struct reading *r, str text, bool place)
{
        str address, port, range, udp = STR_NONE;
        int64_t number;

        if (!host_cut(text, &address, &port)) {
                wrong_host(r, text);
                return NULL;
        }
        if (place)
                port = str_cut(port, '/', &udp);
        if (!str_int(port, &number) || number < 1 || number > 65535 || port.p[0] == '+' || (!str_absent(udp) && !str_is(udp, "udp"))) {
                wrong_host(r, text);
                return NULL;
        }
        if (address_range(r->cx, address, r->item, &range) != RC_OK) {
                r->wrong = true;
                return NULL;
        }
        if (str_ends(range, S("/32")) && memchr(range.p, ':', range.n) == NULL)
                range.n -= 3;
        else if (str_ends(range, S("/128")))
                range.n -= 4;
        else if (!place) {
                wrong_host(r, text);
                return NULL;
        }
        return json_str(str_format(r->cx->mem, memchr(range.p, ':', range.n) ? "[%.*s]:%" PRId64 "%s" : "%.*s:%" PRId64 "%s", STR_ARG(range), number,
                                   str_absent(udp) ? "" : "/udp"));
}

static json_t *range_read(struct reading *r, str text)
{
        str range;

        if (address_range(r->cx, text, r->item, &range) == RC_OK)
                return json_str(range);
        r->wrong = true;
        return NULL;
}

static json_t *list_read(struct reading *r, const json_t *value, enum part part, size_t min, size_t max)
{
        json_t *list = json_array(), *element;
        size_t i;

        if (!json_is_array(value) || json_array_size(value) < min || json_array_size(value) > max) {
                r->wrong = true;
                (void)fail_line(r->cx, RC_INVALID, r->line, r->item, "must be a list of %zu to %zu", min, max);
                return NULL;
        }
        json_array_foreach(value, i, element) {
                str text = json_text(element);
                json_t *one;

                r->line = yaml_line_at(r->lines, value, i);
                one = part == RANGES ? range_read(r, str_absent(text) ? S("") : text) : host_read(r, str_absent(text) ? S("") : text, part == PLACES);
                if (one != NULL)
                        must(json_array_append_new(list, one) == 0);
        }
        return list;
}

static json_t *name_read(struct reading *r, const json_t *value)
{
        str name = json_text(value);

        if (value == NULL || json_is_null(value))
                return json_null();
        for (size_t i = 0; !str_absent(name) && i < name.n; i++) {
                char c = name.p[i];

                if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-' && c != '.')
                        name = STR_NONE;
        }
        if (!str_absent(name) && !str_empty(name) && name.n <= NAME_MAX)
                return json_str(name);
        r->wrong = true;
        (void)fail_line(r->cx, RC_INVALID, r->line, r->item, "must be the name of a host, in small letters");
        return NULL;
}

static json_t *minutes_read(struct reading *r, const json_t *value)
{
        json_int_t minutes = value == NULL ? EVERY_USUAL : json_integer_value(value);

        if (minutes >= 1 && minutes <= EVERY_MAX)
                return json_integer(minutes);
        r->wrong = true;
        (void)fail_line(r->cx, RC_INVALID, r->line, r->item, "must be a whole number from %d to %d", 1, EVERY_MAX);
        return NULL;
}

static json_t *part_read(struct reading *r, size_t at, const json_t *value)
{
        switch (parts[at].part) {
        case RANGES:
        case HOSTS:
        case PLACES: return list_read(r, value, parts[at].part, parts[at].min, parts[at].max);
        case HOST: return host_read(r, json_is_string(value) ? json_text(value) : S(""), false);
        case NAME: return name_read(r, value);
        case MINUTES: break;
        }
        return minutes_read(r, value);
}

static void unknown_find(struct reading *r, const json_t *given)
{
        const char *name;
        const json_t *value;

        json_object_foreach((json_t *)(uintptr_t)given, name, value) {
                bool known = false;

                for (size_t i = 0; i < COUNT(parts); i++)
                        known = known || strcmp(parts[i].name, name) == 0;
                if (known)
                        continue;
                r->wrong = true;
                (void)fail_line(r->cx, RC_INVALID, yaml_line(r->lines, given, name), name, "is not known here");
        }
}

rc plan_read(struct cx *cx, str yaml, json_t **ret)
{
        json_t *given, *plan = json_object();
        struct yaml_lines *lines;
        struct reading r = { .cx = cx };

        TRY(text_check(cx, yaml, NULL, PLAN_SIZE_MAX, true));
        TRY(yaml_read_lines(cx, yaml, &given, &lines));
        if (!json_is_object(given))
                return fail(cx, RC_INVALID, NULL, "this is no plan of maintenance: names and values were expected");
        r.lines = lines;
        unknown_find(&r, given);
        for (size_t i = 0; i < COUNT(parts); i++) {
                json_t *read;

                r.item = parts[i].name;
                r.line = yaml_line(lines, given, parts[i].name);
                read = part_read(&r, i, json_object_get(given, parts[i].name));
                if (read != NULL)
                        json_set(plan, parts[i].name, read);
        }
        if (r.wrong)
                return cx->failure.code;
        *ret = plan;
        return RC_OK;
}

struct plan_endpoint plan_endpoint(struct cx *cx, str text)
{
        struct plan_endpoint e = { .udp = str_ends(text, S("/udp")) };
        str address, port;

        must(host_cut(text, &address, &port));
        port = str_cut(port, '/', &(str){ 0 });
        must(str_int(port, &e.port));
        e.address = str_copy(cx->mem, address);
        e.six = memchr(address.p, ':', address.n) != NULL;
        return e;
}
