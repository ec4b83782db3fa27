/* postal.c - see postal.h. */
#include "base/house.h"

#include "register/postal.h"

#include "base/clock.h"
#include "base/fail.h"
#include "db/db.h"
#include "register/item.h"
#include "register/item_choice.h"
#include "register/item_code.h"
#include "register/postal.sql.h"
#include "register/postal_file.h"

enum { BATCH = 500, SCRATCH_MAX = 32 << 20 };

rc postal_data(struct cx *cx, json_t **ret)
{
        struct postal_data_row *row;
        json_t *m = json_object();

        TRY(sql_postal_data(cx, &row));
        *ret = json_null();
        if (row == NULL)
                return RC_OK;
        json_set(m, "imported_at", json_str(clock_rfc3339(cx->mem, row->imported_at)));
        json_set(m, "file", json_str(row->file));
        json_set(m, "rows", json_integer(row->rows));
        json_set(m, "codes", json_integer(row->codes));
        json_set(m, "sample", json_boolean(row->sample));
        json_set(m, "age_days", json_integer(row->age_days));
        json_set(m, "old", json_boolean(row->age_days >= POSTAL_OLD_DAYS));
        *ret = m;
        return RC_OK;
}

static rc code_read(struct cx *cx, str code, str *ret, str *ret_shown)
{
        static const struct item plain = { .type = ITEM_POSTAL_CODE, .name = { "code", 4 } };

        TRY(item_parse(cx, &plain, str_absent(code) || str_empty(str_trim(code)) ? S("-") : code, ret_shown));
        *ret = str_format(cx->mem, "%.*s%.*s", 3, ret_shown->p, 4, ret_shown->p + 4);
        return RC_OK;
}

rc postal_find(struct cx *cx, str code, json_t **ret)
{
        json_t *model = json_object(), *list = json_array(), *data;
        struct postal_row_found *row;
        str plain, shown;
        size_t count;

        TRY(code_read(cx, code, &plain, &shown));
        TRY(sql_postal_find(cx, plain, &row, &count));
        TRY(postal_data(cx, &data));
        for (size_t i = 0; i < count; i++) {
                json_t *one = json_object();

                json_set(one, "prefecture", json_str(row[i].prefecture));
                json_set(one, "city", json_str(row[i].city));
                json_set(one, "town", json_str(row[i].town));
                json_set(one, "prefecture_kana", json_str(row[i].prefecture_kana));
                json_set(one, "city_kana", json_str(row[i].city_kana));
                json_set(one, "town_kana", json_str(row[i].town_kana));
                json_set(one, "place", json_str(row[i].place));
                json_array_append_new(list, one);
        }
        json_set(model, "code", json_str(shown));
        json_set(model, "addresses", list);
        json_set(model, "data", data);
        *ret = model;
        return RC_OK;
}

/* The file ------------------------------------------------------------------------------------------------------------------------- */

struct batch {
        str column[9][BATCH];
        size_t count;
};

static rc batch_write(struct cx *cx, struct batch *b)
{
        str a[COUNT(b->column)];

        if (b->count == 0)
                return RC_OK;
        for (size_t i = 0; i < COUNT(a); i++)
                a[i] = db_array(cx, b->column[i], b->count);
        b->count = 0;
        return sql_postal_add(cx, a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8]);
}

static void batch_add(struct arena *mem, struct batch *b, const struct postal_row *row)
{
        const str values[] = { str_format(mem, "%" PRId64, row->line),
                               row->code,
                               row->place,
                               row->prefecture,
                               row->city,
                               row->town,
                               row->prefecture_kana,
                               row->city_kana,
                               row->town_kana };

        for (size_t i = 0; i < COUNT(values); i++)
                b->column[i][b->count] = values[i];
        b->count++;
}

static void arena_drop(void *p)
{
        arena_close(p);
}

