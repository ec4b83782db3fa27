/* alert.c - see alert.h. */
#include "base/house.h"

#include "identity/alert.h"

#include "base/clock.h"
#include "identity/alert.sql.h"

rc alert_next(struct cx *cx, int64_t after, str *ret_tenant, int64_t *ret_id)
{
        struct alert_due *row;

        TRY(sql_alert_due(cx, after, &row));
        *ret_tenant = row ? row->tenant : STR_NONE;
        *ret_id = row ? row->id : 0;
        return RC_OK;
}

rc alert_tell(struct cx *cx, int64_t id, json_t **ret)
{
        struct alert_told *row;
        json_t *m = json_object();

        *ret = NULL;
        TRY(sql_alert_tell(cx, id, &row));
        if (row == NULL)
                return RC_OK;
        json_set(m, "alert", json_str(row->kind));
        json_set(m, "actor_kind", json_str(row->actor_kind));
        json_set(m, "actor_id", json_integer(row->actor_id));
        json_set(m, "actor", json_str(row->actor));
        json_set(m, "source", json_str(row->source));
        json_set(m, "count", json_integer(row->count));
        json_set(m, "at", json_str(clock_rfc3339(cx->mem, row->at)));
        if (!row->person_id_null) {
                json_set(m, "person_id", json_integer(row->person_id));
                json_set(m, "name", json_str(row->name));
        }
        *ret = m;
        return RC_OK;
}

rc alert_list(struct cx *cx, int64_t person_id, json_t **ret)
{
        json_t *list = json_array();
        struct alert_row *row;
        size_t count;

        TRY(sql_alert_of_person(cx, person_id, &row, &count));
        for (size_t i = 0; i < count; i++) {
                json_t *one = json_object();

                json_set(one, "id", json_integer(row[i].id));
                json_set(one, "kind", json_str(row[i].kind));
                json_set(one, "source", json_str(row[i].source));
                json_set(one, "count", json_integer(row[i].count));
                json_set(one, "at", json_str(clock_rfc3339(cx->mem, row[i].at)));
                must(json_array_append_new(list, one) == 0);
        }
        *ret = list;
        return RC_OK;
}
