/* department.c - see department.h. */
#include "base/house.h"

#include "identity/department.h"

#include "base/fail.h"
#include "base/text.h"
#include "identity/account.h"
#include "identity/department.sql.h"

static json_t *model(const struct department_row *row)
{
        json_t *m = json_object();

        json_set(m, "id", json_integer(row->id));
        json_set(m, "name", json_str(row->name));
        json_set(m, "administers", json_boolean(row->administers));
        json_set(m, "version", json_integer(row->version));
        json_set(m, "people", json_integer(row->people));
        json_set(m, "groups", json_str(row->groups));
        return m;
}

rc department_list(struct cx *cx, json_t **ret)
{
        json_t *m = json_object(), *list = json_array();
        struct department_row *row;
        size_t count;

        TRY(sql_department_list(cx, &row, &count));
        for (size_t i = 0; i < count; i++)
                must(json_array_append_new(list, model(&row[i])) == 0);
        json_set(m, "departments", list);
        *ret = m;
        return RC_OK;
}

static rc row_find(struct cx *cx, int64_t id, struct department_row **ret)
{
        struct department_row *row;

        TRY(sql_department_find(cx, id, &row));
        if (row == NULL)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such department");
        *ret = row;
        return RC_OK;
}

rc department_get(struct cx *cx, int64_t id, json_t **ret)
{
        struct department_row *row;

        TRY(row_find(cx, id, &row));
        *ret = model(row);
        return RC_OK;
}

static rc name_read(struct cx *cx, const json_t *in, str *ret)
{
        str name = json_get_text(in, "name");

        if (!str_absent(name))
                name = str_trim(name);
        if (str_absent(name) || str_empty(name))
                return fail(cx, RC_INVALID, "name", "must not be empty");
        TRY(text_check(cx, name, "name", DEPARTMENT_NAME_MAX, false));
        *ret = name;
        return RC_OK;
}

rc department_create(struct cx *cx, const json_t *in, json_t **ret)
{
        int64_t id;
        str name;

        TRY(name_read(cx, in, &name));
        TRY(account_queue_up(cx));
        TRY(sql_department_insert(cx, cx->tenant, name, json_is_true(json_object_get(in, "administers")), &id));
        return department_get(cx, id, ret);
}

rc department_update(struct cx *cx, int64_t id, int64_t version, const json_t *in, json_t **ret_before, json_t **ret)
{
        const json_t *administers = json_object_get(in, "administers");
        struct department_row *row;
        int64_t changed;

        TRY(account_queue_up(cx));
        TRY(row_find(cx, id, &row));
        if (row->version != version)
                return fail(cx, RC_STALE, NULL, "somebody changed this in the meantime");
        *ret_before = model(row);
        if (json_object_get(in, "name") != NULL)
                TRY(name_read(cx, in, &row->name));
        TRY(sql_department_change(cx, id, version, row->name, administers ? json_is_true(administers) : row->administers, &changed));
        if (changed == 0)
                return fail(cx, RC_STALE, NULL, "somebody changed this in the meantime");
        return department_get(cx, id, ret);
}

static rc close_it(struct cx *cx, const struct department_row *row, const int64_t *into, json_t **ret)
{
        json_t *done;
        str text;

        TRY(sql_department_close(cx, row->id, into, &text));
        if (str_absent(text))
                return fail(cx, RC_UNKNOWN, NULL, "there is no such department");
        TRY(json_read(cx, text, &done));
        *ret = json_set(done, "name", json_str(row->name));
        return RC_OK;
}

rc department_merge(struct cx *cx, int64_t id, str into, json_t **ret)
{
        json_t *in = json_set(json_object(), "into", json_str(into));
        struct department_row *row;
        int64_t other = 0;

        TRY(account_queue_up(cx));
        TRY(row_find(cx, id, &row));
        TRY(department_read(cx, in, "into", &other));
        if (other == 0 || other == id)
                return fail(cx, RC_INVALID, "into", "must be another department");
        TRY(close_it(cx, row, &other, ret));
        json_set(*ret, "into", json_str(into));
        return RC_OK;
}

rc department_retire(struct cx *cx, int64_t id, json_t **ret)
{
        struct department_row *row;

        TRY(account_queue_up(cx));
        TRY(row_find(cx, id, &row));
        if (row->people > 0 || !str_absent(row->groups))
                return fail(cx, RC_CONFLICT, NULL, "people or groups are still in this department; move them, or merge it into another one");
        return close_it(cx, row, NULL, ret);
}

rc department_read(struct cx *cx, const json_t *in, const char *item, int64_t *ret)
{
        const json_t *v = json_object_get(in, item);
        str name = json_text(v);
        int64_t id;

        if (v == NULL)
                return RC_OK;
        if (!str_absent(name))
                name = str_trim(name);
        if (str_absent(name) || str_empty(name)) {
                *ret = 0;
                return RC_OK;
        }
        TRY(text_check(cx, name, item, DEPARTMENT_NAME_MAX, false));
        TRY(sql_department_find_name(cx, name, &id));
        if (id == 0)
                return fail(cx, RC_INVALID, item, "there is no department \"%.*s\"", STR_ARG(name));
        *ret = id;
        return RC_OK;
}
