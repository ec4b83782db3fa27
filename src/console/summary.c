/* summary.c - see summary.h. Counts are made of the first master register: by month of creation, and by its item
 * "prefecture" or else its first indexed choice. Two grouped counts, each one pass over the table. */
#include "base/house.h"

#include "console/summary.h"

#include "base/buf.h"
#include "base/clock.h"
#include "log/log.h"
#include "register/record_chart.h"

static const struct item *group_item(const struct cx *cx, const struct definition *def)
{
        const struct item *found = definition_item(def, S("prefecture"));

        if (found != NULL && found->type == ITEM_CHOICE && sql_visible(cx, found))
                return found;
        for (size_t i = 0; i < def->item_count; i++)
                if (def->items[i].type == ITEM_CHOICE && def->items[i].indexed && sql_visible(cx, &def->items[i]))
                        return &def->items[i];
        return NULL;
}

/* The list of the records counted there. */
static str group_url(struct cx *cx, const struct definition *def, const struct item *item, str value)
{
        json_t *condition = json_object();
        struct buf b = buf_open(cx->mem, KB(4));

        (void)json_set(condition, "item", json_str(item->name));
        (void)json_set(condition, "op", json_string(str_absent(value) ? "empty" : "eq"));
        if (!str_absent(value))
                (void)json_set(condition, "value", json_str(value));
        buf_format(&b, "/registers/%.*s/records?condition=", STR_ARG(def->name));
        buf_url(&b, json_write(cx->mem, condition));
        return buf_str(&b);
}

static void group_add(struct cx *cx, const struct definition *def, const struct item *item, str value, json_t *title, json_t *count, json_t *list)
{
        json_t *m = json_object();

        (void)json_set(m, "prefecture", json_str(value));
        (void)json_set(m, "title", title);
        (void)json_set(m, "count", count);
        (void)json_set(m, "url", json_str(group_url(cx, def, item, value)));
        json_array_append_new(list, m);
}

/* What no record holds is told too, as 0: a map has no holes. */
static rc groups_add(struct cx *cx, const struct definition *def, const struct item *item, json_t *model)
{
        json_t *groups, *one, *list = json_array(), *held = json_object();
        size_t i;

        TRY(record_chart_groups(cx, def, item, &groups));
        json_array_foreach(groups, i, one) {
                str value = json_get_text(one, "value");

                if (str_absent(value))
                        continue;
                (void)json_set(held, str_z(cx->mem, value), json_true());
                group_add(cx, def, item, value, json_object_get(one, "title"), json_object_get(one, "count"), list);
        }
        for (i = 0; i < item->choice_count && json_array_size(list) > 0; i++) {
                const struct choice *choice = &item->choices[i];

                if (json_object_get(held, str_z(cx->mem, choice->value)) == NULL)
                        group_add(cx, def, item, choice->value, json_str(choice->title[cx->lang]), json_integer(0), list);
        }
        (void)json_set(model, "by", json_str(item->name));
        (void)json_set(model, "by_title", json_str(item->title[cx->lang]));
        (void)json_set(model, "has_prefectures", json_boolean(json_array_size(list) > 0));
        (void)json_set(model, "prefectures", list);
        return RC_OK;
}

