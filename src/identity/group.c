/* group.c - see group.h. */
#include "base/house.h"

#include "identity/group.h"

#include "base/fail.h"
#include "base/text.h"
#include "identity/account.h"
#include "identity/department.h"
#include "identity/group.sql.h"
#include "identity/permission.h"

enum { NAME_MAX = 100, CANDIDATES_MAX = 500, MEMBERS_MAX = 200 };

static json_t *model(struct cx *cx, const struct account_group *row)
{
        struct rights held = permission_parse(cx->mem, row->permissions);
        json_t *m = json_object();

        json_set(m, "id", json_integer(row->id));
        json_set(m, "name", json_str(row->name));
        json_set(m, "permissions", permission_words(cx, &held));
        json_set(m, "permission_list", permission_titles(cx, &held));
        json_set(m, "factor_required", json_boolean(row->factor_required));
        json_set(m, "department", json_str(row->department));
        json_set(m, "held_by_one", json_boolean(row->held_by_one));
        json_set(m, "version", json_integer(row->version));
        json_set(m, "members", json_integer(row->accounts));
        return m;
}

rc group_list(struct cx *cx, json_t **ret)
{
        json_t *m = json_object(), *groups = json_array();
        struct account_group *row;
        size_t count;

        TRY(sql_group_list(cx, &row, &count));
        for (size_t i = 0; i < count; i++)
                must(json_array_append_new(groups, model(cx, &row[i])) == 0);
        json_set(m, "groups", groups);
        *ret = m;
        return RC_OK;
}

static rc row_find(struct cx *cx, int64_t id, struct account_group **ret)
{
        struct account_group *row;

        TRY(sql_group_find(cx, id, &row));
        if (row == NULL)
                return fail(cx, RC_UNKNOWN, NULL, "there is no such group");
        *ret = row;
        return RC_OK;
}

rc group_get(struct cx *cx, int64_t id, json_t **ret)
{
        struct account_group *row;

        TRY(row_find(cx, id, &row));
        *ret = model(cx, row);
        return RC_OK;
}

static rc name_read(struct cx *cx, const json_t *in, str *ret)
{
        str name = str_trim(json_get_text(in, "name"));

        if (str_absent(name) || str_empty(name))
                return fail(cx, RC_INVALID, "name", "must not be empty");
        TRY(text_check(cx, name, "name", NAME_MAX, false));
        *ret = name;
        return RC_OK;
}

rc group_create(struct cx *cx, const json_t *in, json_t **ret)
{
        struct rights permissions;
        int64_t id, department = 0;
        str name;

        TRY(name_read(cx, in, &name));
        TRY(department_read(cx, in, "department", &department));
        TRY(permission_read(cx, json_object_get(in, "permissions"), "permissions", NULL, &permissions));
        TRY(sql_group_insert(cx, cx->tenant, name, permission_format(cx->mem, &permissions), json_is_true(json_object_get(in, "factor_required")),
                             department ? &department : NULL, json_is_true(json_object_get(in, "held_by_one")), &id));
        return group_get(cx, id, ret);
}

static rc row_open(struct cx *cx, int64_t id, int64_t version, struct account_group **ret)
{
        struct rights held;

        TRY(account_queue_up(cx));
        TRY(row_find(cx, id, ret));
        held = permission_parse(cx->mem, (*ret)->permissions);
        TRY(permission_above(cx, &held));
        if ((*ret)->version != version)
                return fail(cx, RC_STALE, NULL, "somebody changed this in the meantime");
        return RC_OK;
}

/* Said by name before the database refuses. */
static rc members_fit(struct cx *cx, const struct account_group *row, int64_t department, bool one)
{
        struct group_member *member;
        size_t count;

        if (one && !row->held_by_one && row->accounts > 1)
                return fail(cx, RC_CONFLICT, "held_by_one", "more than one person is in this group; take it from the others first");
        if (department == 0 || (!row->department_id_null && department == row->department_id))
                return RC_OK;
        TRY(sql_group_misfits(cx, row->id, department, &member, &count));
        if (count > 0)
                return fail(cx, RC_CONFLICT, "department", "\"%.*s\" is in this group and belongs to another department or to none",
                            STR_ARG(member[0].login));
        return RC_OK;
}

rc group_update(struct cx *cx, int64_t id, int64_t version, const json_t *in, json_t **ret_before, json_t **ret)
{
        const json_t *words = json_object_get(in, "permissions");
        struct account_group *row;
        const json_t *factor = json_object_get(in, "factor_required");
        const json_t *one = json_object_get(in, "held_by_one");
        struct rights permissions, held;
        int64_t changed, department;
        json_t *before;
        str name;

        TRY(row_open(cx, id, version, &row));
        before = model(cx, row);
        name = row->name;
        department = row->department_id_null ? 0 : row->department_id;
        TRY(department_read(cx, in, "department", &department));
        TRY(members_fit(cx, row, department, one ? json_is_true(one) : row->held_by_one));
        permissions = held = permission_parse(cx->mem, row->permissions);
        if (json_object_get(in, "name") != NULL)
                TRY(name_read(cx, in, &name));
        if (words != NULL)
                TRY(permission_read(cx, words, "permissions", &held, &permissions));
        TRY(sql_group_change(cx, id, version, name, permission_format(cx->mem, &permissions), factor ? json_is_true(factor) : row->factor_required,
                             department ? &department : NULL, one ? json_is_true(one) : row->held_by_one, &changed));
        must(changed == id); /* locked above */
        TRY(account_manager_left(cx, &held));
        *ret_before = before;
        return group_get(cx, id, ret);
}