/* The rows of the file, some hundred at a time: memory is given back with each batch. */
static rc rows_write(struct cx *cx, struct postal_file *file)
{
        struct batch *batch = NEW(cx->mem, struct batch);
        struct arena *scratch = arena_open(SCRATCH_MAX);
        struct arena_mark mark = arena_mark(scratch);
        struct postal_row row;
        bool end = false;

        arena_defer(cx->mem, arena_drop, scratch);
        while (!end) {
                TRY(postal_file_next(cx, file, scratch, &row, &end));
                if (!end)
                        batch_add(scratch, batch, &row);
                if (end || batch->count == BATCH) {
                        struct arena_mark unit = arena_mark(cx->mem);

                        TRY(batch_write(cx, batch));
                        arena_rewind(cx->mem, unit);
                        arena_rewind(scratch, mark);
                }
        }
        return RC_OK;
}

rc postal_import(struct cx *cx, int fd, str name, bool sample, bool smaller, json_t **ret)
{
        struct postal_count_row *before, *after;
        struct postal_file *file;
        json_t *m = json_object();
        int64_t gone;

        TRY(postal_file_open(cx, fd, &file));
        TRY(sql_postal_count(cx, &before));
        TRY(sql_postal_clear(cx, &gone));
        TRY(rows_write(cx, file));
        TRY(sql_postal_note(cx, name, sample));
        TRY(sql_postal_count(cx, &after));
        if (!smaller && after->codes * 2 < before->codes)
                return fail(cx, RC_CONFLICT, NULL,
                            "the file has %lld postal codes and there are %lld now: less than half. Is it whole? --smaller takes it as it is",
                            (long long)after->codes, (long long)before->codes);
        json_set(m, "rows", json_integer(after->rows));
        json_set(m, "codes", json_integer(after->codes));
        json_set(m, "rows_before", json_integer(before->rows));
        json_set(m, "codes_before", json_integer(before->codes));
        *ret = m;
        return RC_OK;
}

/* Filling a form ------------------------------------------------------------------------------------------------------------------- */

static bool filled(const struct item *item, const json_t *values)
{
        str text = json_get_text(values, item->name.p);

        return !str_absent(text) && !str_empty(str_trim(text));
}

/* What has an item of its own goes there, the rest of the address together. */
static str part_text(struct cx *cx, const struct item *item, const struct postal_row_found *row, enum fill part)
{
        const str parts[] = { [FILL_PREFECTURE] = row->prefecture, [FILL_CITY] = row->city, [FILL_TOWN] = row->town };
        str all = S("");

        if (part != FILL_ADDRESS)
                return parts[part];
        for (int i = FILL_PREFECTURE; i <= FILL_TOWN; i++)
                if (item->fills[i] == NULL)
                        all = str_format(cx->mem, "%.*s%.*s", STR_ARG(all), STR_ARG(parts[i]));
        return all;
}

rc postal_fill(struct cx *cx, const struct item *item, json_t *values)
{
        struct postal_row_found *row;
        str text = json_get_text(values, item->name.p), stored = STR_NONE;
        size_t count;

        if (str_absent(text) || item_read(cx->mem, item, text, &stored) != ITEM_FINE || str_absent(stored))
                return RC_OK;
        for (int i = 0; i < FILLS; i++)
                if (item->fills[i] != NULL && filled(item->fills[i], values))
                        return RC_OK;
        TRY(sql_postal_find(cx, str_format(cx->mem, "%.*s%.*s", 3, stored.p, 4, stored.p + 4), &row, &count));
        for (int i = 0; i < FILLS && count == 1; i++) {
                const struct item *to = item->fills[i];
                str kept, value;

                if (to == NULL || (to->personal && cx->masked) || to->retired)
                        continue;
                value = part_text(cx, item, row, (enum fill)i);
                if (value.n > 0 && item_read(cx->mem, to, value, &kept) == ITEM_FINE)
                        (void)json_set(values, to->name.p, json_str(value));
        }
        return RC_OK;
}

rc postal_late(struct cx *cx, int64_t id, json_t **ret)
{
        str since;

        *ret = NULL;
        TRY(sql_postal_late(cx, &since));
        if (!str_absent(since))
                *ret = json_set(json_object(), "imported_at", json_str(since));
        return RC_OK;
}