/* "2026-11" for people. */
static str month_text(struct cx *cx, str month)
{
        static const char *const names[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
        int64_t m = 0;

        if (month.n != 7 || !str_int((str){ month.p + 5, 2 }, &m) || m < 1 || m > 12)
                return month;
        if (cx->lang == LANG_JA)
                return str_format(cx->mem, "%.4s年%d月", month.p, (int)m);
        return str_format(cx->mem, "%s %.4s", names[m - 1], month.p);
}

static rc counts_make(struct cx *cx, str name, json_t *model)
{
        const struct definition *def;
        const struct item *item;
        json_t *months, *one, *month = json_object();
        int64_t all = 0;
        size_t i;

        TRY(definition_recall(cx, name, &def));
        TRY(record_chart_months(cx, def, &months));
        json_array_foreach(months, i, one) {
                all += json_integer_value(json_object_get(one, "count"));
                (void)json_set(one, "month_text", json_str(month_text(cx, json_get_text(one, "month"))));
        }
        (void)json_set(model, "months", months);
        (void)json_set(model, "has_months", json_boolean(all > 0));
        (void)json_set(month, "count", json_object_get(json_array_get(months, json_array_size(months) - 1), "count"));
        (void)json_set(model, "month", month);
        item = group_item(cx, def);
        return item ? groups_add(cx, def, item, model) : RC_OK;
}

/* Counting a large register takes a good part of a second, and its charts do not change from one minute to the next: a
 * process keeps them that long. */
enum { SMALL = 20000, KEPT = 64 };

static struct kept {
        struct arena *mem; /* NULL: free */
        str key;
        str model;
        msec at;
} counted[KEPT];

static struct kept *kept_find(str key)
{
        struct kept *oldest = &counted[0];

        for (size_t i = 0; i < KEPT; i++) {
                if (counted[i].mem != NULL && str_equal(counted[i].key, key))
                        return &counted[i];
                if (counted[i].at < oldest->at)
                        oldest = &counted[i];
        }
        return oldest;
}

static rc counts_add(struct cx *cx, str name, int64_t about, json_t *model)
{
        str key = str_format(cx->mem, "%.*s %.*s %d %d", STR_ARG(cx->tenant), STR_ARG(name), (int)cx->masked, (int)cx->lang);
        struct kept *k = kept_find(key);
        json_t *counts = json_object();

        if (about >= SMALL && k->mem != NULL && str_equal(k->key, key) && cx->now - k->at >= 0 && cx->now - k->at < CLOCK_MINUTE) {
                TRY(json_read(cx, k->model, &counts));
        } else {
                TRY(counts_make(cx, name, counts));
                if (about >= SMALL) {
                        if (k->mem != NULL)
                                arena_close(k->mem);
                        k->mem = arena_open(MB(1));
                        k->key = str_copy(k->mem, key);
                        k->model = str_copy(k->mem, json_write(cx->mem, counts));
                        k->at = cx->now;
                }
        }
        must(json_object_update(model, counts) == 0);
        return RC_OK;
}

rc summary_model(struct cx *cx, json_t **ret)
{
        json_t *model = json_object(), *list, *one, *registers = json_array();
        str first = STR_NONE;
        int64_t all = 0, first_about = 0;
        size_t i;

        TRY(definition_list(cx, &list));
        json_array_foreach(json_object_get(list, "registers"), i, one) {
                bool master = str_is(json_get_text(one, "kind"), "master");
                json_t *m = json_object();

                if (!permission_held_for(cx, PERM_RECORD_READ, json_get_text(one, "name")))
                        continue;
                (void)json_set(m, "name", json_object_get(one, "name"));
                (void)json_set(m, "title", json_object_get(one, "title"));
                (void)json_set(m, "kind", json_object_get(one, "kind"));
                (void)json_set(m, "master", json_boolean(master));
                (void)json_set(m, "about", json_object_get(one, "about"));
                json_array_append_new(registers, m);
                all += json_integer_value(json_object_get(one, "about"));
                if (master && str_absent(first)) {
                        first = json_get_text(one, "name");
                        first_about = json_integer_value(json_object_get(one, "about"));
                }
        }
        (void)json_set(model, "registers", registers);
        if (!str_absent(first)) {
                (void)json_set(model, "register", json_str(first));
                TRY(counts_add(cx, first, first_about, model));
                all += json_is_true(json_object_get(model, "has_months")) || json_array_size(json_object_get(model, "prefectures")) > 0;
        }
        (void)json_set(model, "empty", json_boolean(all == 0));
        *ret = model;
        return RC_OK;
}

/* GET /summary - the numbers of the first page. */
static rc summary(struct cx *cx, const struct http_req *req, struct http_res *res)
{
        json_t *model;

        log_quiet(cx);
        TRY(summary_model(cx, &model));
        return http_reply(res, 200, NULL, model);
}

/* clang-format off */
const struct route summary_routes[] = {
        /*     method path        permission        verb      body rate    handler  summary */
        ROUTE( GET,   "/summary", PERM_RECORD_READ, LOG_VIEW, 0,   HEAVY,  summary, "Numbers of the contract: registers, records by month and by prefecture", .face = FACE_API, .anywhere = true ),
        ROUTE_END
};
/* clang-format on */
