/* definition_member.c - see definition_member.h. */
#include "base/house.h"

#include "register/definition_member.h"

#include "base/buf.h"
#include "base/utf8.h"

static const char *const langs[] = { "ja", "en", NULL };

const char *definition_member_path(struct reading *r, const struct place *at, const char *member)
{
        if (member == NULL)
                return at->path.n > 0 ? str_z(r->cx->mem, at->path) : NULL;
        if (at->path.n == 0)
                return member;
        return str_format(r->cx->mem, "%.*s.%s", STR_ARG(at->path), member).p;
}

static const char *words_join(struct cx *cx, const char *const *words)
{
        struct buf b = buf_open(cx->mem, KB(1));

        for (size_t i = 0; words[i] != NULL; i++) {
                if (i > 0)
                        buf_char(&b, ' ');
                buf_add(&b, str_of(words[i]));
        }
        return str_z(cx->mem, buf_str(&b));
}

void definition_member_known(struct reading *r, const struct place *at, const char *const *known)
{
        const char *name;
        json_t *value;

        json_object_foreach(at->object, name, value) {
                size_t i = 0;

                while (known[i] != NULL && strcmp(known[i], name) != 0)
                        i++;
                if (known[i] == NULL)
                        definition_wrong(r, at, arena_copy(r->cx->mem, name, strlen(name) + 1), "there is no such member; known are: %s",
                                         words_join(r->cx, known));
        }
}

/* A text of at most `max` characters; false when it is missing (told when needed) or wrong (told). */
bool definition_member_text(struct reading *r, const struct place *at, const char *member, size_t max, bool needed, str *ret)
{
        json_t *v = json_object_get(at->object, member);
        str s;

        if (v == NULL || json_is_null(v)) {
                if (needed)
                        definition_wrong(r, at, member, "must not be empty");
                return false;
        }
        if (json_is_integer(v)) /* a choice written 1 */
                s = str_format(r->cx->mem, "%" PRId64, (int64_t)json_integer_value(v));
        else
                s = str_copy(r->cx->mem, str_trim(json_text(v)));
        if (!json_is_string(v) && !json_is_integer(v))
                definition_wrong(r, at, member, "must be a text");
        else if (s.n == 0 && needed)
                definition_wrong(r, at, member, "must not be empty");
        else if (!utf8_valid(s) || text_control(s, true) < s.n)
                definition_wrong(r, at, member, "must not hold control characters");
        else if (utf8_length(s) > max)
                definition_wrong(r, at, member, "must be at most %zu characters long", max);
        else if (s.n > 0) {
                *ret = s;
                return true;
        }
        return false;
}

bool definition_member_name_valid(str s, size_t max)
{
        if (s.n == 0 || s.n > max || s.p[0] < 'a' || s.p[0] > 'z')
                return false;
        for (size_t i = 0; i < s.n; i++)
                if (!((s.p[i] >= 'a' && s.p[i] <= 'z') || (s.p[i] >= '0' && s.p[i] <= '9') || s.p[i] == '_'))
                        return false;
        return true;
}

bool definition_member_name(struct reading *r, const struct place *at, const char *member, size_t max, str *ret)
{
        str s;

        if (!definition_member_text(r, at, member, 100, true, &s))
                return false;
        if (!definition_member_name_valid(s, max)) {
                definition_wrong(r, at, member, "must be a lower-case letter followed by letters a-z, digits and _, at most %zu in all", max);
                return false;
        }
        *ret = s;
        return true;
}

/* "顧客", or {ja: 顧客, en: Customers}; one language alone serves for both. */
void definition_member_title(struct reading *r, const struct place *at, const char *member, size_t max, bool needed, str ret[2])
{
        json_t *v = json_object_get(at->object, member);
        struct place in = { v, str_of(definition_member_path(r, at, member)) };

        if (!json_is_object(v)) {
                if (definition_member_text(r, at, member, max, needed, &ret[LANG_JA]))
                        ret[LANG_EN] = ret[LANG_JA];
                return;
        }
        definition_member_known(r, &in, langs);
        for (int l = 0; l < LANG_END; l++)
                definition_member_text(r, &in, langs[l], max, false, &ret[l]);
        for (int l = 0; l < LANG_END; l++)
                if (str_absent(ret[l]))
                        ret[l] = ret[!l];
        if (needed && str_absent(ret[LANG_JA]))
                definition_wrong(r, at, member, "must not be empty");
}

void definition_member_bool(struct reading *r, const struct place *at, const char *member, bool *ret)
{
        json_t *v = json_object_get(at->object, member);

        if (v != NULL && !json_is_boolean(v))
                definition_wrong(r, at, member, "must be true or false");
        else
                *ret = json_is_true(v);
}

bool definition_member_int(struct reading *r, const struct place *at, const char *member, int64_t *ret)
{
        json_t *v = json_object_get(at->object, member);

        if (v == NULL)
                return false;
        if (!json_is_integer(v)) {
                definition_wrong(r, at, member, "must be a whole number");
                return false;
        }
        *ret = json_integer_value(v);
        return true;
}

/* An array of at most `max`; NULL when missing or wrong. */
json_t *definition_member_array(struct reading *r, const struct place *at, const char *member, size_t max, bool needed)
{
        json_t *v = json_object_get(at->object, member);

        if (v == NULL && !needed)
                return NULL;
        if (!json_is_array(v))
                definition_wrong(r, at, member, "must be a list");
        else if (json_array_size(v) > max)
                definition_wrong(r, at, member, "must have at most %zu entries", max);
        else if (needed && json_array_size(v) == 0)
                definition_wrong(r, at, member, "must not be empty");
        else
                return v;
        return NULL;
}

/* Element i of a list as a place; false (told) when it is not an object. */
bool definition_member_element(struct reading *r, const struct place *at, const char *member, json_t *list, size_t i, struct place *ret)
{
        ret->object = json_array_get(list, i);
        ret->path = str_format(r->cx->mem, "%s[%zu]", definition_member_path(r, at, member), i);
        if (json_is_object(ret->object))
                return true;
        (void)fail_line(r->cx, RC_INVALID, r->lines ? yaml_line_at(r->lines, list, i) : 0, ret->path.p, "must be an object with members");
        return false;
}

/* A list of texts. */
void definition_member_words(struct reading *r, const struct place *at, const char *member, size_t count_max, str **ret, size_t *ret_count)
{
        json_t *list = definition_member_array(r, at, member, count_max, false);

        *ret = NEW_ARRAY(r->cx->mem, str, list ? json_array_size(list) : 0);
        for (size_t i = 0; list != NULL && i < json_array_size(list); i++) {
                str s = str_trim(json_text(json_array_get(list, i)));

                if (json_is_integer(json_array_get(list, i)))
                        s = str_format(r->cx->mem, "%" PRId64, (int64_t)json_integer_value(json_array_get(list, i)));
                if (s.n == 0 || !utf8_valid(s) || text_control(s, false) < s.n || utf8_length(s) > DEFINITION_TITLE_MAX) {
                        definition_wrong(r, at, member, "must be texts of 1 to %d characters", DEFINITION_TITLE_MAX);
                        return;
                }
                (*ret)[(*ret_count)++] = str_copy(r->cx->mem, s);
        }
}

bool definition_member_reserved(const char *const *words, size_t count, str name)
{
        for (size_t i = 0; i < count; i++)
                if (str_is(name, words[i]))
                        return true;
        return false;
}
