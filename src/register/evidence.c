/* evidence.c - see evidence.h. */
#include "base/house.h"

#include "register/evidence.h"

#include "base/clock.h"
#include "base/crypto.h"
#include "base/fail.h"
#include "db/db.h"
#include "log/log.h"
#include "register/evidence.sql.h"
#include "register/item_file.h"

enum { ALL_KINDS = 127 };

static rc sight_check(struct cx *cx)
{
        return cx->masked ? fail(cx, RC_FORBIDDEN, NULL, "evidence is collected and read by accounts that may see personal items") : RC_OK;
}

static rc said_fail(struct cx *cx, str said)
{
        if (str_is(said, "duty"))
                return fail(cx, RC_INVALID, "duty", "this is not a duty of this record");
        if (str_is(said, "period"))
                return fail(cx, RC_INVALID, "to", "the period must not end before it begins, nor later than today");
        return fail(cx, RC_UNKNOWN, NULL, "there is no such record");
}

static rc day_check(struct cx *cx, const char *item, str day)
{
        struct date date;

        return clock_read_date(day, &date) ? RC_OK : fail(cx, RC_INVALID, item, "must be a date, such as 1990-02-28");
}

static rc add(struct cx *cx, const struct evidence_order *order, int64_t file, int64_t *ret)
{
        struct evidence_added *row;

        TRY(sql_evidence_add(cx, order->register_name, order->record, order->duty ? &order->duty : NULL, order->from, order->to,
                             file ? STR_NONE : order->observation, file ? &file : NULL, &row));
        if (!str_absent(row->said))
                return said_fail(cx, row->said);
        *ret = row->id;
        return RC_OK;
}

rc evidence_collect(struct cx *cx, const struct evidence_order *order, int64_t *ret_id, str *ret_sha256)
{
        struct attachment_order file = { order->register_name, NULL, order->path, order->name, ALL_KINDS, ITEM_FILE_MAX };
        bool observed = !str_empty(order->observation);
        uint8_t digest[SHA256_SIZE];
        int64_t id = 0;
        rc code;

        TRY(sight_check(cx));
        TRY(day_check(cx, "from", order->from));
        TRY(day_check(cx, "to", order->to));
        if (observed == (order->path != NULL))
                return fail(cx, RC_INVALID, "observation", "evidence is either a file or an observation; please give one of them");
        if (observed) {
                crypto_sha256(order->observation, digest);
                *ret_sha256 = crypto_hex(cx->mem, digest, sizeof(digest));
        } else {
                TRY(attachment_take(cx, &file, &id, ret_sha256));
        }
        code = add(cx, order, id, ret_id);
        if (code != RC_OK && !observed)
                attachment_drop(cx);
        TRY(code);
        log_detail(cx, "evidence", json_integer(*ret_id));
        log_detail(cx, "sha256", json_str(*ret_sha256));
        log_detail(cx, "from", json_str(order->from));
        log_detail(cx, "to", json_str(order->to));
        return RC_OK;
}

static json_t *row_model(struct cx *cx, const struct evidence_row *row)
{
        json_t *m = json_object(), *file = json_object();

        (void)json_set(m, "id", json_integer(row->id));
        (void)json_set(m, "observation", json_str(row->observation));
        (void)json_set(m, "sha256", json_str(row->sha256));
        (void)json_set(m, "from", json_str(row->period_from));
        (void)json_set(m, "to", json_str(row->period_to));
        (void)json_set(m, "received_at", json_str(clock_rfc3339(cx->mem, row->received_at)));
        (void)json_set(m, "collector", json_str(row->collector));
        (void)json_set(m, "duty", row->duty ? json_integer(row->duty) : json_null());
        (void)json_set(m, "duty_title", json_str(cx->lang == LANG_JA ? row->duty_ja : row->duty_en));
        if (row->file == 0)
                return json_set(m, "file", json_null());
        (void)json_set(file, "id", json_integer(row->file));
        (void)json_set(file, "name", json_str(row->name));
        (void)json_set(file, "type", json_str(row->type));
        (void)json_set(file, "size", json_integer(row->size));
        (void)json_set(file, "state", json_str(row->state));
        (void)json_set(file, "found", json_str(row->found));
        return json_set(m, "file", file);
}

rc evidence_list(struct cx *cx, const struct definition *def, int64_t record, int64_t before, json_t **ret)
{
        json_t *m = json_object(), *list = json_array();
        struct evidence_row *rows;
        size_t count;

        TRY(sight_check(cx));
        TRY(sql_evidence_rows(cx, def->id, record, before, EVIDENCE_PAGE + 1, &rows, &count));
        for (size_t i = 0; i < count && i < EVIDENCE_PAGE; i++)
                json_array_append_new(list, row_model(cx, &rows[i]));
        (void)json_set(m, "evidence", list);
        *ret = json_set(m, "next", count > EVIDENCE_PAGE ? json_integer(rows[EVIDENCE_PAGE - 1].id) : json_null());
        return RC_OK;
}

rc evidence_duties(struct cx *cx, const struct definition *def, int64_t record, json_t **ret)
{
        struct evidence_duty *rows;
        json_t *list = json_array();
        size_t count;

        TRY(sql_evidence_duties(cx, def->id, record, &rows, &count));
        for (size_t i = 0; i < count; i++) {
                json_t *m = json_set(json_object(), "id", json_integer(rows[i].id));
                str title = cx->lang == LANG_JA ? rows[i].ja : rows[i].en;

                json_array_append_new(list, json_set(m, "title", json_str(title)));
        }
        *ret = list;
        return RC_OK;
}

rc evidence_open(struct cx *cx, str register_name, int64_t record, int64_t id, struct attachment *ret)
{
        const struct definition *def;
        struct evidence_file *row;

        TRY(sight_check(cx));
        TRY(definition_get(cx, register_name, &def));
        TRY(sql_evidence_file(cx, def->id, record, id, &row));
        if (row == NULL || row->file == 0)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such file");
        log_detail(cx, "evidence", json_integer(id));
        return attachment_open(cx, row->file, ret);
}
