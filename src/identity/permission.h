/* permission.h - the published list of permissions: one a function, held as cx->permissions. What concerns registers can be held for all of them
 * ("record.read") or for one ("record.read:customers"); "-record.read:customers" in a list worked out by the database says: all but this one. */
#ifndef DAICHO_IDENTITY_PERMISSION_H
#define DAICHO_IDENTITY_PERMISSION_H

#include "base/json.h"

enum permission {
#define PERMISSION(name, word, scope) PERM_##name,
#include "identity/permission.tbl"
#undef PERMISSION
        PERMISSIONS
};

const char *permission_word(enum permission p); /* "record.read"; "" for PUBLIC, REGISTER and NONE */

/* For every register, if it concerns registers (single ones may be denied). */
bool permission_held(const struct cx *cx, enum permission p);
/* For this register. PERM_REGISTER: any right on it. */
bool permission_held_for(const struct cx *cx, enum permission p, str register_name);
/* No right at all on this register: it is as if it were not there. */
bool permission_hidden(const struct cx *cx, str register_name);
/* Is anything held for all registers but some? */
bool permission_denials(const struct cx *cx);
/* Is there such a register? Inside the tenant. */
rc permission_register_known(struct cx *cx, str register_name, bool *ret) MUST_USE;
/* For one register at least. */
bool permission_held_somewhere(const struct cx *cx, enum permission p);
/* Registers for which it is held, for a statement: *ret_all true: all but those in *ret_names, else those in *ret_names (separated by spaces). */
void permission_registers(const struct cx *cx, enum permission p, bool *ret_all, str *ret_names);

/* Words separated by spaces (as the database gives them); unknown words are ignored. The names of registers point into `words`. */
struct rights permission_parse(struct arena *mem, str words);
/* Words separated by spaces, in the order of the table, single registers last. */
str permission_format(struct arena *mem, const struct rights *rights);
/* Every permission there is, for every register: what the operator's commands hold. */
struct rights permission_all(void);
/* Without those that only operators hold: all that an account or key of a contract can do. */
struct rights permission_contract(void);
bool permission_none(const struct rights *rights);
/* What both hold together. */
struct rights permission_join(struct arena *mem, const struct rights *a, const struct rights *b);

/* A list of words from outside (JSON array of text; absent: none). RC_INVALID about `item` for a word or register that does not exist, RC_FORBIDDEN for
 * one the caller does not hold and `before` (may be NULL) has not got already: nobody grants what they do not hold. */
rc permission_read(struct cx *cx, const json_t *words, const char *item, const struct rights *before, struct rights *ret) MUST_USE;
/* The same without asking what the caller holds: for what is taken away. */
rc permission_read_any(struct cx *cx, const json_t *words, const char *item, struct rights *ret) MUST_USE;
/* RC_FORBIDDEN unless the caller holds all of them: they belong to somebody it wants to change. */
rc permission_above(struct cx *cx, const struct rights *rights) MUST_USE;
/* RC_FORBIDDEN when `after` holds something that neither `before` nor the caller holds. */
rc permission_gain(struct cx *cx, const struct rights *before, const struct rights *after) MUST_USE;

/* `after`, and what `before` said of registers hidden from who asks: they cannot have meant to change it. */
struct rights permission_keep_hidden(struct cx *cx, const struct rights *before, const struct rights *after);

/* Models, without what concerns registers hidden from who asks: ["record.read", "record.read:customers", …]; with titles [{name, title, help, register, denied}]. Titles: permission.record_read.title and .help of the catalogue. */
json_t *permission_words(const struct cx *cx, const struct rights *rights);
json_t *permission_titles(struct cx *cx, const struct rights *rights);
/* All there are, as published: [{name, title, help, scoped}]. Needs no tenant. */
json_t *permission_list(struct cx *cx);

/* For the form that gives rights: what stands in each list, and which group gives what. */
struct permission_group {
        str name;
        struct rights rights;
};

struct permission_lists {
        struct rights given;  /* of the group or key itself; of an account: given to it alone */
        struct rights denied; /* of an account */
        struct rights held;   /* what came of it all */
        const struct permission_group *groups;
        size_t group_count;
};

/* {actions: [{name, title, help}], rows: [{register (null: every one), title, cells: [cell]}], functions: [cell]}; cell: {name: word, title, help, label,
 * granted, denied, by_itself (neither), included (given for every register), groups: [{group}], has_groups, may (in all), held (the caller could give it)}. */
rc permission_grid(struct cx *cx, const struct permission_lists *lists, json_t **ret) MUST_USE;

#endif
