/* definition_member.h - reading the members of a definition: every mistake is told with its line (YAML) or path (JSON), and reading goes on, so that
 * all of them are told at once. For definition_parse.c and definition_items.c. */
#ifndef DAICHO_REGISTER_DEFINITION_MEMBER_H
#define DAICHO_REGISTER_DEFINITION_MEMBER_H

#include "base/fail.h"
#include "base/yaml.h"
#include "register/definition.h"

struct reading {
        struct cx *cx;
        const struct yaml_lines *lines; /* NULL: JSON, told by path */
        struct definition *def;
};

/* One JSON object being read, and its path: "items[3]". */
struct place {
        json_t *object;
        str path;
};

const char *definition_member_path(struct reading *r, const struct place *at, const char *member);
static inline int64_t definition_member_line(const struct reading *r, const struct place *at, const char *member)
{
        return r->lines ? yaml_line(r->lines, at->object, member) : 0;
}
#define definition_wrong(r, at, member, ...)                                                                                                         \
        (void)fail_line((r)->cx, RC_INVALID, definition_member_line((r), (at), (member)), definition_member_path((r), (at), (member)), __VA_ARGS__)

/* Tells every member that is not among `known` (ends with NULL). */
void definition_member_known(struct reading *r, const struct place *at, const char *const *known);
/* A text of at most `max` characters; false when it is missing (told when needed) or wrong (told). */
bool definition_member_text(struct reading *r, const struct place *at, const char *member, size_t max, bool needed, str *ret);
bool definition_member_name_valid(str s, size_t max);
bool definition_member_name(struct reading *r, const struct place *at, const char *member, size_t max, str *ret);
/* "顧客", or {ja: 顧客, en: Customers}; one language alone serves for both. */
void definition_member_title(struct reading *r, const struct place *at, const char *member, size_t max, bool needed, str ret[2]);
void definition_member_bool(struct reading *r, const struct place *at, const char *member, bool *ret);
bool definition_member_int(struct reading *r, const struct place *at, const char *member, int64_t *ret);
/* An array of at most `max`; NULL when missing or wrong. */
json_t *definition_member_array(struct reading *r, const struct place *at, const char *member, size_t max, bool needed);
/* Element i of a list as a place; false (told) when it is not an object. */
bool definition_member_element(struct reading *r, const struct place *at, const char *member, json_t *list, size_t i, struct place *ret);
/* A list of texts. */
void definition_member_words(struct reading *r, const struct place *at, const char *member, size_t count_max, str **ret, size_t *ret_count);
/* Is the name among the words? */
bool definition_member_reserved(const char *const *words, size_t count, str name);

#endif