rc group_erase(struct cx *cx, int64_t id, int64_t version, json_t **ret_before)
{
        struct account_group *row;
        int64_t erased;

        TRY(row_open(cx, id, version, &row));
        if (row->accounts > 0)
                return fail(cx, RC_CONFLICT, NULL, "there are still accounts in this group");
        TRY(sql_group_drop(cx, id, version, &erased));
        must(erased == id);
        *ret_before = model(cx, row);
        return RC_OK;
}

static json_t *member_model(const struct group_member *row)
{
        json_t *m = json_object();

        json_set(m, "id", json_integer(row->id));
        json_set(m, "login", json_str(row->login));
        json_set(m, "name", json_str(row->name));
        json_set(m, "state", json_str(row->state));
        json_set(m, "person_id", json_integer(row->person_id));
        json_set(m, "department", json_str(row->department));
        return m;
}

rc group_members(struct cx *cx, int64_t id, json_t **ret)
{
        struct group_member *row;
        json_t *list = json_array();
        size_t count;

        TRY(sql_group_members(cx, id, &row, &count));
        for (size_t i = 0; i < count && i < MEMBERS_MAX; i++)
                must(json_array_append_new(list, member_model(&row[i])) == 0);
        *ret = list;
        return RC_OK;
}

rc group_candidates(struct cx *cx, int64_t id, json_t **ret)
{
        struct group_member *row;
        json_t *list = json_array();
        size_t count;

        TRY(sql_group_candidates(cx, id, CANDIDATES_MAX, &row, &count));
        for (size_t i = 0; i < count; i++)
                must(json_array_append_new(list, member_model(&row[i])) == 0);
        *ret = list;
        return RC_OK;
}

rc group_hand_over(struct cx *cx, int64_t id, str login, json_t **ret)
{
        json_t *m = json_object(), *before = json_null(), *after;
        struct account_group *row;
        struct rights held;
        int64_t next, count;

        TRY(account_queue_up(cx));
        TRY(row_find(cx, id, &row));
        held = permission_parse(cx->mem, row->permissions);
        TRY(permission_above(cx, &held));
        if (!row->held_by_one)
                return fail(cx, RC_CONFLICT, NULL, "only a group that one person holds is handed over");
        TRY(account_find(cx, login, &next));
        if (!row->holder_null && row->holder == next)
                return fail(cx, RC_CONFLICT, "login", "this person holds the group already");
        TRY(account_above(cx, next));
        if (!row->holder_null) {
                TRY(account_above(cx, row->holder));
                TRY(account_get(cx, row->holder, &before));
        }
        TRY(account_get(cx, next, &after));
        if (!str_is(json_get_text(after, "state"), "active"))
                return fail(cx, RC_CONFLICT, "login", "this account is suspended");
        TRY(sql_group_hand_over(cx, id, row->holder_null ? 0 : row->holder, next, &count));
        must(count == (row->holder_null ? 1 : 2));
        TRY(account_manager_left(cx, &held));
        json_set(m, "from", json_is_null(before) ? before : json_object_get(before, "login"));
        json_set(m, "to", json_object_get(after, "login"));
        *ret = m;
        return RC_OK;
}

rc group_find(struct cx *cx, str name, int64_t *ret_id)
{
        struct account_group *row;

        TRY(sql_group_find_name(cx, name, &row));
        if (row == NULL)
                return fail(cx, RC_UNKNOWN, "group", "there is no group \"%.*s\"", STR_ARG(name));
        *ret_id = row->id;
        return RC_OK;
}

rc group_sum(struct cx *cx, const int64_t *ids, size_t count, const char *item, struct rights *ret_permissions)
{
        struct rights sum = { 0 };
        struct account_group *row;
        size_t rows;

        TRY(sql_group_list(cx, &row, &rows));
        for (size_t i = 0; i < count; i++) {
                struct rights one;
                size_t at = 0;

                while (at < rows && row[at].id != ids[i])
                        at++;
                if (at == rows)
                        return fail(cx, RC_INVALID, item, "there is no such group");
                one = permission_parse(cx->mem, row[at].permissions);
                sum = permission_join(cx->mem, &sum, &one);
        }
        *ret_permissions = sum;
        return RC_OK;
}

rc group_grid(struct cx *cx, int64_t id, json_t **ret)
{
        struct permission_lists lists = { 0 };
        struct account_group *row;

        if (id != 0) {
                TRY(row_find(cx, id, &row));
                lists.given = lists.held = permission_parse(cx->mem, row->permissions);
        }
        return permission_grid(cx, &lists, ret);
}
